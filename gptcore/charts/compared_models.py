"""Models beside one another, position by position."""

from __future__ import annotations

import html
from collections.abc import Mapping

import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.theme import DESK, Style, add_reference_line, label, new_figure
from gptcore.results.comparison import ModelComparison

MOST_ROWS = 24
"""Up to so many positions each has a row with its token written out; more become columns."""

PATTERNS = ("", "/", ".", "x")
"""Told apart without colour as well."""


def model_bars(comparison: ModelComparison, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Each target's ln p as bars from 0 = certain, a bar a model; a shorter bar is less surprise.

    Args:
        comparison: Several models on the same targets.
        words: Texts by name: axis, uniform, hover.
        style: Colours, fonts and sizes of a theme.
    """
    report, palette = comparison.first, style.palette
    count = len(comparison.names)
    rows = report.positions <= MOST_ROWS
    figure = new_figure(style, height=70 + report.positions * (14 + 13 * count) if rows else 320)
    places = list(range(report.positions))
    values = comparison.log_probability
    for m, name in enumerate(comparison.names):
        written = [number_format.nats(float(value)) for value in values[m]]
        own = [label(piece) for piece in comparison.reports[m].predicted_piece]
        figure.add_trace(
            go.Bar(
                x=values[m] if rows else places,
                y=places if rows else values[m],
                orientation="h" if rows else "v",
                name=html.escape(name),
                marker={
                    "color": palette.series[m],
                    "pattern": {
                        "shape": PATTERNS[m],
                        "fillmode": "overlay",
                        "fgcolor": palette.paper,
                        "size": 6,
                        "solidity": 0.2,
                    },
                },
                customdata=[
                    [html.escape(name), label(piece), amount, choice]
                    for piece, amount, choice in zip(report.target_piece, written, own, strict=True)
                ],
                hovertemplate=words["hover"] + "<extra></extra>",
            )
        )
    lowest = min(float(values.min()), -report.uniform_cross_entropy) * 1.04
    where = "x" if rows else "y"
    figure.update_layout({f"{where}axis": {"range": [lowest, 0], "title": {"text": words["axis"]}}})
    uniform = words["uniform"].format(uniform=number_format.nats(-report.uniform_cross_entropy))
    if rows:
        add_reference_line(figure, style, uniform, kind="uniform", x=-report.uniform_cross_entropy)
    else:
        add_reference_line(figure, style, uniform, kind="uniform", y=-report.uniform_cross_entropy)
    if rows:
        figure.update_yaxes(
            tickmode="array",
            tickvals=places,
            ticktext=[f"<b>{label(piece)}</b>" for piece in report.target_piece],
            range=[report.positions - 0.45, -0.55],
            showgrid=False,
        )
    else:
        figure.update_xaxes(showgrid=False)
    figure.update_layout(barmode="group", bargap=0.3, bargroupgap=0.08, showlegend=True)
    figure.update_layout(legend={"y": 1.0 + 34 / figure.layout.height, "traceorder": "normal"}, margin={"t": 60})
    return figure
