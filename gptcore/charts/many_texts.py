"""Many texts' losses, as dots or a histogram against uniform guessing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from gptcore.charts.marks import reference, room_above
from gptcore.charts.theme import DESK, Style, new_figure
from gptcore.results.report import Floats, Ids

MAX_DOTS = 300
"""Up to so many texts each has a dot; more become a histogram."""


def list_losses(cross_entropy: Floats, uniform_nats: float, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """The cross-entropies of many texts: a dot a text where they are few, else a histogram.

    Args:
        cross_entropy: (n,) one for each text, in nats; nan for a text without one.
        uniform_nats: ln V, drawn as a line.
        words: x, y, hover, hover_bar, uniform.
        style: The reader's theme.

    Returns:
        The figure; customdata of a dot is the row's index.
    """
    palette = style.palette
    rows = np.flatnonzero(np.isfinite(cross_entropy))
    values = np.asarray(cross_entropy, dtype=np.float64)[rows]
    dots = len(rows) <= MAX_DOTS
    low, high = min(values.min(initial=uniform_nats), uniform_nats), max(values.max(initial=uniform_nats), uniform_nats)
    room = max(high - low, 0.1) * 0.06
    along = (uniform_nats - low) / max(high - low, 0.1)
    if dots:
        trace: go.Scatter | go.Bar = go.Scatter(
            x=values,
            y=_stacked(values, (high - low) / 60 or 1.0),
            mode="markers",
            marker={"size": 10, "color": palette.target, "opacity": 0.75},
            customdata=[[int(row), int(row) + 1] for row in rows],
            hovertemplate=words["hover"] + "<extra></extra>",
        )
    else:
        counts, edges = np.histogram(values, bins=60)
        trace = go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges) * 0.92,
            marker={"color": palette.target},
            hovertemplate=words["hover_bar"] + "<extra></extra>",
        )
    uniform = words["uniform"].format(uniform=f"{uniform_nats:.4f}")
    line, name = reference(style, uniform, x=uniform_nats, kind="uniform", below=True)
    return new_figure(
        style,
        [trace],
        height=240,
        margin=room_above(style),
        xaxis={"title": {"text": words["x"]}, "range": [low - room, high + room]},
        yaxis={
            "title": {"text": "" if dots else words["y"]},
            "range": [0, 1 + max(trace.y, default=1)] if dots else None,
            "rangemode": "tozero",
            "tickformat": ",d",
            "showticklabels": not dots,
            "showgrid": not dots,
        },
        shapes=[line],
        annotations=[name | {"xanchor": "right" if along > 0.7 else "left" if along < 0.3 else "center"}],
    )


def _stacked(values: Floats, width: float) -> Ids:
    """The height of each dot when dots that lie within `width` of one another are stacked.

    >>> _stacked(np.array([0.0, 5.0, 0.4, 0.2]), 1.0).tolist()
    [1, 1, 3, 2]
    """
    column = np.floor((values - values.min(initial=0.0)) / width).astype(np.int64)
    order = np.lexsort((values, column))
    heights: Ids = np.zeros(len(values), dtype=np.int64)
    _, first, counts = np.unique(column[order], return_index=True, return_counts=True)
    heights[order] = np.arange(len(values)) - np.repeat(first, counts) + 1
    return heights
