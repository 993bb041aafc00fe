"""Who is in a room right now: a tab that is closed, or a phone that sleeps, is counted out until it is back."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from gptcore.errors import InputError
from gptcore.ui.room.session import Visit, rooms

_TABS: Counter[tuple[str, str]] = Counter()
"""How many connected tabs each person of a room has on this process."""
_LOCK = threading.Lock()


@dataclass(frozen=True)
class _Tab:
    """One connected tab of a student; kept until its connection is lost."""

    code: str
    person: str


def stay(visit: Visit) -> None:
    """Count a student in while this tab is connected; again is as good as once."""
    _tab(visit.code, visit.person)


def come_back(visit: Visit) -> None:
    """Count a student in who may have been counted out, before they act in the room."""
    with suppress(InputError):  # what they do next says what is wrong
        rooms().join(visit.code, visit.person)


def _gone(tab: _Tab) -> None:
    who = (tab.code, tab.person)
    with _LOCK:
        _TABS[who] -= 1
        last = _TABS[who] <= 0
        if last:
            del _TABS[who]
    if last:
        with suppress(InputError):  # the room has ended
            rooms().leave(*who)


@st.cache_resource(scope="session", show_spinner=False, on_release=_gone)
def _tab(code: str, person: str) -> _Tab:
    """This tab in this room; made anew where the connection was lost meanwhile."""
    with _LOCK:
        _TABS[code, person] += 1
    come_back(Visit(code, person, ""))
    return _Tab(code, person)
