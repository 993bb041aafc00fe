"""Every field of the pages that have some, changed while the first run goes on over a slow line: it keeps its value."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import IDLE, keyed, wait_until_idle
from tests.support.fields import change, change_if_there, fields_of, shown
from tests.support.proxy import Proxy, proxied

DELAY_MS = 150
AT_MOST_SECONDS = 240
APP = "[data-testid=stApp]"
ATTRIBUTES = "app => [...app.attributes].map(each => `${each.name}=${each.value}`).join(' ')"
PAGES = {
    "explore": "/?size=mini&seed=31",
    "perplexity": "/perplexity?size=mini&seed=32",
    "long_text": "/long_text?size=mini&seed=33",
    "compare_seeds": "/compare?compare=seeds&size=mini&seed_count=1",
    "compare_inputs": "/compare?compare=inputs&size=mini&seed=34",
    "compare_list": "/compare?compare=list&size=mini&seed=36",
    "train_fit": "/train?size=mini&seed=37",
    "train_backpropagation": "/train?train_section=backpropagation&size=mini&seed=38",
    "train_text": "/train?train_section=text&size=mini&seed=39",
    "step_by_step": "/step_by_step?size=mini&seed=40",
    "classroom": "/classroom?size=mini&seed=41",
    "compare_models": "/compare?compare=models&models=untrained/mini,trained_small&seed=35",
}
SLOW = ("train_backpropagation", "classroom", "compare_models")
"""Swept by the slow tests alone: what they have more than the others has a test of its own."""
DECIDES_WHICH_FIELDS = {
    *("model", "size", "lang", "projector", "alignment", "input", "vocabulary", "compare", "models", "seed_list"),
    *(
        "train_section",
        "train_optimizer",
        "learn_optimizer",
        "learn_source",
        "train_schedule",
        "long_source",
        "first_token",
        "logit_target",
    ),
}
"""Fields that take others away, or say otherwise what stands in them: they are changed by themselves."""


@pytest.fixture
def line(server: str) -> Iterator[Proxy]:
    """Stand between the browser and the server."""
    with proxied(int(server.rpartition(":")[2])) as proxy:
        yield proxy


def begin(page: Page, line: Proxy, path: str) -> None:
    """Open a page, and go on as soon as it has a field."""
    line.delay_ms = DELAY_MS
    page.goto(f"{line.url}{path}")
    keyed(page, "lang").wait_for(timeout=60_000)


def change_all(page: Page) -> dict[str, str]:
    """Change each field as it comes, until none has come for a while; what each showed then."""
    wanted: dict[str, str] = {}
    gone: set[str] = set()
    looks_without_news, until = 0, time.monotonic() + AT_MOST_SECONDS
    while looks_without_news < (8 if wanted else 300):
        assert time.monotonic() < until, f"the page does not come to rest: {page.locator(APP).evaluate(ATTRIBUTES)}"
        new = [key for key in fields_of(page) if key not in {*wanted, *gone, *DECIDES_WHICH_FIELDS}]
        for key in new[:1]:  # then look again: it may have taken others away
            now = change_if_there(page, key)
            if now is None:
                gone.add(key)
            else:
                wanted[key] = now
        looks_without_news = 0 if new or not page.locator(IDLE).count() else looks_without_news + 1
        page.wait_for_timeout(0 if new else 100)
    return wanted


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in PAGES]
)
def test_all_fields_in_a_row(page: Page, line: Proxy, name: str) -> None:
    begin(page, line, PAGES[name])
    wanted = change_all(page)
    wait_until_idle(page, steady_ms=900, timeout_ms=90_000)
    left = wanted.keys() & set(fields_of(page))
    assert {key: shown(page, key) for key in left} == {key: wanted[key] for key in left}
    assert left


@pytest.mark.parametrize(
    ("name", "key"), [("explore", "alignment"), ("explore", "input"), ("compare_seeds", "compare")]
)
def test_a_field_that_decides_which_others_there_are(page: Page, line: Proxy, name: str, key: str) -> None:
    begin(page, line, PAGES[name])
    keyed(page, key).wait_for(timeout=60_000)
    wanted = change(page, key)
    wait_until_idle(page, steady_ms=900, timeout_ms=90_000)
    assert shown(page, key) == wanted


def test_models_that_are_compared_in_chinese(page: Page, line: Proxy) -> None:
    begin(page, line, PAGES["compare_models"] + "&lang=zh")
    wait_until_idle(page, steady_ms=900, timeout_ms=90_000)
    for change_of in ("temperature", "seed"):  # what a browser sends of the models is their names in Chinese
        change(page, change_of)
        wait_until_idle(page, steady_ms=900, timeout_ms=90_000)
        assert (
            "models=untrained%2Fmini%2Ctrained_small" in page.url or "models=untrained/mini,trained_small" in page.url
        )


@pytest.mark.parametrize("moment", ["before it arrives", "before the page knows", "while the page is drawn"])
def test_a_line_that_breaks_in_the_middle_of_a_run(page: Page, line: Proxy, moment: str) -> None:
    begin(page, line, PAGES["explore"])
    for each in ("prompt_1 textarea", "temperature input", "chart_perplexity .js-plotly-plot"):  # and their scripts
        page.locator(f".st-key-{each}").first.wait_for(timeout=90_000)
    wait_until_idle(page, steady_ms=900, timeout_ms=90_000)
    if moment == "before it arrives":
        line.hold()
    wanted = {"prompt_1": change(page, "prompt_1", "typed before it broke")}
    page.wait_for_timeout(DELAY_MS + 40 if moment != "while the page is drawn" else 2 * DELAY_MS + 60)
    line.cut()
    line.release()
    expect(page.locator("[data-test-connection-state=CONNECTED]")).to_have_count(0)
    line.restore()
    expect(page.locator("[data-test-connection-state=CONNECTED]")).to_have_count(1, timeout=60_000)
    page.wait_for_function("location.search.includes('typed+before+it+broke')")  # nobody has to touch anything
    wanted["temperature"] = change(page, "temperature", "1.5")
    wait_until_idle(page, steady_ms=900, timeout_ms=90_000)
    assert {key: shown(page, key) for key in wanted} == wanted
    assert "typed+before+it+broke" in page.url
