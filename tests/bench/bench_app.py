"""The app as visitors meet it: cold start in Chromium, memory, many seeds, many visitors."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.bench import Result
from tests.bench.visitors import Visitor, visitors
from tests.conftest import CHROMIUM_ARGS
from tests.support.browsing import keyed
from tests.support.chromium import find_chromium
from tests.support.serving import Serving, serving

ROUNDS = 3
MODEL_MB = 652
PERPLEXITY = "Perplexity"
BARE_PAGE = """
import plotly.graph_objects as go
import streamlit as st

st.metric("Number", "48,725.82")
st.plotly_chart(go.Figure(go.Bar(x=[1, 2, 3], y=[3, 1, 2])), key="chart")
"""


@dataclass(frozen=True)
class Opening:
    """Seconds from the server's health to what Chromium shows."""

    text: float  # the bare page's metric, or the examples' tokens
    numbers: float
    charts: float


def run() -> list[Result]:
    """Return cold starts beside a bare page's, then memory and waiting times of the server with many visitors."""
    return [*cold_starts(), *memory(), *crowd()]


def cold_starts() -> list[Result]:
    """A fresh server and a fresh browser each time; who goes first changes from round to round."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGS))
        bare_script = Path(folder) / "bare.py"
        bare_script.write_text(BARE_PAGE, "utf-8")

        def bare() -> Opening:
            return opening(browser, bare_script, lambda page: page.get_by_test_id("stMetric"), "stMetric", ["chart"])

        def app() -> Opening:
            return opening(browser, Path("app.py"), lambda page: page.locator(".tokens button, .tokens-pair").first)

        def warm() -> Opening:
            server = Path("gptcore/ui/server.py")
            return opening(browser, server, lambda page: page.locator(".tokens button, .tokens-pair").first, warm=True)

        openings: dict[str, list[Opening]] = {"bare": [], "app": [], "warm": []}
        ways: list[tuple[str, Callable[[], Opening]]] = [("bare", bare), ("app", app), ("warm", warm)]
        for number in range(ROUNDS):
            for name, way in ways if number % 2 == 0 else reversed(ways):
                openings[name].append(way())
        browser.close()
    middle = {
        name: Opening(*(statistics.median(getattr(o, part) for o in each) for part in ("text", "numbers", "charts")))
        for name, each in openings.items()
    }
    bare_page, cold, warmed = middle["bare"], middle["app"], middle["warm"]
    return [
        Result("bare page: its text", bare_page.text, "s", note=f"medians of {ROUNDS}, from the server's health"),
        Result("bare page: its chart", bare_page.charts, "s"),
        Result("cold Explore: tokens", cold.text, "s"),
        Result("cold Explore: three numbers", cold.numbers, "s"),
        Result("cold Explore: charts", cold.charts, "s"),
        Result("tokens beside the bare text", cold.text / bare_page.text, "×", bound=1.5),
        Result("from tokens to the numbers", cold.numbers - cold.text, "s", bound=3.0),
        Result("from the numbers to the charts", cold.charts - cold.numbers, "s", bound=1.5),
        Result("make app: three numbers", warmed.numbers, "s", note="the browser opened the moment the server answers"),
        Result("make app: charts", warmed.charts, "s"),
    ]


def opening(
    browser: Browser,
    script: Path,
    text: Callable[[Page], Locator],
    number: str = "",
    charts: list[str] | None = None,
    *,
    warm: bool = False,
) -> Opening:
    """Start a server, open its page in a fresh context, and time what appears."""
    with started(script, {"GPT_EXPLORER_WARM": "1"} if warm else {}) as server:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
        page = context.new_page()
        page.set_default_timeout(120_000)
        began = time.perf_counter()
        page.goto(server.url, wait_until="commit")
        expect(text(page)).to_be_visible(timeout=120_000)
        text_seen = time.perf_counter() - began
        metric = page.get_by_test_id(number) if number else keyed(page, "perplexity").get_by_test_id("stMetricValue")
        expect(metric).to_contain_text("48,725.82", timeout=120_000)
        numbers_seen = time.perf_counter() - began
        for key in charts or ["chart_target_probabilities", "chart_log_probabilities", "chart_perplexity"]:
            expect(keyed(page, key).locator(".main-svg").first).to_be_visible(timeout=120_000)
        charts_seen = time.perf_counter() - began
        context.close()
    return Opening(text_seen, numbers_seen, charts_seen)


def memory() -> list[Result]:
    """With Explore open; then ten visitors with ten seeds, one after the other, twice."""
    with started(Path("app.py")) as server:
        with visitors(server.url, [""]) as (one,):
            one.run()
            opened = megabytes(server)
        rounds = []
        for _ in range(2):
            for seed in range(10):
                with visitors(server.url, [f"seed={seed}"]) as (one,):
                    one.run()
            rounds.append(megabytes(server))
    return [
        Result("server with Explore open", opened, "MB"),
        Result("server beside one model's weights", opened / MODEL_MB, "×", bound=1.9, note=f"{MODEL_MB} MB"),
        Result("after ten visitors with ten seeds", rounds[0], "MB", note="two models are kept"),
        Result("grown by a second round", rounds[1] - rounds[0], "MB", bound=MODEL_MB / 10),
    ]


def crowd() -> list[Result]:
    """A rerun, alone and with thirty connected; eight visitors at the same moment with eight seeds."""
    with started(Path("app.py")) as server:
        with visitors(server.url, ["size=mini"] * 30) as thirty:
            first = thirty[0]
            first.run()
            alone = statistics.median(first.run() for _ in range(9))
            for visitor in thirty[1:]:
                visitor.run()
            together = statistics.median(first.run() for _ in range(9))
        queries = [f"seed={seed}" for seed in range(8)]
        with visitors(server.url, queries) as eight, ThreadPoolExecutor(8) as pool:
            times = list(pool.map(Visitor.run, eight))
            seen = [visitor.metrics[PERPLEXITY] for visitor in eight]
        for query, number in zip(queries, seen, strict=True):
            with visitors(server.url, [query]) as (again,):
                again.run()
                assert again.metrics[PERPLEXITY] == number, query
    return [
        Result("a rerun, one visitor connected", alone, "s", note="median of 9, all of Explore drawn again"),
        Result("a rerun, thirty connected", together, "s", note="garbage collection frozen after the first"),
        Result("thirty beside one", together / alone, "×"),
        Result(
            "eight visitors at once, eight seeds", max(times), "s", note="the last one served; 124M, drawn anew each"
        ),
    ]


@contextmanager
def started(script: Path, environment: dict[str, str] | None = None) -> Iterator[Serving]:
    """Start a server for one measurement."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "log.txt", script, environment) as server:
        yield server


def megabytes(server: Serving) -> float:
    """Return the server's resident memory."""
    return float(psutil.Process(server.pid).memory_info().rss / 1e6)
