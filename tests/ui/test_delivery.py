"""How answers leave the server: large files compressed once and kept by browsers, small messages without delay."""

import asyncio
import base64
import gzip
import hashlib
import socket
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from gptcore.ui import delivery
from gptcore.ui.delivery import Delivery
from gptcore.ui.response_headers import HEADERS
from gptcore.ui.widgets.head_scripts import head_scripts
from tests import ROOT
from tests.support.browsing import keyed
from tests.support.serving import serving

PLOTLY = next((delivery._STATIC / "static" / "js").glob("PlotlyChart.*.js"))
Message = MutableMapping[str, Any]


async def untouched(scope: Any, receive: Any, send: Any) -> None:
    """Answer as the application behind the middleware."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"the app"})


async def receive() -> Message:
    return {"type": "http.disconnect"}


def ask(app: Delivery, path: str, *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": given}
    asyncio.run(app(scope, receive, send))
    start, body = sent
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]


def test_plotly_comes_compressed_and_may_be_kept_forever() -> None:
    status, headers, body = ask(
        Delivery(untouched), f"/static/js/{PLOTLY.name}", accept_encoding="gzip, deflate, br, zstd"
    )
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert "javascript" in headers["content-type"]
    assert "immutable" in headers["cache-control"]
    assert int(headers["content-length"]) == len(body) < PLOTLY.stat().st_size / 3
    assert gzip.decompress(body) == PLOTLY.read_bytes()


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        (f"/static/js/{PLOTLY.name}", "GET", {}),  # a browser that reads no gzip
        (f"/static/js/{PLOTLY.name}", "GET", {"accept_encoding": "gzip", "range": "bytes=0-99"}),
        (f"/static/js/{PLOTLY.name}", "HEAD", {"accept_encoding": "gzip"}),
        ("/static/js/no_such_file.js", "GET", {"accept_encoding": "gzip"}),
        ("/static/../../../streamlit/static/index.js", "GET", {"accept_encoding": "gzip"}),
        ("/static/js/%2e%2e/secret.js", "GET", {"accept_encoding": "gzip"}),
        ("/", "GET", {"accept_encoding": "gzip"}),
        ("/media/download.csv", "GET", {"accept_encoding": "gzip"}),
    ],
)
def test_everything_else_is_the_applications(path: str, method: str, headers: dict[str, str]) -> None:
    assert ask(Delivery(untouched), path, method=method, **headers)[::2] == (299, b"the app")


def test_thirty_first_visitors_compress_a_file_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Path] = []

    def compress(path: Path) -> bytes:
        calls.append(path)
        return b"small"

    monkeypatch.setattr(delivery, "compress", compress)
    app, bodies = Delivery(untouched), list[bytes]()

    async def send(message: Message) -> None:
        bodies.append(message.get("body", b""))

    async def all_at_once() -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/static/js/{PLOTLY.name}",
            "headers": [(b"accept-encoding", b"gzip")],
        }
        await asyncio.gather(*(app(scope, receive, send) for _ in range(30)))

    asyncio.run(all_at_once())
    assert bodies.count(b"small") == 30
    assert calls == [PLOTLY]


class Connection:
    """A server's protocol object: it sends, and has a transport."""

    def __init__(self, held: socket.socket) -> None:
        self.transport = self
        self.held = held

    def get_extra_info(self, name: str) -> socket.socket | None:
        return self.held if name == "socket" else None

    async def send(self, message: Message) -> None:
        """Take a message."""


def test_a_websocket_sends_small_messages_without_delay() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held:
        assert held.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0
        asyncio.run(Delivery(untouched)({"type": "websocket"}, receive, Connection(held).send))
        assert held.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_a_server_without_a_socket_of_its_own_is_served_too() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Delivery(untouched)({"type": "websocket"}, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


def test_the_page_has_its_scripts_and_its_style_from_its_first_moment_on() -> None:
    page = b"<html><head><title>t</title></head></html>"

    async def page_only(scope: Any, receive: Any, send: Any) -> None:
        assert b"accept-encoding" not in dict(scope["headers"])  # or it would come compressed
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"Content-Length", str(len(page)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page})

    status, headers, body = ask(Delivery(page_only), "/step_by_step", accept="text/html", accept_encoding="gzip")
    assert status == 200
    style = (ROOT / "gptcore" / "ui" / "assets" / "app.css").read_text("utf-8")
    scripts = "".join(f"<script>{script}</script>" for script in head_scripts())
    head = f"<head>{scripts}<style>{style}</style>"
    assert body == page.replace(b"<head>", head.encode())
    assert [value for name, value in headers.items() if name.lower() == "content-length"] == [str(len(body))]
    for script in head_scripts():
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in HEADERS["content-security-policy"]


# In Chromium.


@pytest.mark.parametrize("script", ["NumberInput", "PlotlyChart", "index"])
def test_a_script_that_was_not_fetched_is_fetched_by_opening_the_page_again(
    page: Page, tmp_path: Path, script: str
) -> None:
    with serving(tmp_path / "log.txt", "gptcore/ui/server.py") as running:
        page.route(f"**/static/js/{script}.*", lambda route: route.abort(), times=1)
        page.goto(f"{running.url}/?size=mini&seed=7")
        expect(keyed(page, "seed").locator("input")).to_have_value("7", timeout=90_000)
        expect(keyed(page, "chart_perplexity").locator(".js-plotly-plot").first).to_be_visible(timeout=90_000)
        expect(page.get_by_text("Failed to fetch")).to_have_count(0)


def test_a_script_that_is_never_there_does_not_open_the_page_for_ever(page: Page, tmp_path: Path) -> None:
    opened: list[str] = []
    with serving(tmp_path / "log.txt", "gptcore/ui/server.py") as running:
        page.on("framenavigated", lambda frame: opened.append(frame.url))
        page.route("**/static/js/NumberInput.*", lambda route: route.abort())
        page.goto(f"{running.url}/?size=mini&seed=7")
        expect(page.get_by_text("Failed to fetch").first).to_be_visible(timeout=90_000)
        while len(opened) < 6:
            page.wait_for_timeout(500)
        expect(page.get_by_text("Failed to fetch").first).to_be_visible(timeout=90_000)
        page.wait_for_timeout(3_000)
        assert len(opened) == 6
