"""How answers leave the server: at once, the page with its first scripts and style, large files compressed once."""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
import socket
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import plotly
import streamlit

from gptcore.ui.widgets.head_scripts import head_scripts

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STATIC = Path(streamlit.__file__).parent / "static"
_PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
_STYLE = Path(__file__).parent / "assets" / "app.css"
_COMPRESSIBLE = (".js", ".css", ".svg")
_FOREVER = b"public, immutable, max-age=31536000"
_A_DAY = b"public, max-age=86400"


class Delivery:
    """ASGI middleware: sends small messages without delay, and serves the page's own files compressed.

    The page itself gets the scripts that work before Streamlit has fetched all that a page needs, and the app's
    style, which would reach it with the script that shows HTML, after the first elements are drawn.

    Streamlit serves its scripts uncompressed, Plotly's 4.7 MB among them, since compressing at each request would
    cost more than it saves. Here each file is compressed once, when it is first asked for, and kept.

    Args:
        app: The application that answers everything else.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed: dict[Path, asyncio.Future[bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let the application do it."""
        if scope["type"] == "websocket":
            _send_at_once(send)
        elif scope["type"] == "http" and scope["method"] == "GET":
            found = _file_of(scope["path"]) if _accepts_gzip(scope) else None
            if found is not None:
                path, cache_control = found
                await _answer(send, path, await self._compress(path), cache_control)
                return
            if _wants_page(scope):
                scope, send = _uncompressed(scope), _with_head(send)
        await self._app(scope, receive, send)

    def _compress(self, path: Path) -> asyncio.Future[bytes]:
        if path not in self._compressed:
            self._compressed[path] = asyncio.ensure_future(asyncio.to_thread(compress, path))
        return self._compressed[path]


@cache
def _head() -> bytes:
    scripts = "".join(f"<script>{script}</script>" for script in head_scripts())
    return f"<head>{scripts}<style>{_STYLE.read_text('utf-8')}</style>".encode()


def _with_head(send: Send) -> Send:
    """Put scripts and style into the page's head, where the answer is the page, whole."""
    held: list[Message] = []

    async def send_page(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = {name.lower(): value for name, value in message["headers"]}
            if headers.get(b"content-type", b"").startswith(b"text/html") and b"content-encoding" not in headers:
                held.append(message)
                return
        elif held and message["type"] == "http.response.body":
            start, body = held.pop(), message.get("body", b"")
            if not message.get("more_body") and body:
                body = body.replace(b"<head>", _head(), 1)
                others = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
                start = {**start, "headers": [*others, (b"content-length", str(len(body)).encode())]}
            await send(start)
            message = {**message, "body": body}
        await send(message)

    return send_page


def compress(path: Path) -> bytes:
    """A file's content, compressed as browsers understand it."""
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


def _send_at_once(send: Send) -> None:
    """Switch Nagle's algorithm off for this connection, where the server lets us: it holds each answer for 40 ms.

    asyncio does so itself for sockets that it opens; Streamlit opens its own, of a kind that asyncio leaves alone.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    connection = transport.get_extra_info("socket") if transport is not None else None
    if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _accepts_gzip(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"gzip" in headers.get(b"accept-encoding", b"") and b"range" not in headers


def _wants_page(scope: Scope) -> bool:
    """Whether a browser goes to a page."""
    return b"text/html" in dict(scope["headers"]).get(b"accept", b"")


def _uncompressed(scope: Scope) -> Scope:
    """The same request from a browser that reads no compressed answers."""
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]}


def _file_of(path: str) -> tuple[Path, bytes] | None:
    """The file that a path asks for, where it is one to compress, and how long a browser may keep it."""
    if not path.endswith(_COMPRESSIBLE) or ".." in path:
        return None
    if path.startswith("/static/"):  # their names carry a hash of their content
        file = _STATIC / path.removeprefix("/")
        return (file, _FOREVER) if file.is_file() else None
    return (_PLOTLY, _A_DAY) if path.startswith("/component/") and path.endswith("/plotly.min.js") else None


async def _answer(send: Send, path: Path, body: bytes, cache_control: bytes) -> None:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = [
        (b"content-type", f"{kind}; charset=utf-8".encode() if kind.startswith("text/") else kind.encode()),
        (b"content-encoding", b"gzip"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", cache_control),
        (b"vary", b"accept-encoding"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
