"""Explore in Chromium: what a visitor sees and does, from the first view to the way back."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.support.browsing import axe_violations, keyed, overflows, wait_until_idle
from tests.support.watching import CHARTS, ONE_ROW, SECONDS, Watched, drawn, metric, query_of, type_into


@pytest.mark.slow
def test_the_first_view_comes_with_no_click(visitor: Watched) -> None:
    page = visitor.open()
    expect(metric(page, "perplexity")).to_have_text(
        re.compile(r"^48,725\.(82|78)$"), timeout=SECONDS
    )  # .78 on one thread
    expect(metric(page, "cross_entropy")).to_have_text("10.7940")
    expect(metric(page, "mean_log_probability")).to_have_text("−10.7940")
    for key in CHARTS:
        drawn(page, key)
    expect(keyed(page, "chart_target_probabilities")).to_contain_text("Netflix")  # the model's own choice
    expect(keyed(page, "tokens_1")).to_contain_text("16833")
    assert urlsplit(page.url).query == ""
    for key in (
        "prompt_1",
        "target_1",
        "prompt_2",
        "target_2",
        "alignment",
        "seed",
        "context_length",
        "temperature",
        "lang",
    ):
        expect(keyed(page, key)).to_have_count(1)
    box = keyed(page, "chart_target_probabilities").bounding_box()
    assert box is not None
    assert box["y"] < 800  # seen without scrolling, at 1440 × 900


def test_charts_have_their_sentence_as_alternative_text(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW)
    for key in (*CHARTS, "chart_top_tokens", "chart_rank_curve"):
        drawn(page, key)
        sentence = keyed(page, key).locator("xpath=following::*[@data-testid='stCaptionContainer'][1]").inner_text()
        expect(keyed(page, key).get_by_role("figure", name=sentence)).to_have_count(1)


def test_typing_a_reload_and_back(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW)
    drawn(page, "chart_perplexity")
    first = metric(page, "perplexity").inner_text()
    type_into(page, "target_1", " effort moves me")
    expect(metric(page, "perplexity")).not_to_have_text(first)
    second = metric(page, "perplexity").inner_text()
    expect(page).to_have_url(re.compile(r"target_1=\+effort\+moves\+me|target_1=%20effort%20moves%20me"))
    page.reload()
    wait_until_idle(page)
    expect(metric(page, "perplexity")).to_have_text(second)
    expect(keyed(page, "target_1").locator("textarea")).to_have_value(" effort moves me")
    page.go_back()
    wait_until_idle(page)
    expect(keyed(page, "target_1").locator("textarea")).to_have_value(" effort moves you")
    expect(metric(page, "perplexity")).to_have_text(first)


def test_a_position_opens_from_a_chip_a_chart_and_the_select_box(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW)
    drawn(page, "chart_rank_curve")
    keyed(page, "tokens_1").get_by_role("button").nth(1).click()
    wait_until_idle(page)
    assert query_of(page)["position"] == "2"
    points = keyed(page, "chart_target_probabilities").locator(".scatterlayer .trace").last.locator(".point")
    expect(points).to_have_count(3)
    points.nth(2).click(force=True)  # Plotly's own layer lies above and takes the click
    wait_until_idle(page)
    assert query_of(page)["position"] == "3"
    bars = keyed(page, "chart_log_probabilities").locator(".barlayer .point")
    bars.nth(1).click(force=True)
    wait_until_idle(page)
    assert query_of(page)["position"] == "2"
    box = keyed(page, "position").get_by_role("combobox")
    box.focus()
    page.keyboard.press("ArrowDown")  # opens
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_until_idle(page)
    assert query_of(page)["position"] == "3"


def test_everything_is_reached_by_keyboard(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW)
    drawn(page, "chart_rank_curve")
    reached: set[str] = set()
    for _ in range(90):
        page.keyboard.press("Tab")
        reached |= set(
            page.evaluate(
                """() => { const keys = [];
                    for (let e = document.activeElement; e; e = e.parentElement)
                        for (const c of e.classList) if (c.startsWith('st-key-')) keys.push(c.slice(7));
                    return keys; }"""
            )
        )
    wanted = {
        "size",
        "context_length",
        "seed",
        "another_seed",
        "temperature",
        "lang",
        "projector",
        "preset",
        "alignment",
    }
    wanted |= {
        "input",
        "add_example",
        "prompt_1",
        "target_1",
        "tokens_1",
        "position",
        "download_csv",
        "download_script",
    }
    assert wanted - reached == set()
    button = keyed(page, "tokens_1").get_by_role("button").nth(2)
    button.focus()
    page.keyboard.press("Enter")
    wait_until_idle(page)
    assert query_of(page)["position"] == "3"


def test_a_preset_a_row_more_and_a_mend(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW)
    keyed(page, "preset").get_by_role("button").click()
    page.get_by_text("A missing space", exact=True).click()
    wait_until_idle(page)
    warning = keyed(page, "example_1").get_by_test_id("stAlert")
    expect(warning).to_contain_text("3 tokens")
    expect(metric(page, "perplexity")).to_have_count(0)
    keyed(page, "mend_leading_space_1").get_by_role("button").click()
    expect(metric(page, "perplexity")).to_have_text(re.compile(r"\d"), timeout=SECONDS)
    expect(keyed(page, "target_1").locator("textarea")).to_have_value(" effort moves you")
    keyed(page, "add_example").get_by_role("button").click()
    wait_until_idle(page)
    type_into(page, "prompt_2", "I really like")
    type_into(page, "target_2", " really like chocolate")
    expect(metric(page, "perplexity")).to_have_text(re.compile(r"\d"))
    keyed(page, "remove_1").get_by_role("button").click()
    wait_until_idle(page)
    expect(keyed(page, "prompt_1").locator("textarea")).to_have_value("I really like")
    expect(keyed(page, "prompt_2")).to_have_count(0)


def test_language_ids_and_projector(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW)
    drawn(page, "chart_perplexity")
    number = metric(page, "perplexity").inner_text()
    keyed(page, "lang").get_by_text("中文").click()
    wait_until_idle(page)
    expect(page.get_by_role("heading", level=2).first).to_have_text(re.compile("[一-鿿]"))
    expect(page).to_have_title(re.compile("[一-鿿]"))
    keyed(page, "input").get_by_text("词元 ID").click()
    wait_until_idle(page)
    expect(keyed(page, "prompt_1").locator("textarea")).to_have_value("16833, 3626, 6100")
    expect(metric(page, "perplexity")).to_have_text(number)
    keyed(page, "projector").locator("label").click()
    wait_until_idle(page)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    assert query_of(page)["projector"] == "1"
    keyed(page, "projector_off").get_by_role("button").click()
    wait_until_idle(page)
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    assert query_of(page)["lang"] == "zh"


def test_what_is_taken_along_is_the_page(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW, seed=5)
    drawn(page, "chart_perplexity")
    for key, name, holds in (
        ("download_csv", "positions.csv", "target_probability"),
        ("download_script", "score.py", "seed=5"),
        ("download_json", "report.json", '"cross_entropy"'),
    ):
        with page.expect_download() as download:
            keyed(page, key).get_by_role("button").click()
        assert download.value.suggested_filename == name
        assert holds in download.value.path().read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_bars_the_way_for_assistive_technology(visitor: Watched, scheme: str, language: str) -> None:
    page = visitor.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    visitor.open(**ONE_ROW, lang=language)
    drawn(page, "chart_rank_curve")
    for summary in page.get_by_test_id("stExpander").locator("summary").all():
        summary.click()
    wait_until_idle(page)
    assert axe_violations(page) == []
    background = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 300) is (scheme == "dark")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_sticks_out_on_a_phone(visitor: Watched, language: str) -> None:
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    page = visitor.open(size="mini", lang=language)
    drawn(page, "chart_rank_curve")
    for summary in page.get_by_test_id("stExpander").locator("summary").all():
        summary.click()
    wait_until_idle(page)
    assert overflows(page) == []


def test_a_chip_tells_of_its_position_right_below_it_and_leads_to_the_whole(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW)
    drawn(page, "chart_rank_curve")
    tokens = keyed(page, "tokens_1")
    chip = tokens.locator("button.tokens-pair").nth(1)
    chip.click()
    wait_until_idle(page)
    details = tokens.locator(".tokens-details")
    expect(details).to_contain_text("␣moves")
    expect(chip).to_have_attribute("aria-expanded", "true")
    below, box = chip.bounding_box(), details.bounding_box()
    assert below is not None
    assert box is not None
    assert 0 <= box["y"] - (below["y"] + below["height"]) < 60
    assert axe_violations(page) == []
    details.get_by_role("button", name="All about this position").click()
    expect(keyed(page, "one_position")).to_be_in_viewport()
    chip.scroll_into_view_if_needed()
    details.press("Escape")
    expect(details).to_have_count(0)
    expect(chip).to_be_focused()
