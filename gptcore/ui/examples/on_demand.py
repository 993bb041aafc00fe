"""The fields for texts on pages that begin with something else: opened by a button, above what they change."""

from __future__ import annotations

from typing import Any

import streamlit as st

from gptcore.ui.examples.editor import examples_editor
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.scroll_to import request_scroll, scroll_here

_OPEN = "_texts_open"
_EDITOR = "texts_editor"


def change_texts(choice: ModelChoice, place: Any, *, needed: bool) -> None:
    """A button, drawn here, that opens the fields in `place` and brings them into view; until they are closed.

    Args:
        choice: Which model.
        place: A container above what the texts change, so that it stays in view while they are typed.
        needed: Whether a text is to be mended: the fields are open then.
    """
    text, state = page_text("examples"), st.session_state
    if needed:
        state[_OPEN] = True
    if not state.get(_OPEN):
        st.button(text("change"), key="change_texts", icon=":material/edit:", on_click=_open)
        return
    with place, st.container(border=True, key=_EDITOR):
        examples_editor(choice, tokens=False, alone=True)
        st.button(text("close"), key="close_texts", icon=":material/check:", on_click=_close, disabled=needed)
        scroll_here(_EDITOR)


def _open() -> None:
    st.session_state[_OPEN] = True
    request_scroll(_EDITOR)


def _close() -> None:
    st.session_state[_OPEN] = False
