"""Visitors without a browser: each a WebSocket that speaks Streamlit's protocol."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol


class Visitor:
    """One open page; `run` runs its script and returns the seconds that it took."""

    def __init__(self, url: str, query: str) -> None:
        self.query = query
        self._stack = ExitStack()
        address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
        self._socket = self._stack.enter_context(
            connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None, origin=None)
        )
        self.metrics: dict[str, str] = {}

    def __enter__(self) -> Visitor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self, timeout: float = 300.0) -> float:
        """Ask for a run of the script, and wait for its end; the metrics that it drew are in `metrics` by label."""
        began = time.perf_counter()
        message = BackMsg()
        message.rerun_script.query_string = self.query
        self._socket.send(message.SerializeToString())
        while True:
            received = self._socket.recv(timeout=timeout)
            assert isinstance(received, bytes)
            answer = ForwardMsg.FromString(received)
            kind = answer.WhichOneof("type")
            if kind == "delta":
                self._note(answer.delta)
            elif kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return time.perf_counter() - began  # one that is cut short for a rerun is not the end

    def _note(self, delta: Any) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        if element.WhichOneof("type") == "metric":
            self.metrics[element.metric.label] = element.metric.body
        elif element.WhichOneof("type") == "exception":
            raise RuntimeError(f"the page broke: {element.exception.type} {element.exception.message}")


@contextmanager
def visitors(url: str, queries: list[str]) -> Iterator[list[Visitor]]:
    """Open a page for each query, all connected at the same time."""
    with ExitStack() as stack:
        yield [stack.enter_context(Visitor(url, query)) for query in queries]
