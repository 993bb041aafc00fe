"""The Compare page: seeds that fill in live, texts side by side, sentences for what cannot be compared."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.testing.v1 import AppTest

from gptcore import Example, number_format, score, sweep_seeds, untrained_model
from gptcore.config import GPT_CONFIG_124M, SIZES
from gptcore.presets import PRESETS
from gptcore.results.comparison import aligned_rows
from gptcore.results.seeds import SeedRecord, SeedSummary, SeedTable
from gptcore.sweeps.cache import SweepCache
from gptcore.sweeps.runner import compare_examples
from gptcore.sweeps.stored import stored_seeds
from gptcore.texts import LANGUAGES, text_in
from tests import ROOT
from tests.support.browsing import axe_violations, keyed, open_page, overflows, wait_until_idle
from tests.support.visiting import open_part

MINI = SIZES["mini"]
BOOK = PRESETS["book"]
PAIR = (
    Example("The dog bites the man.", alignment="shifted"),
    Example("The man bites the dog.", alignment="shifted"),
)
PAIR_QUERY = "alignment=shifted&prompt_1=The+dog+bites+the+man.&prompt_2=The+man+bites+the+dog."
A_WHILE = 90_000  # ms: the cores may be shared


def swept(seeds: range, examples: tuple[Example, ...] = BOOK) -> SeedTable:
    """Return what the library says of seeds of the small size."""
    return SeedTable.of(list(sweep_seeds(MINI, examples, seeds, finished=SweepCache())))


def opened(language: str = "en", **query: object) -> AppTest:
    """Return the page with these values in its address, run once."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/compare.py")
    app.context["locale"] = {"en": "en-US", "zh": "zh-CN"}[language]
    for key, value in {"size": "mini", **query}.items():
        app.query_params[key] = str(value)
    return app.run()


def finished(app: AppTest, count: int) -> AppTest:
    """Run the page until so many seeds are in and its job is over."""
    give_up = time.monotonic() + 60
    while not app.get("download_button"):
        assert time.monotonic() < give_up
        assert not app.exception
        time.sleep(0.2)
        app.run()
    return app


def said(app: AppTest) -> str:
    """Return all sentences on the page."""
    parts = [*app.caption, *app.markdown, *app.warning, *app.info]
    return re.sub(r"\\(.)", r"\1", "\n".join(element.value for element in parts))  # without Markdown's escapes


def live_figures(app: AppTest) -> dict[str, Any]:
    """Return the figures of the live charts, by their alt text."""
    found = {}
    for element in app.get("bidi_component"):
        data = json.loads(element.proto.json or "null") if element.proto.component_name == "live_chart" else None
        if data:
            found[data["alt"]] = json.loads(data["figure"])
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_seeds_give_the_librarys_numbers(language: str) -> None:
    app = finished(opened(language, seed_count=5), 5)
    summary, text = swept(range(5)).summary(), text_in(language, "compare")
    values = {metric.label: metric.value for metric in app.metric}
    assert values[text("mean_loss.label")] == number_format.nats(summary.mean)
    assert values[text("spread.label")] == number_format.nats(summary.standard_deviation)
    assert values[text("below.label")] == text("below.value", below=summary.below_uniform, count=5)
    sentences = said(app)
    assert text("why.title") in sentences
    assert number_format.nats(summary.standard_error) in sentences
    assert len(live_figures(app)) == 3
    assert not app.exception


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"seed_count": 0}, "no_seeds"),
        ({"seed_count": 10_000_000}, "too_many_seeds"),
        ({"seed_count": -3}, "no_seeds"),
        ({"seed_first": -1}, "bad_seed"),
        ({"seed_list": "1, two"}, "not_seeds"),
        ({"seed_list": "1, 2, 1"}, "repeated_seed"),
        ({"seed_list": "-5"}, "bad_seed"),
        ({"seed_list": "9-3"}, "backwards_seeds"),
        ({"seed_list": "<script>**x**"}, "not_seeds"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(query: dict[str, object], code: str, language: str) -> None:
    app = opened(language, **query)
    (warning,) = app.warning
    start = re.split(r"\{", text_in(language, "compare")(code))[0]
    assert start in warning.value
    assert app.button(key="mend_seeds").label == text_in(language, "compare")(f"mends.{code}")
    assert not app.metric
    assert not app.exception


def test_a_mend_mends() -> None:
    app = opened(seed_list="1, 2, 1")
    app.button(key="mend_seeds").click().run()
    assert app.session_state["seed_list"] == "1-2"
    assert not app.warning
    finished(app, 2)
    app = opened(seed_count=10_000_000)
    app.button(key="mend_seeds").click().run()
    assert not app.warning
    app.number_input(key="seed_count").set_value(1).run()  # so that no test waits for a thousand


def test_perplexity_is_exp_of_the_mean_loss() -> None:
    app = finished(opened(seed_count=4, scale="perplexity"), 4)
    expected = number_format.perplexity(float(pow(2.718281828459045, swept(range(4)).summary().mean)))
    assert {m.label: m.value for m in app.metric}[text_in("en", "compare")("mean_perplexity.label")] == expected


def test_one_seed_is_its_own_report() -> None:
    app = finished(opened(seed_count=3, chosen_seed=2), 3)
    report = score(untrained_model(MINI, 2), BOOK)
    assert [metric.value for metric in app.metric][-3:] == [
        number_format.nats(report.mean_log_probability),
        number_format.nats(report.cross_entropy),
        number_format.perplexity(report.perplexity),
    ]
    assert not app.exception


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_books_seeds_are_there_at_once_and_nothing_runs_by_itself(language: str) -> None:
    app = opened(language, size="124M")
    text = text_in(language, "compare")
    values = {metric.label: metric.value for metric in app.metric}
    assert values[text("mean_loss.label")] == "10.9407"
    assert values[text("spread.label")] == "0.2714"
    assert values[text("below.label")] == text("below.value", below=12, count=40)
    assert len(live_figures(app)) == 3
    assert app.get("download_button")
    assert app.button(key="seed_run").label == text_in(language, "sweeps")("run_here")
    assert [each for each in app.button if each.key == "seed_job_stop"] == []
    assert "PyTorch" in said(app)
    assert not app.exception


def test_a_stored_seed_opens_with_its_whole_chain() -> None:
    app = opened(size="124M", seed_count=12, chosen_seed=3)
    (stored,) = stored_seeds(GPT_CONFIG_124M, BOOK, [3]) or ()
    assert [metric.value for metric in app.metric][-2:] == [
        number_format.nats(stored.report.cross_entropy),
        number_format.perplexity(stored.report.perplexity),
    ]


def test_a_large_sweep_waits_for_the_button() -> None:
    app = opened(size="124M", seed_count=60)
    assert not app.metric
    assert not app.get("download_button")
    assert app.button(key="seed_run").label == "Run 60 seeds"
    app.number_input(key="seed_count").set_value(3).run()
    assert len(app.metric) == 3  # stored
    app.number_input(key="seed_count").set_value(30).run()
    app.number_input(key="seed_first").set_value(38).run()
    assert app.button(key="seed_run").label == "Run 30 seeds"


def test_a_run_that_was_asked_for_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gptcore.ui.compare.seeds.MOST_WEIGHTS", 1)
    app = opened(seed_count=2, seed_first=300)
    app.button(key="seed_run").click().run()
    finished(app, 2)
    assert {m.label: m.value for m in app.metric}[text_in("en", "compare")("below.label")].endswith("of 2")


def test_a_run_that_ends_while_the_page_is_drawn_is_not_taken_for_one_that_was_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first_is_in, go_on, over = threading.Event(), threading.Event(), threading.Event()

    def sweep(*args: Any, **settings: Any) -> Iterator[SeedRecord]:
        one, two = sweep_seeds(*args, **settings)
        yield one
        first_is_in.set()
        assert go_on.wait(60)
        yield two
        over.set()

    def follow(going: Callable[[], bool], draw: Callable[[], None]) -> bool:
        assert first_is_in.wait(60)
        return not going()

    def compare_seeds(*args: Any, **settings: Any) -> None:
        go_on.set()
        assert over.wait(60)
        time.sleep(0.5)  # the job ends with its thread

    with monkeypatch.context() as context:
        context.setattr("gptcore.sweeps.runner.sweep_seeds", sweep)
        context.setattr("gptcore.ui.compare.seeds.follow", follow)
        context.setattr("gptcore.ui.compare.seeds.compare_seeds", compare_seeds)
        app = opened(seed_count=2, seed_first=340)
        assert not app.exception
        assert not app.get("download_button")  # they would take one seed along, of two
    finished(app.run(), 2)
    assert {m.label: m.value for m in app.metric}[text_in("en", "compare")("below.label")].endswith("of 2")


def test_a_seed_that_is_not_among_them_is_not_shown() -> None:
    app = finished(opened(seed_count=2, chosen_seed=77), 2)
    assert app.session_state["chosen_seed"] == -1
    assert len(app.metric) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_compared_token_by_token(language: str) -> None:
    query = {"alignment": "shifted", "prompt_1": PAIR[0].prompt, "prompt_2": PAIR[1].prompt}
    app = opened(language, compare="inputs", **query)
    first, second = compare_examples(untrained_model(MINI, 123), PAIR)
    rows = aligned_rows(first.report, second.report)
    text = text_in(language, "compare")
    whole = abs(second.total_log_probability - first.total_log_probability)
    biggest = max(rows.change.tolist(), key=abs)
    sentences = said(app)
    for amount in (number_format.nats(whole), number_format.signed_nats(biggest)):
        assert amount in sentences
    for record in (first, second):
        assert number_format.perplexity(record.report.perplexity) in sentences
    assert text("untrained_note") in [info.value for info in app.info]
    (table,) = open_part(app, "aligned").dataframe
    assert table.value["change"].tolist() == pytest.approx(rows.change.tolist())
    assert not app.exception


def test_one_text_alone_asks_for_a_second() -> None:
    app = opened(compare="inputs", alignment="shifted", prompt_1="every effort moves you")
    assert text_in("en", "compare")("two_texts") in [info.value for info in app.info]
    assert not app.exception


def test_texts_that_cannot_be_scored_are_mended_first() -> None:
    for view in ("seeds", "inputs"):
        app = opened(compare=view, prompt_1="every effort", target_1=" you")
        assert text_in("en", "examples")("mend_first") in [info.value for info in app.info]
        assert not app.metric
        assert not app.exception


def wait_for_all(page: Page, count: int) -> None:
    """Wait until the job has ended and the files are offered."""
    expect(keyed(page, "seed_job")).to_contain_text(f"{count} of {count} seeds", timeout=A_WHILE)
    expect(keyed(page, "downloads_seeds")).to_be_visible(timeout=A_WHILE)


def seeds_in(page: Page) -> int:
    """Return how many seeds the page says are in."""
    found = re.search(r"(\d+) of \d+ seeds", keyed(page, "seed_job").inner_text())
    return int(found[1]) if found else 0


def wait_for_more_than(page: Page, count: int) -> None:
    """Wait until more than so many seeds are in."""
    page.wait_for_function(
        "count => Number(/(\\d+) of /.exec(document.querySelector('.st-key-seed_job')?.innerText)?.[1]) > count",
        arg=count,
        timeout=A_WHILE,
    )


def test_start_watch_stop_reload_and_go_on(page: Page, server: str) -> None:
    page.goto(f"{server}/compare?seed_count=12")
    expect(keyed(page, "seed_stored")).to_contain_text("Stored result", timeout=A_WHILE)
    expect(keyed(page, "seed_below")).to_contain_text("of 12")
    keyed(page, "seed_run").get_by_role("button").click()
    expect(keyed(page, "seed_job")).to_be_visible(timeout=A_WHILE)
    page.wait_for_selector(".st-key-chart_seeds .point", timeout=A_WHILE)
    page.evaluate("window.svg = document.querySelector('.st-key-chart_seeds .main-svg')")
    start = seeds_in(page)
    wait_for_more_than(page, start)
    assert page.evaluate("window.svg.isConnected"), "the chart was built anew"
    keyed(page, "seed_job_stop").get_by_role("button").click()
    expect(keyed(page, "seed_job")).to_contain_text("stopped", timeout=15_000)
    reached = seeds_in(page)
    assert reached < 12
    page.wait_for_timeout(3_000)
    assert seeds_in(page) == reached
    expect(keyed(page, "seed_go_on")).to_be_visible()

    page.reload()
    keyed(page, "seed_run").get_by_role("button").click(timeout=A_WHILE)
    expect(keyed(page, "seed_job")).to_be_visible(timeout=A_WHILE)
    wait_for_more_than(page, reached - 1)
    wait_for_all(page, 12)
    summary = SeedSummary(12, 11.03191, 0.25356, 0.07320, 2, 10.8249, 1 / 3)
    expect(keyed(page, "seed_mean")).to_contain_text(number_format.nats(summary.mean))
    expect(keyed(page, "seed_spread")).to_contain_text(number_format.nats(summary.standard_deviation))
    expect(keyed(page, "seed_below")).to_contain_text(f"{summary.below_uniform} of 12")


def test_a_dot_opens_its_seed_and_explore_shows_the_same(page: Page, server: str) -> None:
    page.goto(f"{server}/compare?size=mini&seed_count=6")
    wait_for_all(page, 6)
    dot = keyed(page, "chart_seeds").locator(".point").first
    box = dot.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    table = swept(range(6))
    lowest = int(table.seeds[table.cross_entropy.argmin()])
    expect(keyed(page, "card_result_perplexity")).to_contain_text(
        number_format.perplexity(float(table.perplexity.min())), timeout=A_WHILE
    )
    expect(page).to_have_url(re.compile(f"chosen_seed={lowest}"))
    keyed(page, "open_in_explore").get_by_role("button").click()
    expect(keyed(page, "chart_target_probabilities")).to_be_visible(timeout=A_WHILE)
    expect(keyed(page, "card_result_perplexity")).to_contain_text(
        number_format.perplexity(float(table.perplexity.min()))
    )
    expect(page).to_have_url(re.compile(f"seed={lowest}"))


def test_two_visitors_with_other_texts_get_their_own_numbers(browser: Browser, server: str) -> None:
    pages = []
    for query in ("size=mini&seed_count=8", f"size=mini&seed_count=8&{PAIR_QUERY}"):
        pages.append(browser.new_context(locale="en-US").new_page())
        pages[-1].goto(f"{server}/compare?{query}")
    for page, examples in zip(pages, (BOOK, PAIR), strict=True):
        wait_for_all(page, 8)
        summary = swept(range(8), examples).summary()
        expect(keyed(page, "seed_mean")).to_contain_text(number_format.nats(summary.mean))
        expect(keyed(page, "seed_below")).to_contain_text(f"{summary.below_uniform} of 8")
        page.context.close()


def test_a_visitor_waits_in_line_until_the_one_before_leaves(browser: Browser, server: str) -> None:
    first, second = (browser.new_context(locale="en-US") for _ in range(2))
    page = first.new_page()
    page.goto(f"{server}/compare?seed_count=500&seed_first=1000")
    keyed(page, "seed_run").get_by_role("button").click(timeout=A_WHILE)
    page.wait_for_selector(".st-key-chart_seeds .point", timeout=A_WHILE)
    waiting = second.new_page()
    waiting.goto(f"{server}/compare?size=mini&seed_count=3&seed_first=2000")
    expect(keyed(waiting, "seed_job")).to_contain_text("1 ahead", timeout=A_WHILE)
    first.close()  # closing the tab ends its work
    wait_for_all(waiting, 3)
    second.close()


def test_texts_side_by_side_in_the_browser(page: Page, server: str) -> None:
    open_page(page, f"{server}/compare?size=mini&compare=inputs&{PAIR_QUERY}")
    first, second = compare_examples(untrained_model(MINI, 123), PAIR)
    chart = keyed(page, "chart_difference")
    expect(chart.locator(".barlayer .point")).to_have_count(5, timeout=A_WHILE)
    expect(chart).to_contain_text(number_format.nats(first.total_log_probability))
    expect(chart).to_contain_text(number_format.nats(second.total_log_probability))
    page.get_by_role("radio", name="Bits per byte").click()
    expect(keyed(page, "chart_texts").first).to_contain_text(f"{first.bits_per_byte:.4f}", timeout=A_WHILE)
    expect(page).to_have_url(re.compile("unit=bits_per_byte"))


def test_a_pair_to_start_from(page: Page, server: str) -> None:
    open_page(page, f"{server}/compare?size=mini&compare=inputs")
    keyed(page, "pair").get_by_role("button").click()
    page.get_by_text("English and Chinese").click()
    expect(keyed(page, "chart_texts").first).to_contain_text("bits per byte", timeout=A_WHILE)
    expect(page.get_by_label("Text 2").first).to_have_value("今天天气很好。")


@pytest.mark.parametrize("view", ["seeds", "inputs"])
@pytest.mark.parametrize(
    ("width", "scheme", "locale"), [(390, "dark", "zh-CN"), (390, "light", "en-US"), (1440, "light", "zh-CN")]
)
def test_nothing_sticks_out_and_everyone_can_use_it(
    browser: Browser, server: str, view: str, width: int, scheme: Any, locale: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, locale=locale, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{server}/compare?size=mini&compare={view}&seed_count=5&chosen_seed=3&{PAIR_QUERY}")
    expect(keyed(page, f"downloads_{view}")).to_be_visible(timeout=A_WHILE)
    wait_until_idle(page)
    assert overflows(page) == []
    assert axe_violations(page) == []
    context.close()
