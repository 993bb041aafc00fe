"""What Streamlit knows of the event that started a run and does not give to a page: the one place that asks its inside.

Written for streamlit 1.67; `tests/ui/state/test_events.py` says so if another one is built differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.common import unpack_widget_state_value, user_key_from_element_id
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import Serialized, SessionState

_VALUES = {
    "bool_value",
    "int_value",
    "double_value",
    "string_value",
    "string_array_value",
    "int_array_value",
    "double_array_value",
}


def notes_of_the_run() -> dict[str, Any]:
    """What is noted while a run goes on, for a visitor: reading the session's state takes ten times as long.

    A run that follows in the same thread finds it as it was; one in another thread, and code outside of a run, none.
    """
    context = get_script_run_ctx(suppress_warning=True)
    notes: dict[str, Any] = {} if context is None else context.__dict__.setdefault("gptcore_notes", {})
    return notes


def went_back() -> bool:
    """Whether the visitor's Back or Forward button started this run."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and bool(context.is_history_navigation)


def part_alone() -> bool:
    """Whether this run draws one part of the page, a fragment, and leaves the rest as it is."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and bool(context.fragment_ids_this_run)


def sent_values(keys: Iterable[str]) -> dict[str, Any] | None:
    """What the event carried for widgets of these keys; None for a run that no event of a widget started."""
    state = _session_state()
    if state is None or not state._new_widget_state.states:
        return None
    values = {}
    for key in keys:
        widget = state._key_id_mapper.get_id_from_key(key, None)
        if widget in state._new_widget_state.states:
            try:
                values[key] = state._new_widget_state[widget]
            except KeyError:  # a widget that was not drawn yet
                continue
    return values


def assigned(key: str) -> bool:
    """Whether a callback of this run, or the run itself, gave a field its value."""
    state = _session_state()
    return state is not None and state.is_new_state_value(key)


def unclaimed_values() -> dict[str, WidgetState]:
    """What a browser sent for widgets that this session has not drawn yet, by key.

    A browser that comes back to a server that was restarted brings the values of its fields along.
    """
    state = _session_state()
    found = {}
    for widget, held in {} if state is None else state._new_widget_state.states.items():
        key = user_key_from_element_id(widget)
        if key and isinstance(held, Serialized) and held.value.WhichOneof("value") in _VALUES:
            found[key] = held.value
    return found


def claimed(sent: WidgetState) -> tuple[bool, Any]:
    """Whether the widget of a value was drawn by now, and the value as the widget reads it."""
    state = _session_state()
    metadata = None if state is None else state._new_widget_state.widget_metadata.get(sent.id)
    if metadata is None:
        return False, None
    return True, metadata.deserializer(unpack_widget_state_value(sent))


class _Fields(Mapping[str, Any]):
    """What a session holds, by key: read when it is asked for."""

    def __init__(self, session: SafeSessionState) -> None:
        self._session = session

    def __getitem__(self, key: str) -> Any:
        with self._session._lock:
            return self._session._state[key]

    def __iter__(self) -> Iterator[str]:
        with self._session._lock:
            return iter(self._session._state.filtered_state)

    def __len__(self) -> int:
        with self._session._lock:
            return len(self._session._state.filtered_state)


def read_fields_one_by_one() -> None:
    """Let Streamlit's fields look up their own value alone. Once is enough; more does no harm.

    Each of its fields asks whether the session holds None under its key, and copies all that the session holds for it:
    a sixth of a run of Explore.
    """
    setattr(SafeSessionState, "filtered_state", property(_Fields))  # noqa: B010 - it is a property


def _session_state() -> SessionState | None:
    context = get_script_run_ctx(suppress_warning=True)
    return None if context is None else context.session_state._state
