"""From `streamlit run` to the trained model's report in a browser that has never been here, offline."""

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.bench import Result
from tests.conftest import CHROMIUM_ARGS
from tests.support.browsing import keyed
from tests.support.chromium import find_chromium
from tests.support.serving import serving


def run() -> list[Result]:
    """Measure the very first visit, and that of the next visitor."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGS))
        start = time.perf_counter()
        with serving(Path(folder) / "log.txt", environment={"HF_HUB_OFFLINE": "1"}) as running:
            answered = time.perf_counter()
            _see_the_report(browser, running.url)
            first = time.perf_counter()
            _see_the_report(browser, running.url)
            second = time.perf_counter()
        browser.close()
    return [
        Result("first start to the trained model's report", first - start, "s", note="one run, a new browser"),
        Result("… of which until the server answers", answered - start, "s"),
        Result("the next visitor's report", second - first, "s", note="a new browser context"),
    ]


def _see_the_report(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{url}/?model=trained_small")
    expect(keyed(page, "perplexity").get_by_test_id("stMetricValue")).not_to_be_empty(timeout=120_000)
    context.close()
