"""What a visitor's browser remembers between visits, in its own storage, and in a cookie for the server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

PREFIX = "gpt-loss-explorer:"
"""How the names begin under which the browser keeps things."""

_STORE = st.components.v2.component(
    "browser_store", js=Path(__file__).with_suffix(".js").read_text("utf-8"), isolate_styles=False
)


def show_once(names: Sequence[str]) -> None:
    """Let each of some things be seen in the first visit of a browser alone.

    Args:
        names: What a stylesheet shows under `html.once-<name>`, and hides otherwise. The browser notes the name as
            soon as it has shown it.
    """
    _STORE(key="browser_store", data={"once": list(names)})


def seen_before(name: str) -> bool:
    """Whether the browser showed a thing in an earlier visit, as far as the cookie tells that it sent on connecting."""
    return isinstance(st.context.cookies.get(f"gpt-seen-{name}"), str)  # a test without a browser has none
