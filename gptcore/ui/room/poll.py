"""How a page learns of what is new in its room: the browser asks for a small file, and runs a fragment when it changed.

A fragment with `run_every` would run Python for every phone that waits; handing out a file costs next to nothing.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.components.v1 import declare_component

from gptcore.classroom import Room
from gptcore.ui.room.session import COOKIE_SECONDS, cookies, page_runs, rooms

_HERE = Path(__file__).parent
INTERVALS_MS = {"student": 2_000, "teacher": 800}
"""How often each asks: a hundred phones take a fifth of a core, and see a reveal within three seconds."""
_POLL = st.components.v2.component("room_poll", js=(_HERE / "poll.js").read_text("utf-8"), isolate_styles=False)


def poll(room: Room, *, teaches: bool) -> None:
    """Run the fragment that this stands in again when the room has news: for students its version, else all of it.

    A component whose data stays the same keeps the fragment of an earlier run, which may be gone: so each run of the
    page has its number in the data.
    """
    _POLL(
        key="room_poll",
        data={
            "file": f"component/{_served()}/{room.signal}",
            "version": room.version,
            "activity": room.activity,
            "teaches": teaches,
            "interval": INTERVALS_MS["teacher" if teaches else "student"],
            "cookies": cookies(),
            "seconds": COOKIE_SECONDS,
            "run": page_runs(),
        },
        on_news_change=_ignore,
    )


def _ignore() -> None:
    """A trigger needs a callback; the run itself is what is wanted."""


def _served() -> str:
    """Let the server hand out the rooms' small files; under which name."""
    return declare_component("room_signals", path=str(rooms().signals.folder)).name
