"""The live chart's own script, with a stand-in for Plotly: who comes, who goes, what stays drawn."""

from pathlib import Path

from playwright.sync_api import Page

import gptcore.ui

SCRIPT = Path(gptcore.ui.__path__[0]) / "widgets" / "live_chart.js"
STAND_IN = """window.Plotly = {
    react: async (root, data) => { root.textContent = data[0]; root.on = () => {}; },
    purge: root => { root.textContent = ""; },
}"""
BEGIN = """async ([script, standIn]) => {
    const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    const plotly = URL.createObjectURL(new Blob([standIn], { type: "text/javascript" }));
    window.place = document.body.appendChild(document.createElement("div"));
    window.show = (name) => module.default({
        data: { figure: JSON.stringify({ data: [name], layout: { height: 100 } }), alt: name, plotly },
        parentElement: window.place,
        setTriggerValue: () => {},
    });
    window.settle = () => new Promise((resolve) => setTimeout(resolve, 200));
}"""


def begun(page: Page) -> Page:
    page.goto("about:blank")
    page.evaluate(BEGIN, [SCRIPT.read_text("utf-8"), STAND_IN])
    return page


def test_a_figure_that_came_too_late_takes_nothing_away(page: Page) -> None:
    """Streamlit ends a call that newer data has overtaken, after the newer call has been made."""
    begun(page).evaluate("() => { const overtaken = show('first'); window.last = show('second'); overtaken(); }")
    page.evaluate("settle()")
    assert page.locator(".live-chart").all_inner_texts() == ["second"]
    page.evaluate("() => { show('third'); return settle(); }")
    assert page.locator(".live-chart").all_inner_texts() == ["third"]


def test_a_chart_that_goes_leaves_nothing(page: Page) -> None:
    begun(page).evaluate("() => { show('first'); window.last = show('second'); return settle(); }")
    page.evaluate("() => { last(); return settle(); }")
    assert page.locator(".live-chart").count() == 0
    page.evaluate("() => { show('again'); return settle(); }")
    assert page.locator(".live-chart").all_inner_texts() == ["again"]
