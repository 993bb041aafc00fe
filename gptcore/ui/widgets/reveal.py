"""Scroll to a part of a page, where a button on another page led to it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_REVEAL = st.components.v2.component(
    "reveal", js=Path(__file__).with_suffix(".js").read_text("utf-8"), isolate_styles=False
)
_WANTED, _COUNT = "_reveal", "_reveals"


def reveal_next(key: str) -> None:
    """Let the next page that runs to its end scroll to the element of this key; to its top for ""."""
    st.session_state[_WANTED] = key


def reveal() -> None:
    """Scroll there, once."""
    state = st.session_state
    if _WANTED in state:
        state[_COUNT] = (state.get(_COUNT, (0, ""))[0] + 1, state.pop(_WANTED))
    if _COUNT in state:
        number, key = state[_COUNT]
        _REVEAL(key="reveal_part", data={"number": number, "key": key})
