"""On a projector of 1280 x 720: what counts is on the first screen, and nothing is too small for the last row."""

import pytest
from playwright.sync_api import Page, expect

from gptcore.texts import text_in
from tests.support.browsing import axe_violations, keyed, open_page, wait_until_idle
from tests.support.watching import drawn, query_of

HEIGHT = 720
SMALLEST = 18
A_WHILE = 60_000

pytestmark = pytest.mark.browser_context_args(viewport={"width": 1280, "height": HEIGHT})

TOO_SMALL = """smallest => {
    const UNSEEN = 'script, style, noscript, title, .katex-mathml, [class*=st-key-_seen_]';
    const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode, e = text.parentElement;
        if (!text.data.trim() || e.closest(UNSEEN)) continue;
        if (!e.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        const box = range.getBoundingClientRect();
        if (box.width < 2 || box.height < 2) continue;
        const matrix = e.getScreenCTM?.() ?? {a: 1, b: 0}; // a text of a chart may be drawn smaller than its font
        const size = parseFloat(getComputedStyle(e).fontSize) * Math.hypot(matrix.a, matrix.b);
        const key = e.closest('[class*=st-key-]')?.className.match(/st-key-([\\w-]+)/)?.[1];
        if (size < smallest - 0.05) found.push(`${size.toFixed(1)} px in ${key}: ${text.data.trim().slice(0, 40)}`);
    }
    return [...new Set(found)].slice(0, 20);
}"""


def too_small(page: Page) -> list[str]:
    """Return the texts that are drawn below the smallest size."""
    found: list[str] = page.evaluate(TOO_SMALL, SMALLEST)
    return found


def open_projected(page: Page, url: str) -> None:
    """Open a page and wait until it is drawn as on a projector: its styles come a moment after its words."""
    open_page(page, f"{url}{'&' if '?' in url else '?'}projector=1&size=mini")
    page.wait_for_function("getComputedStyle(document.documentElement).fontSize === '20px'", timeout=A_WHILE)


def bottom(page: Page, key: str) -> float:
    """Return where a part ends, in pixels from the top of the screen."""
    box = keyed(page, key).bounding_box()
    assert box is not None, f"{key} is not there"
    return box["y"] + box["height"]


def cut(page: Page, key: str) -> list[str]:
    """Return what of a part lies beyond its own box: a column or a formula that one would have to scroll to."""
    wide: list[str] = page.evaluate(
        """key => [...document.querySelectorAll(`.st-key-${key} :is(.picture, .katex-display, pre)`)]
            .filter(e => e.scrollWidth > e.clientWidth + 2 || e.scrollHeight > e.clientHeight + 8)
            .map(e => `${e.className}: ${e.scrollWidth}x${e.scrollHeight} in ${e.clientWidth}x${e.clientHeight}`)
            .concat([...document.querySelectorAll(`.st-key-${key} .piece`)]
                .filter(e => !['visible', 'clip visible'].includes(getComputedStyle(e).overflow))
                .map(e => `the feet of ${e.textContent} are cut`))""",
        key,
    )
    return wide


@pytest.mark.parametrize(("vocabulary", "language"), [("gpt2", "en"), ("gpt2", "zh"), ("seven", "en")])
def test_every_step_is_on_the_first_screen(page: Page, server: str, vocabulary: str, language: str) -> None:
    open_projected(page, f"{server}/step_by_step?vocabulary={vocabulary}&lang={language}")
    for step in range(1, 12):
        title = text_in(language, "step_by_step")(f"titles.{step}")
        expect(keyed(page, "step_heading").locator("h2")).to_have_text(f"{step}. {title}", timeout=A_WHILE)
        wait_until_idle(page, steady_ms=500)
        for chart in keyed(page, "step_picture").get_by_test_id("stPlotlyChart").all():
            expect(chart.locator(".main-svg").first).to_be_visible(timeout=A_WHILE)
        assert bottom(page, "step_picture") <= HEIGHT, f"step {step}"
        assert [cut(page, key) for key in ("step_formula", "step_picture")] == [[], []], f"step {step}"
        assert bottom(page, "step_formula") <= bottom(page, "step_picture")
        assert too_small(page) == [], f"step {step}"
        if step < 11:
            page.keyboard.press("ArrowRight")


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/", ["cross_entropy", "perplexity"]),
        ("/perplexity", ["faces", "chart_die", "chart_surprise", "chart_exponential"]),
        ("/long_text", ["long_cross_entropy", "long_perplexity", "long_switches"]),
        ("/compare?seed_count=4", ["seed_mean", "seed_below", "chart_seeds"]),
        ("/compare?compare=inputs", ["chart_texts"]),
        ("/train", ["train_cross_entropy", "train_perplexity", "train_chart_targets", "train_chart_curve"]),
        ("/train?train_section=backpropagation", ["backpropagation_chart_push"]),
        ("/classroom", ["room_open", "room_join"]),
    ],
)
def test_every_page_shows_its_result_on_the_first_screen(page: Page, server: str, path: str, keys: list[str]) -> None:
    open_projected(page, f"{server}{path}")
    for key in keys:
        expect(keyed(page, key)).to_be_visible(timeout=A_WHILE)
        if "chart" in key:
            drawn(page, key)
    wait_until_idle(page, steady_ms=500)
    below = {key: bottom(page, key) for key in keys if bottom(page, key) > HEIGHT}
    assert below == {}
    assert too_small(page) == []
    for own in page.get_by_test_id("stFileUploader").locator("button p").all():  # Streamlit's word, English everywhere
        assert own.evaluate("e => getComputedStyle(e).fontSize") == "0px"
    bar = keyed(page, "projector_bar").bounding_box()
    assert bar is not None
    assert bar["height"] <= 60
    assert bar["y"] == 0
    through = keyed(page, "projector_bar").evaluate("e => getComputedStyle(e).backgroundColor")
    assert through == "rgb(255, 255, 255)", "what is scrolled under the bar shines through"


def test_pages_and_switches_are_one_press_away(page: Page, server: str) -> None:
    open_projected(page, f"{server}/step_by_step?step=3")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(keyed(page, "step_picture")).to_be_visible(timeout=A_WHILE)
    expect(keyed(page, "panel_tensors").get_by_role("button")).to_be_visible(timeout=A_WHILE)
    wait_until_idle(page, steady_ms=500)  # its key comes in a little after it
    page.keyboard.press("t")
    expect(keyed(page, "step_tensors")).to_contain_text("float32", timeout=A_WHILE)
    expect(keyed(page, "step_picture")).to_have_count(0)
    assert bottom(page, "step_tensors") <= HEIGHT
    keyed(page, "panel_code").get_by_role("button").click()
    expect(keyed(page, "step_code")).to_contain_text("def softmax", timeout=A_WHILE)
    assert bottom(page, "step_code") <= HEIGHT
    page.keyboard.press("p")
    expect(keyed(page, "step_picture")).to_be_visible(timeout=A_WHILE)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("← →", timeout=A_WHILE)
    assert too_small(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=A_WHILE)
    keyed(page, "lang").get_by_text("中文").click()
    expect(keyed(page, "step_heading")).to_contain_text("3. softmax 把分数变成概率", timeout=A_WHILE)
    keyed(page, "projector_bar").get_by_role("link", name="困惑度").click()
    expect(keyed(page, "chart_die")).to_be_visible(timeout=A_WHILE)
    wait_until_idle(page)
    assert query_of(page)["projector"] == "1"
    assert axe_violations(page) == []


def test_the_keys_are_shown_on_a_page_that_is_not_projected(page: Page, server: str) -> None:
    open_page(page, f"{server}/classroom")
    expect(page.locator(".question-mark-key")).to_be_attached(timeout=A_WHILE)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Home, End", timeout=A_WHILE)


def test_a_chinese_sentence_has_its_numbers_on_the_first_screen(page: Page, server: str) -> None:
    open_projected(page, f"{server}/?lang=zh&alignment=shifted&prompt_1=今天天气很好")
    value = keyed(page, "perplexity").get_by_test_id("stMetricValue")
    expect(value).to_be_visible(timeout=A_WHILE)
    wait_until_idle(page, steady_ms=500)
    box = value.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= HEIGHT
