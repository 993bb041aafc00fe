"""The first visit: a tour of five pages, offered once in a browser, never over a link, skipped with one click."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from streamlit.testing.v1 import AppTest

from gptcore.texts import LANGUAGES, text_in
from gptcore.ui.tour import STOPS
from gptcore.ui.widgets.browser_store import PREFIX
from tests import ROOT
from tests.support.browsing import axe_violations, keyed, open_page, overflows, wait_until_idle
from tests.support.serving import serving
from tests.support.visiting import press, settled, visit

LANGUAGE = {"en": "en-US", "zh": "zh-CN"}


def keys(at: AppTest) -> set[str]:
    return {button.key for button in at.button if button.key and "tour" in button.key}


def title(at: AppTest) -> str:
    return str(at.header[0].value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tour_leads_over_five_pages_and_ends(language: str) -> None:
    text, at = text_in(language, "tour"), visit(browser_language=LANGUAGE[language])
    assert len(STOPS) == 5
    at = press(at, "take_tour")
    for number, page in enumerate(STOPS):
        assert title(at) == text_in(language, page)("title")
        assert any(text(f"stops.{page}") in element.value for element in at.markdown), page
        assert ("tour_back" in keys(at), "tour_next" in keys(at)) == (number > 0, number < 4)
        at = press(at, "tour_next" if number < 4 else "tour_end")
    assert keys(at) == {"take_tour"}
    assert title(at) == text_in(language, "train")("title")


def test_the_tour_goes_back_and_can_be_left_anywhere() -> None:
    at = press(press(press(visit(), "take_tour"), "tour_next"), "tour_back")
    assert title(at) == text_in("en", "explore")("title")
    assert keys(press(at, "tour_end")) == {"take_tour"}


def test_a_link_is_not_covered_by_an_offer() -> None:
    """Whoever follows a link came for what it shows; here the size makes a link of it."""
    assert keys(visit()) == {"take_tour"}
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    assert keys(settled(at.run())) == {"take_tour", "tour_start", "tour_skip"}
    assert keys(press(at, "tour_skip")) == {"take_tour"}
    assert keys(settled(at.run())) == {"take_tour"}


# In Chromium.


@pytest.mark.parametrize("width", [1440, 390])
def test_a_browser_is_offered_the_tour_once(page: Page, server: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 850})
    open_page(page, server)
    offer = keyed(page, "tour_offer")
    expect(page.locator("html.once-tour")).to_have_count(1, timeout=90_000)
    expect(offer).to_be_visible()
    assert overflows(page) == []
    if width == 1440:  # on a phone Explore's own formula scrolls sideways
        assert axe_violations(page) == []
    page.reload()
    wait_until_idle(page, steady_ms=1_000)
    expect(keyed(page, "take_tour")).to_have_count(1)
    expect(offer).to_have_count(0)
    assert page.evaluate(f"localStorage.getItem('{PREFIX}tour')")


def test_nothing_sticks_out_while_the_scripts_of_a_first_visit_are_fetched(page: Page, server: str) -> None:
    held: list[Route] = []
    page.route("**/static/js/BidiComponent.*", lambda script: held.append(script))
    open_page(page, server)
    expect(page.locator(".st-key-browser_store").get_by_test_id("stSkeleton")).to_have_count(1, timeout=90_000)
    assert overflows(page) == []
    for script in held:
        script.continue_()
    expect(keyed(page, "tour_offer")).to_be_visible(timeout=90_000)
    assert overflows(page) == []


def test_the_offer_does_not_flash_up_before_the_browser_knows_whether_it_is_the_first_visit(
    page: Page, tmp_path: Path
) -> None:
    with serving(tmp_path / "log.txt", "gptcore/ui/server.py") as running:
        page.route("**/static/js/BidiComponent.*", lambda _: None)
        page.route("**/static/js/Html.*", lambda _: None)  # the script with which the style reached the page
        open_page(page, running.url)
        expect(keyed(page, "tour_offer")).to_have_count(1, timeout=90_000)
        assert page.locator("html.once-tour").count() == 0
        assert not keyed(page, "tour_offer").is_visible()


def test_who_was_here_by_a_link_is_asked_to_go_on_and_not_offered_the_tour(page: Page, server: str) -> None:
    open_page(page, f"{server}/?lang=zh&size=mini&seed=7")
    page.wait_for_function("(localStorage.getItem('gpt-loss-explorer.last') ?? '').includes('seed=7')")
    page.goto("about:blank")
    open_page(page, f"{server}/?lang=zh")
    expect(page.get_by_role("button", name=text_in("zh", "app")("own_link.go_on"))).to_be_visible(timeout=90_000)
    expect(page.locator(".st-key-browser_store").get_by_test_id("stSkeleton")).to_have_count(0)
    wait_until_idle(page, steady_ms=1_000)
    expect(keyed(page, "tour_offer")).to_be_hidden()
