"""What a presenter has on every page: a slim bar with the pages and the switches for teaching, and the list of keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from gptcore.texts import LANGUAGES
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import refused_switch
from gptcore.ui.widgets.predict import forget_answers

_QUESTION_MARK = st.components.v2.component(
    "question_mark_key", js=Path(__file__).with_name("projector.js").read_text("utf-8"), isolate_styles=False
)
"""Streamlit's own shortcuts are letters and digits alone."""


def projector_bar(pages: Mapping[str, str]) -> None:
    """The bar above a projected page: each page one click away, language, predict first, keys, the way out.

    Args:
        pages: Each page's script by its name.
    """
    text = page_text("app")
    with st.container(horizontal=True, vertical_alignment="center", key="projector_bar", gap="xxsmall"):
        for name, script in pages.items():
            st.page_link(script, label=text(f"pages.{name}"), width="content")
        st.space("stretch")
        predict_switch()
        language_switch(collapsed=True)
        keys_button("?")
        st.button(
            text("leave"),
            key="projector_off",
            icon=":material/close_fullscreen:",
            on_click=_leave,
            help=text("projector_off"),
        )


def language_switch(*, collapsed: bool = False) -> None:
    """English or Chinese."""
    st.segmented_control(
        page_text("app")("language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key="lang",
        required=True,
        persist_state="session",
        label_visibility="collapsed" if collapsed else "visible",
        width="content",
    )


def predict_switch() -> None:
    """Whether pages ask before they show a result."""
    text = page_text("app")
    st.toggle(
        text("predict"),
        key="predict",
        persist_state="session",
        help=text("predict_help"),
        on_change=_cover,
        width="content",
    )
    refused_switch("predict")


def keys_button(label: str | None = None) -> None:
    """The button that shows the keys; the key ? presses it."""
    text = page_text("app")
    pressed = st.button(
        label or text("keys.title"), key="show_keys", icon=":material/keyboard:", help=text("keys.help")
    )
    _QUESTION_MARK(key="question_mark")
    if pressed:
        _show_keys()


def _show_keys() -> None:
    text = page_text("app")

    @st.dialog(text("keys.title"), icon=":material/keyboard:")
    def dialog() -> None:
        with st.container(key="keys_table"):
            rows = [(name, text(f"keys.{name}")) for name in _KEYS]
            lines = [f"| {_KEYS[name]} | {words} |" for name, words in rows]
            st.markdown("\n".join([f"| {text('keys.key')} | {text('keys.does')} |", "|:--|:--|", *lines]))

    dialog()


_KEYS = {
    "move": "← →",
    "ends": "Home, End",
    "tensors": "T",
    "code": "P",
    "show": "S",
    "ask": "A",
    "reveal": "V",
    "lesson": "B, N",
    "this": "?",
}
"""What is written for each key, by the name under which the texts say what it does."""


def _cover() -> None:
    st.session_state["shown"] = False
    forget_answers()


def _leave() -> None:
    st.session_state["projector"] = False
