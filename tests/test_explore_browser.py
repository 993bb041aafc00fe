"""Explore in Chromium: what a visitor sees and does, from the first view to the way back."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.browsing import axe_violations, keyed, open_page, overflows, wait_until_idle

CHARTS = ("chart_target_probabilities", "chart_log_probabilities", "chart_perplexity")
METRICS = ("mean_log_probability", "cross_entropy", "perplexity")
ONE_ROW = {"size": "mini", "prompt_1": "every effort moves", "target_1": " effort moves you"}
SECONDS = 60_000  # for the first view: torch, and 163 million numbers drawn, on a machine that does other things too


class Watched:
    """A page whose requests, errors and dialogs are written down."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        page.on("request", lambda request: self._requested(request.url))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._opened)

    def _opened(self, dialog: Dialog) -> None:
        self.errors.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _requested(self, url: str) -> None:
        if not url.startswith((self.server, self.server.replace("http", "ws", 1), "blob:", "data:")):
            self.elsewhere.append(url)

    def open(self, path: str = "/", **query: object) -> Page:
        """Open an address, and wait until its last chart is drawn."""
        open_page(self.page, f"{self.server}{path}?{urlencode(query)}" if query else f"{self.server}{path}")
        return self.page


@pytest.fixture
def visitor(page: Page, server: str) -> Iterator[Watched]:
    """Watch a page; whatever the test does, nothing is asked of any other host and nothing breaks."""
    watched = Watched(page, server)
    yield watched
    assert watched.elsewhere == []
    assert watched.errors == []
    expect(page.get_by_test_id("stException")).to_have_count(0)


def drawn(page: Page, key: str) -> Locator:
    """Wait until a chart is drawn, and return it."""
    chart = keyed(page, key).locator(".main-svg").first
    expect(chart).to_be_visible(timeout=SECONDS)
    return chart


def metric(page: Page, key: str) -> Locator:
    return keyed(page, key).get_by_test_id("stMetricValue")


def query_of(page: Page) -> dict[str, str]:
    """Return the address's parameters, without the size."""
    query = {key: words[0] for key, words in parse_qs(urlsplit(page.url).query, keep_blank_values=True).items()}
    query.pop("size", None)
    return query


def type_into(page: Page, key: str, words: str) -> None:
    field = keyed(page, key).locator("input")
    field.fill(words)
    field.press("Enter")
    wait_until_idle(page)


@pytest.mark.slow
def test_the_first_view_comes_with_no_click(visitor: Watched) -> None:
    page = visitor.open()
    expect(metric(page, "perplexity")).to_have_text("48,725.82", timeout=SECONDS)
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
    expect(keyed(page, "target_1").locator("input")).to_have_value(" effort moves me")
    page.go_back()
    wait_until_idle(page)
    expect(keyed(page, "target_1").locator("input")).to_have_value(" effort moves you")
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
    page.get_by_text("A forgotten space", exact=True).click()
    wait_until_idle(page)
    warning = keyed(page, "example_1").get_by_test_id("stAlert")
    expect(warning).to_contain_text("3 tokens")
    expect(metric(page, "perplexity")).to_have_count(0)
    keyed(page, "mend_leading_space_1").get_by_role("button").click()
    expect(metric(page, "perplexity")).to_have_text(re.compile(r"\d"), timeout=SECONDS)
    expect(keyed(page, "target_1").locator("input")).to_have_value(" effort moves you")
    keyed(page, "add_example").get_by_role("button").click()
    wait_until_idle(page)
    type_into(page, "prompt_2", "I really like")
    type_into(page, "target_2", " really like chocolate")
    expect(metric(page, "perplexity")).to_have_text(re.compile(r"\d"))
    keyed(page, "remove_1").get_by_role("button").click()
    wait_until_idle(page)
    expect(keyed(page, "prompt_1").locator("input")).to_have_value("I really like")
    expect(keyed(page, "prompt_2")).to_have_count(0)


def test_language_ids_and_projector(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW)
    drawn(page, "chart_perplexity")
    number = metric(page, "perplexity").inner_text()
    keyed(page, "lang").get_by_text("中文").click()
    wait_until_idle(page)
    expect(page.get_by_role("heading", level=2).first).to_have_text(re.compile("[一-鿿]"))
    expect(page).to_have_title(re.compile("[一-鿿]"))
    keyed(page, "input").get_by_text("词元编号").click()
    wait_until_idle(page)
    expect(keyed(page, "prompt_1").locator("input")).to_have_value("16833, 3626, 6100")
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


@pytest.mark.parametrize("alignment", ["shifted", "paired"])
def test_markup_is_shown_as_it_was_typed_and_does_nothing(visitor: Watched, alignment: str) -> None:
    """That no request leaves and no dialog opens is what the visitor fixture looks at."""
    text = "<img src=x onerror=alert(1)><b>bold</b> ![x](http://127.0.0.2:9/a.png) $x$ **b** :smile: :red[r]"
    page = visitor.open(
        size="mini", prompt_1=text, target_1=text[::-1] if alignment == "shifted" else text, alignment=alignment
    )
    drawn(page, "chart_rank_curve")
    expect(keyed(page, "prompt_1").locator("input")).to_have_value(text)
    main = page.get_by_test_id("stMain")
    expect(
        main.locator("img, script, b, .katex-mathml:has-text('x'):not(.st-key-x)").filter(has_text="bold")
    ).to_have_count(0)
    expect(main.locator("img")).to_have_count(0)
    if alignment == "paired":
        expect(keyed(page, "example_1").get_by_test_id("stAlert").first).to_contain_text("<img␣src=x␣onerror=alert(1)>")
    keyed(page, "position").get_by_role("combobox").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_contain_text("<")
    page.keyboard.press("Escape")
    points = keyed(page, "chart_log_probabilities").locator(".barlayer .point")
    points.first.hover(force=True)
    expect(keyed(page, "chart_log_probabilities").locator(".hoverlayer")).to_contain_text("ln p")
    page.get_by_text("Show the code").click()
    expect(page.get_by_test_id("stCode").first).to_contain_text("<b>bold</b>")


def test_a_hundred_kilobytes_in_the_address(visitor: Watched) -> None:
    text = "word " * 20_000
    page = visitor.open(size="mini", prompt_1=text, target_1="x")
    expect(keyed(page, "example_1").get_by_test_id("stAlert")).to_contain_text("100,000")
    expect(keyed(page, "prompt_1").locator("input")).to_have_value(text)
    assert query_of(page) == {}
    keyed(page, "mend_shorten_1").get_by_role("button").click()
    wait_until_idle(page)
    expect(keyed(page, "example_1").get_by_test_id("stAlert")).not_to_contain_text("100,000")


def test_bytes_that_are_no_text_in_the_address(visitor: Watched) -> None:
    page = visitor.open("/?size=mini&alignment=shifted&prompt_1=a%ED%A0%80b%FF%00c")
    expect(metric(page, "perplexity")).to_have_text(re.compile(r"\d"), timeout=SECONDS)
    expect(keyed(page, "tokens_1")).to_contain_text("⟨U+0000⟩")


def test_a_seed_that_is_none_stays_in_its_field_with_a_sentence(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW)
    drawn(page, "chart_perplexity")
    number = metric(page, "perplexity").inner_text()
    type_into(page, "seed", str(2**63))
    expect(keyed(page, "seed")).to_contain_text("4294967295")  # Streamlit's own sentence
    expect(keyed(page, "seed").locator("input")).to_have_value(str(2**63))
    expect(metric(page, "perplexity")).to_have_text(number)
    type_into(page, "seed", "")
    expect(keyed(page, "seed").locator("input")).to_have_value("123")


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
