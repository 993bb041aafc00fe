"""A whole class at once: reruns, first loads, typing, two processes behind nginx; each beside a bare page's.

Visitors are raw WebSockets, servers are warm. A bare page is a metric and a chart of three bars under the same server.
"""

import itertools
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import expect, sync_playwright

from tests.bench import Result
from tests.bench.visitors import Visitor, at_once, visitors
from tests.conftest import CHROMIUM_ARGS
from tests.support.browsing import keyed, open_page, wait_until_idle
from tests.support.chromium import find_chromium
from tests.support.nginx import nginx
from tests.support.serving import Serving, free_port, serving

THIRTY, ROUNDS, HUNDRED = 30, 5, 100
SEEDS = (123, 7, 42)
SERVER = "gptcore/ui/server.py"
WARM = {"GPT_EXPLORER_WARM": "1"}
PERPLEXITY = "Perplexity"
BARE_SERVER = """
import gc
import sys
import streamlit as st
from starlette.middleware import Middleware
sys.path.insert(0, {root!r})
from gptcore.ui.delivery import Delivery
gc.collect()
gc.freeze()
app = st.App({page!r}, middleware=[Middleware(Delivery)])
"""
BARE_PAGE = """
import plotly.graph_objects as go
import streamlit as st
name = st.text_area("Name", key="prompt_1")
st.metric("Perplexity", f"{{len(name)}}")
st.plotly_chart(go.Figure(go.Bar(x=[1, 2, 3], y=[3, 1, 2])), key="chart")
"""


def run() -> list[Result]:
    """Return every goal's number beside the bare page's."""
    with tempfile.TemporaryDirectory() as folder:
        bare = bare_server(Path(folder))
        return [
            *one_visitor(bare),
            *thirty(bare),
            *typing(bare),
            *school(Path(folder)),
        ]


def bare_server(folder: Path) -> Path:
    """Write a page that does next to nothing, and the server for it."""
    page, server = folder / "bare_page.py", folder / "bare_server.py"
    page.write_text(BARE_PAGE.replace("{{", "{").replace("}}", "}"), "utf-8")
    root = str(Path(__file__).parents[2])
    server.write_text(BARE_SERVER.format(root=root, page=str(page)), "utf-8")
    return server


def one_visitor(bare: Path) -> list[Result]:
    """A rerun where nothing changed, and one with another text on the same model."""
    with started(bare) as server, visitors(server.url, [""]) as (one,):
        one.run()
        floor = statistics.median(one.run() for _ in range(15))
    with started(SERVER) as server, visitors(server.url, [""]) as (one,):
        one.run()
        one.run()
        same = statistics.median(one.run() for _ in range(15))
        texts = (f"every effort moves {word}" for word in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"])
        other = statistics.median(another_text(one, text) for text in itertools.islice(texts, 1, None))
    return [
        Result("bare page: a rerun", floor, "s", note="the floor: Streamlit's own time, median of 15"),
        Result("Explore: a rerun, nothing changed", same, "s", bound=0.025, note="one visitor, median of 15"),
        Result("Explore: another text, same model", other, "s", bound=0.1, note="124M; median of 10 texts"),
    ]


def another_text(visitor: Visitor, text: str) -> float:
    """Type another prompt and target, of as many tokens."""
    visitor.states["target_1"] = {"string_value": f"{text.removeprefix('every')} you"}
    return visitor.use("prompt_1", string_value=text)


def thirty(bare: Path) -> list[Result]:
    """Thirty first loads in the same second, then five reruns each without a pause; three seeds among them."""
    with started(bare) as server:
        first_bare, rerun_bare, _, _ = crowd(server, [""] * THIRTY)
    queries = [f"seed={seed}" for seed in SEEDS]
    with started(SERVER) as server:
        alone = {}
        for query in queries:
            with visitors(server.url, [query]) as (one,):
                one.run()
                alone[query] = one.metrics[PERPLEXITY]
        first, reruns, opened, wrong = crowd(
            server, [query for query, _ in zip(itertools.cycle(queries), range(THIRTY), strict=False)], alone
        )
        memory = psutil.Process(server.pid).memory_info().rss / 1e6
    return [
        Result("bare page: 30 first loads, the last", max(first_bare), "s"),
        Result("Explore: 30 first loads, the last", max(first), "s", bound=5.0, note="in the same moment"),
        Result("bare page: 30 visitors, 5 reruns each, p50", quantile(rerun_bare, 0.5), "s"),
        Result("bare page: 30 visitors, 5 reruns each, p95", quantile(rerun_bare, 0.95), "s"),
        Result("Explore: 30 visitors, 5 reruns each, p50", quantile(reruns, 0.5), "s", bound=0.5, note="3 seeds"),
        Result("Explore: 30 visitors, 5 reruns each, p95", quantile(reruns, 0.95), "s", bound=1.0),
        Result(
            "Explore: 30 visitors, 5 positions each, p50", quantile(opened, 0.5), "s", bound=0.5, note="a click each"
        ),
        Result("Explore: 30 visitors, 5 positions each, p95", quantile(opened, 0.95), "s", bound=1.0),
        Result("… of 30 numbers, wrong", wrong, "", bound=0),
        Result("server with 30 visitors", memory, "MB", bound=1700, note="two models of 652 MB are kept"),
    ]


def crowd(
    server: Serving, queries: Sequence[str], expected: dict[str, str] | None = None
) -> tuple[list[float], list[float], list[float], int]:
    """First loads, reruns, runs of one position alone, and how many saw another number than somebody alone."""
    with visitors(server.url, queries) as all_of_them:
        first = at_once(all_of_them, Visitor.run)
        reruns = at_once(all_of_them, Visitor.run, ROUNDS)
        opened = at_once(all_of_them, open_position, ROUNDS) if expected else []
        wrong = sum(expected is not None and v.metrics[PERPLEXITY] != expected[v.query] for v in all_of_them)
    return first, reruns, opened, wrong


def open_position(visitor: Visitor) -> float:
    """Use the field that says which position is open."""
    return visitor.run(fragment_of="position")


def typing(bare: Path) -> list[Result]:
    """From Ctrl+Enter to the number that answers, in Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGS))
        times: dict[str, list[float]] = {}
        for name, script in (("bare page", bare), ("Explore", SERVER)):
            with started(script) as server:
                page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
                page.set_default_timeout(60_000)
                open_page(page, f"{server.url}/?alignment=shifted&prompt_1=every+effort")
                number = page.get_by_test_id("stMetricValue").last
                expect(number).not_to_be_empty(timeout=60_000)
                times[name] = []
                for n in range(12):
                    wait_until_idle(page, steady_ms=1_500)  # the answer before is drawn
                    before = number.inner_text()
                    field = keyed(page, "prompt_1").locator("textarea")
                    field.fill(f"every effort moves you{' on' * (n + 1)}")
                    page.evaluate(WATCH, before)
                    field.press("Control+Enter")
                    page.wait_for_function("() => window.answered")
                    times[name].append(page.evaluate("window.answered - window.pressed") / 1000)
                page.close()
        browser.close()
    bare_typing, typed = (statistics.median(each[2:]) for each in times.values())
    return [
        Result("bare page: typing to the number", bare_typing, "s", note="Chromium, median of 10"),
        Result("Explore: typing to the number", typed, "s", bound=0.12, note="another text each time, 124M"),
    ]


WATCH = """before => {
    window.answered = window.pressed = null;
    document.addEventListener('keydown', () => { window.pressed = performance.now(); }, {once: true, capture: true});
    const look = () => {
        const shown = [...document.querySelectorAll('[data-testid=stMetricValue]')].at(-1);
        if (window.pressed && shown && shown.innerText && shown.innerText !== before) {
            window.answered = performance.now();
        } else {
            requestAnimationFrame(look);
        }
    };
    requestAnimationFrame(look);
}"""


def school(folder: Path) -> list[Result]:
    """A hundred visitors behind nginx with two processes, a click each every ten seconds, for half a minute."""
    environment = {**WARM, "GPT_EXPLORER_SHARED_WEIGHTS": str(folder / "weights"), "OMP_NUM_THREADS": "1"}
    with ExitStack() as stack:
        both = [stack.enter_context(started(SERVER, environment)) for _ in range(2)]
        addresses = [urlsplit(server.url).netloc for server in both]
        url = stack.enter_context(nginx(folder, free_port(), addresses))
        crowd_of = [
            stack.enter_context(Visitor(url, "", headers={"Cookie": f"gpt_visitor={n:032x}"})) for n in range(HUNDRED)
        ]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(Visitor.run, crowd_of))
        expected = crowd_of[0].metrics[PERPLEXITY]
        times, dropped = clicks(crowd_of, every=10.0, rounds=3)
        at_the_same_time = at_once(crowd_of[:THIRTY], Visitor.run, ROUNDS)
        wrong = sum(visitor.metrics[PERPLEXITY] != expected for visitor in crowd_of)
        memory = sum(psutil.Process(server.pid).memory_full_info().pss for server in both) / 1e6
    return [
        Result("100 visitors, 2 processes, nginx: p50", quantile(times, 0.5), "s", note="a click each every 10 s"),
        Result("100 visitors, 2 processes, nginx: p95", quantile(times, 0.95), "s", bound=1.0),
        Result("30 of them, 5 reruns each, p50", quantile(at_the_same_time, 0.5), "s", bound=0.5),
        Result("30 of them, 5 reruns each, p95", quantile(at_the_same_time, 0.95), "s", bound=1.0),
        Result("… wrong or dropped", wrong + dropped, "", bound=0),
        Result("both processes' memory", memory, "MB", note="the default model's 652 MB counted once"),
    ]


def clicks(crowd_of: Sequence[Visitor], *, every: float, rounds: int) -> tuple[list[float], int]:
    """Every visitor clicks once in each span of `every` seconds, at a moment of their own."""
    times: list[float] = []
    dropped: list[Exception] = []
    chance = random.Random(7)
    starts = [chance.uniform(0, every) for _ in crowd_of]
    began = time.perf_counter()

    def one(visitor: Visitor, start: float) -> None:
        try:
            for number in range(rounds):
                time.sleep(max(0.0, began + start + number * every - time.perf_counter()))
                times.append(visitor.run(timeout=60))
        except Exception as error:  # counted, not raised: the others go on
            dropped.append(error)

    threads = [threading.Thread(target=one, args=pair) for pair in zip(crowd_of, starts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(dropped)


def quantile(times: Sequence[float], share: float) -> float:
    """Return the time that so large a share of the times does not exceed."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


@contextmanager
def started(script: str | Path, environment: dict[str, str] | None = None) -> Iterator[Serving]:
    """Start a warm server, and wait until it has warmed up."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "log.txt", script, environment or WARM) as server,
    ):
        with visitors(server.url, [""]) as (first,):
            first.run()
        time.sleep(1)  # what the first run left to do: settling, the warm-up's last figure
        yield server
