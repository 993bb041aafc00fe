"""On a phone of 390 x 844: formulas and fields for files are for everybody, nothing sticks out; words stay whole."""

import pytest
from playwright.sync_api import Page, expect

from gptcore.texts import LANGUAGES, text_in
from tests.support.browsing import axe_violations, keyed, open_page, overflows, wait_until_idle

pytestmark = pytest.mark.browser_context_args(viewport={"width": 390, "height": 844})


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/?lang=zh", "chart_perplexity"),
        ("/train?train_section=backpropagation", "backpropagation_chart_push"),
        ("/compare?compare=list&lang=zh", "chart_list"),
    ],
)
def test_a_page_is_for_everybody_on_a_phone(page: Page, server: str, path: str, part: str) -> None:
    open_page(page, f"{server}{path}&size=mini")
    expect(keyed(page, part)).to_be_visible(timeout=60_000)
    wait_until_idle(page, steady_ms=500)
    own = "stFileUploaderDropzone"  # Streamlit's own markup: a name on a part that is only for looks
    assert [found for found in axe_violations(page) if own not in found] == []
    assert overflows(page) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_step_five_shows_every_token_and_both_texts(page: Page, server: str, language: str) -> None:
    open_page(page, f"{server}/step_by_step?step=5&lang={language}&size=mini")
    texts = keyed(page, "step_picture").locator("table.texts")
    expect(texts).to_have_count(2, timeout=60_000)
    for part in texts.locator("td").all():
        box = part.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390 - 16, part.inner_text()


def test_the_field_for_a_file_speaks_chinese(page: Page, server: str) -> None:
    open_page(page, f"{server}/compare?compare=list&lang=zh&size=mini")
    button = keyed(page, "list_upload").locator("section button p")
    expect(button).to_be_visible()
    written = button.evaluate("e => [getComputedStyle(e).fontSize, getComputedStyle(e, '::after').content]")
    assert written == ["0px", f'"{text_in("zh", "app")("uploader.choose")}"']


def test_the_chips_of_one_word_stay_on_one_line(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 1000, "height": 800})
    open_page(page, f"{server}/?alignment=shifted&prompt_1=Now I can hear the purring cat&size=mini")
    word = page.locator(".tokens-word")
    expect(word).to_have_count(1)
    expect(word.locator(".tokens-probability").first).to_be_visible()
    wait_until_idle(page, steady_ms=500)
    tops = word.locator(".tokens-pair").evaluate_all("all => all.map(e => Math.round(e.getBoundingClientRect().top))")
    assert (len(tops), len(set(tops))) == (3, 1)
    first = page.locator(".tokens-pair").first.bounding_box()
    assert first is not None
    assert tops[0] > first["y"] + first["height"], "the line is broken before the word"
