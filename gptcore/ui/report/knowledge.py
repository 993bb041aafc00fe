"""What a trained model can know at all: from what it has read, and from what a text costs it beside what it has not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text
from gptcore.weights.held_out import held_out_bits_per_byte

if TYPE_CHECKING:
    from gptcore.results.report import Report

FAR_ABOVE = 3.0
"""A text that costs so many times the held-out bits per byte is of a kind that the model has not read."""


def what_it_knows(choice: ModelChoice, reports: Sequence[Report], *, only_far: bool = False) -> None:
    """Under the small trained model: what it has read, and what the text, or the hardest of several, costs it.

    Args:
        choice: Which model; nothing is said of others, whose training texts are not known here.
        reports: Its reports, a text each, or all together.
        only_far: Say it only where a text is of a kind that it has not read.
    """
    if choice.kind != "trained_small":
        return
    costs = [report.bits_per_byte for report in reports if report.target_bytes]
    text, usual = page_text("knowledge"), held_out_bits_per_byte()
    highest = max((cost for cost in costs if math.isfinite(cost)), default=0.0)
    far = highest > FAR_ABOVE * usual
    if only_far and not far:
        return
    said = text("read")
    if costs:
        which = "hardest" if len(costs) > 1 else "together" if len(reports[0].texts) > 1 else "one"
        numbers = {
            "which": text(which),
            "cost": f"{highest:.2f}",
            "usual": f"{usual:.2f}",
            "times": f"{highest / usual:.1f}",
        }
        said += "\n\n" + text("far" if far else "near", **numbers)
    with st.container(key="what_it_knows"):
        if far:
            st.info(said, icon=":material/menu_book:")
        else:
            st.caption(said)
