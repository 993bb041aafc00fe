"""Models with different vocabularies on the same texts: in bits per byte and per character, never token by token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from gptcore.number_format import bits_per_byte, count, perplexity_at
from gptcore.results.text_costs import TextCost, text_costs
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import chart, current_style, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gptcore.results.report import Report


def vocabularies_view(named: Sequence[tuple[str, Report]]) -> dict[str, go.Figure]:
    """Why these models are not compared token by token, and what can be compared. Returns the figures by title.

    Args:
        named: (name, report) of at least two models.
    """
    from gptcore.charts.text_costs import bits_per_byte_bars
    from gptcore.ui.widgets.figures import KeptFigure

    text = page_text("compare_vocabularies")
    costs = text_costs(named)
    st.info(text("why_not"), icon=":material/spellcheck:")
    known = [cost for cost in costs if math.isfinite(cost.bits_per_byte)]
    if len(known) > 1:
        st.markdown(_reading(known))
    listed = text("joiner").join(f"{cost.name} {bits_per_byte(cost.bits_per_byte)}" for cost in costs)
    title = text("chart_bits_per_byte.title")
    words = text.group("chart_bits_per_byte")
    figure = KeptFigure(bits_per_byte_bars, (costs,), words, current_style(), by=tuple(named))
    with st.container(border=True):
        chart(figure, "chart_bits_per_byte", text("chart_bits_per_byte.summary", listed=listed), title=title)
    _table(costs)
    st.caption(text("dropped"))
    return {title: figure}


def _reading(costs: Sequence[TextCost]) -> str:
    text = page_text("compare_vocabularies")
    best, worst = min(costs, key=lambda cost: cost.bits_per_byte), max(costs, key=lambda cost: cost.bits_per_byte)
    if worst.bits_per_byte < best.bits_per_byte * 1.01:
        return text("reading.even", bits=bits_per_byte(best.bits_per_byte))
    return text(
        "reading.better",
        best=plain(best.name),
        worst=plain(worst.name),
        least=bits_per_byte(best.bits_per_byte),
        most=bits_per_byte(worst.bits_per_byte),
    )


def _table(costs: Sequence[TextCost]) -> None:
    text = page_text("compare_vocabularies")

    def written(value: float) -> str:
        return f"{value:.4f}" if math.isfinite(value) else "–"

    st.dataframe(
        [
            {
                "model": cost.name,
                "bits_per_byte": written(cost.bits_per_byte),
                "bits_per_character": written(cost.bits_per_character),
                "bits": f"{cost.bits:,.2f}",
                "tokens": count(cost.tokens),
                "bytes": count(cost.byte_count) if cost.byte_count else "–",
                "perplexity": perplexity_at(cost.nats / cost.tokens),
            }
            for cost in costs
        ],
        hide_index=True,
        key="table_vocabularies",
        alt=text("table"),
        column_config={key: st.column_config.TextColumn(words) for key, words in text.group("columns").items()},
    )
