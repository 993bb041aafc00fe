"""The running text's own script in Chromium: text stays text, numbers on pointing, a click or a key opens a span."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

import gptcore.ui.widgets

FOLDER = Path(gptcore.ui.widgets.__path__[0])
NASTY = "<img src=x onerror=alert(1)> & <b>bold</b>\nnext\r\nline\ttab"
BEGIN = """async ([script, styles]) => {
    const sheet = document.createElement("style");
    sheet.textContent = styles;
    document.head.append(sheet);
    window.component = (await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })))).default;
    window.place = document.body.appendChild(document.createElement("div"));
    window.opened = [];
    window.show = (data) => component({
        data, parentElement: window.place, setTriggerValue: (name, value) => window.opened.push([name, value]),
    });
}"""


def data(texts: list[str], **more: Any) -> dict[str, Any]:
    count = len(texts)
    return {
        "id": "running_text",
        "spans": {
            "text": texts,
            "level": [-1, *[n % 5 for n in range(count - 1)]],
            "index": [10 * n for n in range(count)],
            "name": [f"name {n}" for n in range(count)],
            "values": [["no score"], *[[f"{n} nats", f"rank {n}"] for n in range(1, count)]],
            "likeliest": [[], *[[["<b>", "5 %"], ["x", "4 %"]] for _ in range(count - 1)]],
        },
        "labels": ["Surprise", "Rank"],
        "legend": ["a", "b", "c", "d", "e"],
        "levels": [["transparent", "#000000"]] * 5,
        "selected": -1,
        "label": "The text",
        "scale": "−ln p (nats)",
        "likeliest": "Most likely here",
    } | more


def begun(page: Page, shown: dict[str, Any]) -> Page:
    page.goto("about:blank")
    page.evaluate(BEGIN, [(FOLDER / f"running_text.{kind}").read_text("utf-8") for kind in ("js", "css")])
    page.evaluate("data => { window.end = show(data); }", shown)
    return page


def test_what_was_typed_is_never_markup(page: Page) -> None:
    begun(page, data(["first ", NASTY, " last"]))
    assert page.locator("img, b").count() == 0
    assert (
        page.locator(".running-text-span").nth(1).inner_text().startswith("<img src=x onerror=alert(1)> & <b>bold</b>↵")
    )
    assert page.locator(".running-text-break").count() == 2
    page.locator(".running-text-span").nth(1).hover()
    expect(page.locator(".running-text-tip")).to_contain_text("<b>")
    assert page.locator("img, b").count() == 0


def test_pointing_shows_the_numbers_and_a_click_opens(page: Page) -> None:
    begun(page, data(["one ", "two ", "three"]))
    tip, spans = page.locator(".running-text-tip"), page.locator(".running-text-span")
    expect(tip).to_be_hidden()
    spans.nth(2).hover()
    for words in ("name 2", "Surprise", "2 nats", "rank 2", "Most likely here", "5 %"):
        expect(tip).to_contain_text(words)
    spans.nth(0).hover()
    expect(tip).to_contain_text("no score")
    spans.nth(2).click()
    assert page.evaluate("opened") == [["span", 20]]


def test_keys_reach_every_span(page: Page) -> None:
    begun(page, data([f"word{n} " for n in range(30)]))
    body = page.get_by_role("listbox", name="The text")
    body.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    active = page.locator(f"#{body.get_attribute('aria-activedescendant')}")
    assert active.get_attribute("data-place") == "0"
    assert "no score" in (active.get_attribute("aria-label") or "")
    for key, place in (("ArrowDown", 10), ("ArrowUp", 0), ("End", 29), ("Home", 0)):
        page.keyboard.press(key)
        assert body.get_attribute("aria-activedescendant") == f"running_text-{place}"
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert page.evaluate("opened") == [["span", 290]]
    page.keyboard.press("Escape")
    expect(page.locator(".running-text-tip")).to_be_hidden()


def test_levels_differ_without_colour(page: Page) -> None:
    begun(page, data([f"word{n} " for n in range(6)]))
    style = "e => getComputedStyle(e).textDecorationStyle + getComputedStyle(e).textDecorationLine"
    looks = [page.locator(f".running-text-body .running-text-{n}").evaluate(style) for n in range(5)]
    assert len(set(looks)) == 5


def test_the_opened_span_is_brought_into_the_box_and_the_page_stays(page: Page) -> None:
    many = data([f"word{n} \n" for n in range(400)])
    begun(page, many)
    page.evaluate("data => { window.end = show(data); }", many | {"selected": 3000})
    selected = page.locator(".running-text-selected")
    assert selected.get_attribute("data-place") == "300"
    inside = "e => { const b = e.closest('.running-text-body').getBoundingClientRect(), r = e.getBoundingClientRect();"
    assert selected.evaluate(inside + " return r.top >= b.top && r.bottom <= b.bottom; }")
    assert page.evaluate("scrollY") == 0


def test_newer_text_replaces_older_and_leaving_takes_all_away(page: Page) -> None:
    begun(page, data(["old ", "text"]))
    page.evaluate("data => { const before = end; window.end = show(data); before(); }", data(["new ", "text"]))
    assert page.locator(".running-text-body").all_inner_texts() == ["new text"]
    page.evaluate("end()")
    assert page.locator(".running-text").count() == 0


def test_a_page_of_the_text_is_drawn_at_once(page: Page) -> None:
    begun(page, data(["a"]))
    seconds = page.evaluate(
        "data => { const began = performance.now(); show(data); return (performance.now() - began) / 1000; }",
        data([f"word{n} " for n in range(1_500)]),
    )
    assert page.locator(".running-text-span").count() == 1_500
    assert seconds < 2
    assert len(json.dumps(data([f"word{n} " for n in range(1_500)]))) < 500_000
