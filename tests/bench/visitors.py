"""Visitors without a browser: each a WebSocket that speaks Streamlit's protocol."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol


class Visitor:
    """One open page.

    Args:
        url: The server's base URL.
        query: The page's query string, without the question mark.
        headers: Sent with the WebSocket's handshake, such as the cookie by which a proxy knows the visitor.
        page: The page's path, such as "compare"; "" for the first page.
    """

    def __init__(self, url: str, query: str, *, headers: Mapping[str, str] | None = None, page: str = "") -> None:
        self.query = query
        self.page = page
        self._stack = ExitStack()
        address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
        self._socket = self._stack.enter_context(
            connect(
                address,
                subprotocols=[Subprotocol("streamlit")],
                max_size=None,
                origin=None,
                additional_headers=headers,
                open_timeout=60,
            )
        )
        self.metrics: dict[str, str] = {}
        self.widgets: dict[str, str] = {}
        """Every widget's id by its key, as drawn so far."""
        self.fragments: dict[str, str] = {}
        """The id of the fragment that a widget was drawn in, by the widget's key."""
        self.texts: list[str] = []
        """Every sentence of the last run: markdown, captions, notices."""
        self.received_bytes = 0
        self.states: dict[str, dict[str, Any]] = {}
        """What is sent of widgets at each run, by key: as a browser would."""

    def __enter__(self) -> Visitor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self, timeout: float = 300.0, *, fragment_of: str = "") -> float:
        """Ask for a run of the script, and wait for its end; the metrics that it drew are in `metrics` by label.

        Args:
            timeout: Seconds to wait for one message.
            fragment_of: Key of a widget: only its fragment runs, as when a visitor uses that widget.

        Returns:
            Seconds from the question to the end of the run.
        """
        began = time.perf_counter()
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        if fragment_of:
            message.rerun_script.fragment_id = self.fragments[fragment_of]
        for key, value in self.states.items():
            state = message.rerun_script.widget_states.widgets.add()
            state.id = self.widgets[key]
            for kind, amount in value.items():
                setattr(state, kind, amount)
        self._socket.send(message.SerializeToString())
        self.texts = []
        while True:
            received = self._socket.recv(timeout=timeout)
            assert isinstance(received, bytes)
            self.received_bytes += len(received)
            answer = ForwardMsg.FromString(received)
            kind = answer.WhichOneof("type")
            if kind == "delta":
                self._note(answer.delta)
            elif kind == "script_finished" and answer.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY,
                ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
            ):
                return time.perf_counter() - began  # one that is cut short for a rerun is not the end

    def use(self, key: str, **value: Any) -> float:
        """Use a widget as a browser does: send its new state, and wait for the run that answers.

        Args:
            key: The widget's key.
            **value: The state by its kind, such as `string_value="every effort moves"`.

        Returns:
            Seconds from the question to the end of the run, of the fragment alone where the widget is in one.
        """
        self.states[key] = value
        took = self.run(fragment_of=key if self.fragments.get(key) else "")
        if "trigger_value" in value:
            del self.states[key]
        return took

    def _note(self, delta: Any) -> None:
        if delta.WhichOneof("type") == "add_block":
            block = delta.add_block
            kind = block.WhichOneof("type")
            identity = getattr(getattr(block, kind), "id", "") if kind else ""
            self._note_widget(identity, delta)
            return
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "metric":
            self.metrics[element.metric.label] = element.metric.body
        elif kind == "exception":
            raise RuntimeError(f"the page broke: {element.exception.type} {element.exception.message}")
        elif kind in ("markdown", "alert"):
            self.texts.append(getattr(element, kind).body)
        self._note_widget(getattr(getattr(element, kind), "id", "") if kind else "", delta)

    def _note_widget(self, identity: object, delta: Any) -> None:
        if isinstance(identity, str) and identity.startswith("$$ID-"):
            key = identity.split("-", 2)[2]
            self.widgets[key] = identity
            self.fragments[key] = delta.fragment_id


@contextmanager
def visitors(url: str, queries: Sequence[str]) -> Iterator[list[Visitor]]:
    """Open a page for each query, all connected at the same time."""
    with ExitStack() as stack:
        yield [stack.enter_context(Visitor(url, query)) for query in queries]


def at_once(crowd: Sequence[Visitor], act: Callable[[Visitor], float], rounds: int = 1) -> list[float]:
    """Let every visitor act at the same moment, each again as soon as its answer is there.

    Returns:
        Seconds of every act.
    """
    start = threading.Barrier(len(crowd))

    def one(visitor: Visitor) -> list[float]:
        start.wait()
        return [act(visitor) for _ in range(rounds)]

    with ThreadPoolExecutor(len(crowd)) as pool:
        return [took for took_by_one in pool.map(one, crowd) for took in took_by_one]
