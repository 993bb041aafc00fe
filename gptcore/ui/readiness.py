"""Whether the server is ready for visitors: `/ready` answers 200 once it is warm, and 503 before."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

READY_PATH = "/ready"
State = Literal["not warmed", "warming up", "warm", "failed"]


class WarmUp:
    """Work that is done once before the first visitor, on a thread of its own.

    Attributes:
        state: "not warmed" where nobody asked for it: visitors may come, and the first waits longer.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self.state: State = "not warmed"
        self._work = work

    def start(self) -> None:
        """Begin, and return at once."""
        self.state = "warming up"
        threading.Thread(target=self._run, name="warm-up", daemon=True).start()

    def _run(self) -> None:
        try:
            self._work()
        except Exception:  # visitors can still come: each page does what it needs by itself
            logging.getLogger(__name__).exception("The app could not be warmed up")
            self.state = "failed"
        else:
            self.state = "warm"

    @property
    def ready(self) -> bool:
        """Whether a visitor would be served at full speed, or as fast as was asked for."""
        return self.state in ("warm", "not warmed")


class Readiness:
    """ASGI middleware that answers READY_PATH. Streamlit's /_stcore/health only says that the server listens.

    Args:
        app: The application that answers everything else.
        warm_up: What has to be done first.
    """

    def __init__(self, app: ASGIApp, warm_up: WarmUp) -> None:
        self._app = app
        self._warm_up = warm_up

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].rstrip("/") != READY_PATH:
            await self._app(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
        status = 200 if self._warm_up.ready else 503
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": self._warm_up.state.encode()})
