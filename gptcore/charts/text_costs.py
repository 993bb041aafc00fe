"""What a text costs models with different vocabularies: bits per byte, a bar a model."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from gptcore.charts.compared_models import PATTERNS
from gptcore.charts.theme import DESK, Style, new_figure
from gptcore.number_format import bits_per_byte
from gptcore.results.text_costs import TextCost


def bits_per_byte_bars(costs: Sequence[TextCost], words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Bits per byte of the same text under each model; a shorter bar is less surprise.

    Args:
        costs: As `text_costs` makes them.
        words: axis.
        style: How it is drawn.
    """
    palette = style.palette
    values = [cost.bits_per_byte for cost in costs]
    most = max((value for value in values if math.isfinite(value)), default=1.0)
    fills = [PATTERNS[n % len(PATTERNS)] for n in range(len(costs))]
    bars = go.Bar(
        x=values,
        y=list(range(len(costs))),
        orientation="h",
        marker={
            "color": [palette.series[n % len(palette.series)] for n in range(len(costs))],
            "pattern": {"shape": fills, "fillmode": "overlay", "fgcolor": palette.paper, "size": 6, "solidity": 0.2},
        },
        text=[bits_per_byte(value) for value in values],
        textposition="outside",
        textfont={"size": style.size(14), "color": palette.text},
        cliponaxis=False,
        hoverinfo="skip",
    )
    return new_figure(
        style,
        [bars],
        height=90 + 44 * len(costs),
        xaxis={"title": {"text": words["axis"]}, "range": [0, most * 1.15]},
        yaxis={
            "tickmode": "array",
            "tickvals": list(range(len(costs))),
            "ticktext": [html.escape(cost.name) for cost in costs],
            "range": [len(costs) - 0.5, -0.5],
            "showgrid": False,
        },
        showlegend=False,
    )
