"""What stands below a report's charts: the table of all positions, the self-check, the code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from gptcore import number_format
from gptcore.examples import Example
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text

if TYPE_CHECKING:
    from gptcore.results.report import Report


def self_check(report: Report) -> None:
    """The mean by hand against `F.cross_entropy`, the probabilities' sums, shapes, number format, versions."""
    text = page_text("explore")
    part = st.expander(text("check"), icon=":material/fact_check:", key="check", on_change="rerun")
    if not part.open:
        return
    with part:
        st.caption(text("self_check.lead"))
        sums = report.probability_sum
        rows = {
            "by_hand": f"{report.cross_entropy:.7f}",
            "by_torch": f"{report.torch_cross_entropy:.7f}",
            "difference": number_format.rounding(report.cross_entropy - report.torch_cross_entropy),
            "sums": f"{sums.min():.7f} … {sums.max():.7f}",
            "shapes": text(
                "self_check.shapes_value",
                logits=report.logits_shape,
                flat_logits=report.flat_logits_shape,
                targets=report.input_shape,
                flat_targets=report.flat_targets_shape,
            ),
            "dtype": report.provenance.dtype,
            "versions": ", ".join(f"{name} {version}" for name, version in report.provenance.versions.items()),
        }
        names = {name: text(f"self_check.{name}", vocabulary=number_format.count(report.vocab_size)) for name in rows}
        st.table({names[name]: shown for name, shown in rows.items()}, border="horizontal")
        st.caption(text("self_check.difference_note"))


def code(choice: ModelChoice, examples: Sequence[Example], temperature: float) -> None:
    """The script that gives the same numbers."""
    from gptcore.ui.export.code import script_for

    text = page_text("explore")
    part = st.expander(text("code"), icon=":material/code:", key="code", on_change="rerun")
    if not part.open:
        return
    with part:
        st.caption(text("code_lead"))
        st.code(script_for(choice, examples, temperature), language="python")
