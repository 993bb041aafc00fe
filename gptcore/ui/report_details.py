"""What stands below a report's charts: the table of all positions, the self-check, the code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from gptcore import numbers
from gptcore.examples import Example
from gptcore.pieces import visible
from gptcore.ui.models import ModelChoice
from gptcore.ui.texts import page_text

if TYPE_CHECKING:
    from gptcore.results import Report


def table(report: Report) -> None:
    """Every position, and every text by itself."""
    text = page_text("explore")
    columns = text.group("columns")
    with st.expander(text("table"), icon=":material/table:"):
        frame = report.to_frame()
        frame[["example", "position"]] += 1
        pieces = ("prompt_piece", "target_piece", "predicted_piece")
        for name in pieces:
            frame[name] = frame[name].map(visible)
        formats = {"target_probability": "%.4e", "predicted_probability": "%.4e", "log_probability": "%.4f"}
        formats |= {"entropy_nats": "%.4f", "rank": "localized"}
        config = {
            name: st.column_config.NumberColumn(columns[name], format=formats.get(name))
            if name not in pieces
            else st.column_config.TextColumn(columns[name])
            for name in map(str, frame.columns)
        }
        st.dataframe(frame, hide_index=True, column_config=config, key="table_positions", alt=text("table"))
        parts = report.per_example()
        if len(parts) > 1:
            st.markdown(f"**{text('parts')}**")
            parts["example"] += 1
            shown = {"example": None, "positions": None, "cross_entropy": "%.4f", "perplexity": "%.2f"}
            st.dataframe(
                parts[list(shown)],
                hide_index=True,
                column_config={
                    name: st.column_config.NumberColumn(columns[name], format=number) for name, number in shown.items()
                },
                key="table_examples",
                alt=text("parts"),
            )
            st.caption(text("self_check.parts_note"))


def self_check(report: Report) -> None:
    """The mean by hand against `F.cross_entropy`, the probabilities' sums, shapes, number format, versions."""
    text = page_text("explore")
    with st.expander(text("check"), icon=":material/fact_check:"):
        st.caption(text("self_check.lead"))
        sums = report.probability_sum
        rows = {
            "by_hand": f"{report.cross_entropy:.7f}",
            "by_torch": f"{report.torch_cross_entropy:.7f}",
            "difference": f"{report.cross_entropy - report.torch_cross_entropy:.1e}",
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
        names = {name: text(f"self_check.{name}", vocabulary=numbers.count(report.vocab_size)) for name in rows}
        st.table({names[name]: shown for name, shown in rows.items()}, border="horizontal")
        st.caption(text("self_check.difference_note"))


def code(choice: ModelChoice, examples: Sequence[Example], temperature: float) -> None:
    """The script that gives the same numbers."""
    from gptcore.ui.exports import script_for

    text = page_text("explore")
    with st.expander(text("code"), icon=":material/code:"):
        st.caption(text("code_lead"))
        st.code(script_for(choice, examples, temperature), language="python")
