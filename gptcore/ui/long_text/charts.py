"""The curve of surprise along the text, and the histogram of ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from gptcore import number_format
from gptcore.token_display import visible
from gptcore.ui.long_text.coloured import choose_token
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import current_style
from gptcore.ui.widgets.live_chart import live_chart

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gptcore.results.text_report import TextReport


def curve_and_ranks(report: TextReport) -> dict[str, go.Figure]:
    """Draw both charts; the figures by title."""
    from gptcore.charts.long_text import rank_histogram, surprise_along
    from gptcore.ui.widgets.figures import KeptFigure

    text, style = page_text("long_text"), current_style()
    along = KeptFigure(
        surprise_along,
        (report.surprisal_nats, report.text.pieces, report.uniform_cross_entropy),
        text.group("chart_surprise_along"),
        style,
        by=report,
        selected=int(st.session_state.get("long_token", -1)),
    )
    ranks = KeptFigure(rank_histogram, (report.rank[report.scored],), text.group("chart_ranks"), style, by=report)
    titles = [text(f"{name}.title") for name in ("chart_surprise_along", "chart_ranks")]
    left, right = st.columns([3, 2])
    with left, st.container(border=True):
        live_chart(along, "chart_surprise_along", _along_sentence(report), title=titles[0], on_point=choose_token)
    with right, st.container(border=True):
        live_chart(ranks, "chart_ranks", _ranks_sentence(report), title=titles[1])
    return dict(zip(titles, (along, ranks), strict=True))


def _along_sentence(report: TextReport) -> str:
    from gptcore.charts.long_text import mean_width, moving_mean

    surprisal = report.surprisal_nats
    worst = int(np.nanargmax(surprisal))
    means = moving_mean(surprisal, mean_width(len(surprisal)))
    return page_text("long_text")(
        "chart_surprise_along.summary",
        mean=number_format.nats(report.cross_entropy),
        worst=visible(report.text.pieces[worst]),
        worst_nats=number_format.nats(float(surprisal[worst])),
        place=number_format.count(worst + 1),
        low=number_format.nats(float(np.nanmin(means))),
        high=number_format.nats(float(np.nanmax(means))),
    )


def _ranks_sentence(report: TextReport) -> str:
    rank = report.rank[report.scored]
    shares = {"first": rank == 1, "ten": rank <= 10, "beyond": rank > 1_000}
    return page_text("long_text")(
        "chart_ranks.summary", **{name: number_format.percent(float(among.mean())) for name, among in shares.items()}
    )
