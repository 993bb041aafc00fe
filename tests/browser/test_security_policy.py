"""Every page under the headers that the served app sends: nothing that it does is refused by the browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from gptcore.ui.room.session import ROOMS_VARIABLE
from tests.support.browsing import keyed, open_page, wait_until_idle
from tests.support.proxy import proxied
from tests.support.serving import serving

SECONDS = 90_000
TEXT = "The+President+sent+a+message%0Ato+the+Congress."
ADDRESSES = {
    "/?size=mini&lang=zh": "chart_rank_curve",
    "/step_by_step?vocabulary=seven&step=4": "step_bar",
    "/perplexity?size=mini": "chart_die",
    f"/long_text?model=trained_small&long_text={TEXT}": "downloads_long",
    "/compare?compare=seeds&size=mini&seed_count=2": "seed_fields",
    "/train?size=mini&lang=zh": "train_chart_curve",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the app as `make app` does, with its headers."""
    folder = tmp_path_factory.mktemp("served")
    environment = {ROOMS_VARIABLE: str(folder / "rooms.sqlite")}
    with serving(folder / "log.txt", Path("gptcore/ui/server.py"), environment) as running:
        yield running.url


def watched(browser: Browser, found: list[str]) -> Page:
    """Return a page in the dark theme, whose console errors are written down."""
    page = browser.new_context(color_scheme="dark", locale="en-US", reduced_motion="reduce").new_page()
    page.set_default_timeout(SECONDS)

    def said(message: ConsoleMessage) -> None:
        # Streamlit looks for its server below the page's own name first.
        if message.type == "error" and "/_stcore/" not in message.location.get("url", ""):
            found.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: found.append(str(error)))
    return page


def test_pages_do_nothing_that_the_policy_refuses(browser: Browser, served: str) -> None:
    errors: list[str] = []
    page = watched(browser, errors)
    for address, key in ADDRESSES.items():
        answer = page.goto(f"{served}{address}")
        assert answer is not None
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        expect(keyed(page, key)).to_be_visible(timeout=SECONDS)
        wait_until_idle(page)
        page.wait_for_timeout(500)
        assert errors == [], address


def test_a_room_does_nothing_that_the_policy_refuses(browser: Browser, served: str) -> None:
    errors: list[str] = []
    teacher, student = watched(browser, errors), watched(browser, errors)
    open_page(teacher, f"{served}/classroom?size=mini")
    keyed(teacher, "room_open").get_by_role("button").click()
    expect(keyed(teacher, "room_board").locator("img")).to_be_visible(timeout=SECONDS)
    code = keyed(teacher, "room_code").inner_text().strip()
    open_page(student, f"{served}/classroom?room={code}")
    open_page(teacher, f"{teacher.url.replace('/classroom', '/')}")
    keyed(teacher, "ask").get_by_role("button").click()
    expect(keyed(student, "room_question")).to_be_visible(timeout=SECONDS)
    wait_until_idle(teacher)
    wait_until_idle(student, steady_ms=0)
    assert errors == []


def test_presses_count_before_what_counts_them_is_fetched(browser: Browser, served: str) -> None:
    page = watched(browser, [])
    port = int(served.rpartition(":")[2])
    with proxied(port) as line:
        line.delay_ms = 100
        page.goto(f"{line.url}/step_by_step?vocabulary=seven")
        keyed(page, "step_next").wait_for(timeout=SECONDS)
        for key in (*["ArrowRight"] * 7, "End", "ArrowLeft", "ArrowLeft"):
            page.keyboard.press(key)
        page.locator(".press-counter").wait_for(state="attached", timeout=SECONDS)
        expect(page).to_have_url(re.compile("step=9"), timeout=SECONDS)
        wait_until_idle(page, steady_ms=900)
        assert "step=9" in page.url
    page.context.close()
