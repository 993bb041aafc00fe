"""What serves a school: nginx as `.deploy/` configures it, with two processes of the app on this machine."""

import gzip
import re
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.bench.visitors import Visitor
from tests.support.browsing import keyed, open_page, wait_until_idle
from tests.support.nginx import nginx
from tests.support.serving import Serving, free_port, serving

A_WHILE = 60_000  # milliseconds
QUERY = "size=mini&alignment=shifted&prompt_1=every+effort+moves+you"


@dataclass(frozen=True)
class School:
    """nginx's URL, and the processes behind it."""

    url: str
    processes: tuple[Serving, ...]

    def connections(self) -> list[int]:
        """Return how many WebSockets each process holds: what nginx keeps open to it longer than an answer takes."""
        counts = []
        for process in self.processes:
            port = urlsplit(process.url).port
            held = psutil.Process(process.pid).net_connections("tcp")
            counts.append(sum(c.status == psutil.CONN_ESTABLISHED and c.laddr.port == port for c in held))
        return counts


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    folder = tmp_path_factory.mktemp("school")
    environment = {"GPT_EXPLORER_SHARED_WEIGHTS": str(folder / "weights"), "OMP_NUM_THREADS": "1"}
    with ExitStack() as stack:
        processes = tuple(
            stack.enter_context(serving(folder / f"log_{n}.txt", "gptcore/ui/server.py", environment)) for n in range(2)
        )
        addresses = [urlsplit(process.url).netloc for process in processes]
        url = stack.enter_context(nginx(folder, free_port(), addresses))
        yield School(url, processes)


def cookie_of(school: School) -> str:
    """Return the cookie that a newcomer is given."""
    with urllib.request.urlopen(school.url, timeout=30) as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]


def where(school: School, cookie: str) -> int:
    """Return which process a visitor with this cookie is served by."""
    before = school.connections()
    with Visitor(school.url, QUERY, headers={"Cookie": cookie}) as visitor:
        visitor.run()
        during = school.connections()
    grown = [after > earlier for earlier, after in zip(before, during, strict=True)]
    assert sum(grown) == 1
    return grown.index(True)


def test_a_visitor_stays_on_their_process_and_all_are_used(school: School) -> None:
    cookies = [cookie_of(school) for _ in range(8)]
    assert all(re.fullmatch("gpt_visitor=[0-9a-f]{32}", cookie) for cookie in cookies)
    first = [where(school, cookie) for cookie in cookies]
    assert [where(school, cookie) for cookie in cookies] == first
    assert set(first) == {0, 1}


def test_a_cookie_that_is_none_of_ours_is_replaced(school: School) -> None:
    request = urllib.request.Request(school.url, headers={"Cookie": "gpt_visitor=everyone"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert re.match("gpt_visitor=[0-9a-f]{32};", answer.headers["Set-Cookie"])


def test_plotly_comes_compressed_and_is_kept_by_the_browser(school: School) -> None:
    with urllib.request.urlopen(f"{school.url}/", timeout=30) as answer:
        script = re.search(r'src="\.?/?(static/js/index[^"]+)"', answer.read().decode())
    assert script is not None
    request = urllib.request.Request(f"{school.url}/{script[1]}", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        body = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
    with urllib.request.urlopen(f"{school.url}/{script[1]}", timeout=30) as answer:
        assert answer.read() == gzip.decompress(body)


def test_downloads_and_uploads_reach_the_visitors_process(page: Page, school: School, tmp_path: Path) -> None:
    open_page(page, f"{school.url}/?{QUERY}")
    with page.expect_download(timeout=A_WHILE) as download:
        keyed(page, "download_csv").get_by_role("button").click()
    assert "target_probability" in Path(download.value.path()).read_text("utf-8")
    document = tmp_path / "short.txt"
    document.write_text("every effort moves you", "utf-8")
    open_page(page, f"{school.url}/long_text?size=mini&long_source=upload")
    page.locator("input[type=file]").first.set_input_files(document)
    expect(page.get_by_text("short.txt").first).to_be_visible(timeout=A_WHILE)


def test_who_loses_their_process_comes_back_to_the_same_address_and_texts(page: Page, school: School) -> None:
    """The last test here: it takes one of the processes away."""
    open_page(page, f"{school.url}/?{QUERY}")
    perplexity = keyed(page, "perplexity").get_by_test_id("stMetricValue")
    expect(perplexity).not_to_be_empty(timeout=A_WHILE)
    shown, address = perplexity.inner_text(), page.url
    (cookie,) = [c["value"] for c in page.context.cookies() if c["name"] == "gpt_visitor"]
    lost = where(school, f"gpt_visitor={cookie}")
    others = next(c for c in (cookie_of(school) for _ in range(50)) if where(school, c) != lost)
    with Visitor(school.url, QUERY, headers={"Cookie": others}) as neighbour:
        neighbour.run()
        psutil.Process(school.processes[lost].pid).kill()
        neighbour.run()  # the other process' visitors notice nothing
        assert shown in neighbour.metrics.values()
    expect(page.locator("[data-test-connection-state=CONNECTED]")).to_be_visible(timeout=A_WHILE)
    wait_until_idle(page)
    expect(perplexity).to_have_text(shown, timeout=A_WHILE)
    assert page.url == address
    expect(keyed(page, "prompt_1").locator("input, textarea").first).to_have_value("every effort moves you")
