"""What the server tells browsers: nothing from elsewhere, no frames of others, no guessing of types, no metrics."""

import asyncio
import base64
import hashlib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from gptcore.ui.response_headers import HEADERS, ResponseHeaders, content_security_policy
from tests.support.serving import serving


def test_inline_scripts_of_the_page_are_known_by_their_hashes() -> None:
    script = "window.prerenderReady = false"
    page = f'<script type="module" src="./static/x.js"></script><script>{script}</script>'
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = content_security_policy(page)
    assert f"'sha256-{digest}'" in policy
    assert policy.count("sha256-") == 1
    assert "script-src 'self' blob:" in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert "http" not in policy


async def answers_ok(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Frame-Options", b"DENY")]})
    await send({"type": "http.response.body", "body": b"ok"})


def asked(path: str, kind: str = "http") -> tuple[int, list[tuple[bytes, bytes]]]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    asyncio.run(ResponseHeaders(answers_ok)({"type": kind, "path": path}, receive, send))
    return sent[0]["status"], sent[0]["headers"]


def test_what_an_answer_says_itself_stays() -> None:
    status, headers = asked("/")
    assert status == 200
    assert [value for name, value in headers if name.lower() == b"x-frame-options"] == [b"DENY"]
    assert {name.lower().decode() for name, _ in headers} == HEADERS.keys()


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/metrics/", "/a/base/path/_stcore/metrics"])
def test_metrics_are_closed(path: str) -> None:
    assert asked(path)[0] == 404


def test_sockets_are_left_alone() -> None:
    assert asked("/_stcore/stream", "websocket") == (200, [(b"X-Frame-Options", b"DENY")])


@pytest.mark.slow
def test_the_server_sends_them_with_every_kind_of_answer(tmp_path: Path) -> None:
    with serving(tmp_path / "log.txt", "gptcore/ui/server.py") as server:
        for path in ("/", "/compare", "/ready", "/_stcore/health", "/favicon.png"):
            with urllib.request.urlopen(server.url + path) as answer:
                assert HEADERS.items() <= {name.lower(): value for name, value in answer.headers.items()}.items(), path
        for path in ("/_stcore/metrics", "/_stcore/metrics?families=session_events"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(server.url + path)
            with caught.value as refused:
                assert refused.code == 404
