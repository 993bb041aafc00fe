"""Visitors of a room without a browser: they run pages, ask for the room's small file, press and send."""

from __future__ import annotations

import http.client
import json
import re
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol

FINISHED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class RoomVisitor:
    """One open page. What stands in the room's strip is in `strip`, by kind of element; ids of widgets are in `ids`."""

    def __init__(self, url: str, query: str, *, page: str = "classroom", cookie: str = "") -> None:
        self.query, self.page = query, page
        self.ids: dict[str, str] = {}
        self.strip: list[str] = []
        self.rest: list[str] = []
        self.errors: list[str] = []
        self.places: list[str] = []
        self.poll: dict[str, Any] = {}
        self._fragment = ""
        address = urlsplit(url)
        self._http = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        self._stack = ExitStack()
        self._stack.callback(self._http.close)
        self._socket = self._stack.enter_context(
            connect(
                f"ws://{address.netloc}/_stcore/stream",
                subprotocols=[Subprotocol("streamlit")],
                max_size=None,
                origin=None,
                additional_headers={"Cookie": cookie} if cookie else None,
            )
        )

    def __enter__(self) -> RoomVisitor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def cookie(self) -> str:
        """What a browser would send after a reload."""
        return "; ".join(f"{name}={value}" for name, value in self.poll["cookies"].items())

    def run(self) -> None:
        """Run the whole page, as a browser does that opens it."""
        self._ask(BackMsg())

    def press(self, key: str) -> None:
        """Press a button of the strip's fragment."""
        message = BackMsg()
        message.rerun_script.fragment_id = self._fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = self.ids[key], True
        self._ask(message)

    def press_anywhere(self, key: str) -> None:
        """Press a button by its id, with a run of the whole page."""
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = self.ids[key], True
        self._ask(message)

    def send_numbers(self, key: str, *numbers: float) -> None:
        """Give a field numbers that no browser would send, and press Send."""
        message = BackMsg()
        message.rerun_script.fragment_id = self._fragment
        field = message.rerun_script.widget_states.widgets.add()
        field.id = self.ids[key]
        field.double_array_value.data.extend(numbers)
        button = message.rerun_script.widget_states.widgets.add()
        button.id, button.trigger_value = self.ids["send_guess"], True
        self._ask(message)

    def send(self, place: str) -> None:
        """Move the slider to one of its places, and press Send, as one message."""
        message = BackMsg()
        message.rerun_script.fragment_id = self._fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id = self.ids["guess"]
        state.string_array_value.data.append(place)
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = self.ids["send_guess"], True
        self._ask(message)

    def news(self) -> bool:
        """Ask for the room's small file; tell whether it has news for this visitor."""
        try:
            numbers = self._fetch()
        except (ConnectionError, http.client.HTTPException):  # the server closes a connection that is idle for a while
            self._http.close()
            numbers = self._fetch()
        version, activity = map(int, numbers.split())
        return bool(version > self.poll["version"] or (self.poll["teaches"] and activity > self.poll["activity"]))

    def _fetch(self) -> bytes:
        self._http.request("GET", f"/{self.poll['file']}")
        return self._http.getresponse().read()

    def look(self) -> None:
        """Run the strip's fragment, as the browser does when there is news."""
        message = BackMsg()
        message.rerun_script.fragment_id = self._fragment
        self._ask(message)

    def _ask(self, message: BackMsg, timeout: float = 120.0) -> None:
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        self._socket.send(message.SerializeToString())
        strip: list[str] = []
        rest: list[str] = []
        give_up = time.monotonic() + timeout
        while time.monotonic() < give_up:
            received = self._socket.recv(timeout=timeout)
            assert isinstance(received, bytes)
            answer = ForwardMsg.FromString(received)
            kind = answer.WhichOneof("type")
            if kind == "delta":
                self._note(answer.delta, strip, rest)
            elif kind == "page_info_changed":
                self.query = answer.page_info_changed.query_string
            elif kind == "script_finished" and answer.script_finished in FINISHED:
                self.strip = strip
                self.rest = rest or self.rest
                return
        raise TimeoutError(f"no end of the run within {timeout} s")

    def _note(self, delta: Any, strip: list[str], rest: list[str]) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        kind = element.WhichOneof("type")
        content = getattr(element, kind)
        if kind == "exception":
            self.errors.append(f"{content.type} {content.message}")
        if kind == "slider":
            self.places = list(content.options)
        if found := re.search(r"^\$\$ID-[0-9a-f]+-(\w+)$", getattr(content, "id", "")):
            self.ids[found[1]] = content.id
        if kind == "bidi_component" and content.component_name == "room_poll":
            self._fragment = delta.fragment_id
            self.poll = json.loads(content.json)
        words = getattr(content, "body", "") or getattr(content, "label", "")
        (strip if delta.fragment_id else rest).append(f"{kind}: {words}")
