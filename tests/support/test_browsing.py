"""The words of the browser tests mean what they say; on pages of our own, without the app."""

import pytest
from playwright.sync_api import Page

from tests.support import chromium
from tests.support.browsing import axe_violations, overflows, wait_until_idle

WIDE = "<div style='width: 3000px; height: 20px'>wide</div>"


def streamlit_page(body: str) -> str:
    """Return body inside the boxes that scroll a Streamlit page."""
    return f"""<html lang="en"><title>Test</title><body style="margin: 0">
        <div data-testid="stMain" style="overflow: auto; height: 300px"><main>{body}</main></div>"""


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<p>short</p>", []),
        (WIDE, ["div[data-testid=stMain] scrolls sideways", "div reaches from 0 to 3000"]),
        (f"<div class='st-key-a'>{WIDE}</div>", ["div[data-testid=stMain]", "div in .st-key-a reaches"]),
        (f"<div style='overflow-x: auto'>{WIDE}</div>", []),
        (f"<div style='overflow: hidden; width: 200px'>{WIDE}</div>", []),
        (f"<div style='visibility: hidden; position: fixed'>{WIDE}</div>", []),
        ("<div style='position: fixed; left: -20px; top: 0'>cut off at the left</div>", ["div reaches from -20"]),
    ],
    ids=["fits", "wide", "wide and keyed", "scrolls", "clips", "hidden", "left"],
)
def test_overflows_names_what_sticks_out(page: Page, body: str, found: list[str]) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.set_content(streamlit_page(body))
    lines = overflows(page)
    assert len(lines) == len(found)
    assert all(line.startswith(start) for line, start in zip(lines, found, strict=True))


def test_axe_violations_names_what_cannot_be_read_aloud(page: Page) -> None:
    page.set_content(streamlit_page("<h1>Test</h1><label>Prompt <input></label>"))
    assert axe_violations(page) == []
    page.set_content(streamlit_page("<h1>Test</h1><input id='prompt'>"))
    assert [line.partition(" at ")[0] for line in axe_violations(page)] == [
        "critical label: Form elements must have labels"
    ]


def test_waiting_outlasts_a_run_that_has_not_begun(page: Page) -> None:
    """A click sets the page running only after a round trip; the wait must not end in between."""
    page.set_content("<div data-testid=stApp data-test-script-state=notRunning data-test-connection-state=CONNECTED>")
    page.evaluate(
        """() => {
            const app = document.querySelector('[data-testid=stApp]').dataset;
            setTimeout(() => { app.testScriptState = 'running'; }, 100);
            setTimeout(() => { app.testScriptState = 'notRunning'; app.ran = 'yes'; }, 600);
        }"""
    )
    wait_until_idle(page)
    assert page.get_by_test_id("stApp").get_attribute("data-ran") == "yes"


def test_without_a_browser_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chromium, "NAMES", ("no-such-browser",))
    monkeypatch.setattr(chromium, "MAC_APPS", ())
    monkeypatch.setattr(chromium, "can_install", lambda: False)
    assert chromium.main() == 1
    assert "apt-get install chromium fonts-noto-cjk" in capsys.readouterr().err
