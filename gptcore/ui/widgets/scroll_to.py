"""Brings a part of a page into view after a button has changed what is there."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_SCROLL = st.components.v2.component("scroll_to", js=Path(__file__).with_suffix(".js").read_text("utf-8"))
_REQUEST = "_scroll_request"


def request_scroll(key: str) -> None:
    """In a callback: let the page show the element of this key when it is drawn next."""
    state = st.session_state
    state[_REQUEST] = (key, state.get(_REQUEST, ("", 0))[1] + 1)


def scroll_here(key: str) -> None:
    """Scroll to the element of this key where that was asked for; drawn inside it, after all that it holds."""
    wanted, request = st.session_state.get(_REQUEST, ("", 0))
    if wanted == key:
        _SCROLL(key=f"scroll_to_{key}", data={"selector": f".st-key-{key}", "request": request})
