"""One line and one click from the untrained model to the trained one, and back."""

from __future__ import annotations

import streamlit as st

from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text

_OTHER = {"untrained": "trained_small", "trained_small": "untrained"}


def other_model(choice: ModelChoice) -> None:
    """Offer the same texts under the other model: trained where this one has learned nothing, and the reverse."""
    other = _OTHER.get(choice.kind)
    if other is None or choice.vocab_size != ModelChoice().vocab_size:
        return
    text = page_text("invitation")
    with st.container(horizontal=True, vertical_alignment="center", key="other_model"):
        st.caption(text(f"{choice.kind}.said"), width="content")
        st.button(
            text(f"{choice.kind}.offered"),
            key="use_other_model",
            icon=":material/swap_horiz:",
            on_click=_choose,
            args=(other,),
            type="tertiary",
        )


def _choose(model: str) -> None:
    st.session_state["model"] = model
