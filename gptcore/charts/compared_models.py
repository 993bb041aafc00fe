"""Models beside one another, position by position."""

from __future__ import annotations

import html
from collections.abc import Mapping

import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import reference
from gptcore.charts.theme import DESK, Style, label, new_figure, pixels
from gptcore.results.comparison import ModelComparison

MOST_ROWS = 24
"""Up to so many positions each has a row with its token written out; more become columns."""

PATTERNS = ("", "/", ".", "x")
"""Told apart without colour as well."""


def model_bars(comparison: ModelComparison, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Each target's ln p as bars from 0 = certain, a bar a model; a shorter bar is less surprise.

    Args:
        comparison: What is drawn.
        words: axis, uniform, hover.
        style: How it is drawn.
    """
    report = comparison.first
    rows = report.positions <= MOST_ROWS
    uniform = -report.uniform_cross_entropy
    line, name = reference(
        style,
        words["uniform"].format(uniform=number_format.nats(uniform)),
        kind="uniform",
        x=uniform if rows else None,
        y=None if rows else uniform,
    )
    lowest = min(float(comparison.log_probability.min()), uniform) * 1.04
    amount = {"range": [lowest, 0], "title": {"text": words["axis"]}}
    names = {
        "tickmode": "array",
        "tickvals": list(range(report.positions)),
        "ticktext": [f"<b>{label(piece)}</b>" for piece in report.target_piece],
        "range": [report.positions - 0.45, -0.55],
        "showgrid": False,
    }
    height = 70 + report.positions * (14 + 13 * len(comparison.names)) if rows else 320
    return new_figure(
        style,
        [_bars(comparison, m, words["hover"], style) for m in range(len(comparison.names))],
        height=height,
        xaxis=amount if rows else {"showgrid": False},
        yaxis=names if rows else amount,
        shapes=[line],
        annotations=[name],
        barmode="group",
        bargap=0.3,
        bargroupgap=0.08,
        showlegend=True,
        legend={"y": 1.0 + 34 / pixels(style, height), "traceorder": "normal"},
        margin={"t": 60},
    )


def _bars(comparison: ModelComparison, m: int, hover: str, style: Style) -> go.Bar:
    """One model's bars."""
    report, name, palette = comparison.first, html.escape(comparison.names[m]), style.palette
    rows = report.positions <= MOST_ROWS
    values, places = comparison.log_probability[m], list(range(report.positions))
    written = [number_format.nats(float(value)) for value in values]
    own = [label(piece) for piece in comparison.reports[m].predicted_piece]
    pattern = {"shape": PATTERNS[m], "fillmode": "overlay", "fgcolor": palette.paper, "size": 6, "solidity": 0.2}
    return go.Bar(
        x=values if rows else places,
        y=places if rows else values,
        orientation="h" if rows else "v",
        name=name,
        marker={"color": palette.series[m], "pattern": pattern},
        customdata=[
            [name, label(piece), amount, choice]
            for piece, amount, choice in zip(report.target_piece, written, own, strict=True)
        ],
        hovertemplate=hover + "<extra></extra>",
    )
