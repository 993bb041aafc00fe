"""A line that broke and is back: the page is drawn anew, with what its fields show."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_RECONNECTION = st.components.v2.component(
    "reconnection", js=Path(__file__).with_suffix(".js").read_text("utf-8"), isolate_styles=False
)


def redraw_on_reconnection() -> None:
    """Let the browser ask for the page when its line to the server is back; shows nothing.

    The server forgets what it could not deliver (`state/events.py`), so the page stays as it was until then.
    """
    _RECONNECTION(key="reconnection", on_again_change=_nothing)


def _nothing() -> None:
    """The run itself is what is asked for."""
