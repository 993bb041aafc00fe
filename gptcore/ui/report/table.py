"""A report as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from gptcore import number_format
from gptcore.token_display import visible
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.glossary import meaning

if TYPE_CHECKING:
    from gptcore.results.report import Report


def table(report: Report) -> None:
    """Every position, and every text by itself."""
    text = page_text("explore")
    columns = text.group("columns")
    part = st.expander(text("table"), icon=":material/table:", key="table", on_change="rerun")
    if not part.open:
        return
    with part:
        frame = report.to_frame()
        frame[["example", "position"]] += 1
        pieces = ("prompt_piece", "target_piece", "predicted_piece")
        for name in pieces:
            frame[name] = frame[name].map(visible)
        formats = {"target_probability": "%.4e", "predicted_probability": "%.4e", "log_probability": "%.4f"}
        formats |= {"entropy_nats": "%.4f", "rank": "localized"}
        helped = {"target_probability": meaning("scientific"), "log_probability": meaning("log_probability")}
        helped |= {"rank": meaning("rank"), "entropy_nats": meaning("entropy")}
        config = {
            name: st.column_config.NumberColumn(columns[name], format=formats.get(name), help=helped.get(name))
            if name not in pieces
            else st.column_config.TextColumn(columns[name])
            for name in map(str, frame.columns)
        }
        st.dataframe(frame, hide_index=True, column_config=config, key="table_positions", alt=text("table"))
        parts = report.per_example()
        if len(parts) > 1:
            st.markdown(f"**{text('parts')}**")
            parts["example"] += 1
            few_digits = "%.2f" if parts["perplexity"].max() < number_format.LARGE else "%.4e"
            shown = {"example": None, "positions": None, "cross_entropy": "%.4f", "perplexity": few_digits}
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
