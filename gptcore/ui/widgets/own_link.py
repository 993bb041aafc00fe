"""Copies the link to what is shown; goes on, on another day, where this browser was; or starts over."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from gptcore.ui.state.translations import page_text

_FOLDER = Path(__file__).parent
_OWN_LINK = st.components.v2.component(
    "own_link",
    css=(_FOLDER / "own_link.css").read_text("utf-8"),
    js=(_FOLDER / "own_link.js").read_text("utf-8"),
    isolate_styles=False,
)


def own_link() -> None:
    """The buttons that copy the link and that start over."""
    _draw("buttons")


def last_link_offer() -> None:
    """Where a visit begins at the bare address: the way to where this browser was before; else nothing to be seen.

    What is kept stays in the visitor's browser: the address that they had last, without a classroom's parameters.
    """
    _draw("offer")


def _draw(part: str) -> None:
    said = page_text("app").group("own_link")
    names = ("copy", "copied", "not_copied", "start_over", "start_over_help", "go_on")
    _OWN_LINK(key=f"own_link_{part}", data={"part": part, "words": {name: said[name] for name in names}})
