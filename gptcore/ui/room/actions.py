"""What a visitor does in a room, with a sentence where it is refused."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gptcore.errors import InputError
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import error_sentence

_REFUSED = "_room_refused"


def attempt(call: Callable[..., object], *arguments: object) -> bool:
    """Do something in a room, and keep what a refusal says for `show_refusal`."""
    st.session_state.pop(_REFUSED, None)
    try:
        call(*arguments)
    except InputError as error:
        st.session_state[_REFUSED] = error
        return False
    return True


def show_refusal() -> None:
    """Say why the last thing was refused, once."""
    error: InputError | None = st.session_state.pop(_REFUSED, None)
    if error is not None:
        refusal(error)


def refusal(error: InputError) -> None:
    """Say why something was refused."""
    st.warning(error_sentence(error, page_text("classroom_errors")), icon=":material/error:")
