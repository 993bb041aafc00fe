"""How many people one process serves: past a number, or past a size, a newcomer is told so in a sentence."""

from __future__ import annotations

import os
import threading

import psutil
import streamlit as st

from gptcore.ui.state.translations import page_text

MAX_VISITORS = int(os.environ.get("GPT_EXPLORER_MAX_VISITORS", "0"))
"""How many pages may be open at the same time; 0 for any number."""
MAX_MEMORY_MB = int(os.environ.get("GPT_EXPLORER_MAX_MEMORY_MB", "0"))
"""From which size of the process on no newcomer is let in, in MB; 0 for none."""

_DOOR = threading.Lock()
_HERE: set[object] = set()
"""A token for each visitor who was let in and has not left."""


def admit() -> None:
    """Let this visitor in, or say why not and end the run. Who is in stays in."""
    text = page_text("visitors")
    with _DOOR:
        admitted = st.session_state.get("_admitted", False)
        full = bool(MAX_VISITORS) and len(_HERE) >= MAX_VISITORS
        too_large = bool(MAX_MEMORY_MB) and resident_bytes() > MAX_MEMORY_MB * 2**20
        if admitted or not (full or too_large):
            _token()  # made anew where the connection was lost meanwhile
            st.session_state["_admitted"] = True
            return
    st.info(text("full" if full else "full_memory", count=MAX_VISITORS), icon=":material/group:")
    st.button(text("again"), key="try_again", icon=":material/refresh:")
    st.stop()


@st.cache_resource(scope="session", show_spinner=False, on_release=_HERE.discard)
def _token() -> object:
    """This visitor among those who are here, until they leave."""
    token = object()
    _HERE.add(token)
    return token


def resident_bytes() -> int:
    """The process' memory."""
    return int(psutil.Process().memory_info().rss)
