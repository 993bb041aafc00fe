"""What every answer of the server says to the browser, and what it answers to nobody."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit

from gptcore.texts import LANGUAGES
from gptcore.ui.state.translations import language_script
from gptcore.ui.widgets.head_scripts import head_scripts

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


FRAMES_VARIABLE = "GPT_EXPLORER_FRAMES"
"""Names the environment variable with the sites that may show the app in a frame, separated by blanks."""
_SITE = re.compile(r"https://[a-z0-9.*-]+(:[0-9]+)?", re.IGNORECASE)


def allowed_frames() -> list[str]:
    """The sites that may show the app in a frame, besides its own pages."""
    return [site for site in os.environ.get(FRAMES_VARIABLE, "").split() if _SITE.fullmatch(site)]


def content_security_policy(page: str, scripts: Iterable[str] = (), frames: Iterable[str] = ()) -> str:
    """Let nothing be loaded from or sent to another host, and no script run but this server's own.

    Args:
        page: The HTML of Streamlit's page, whose inline scripts are allowed by their hashes.
        scripts: Further inline scripts.
        frames: Sites that may show the app in a frame.
    """
    inline = [*scripts, *_inline_scripts(page)]
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    sources = {
        "default": "'self'",
        "script": " ".join(["'self'", "blob:", "'unsafe-eval'", *(f"'sha256-{each}'" for each in hashes)]),
        "style": "'self' 'unsafe-inline'",
        "img": "'self' data: blob:",
        "font": "'self' data:",
        "media": "'self' data: blob:",
        "connect": "'self' data: blob:",
        "worker": "'self' blob:",
        "object": "'none'",
    }
    parts = [f"{kind}-src {allowed}" for kind, allowed in sources.items()]
    return "; ".join([*parts, "base-uri 'self'", "form-action 'self'", " ".join(["frame-ancestors 'self'", *frames])])


def _inline_scripts(page: str) -> list[str]:
    return re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)


HEADERS = {
    "content-security-policy": content_security_policy(
        (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8"),
        [*map(language_script, LANGUAGES), *head_scripts()],
        allowed_frames(),
    ),
    "x-content-type-options": "nosniff",
    # it knows no list of sites, so it is left out where there is one: browsers follow frame-ancestors anyway
    **({} if allowed_frames() else {"x-frame-options": "SAMEORIGIN"}),
    "referrer-policy": "same-origin",
}
CLOSED = ("/_stcore/metrics",)
"""Paths that answer 404: how many visitors there are, and what they do, is nobody else's business."""


class ResponseHeaders:
    """ASGI middleware: adds HEADERS to every answer that lacks them, and closes the paths in CLOSED.

    Args:
        app: The application that answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                added = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *(pair for pair in added if pair[0] not in present)]
            await send(message)

        if scope["path"].rstrip("/").endswith(CLOSED):
            await send_with_headers({"type": "http.response.start", "status": 404, "headers": []})
            await send_with_headers({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, send_with_headers)
