"""What every test gets: the app on a free port, Chromium, and a guard on the process-wide generator."""

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from gptcore.ui.waiting_threads import wait_asleep
from tests.support.chromium import ADVICE, find_chromium
from tests.support.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from gptcore import GPTModel
    from tests.support.watching import Watched

CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
EXPECTATION_MS = 30_000  # Playwright's own five seconds are too few where two browsers and two servers share two cores
SERVER_LOG = pytest.StashKey[Path]()

wait_asleep()  # the tests share their cores with a browser and with servers

# No deadline: a machine that is busy is not a wrong answer. Found examples repeat on CI.
hypothesis.settings.register_profile(
    "project", deadline=None, max_examples=50, derandomize=os.environ.get("CI") == "true"
)
hypothesis.settings.load_profile("project")


def needs_browser(item: pytest.Item) -> bool:
    """Tell whether a test asks for a page or for the server."""
    return not {"browser", "context", "new_context", "page", "server"}.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the browser's tests, and run them last: Playwright keeps an event loop running from then on."""
    for item in items:
        if needs_browser(item):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True)
def _torch_generator_untouched() -> Iterator[None]:
    """Fail a test after which torch's process-wide generator differs: other visitors draw from it too.

    A test that needs torch.manual_seed itself, or builds a model by PyTorch's defaults, does it
    inside `with torch.random.fork_rng(devices=[]):`.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_rng_state()
    yield
    if not torch.equal(before, torch.get_rng_state()):
        torch.set_rng_state(before)  # so that one culprit does not blame the next
        pytest.fail("torch's process-wide generator was drawn from or seeded; see fork_rng in conftest.py")


@pytest.fixture(scope="session")
def book_model() -> "GPTModel":
    """Build the 124M model of seed 123 once, 652 MB, to be shared; leave its weights as they are."""
    from gptcore import GPT_CONFIG_124M, untrained_model  # here, since most tests need no torch

    return untrained_model(GPT_CONFIG_124M, seed=123)


@pytest.fixture(scope="session")
def toy_model() -> "GPTModel":
    """Build the seven-word model of seed 123 once; leave its weights as they are."""
    from gptcore import untrained_model
    from gptcore.config import SIZES

    return untrained_model(SIZES["toy"], seed=123)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the app on a free port and yield its base URL; a failing test shows the server's log."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    request.config.stash[SERVER_LOG] = log
    with serving(log) as running:
        yield running.url


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of the server's log under a failed test that used it."""
    report = yield
    log = item.config.stash.get(SERVER_LOG, None)
    if report.failed and log is not None and needs_browser(item):
        report.sections.append(("the server's log", log.read_text(errors="replace")[-5000:]))
    return report


@pytest.fixture
def visitor(page: "Page", server: str) -> "Iterator[Watched]":
    """Watch a page; whatever the test does, nothing is asked of any other host and nothing breaks."""
    from playwright.sync_api import expect  # here, since most tests need no browser

    from tests.support.watching import Watched

    watched = Watched(page, server)
    yield watched
    assert watched.elsewhere == []
    assert watched.errors == []
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.fixture(scope="session")
def base_url() -> None:
    """Stand in for pytest-playwright's own, a method, at which pytest 9 warns; `server` has the URL."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Launch the machine's own Chromium; where there is none, fail with what to do about it."""
    from playwright.sync_api import expect  # here, since most tests need no browser

    path = find_chromium()
    if path is None:
        pytest.fail(ADVICE, pytrace=False)
    expect.set_options(timeout=EXPECTATION_MS)
    return {**browser_type_launch_args, "executable_path": path, "args": list(CHROMIUM_ARGS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Open pages as on a laptop, in English, without animations.

    Other settings for one test: @pytest.mark.browser_context_args(locale="zh-CN", color_scheme="dark").
    """
    return {
        **browser_context_args,
        "locale": "en-US",
        "reduced_motion": "reduce",
        "viewport": {"width": 1440, "height": 900},
    }
