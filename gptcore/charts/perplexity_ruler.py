"""Perplexity on a ruler from 1 (certain) to V (guessing evenly) and past it."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.theme import DESK, Style, new_figure

_STEP = 0.75  # from one label's height to the next


def perplexity_ruler(
    perplexities: Sequence[tuple[str, float]],
    vocab_size: int,
    words: Mapping[str, str],
    style: Style = DESK,
    *,
    lesser: Sequence[tuple[str, float]] = (),
) -> go.Figure:
    """Perplexities as marks on a log ruler; never clamped: the ruler grows past V where one does.

    Args:
        perplexities: (name, perplexity) of what the chart is about: filled diamonds, name and number above; of
            several, each at a height of its own.
        vocab_size: V, the number of tokens in the vocabulary.
        words: Texts by name: certain, uniform, worse.
        style: Colours, fonts and sizes of a theme.
        lesser: The same for its parts: small open circles, named on hover.
    """
    palette = style.palette
    finite = [value for _, value in [*perplexities, *lesser] if math.isfinite(value)]
    end = max([vocab_size * 20.0, *(value * 2.0 for value in finite)])
    several = len(perplexities) > 1
    levels = _levels([value for _, value in perplexities], vocab_size)
    figure = new_figure(style, height=150 + 40 * max(levels, default=0))
    figure.add_trace(
        go.Scatter(x=[1, end], y=[0, 0], mode="lines", line={"color": palette.muted, "width": 2}, hoverinfo="skip")
    )
    if not several:  # their labels would stand on it
        _name_what_lies_beyond(figure, vocab_size, end, words["worse"], style)
    landmarks = [10.0**power for power in range(1, int(math.log10(end)) + 1) if 10.0**power < vocab_size / 3]
    figure.add_trace(
        go.Scatter(
            x=[1.0, *landmarks],
            y=[0] * (1 + len(landmarks)),
            mode="markers+text",
            marker={"symbol": "line-ns", "size": 12, "line": {"color": palette.muted, "width": 2}},
            text=[
                f"1<br>{words['certain']}",
                *(f"{mark:,.0f}" if mark < vocab_size / 10 else "" for mark in landmarks),
            ],
            textposition=["bottom right", *["bottom center"] * len(landmarks)],
            textfont={"size": style.size(13), "color": palette.text},
            hoverinfo="skip",
            cliponaxis=False,
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[vocab_size],
            y=[0],
            mode="markers+text",
            marker={"symbol": "line-ns", "size": 26, "line": {"color": palette.uniform, "width": 3}},
            text=[f"{vocab_size:,}<br>{words['uniform']}"],
            textposition="bottom center",
            textfont={"size": style.size(13), "color": palette.uniform},
            hoverinfo="skip",
            cliponaxis=False,
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[value for _, value in lesser],
            y=[0] * len(lesser),
            mode="markers",
            marker={
                "symbol": "circle",
                "size": 10,
                "color": palette.paper,
                "line": {"color": palette.target, "width": 2},
            },
            customdata=[[html.escape(name), number_format.perplexity(value)] for name, value in lesser],
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
        )
    )
    for n, (name, value) in enumerate(perplexities):
        colour = palette.series[n % len(palette.series)] if several else palette.target
        place = value if math.isfinite(value) else end
        label_height = 0.2 + _STEP * levels[n]
        figure.add_trace(
            go.Scatter(
                x=[place, place],
                y=[label_height, 0],
                mode="lines+markers+text",
                line={"color": colour, "width": 1},
                marker={"symbol": "diamond", "size": [0, 17], "color": colour},
                text=[f"<b>{number_format.perplexity(value)}</b><br>{html.escape(name)}", ""],
                textposition="top left" if value > vocab_size / 30 else "top right" if value < 30 else "top center",
                textfont={"size": style.size(14), "color": colour},
                hovertemplate=f"{html.escape(name)}: {number_format.perplexity(value)}<extra></extra>",
                cliponaxis=False,
            )
        )
    figure.update_xaxes(type="log", range=[-0.03, math.log10(end)], visible=False)
    figure.update_yaxes(range=[-1.0, 1.0 + _STEP * max(levels, default=0)], visible=False)
    return figure


def _name_what_lies_beyond(figure: go.Figure, vocab_size: int, end: float, worse: str, style: Style) -> None:
    """Past V, a band with its name."""
    colour = style.palette.uniform
    figure.add_vrect(
        x0=vocab_size, x1=end, y0=0.4, y1=0.98, fillcolor=colour, opacity=0.14, line_width=0, layer="below"
    )
    figure.add_annotation(
        x=math.log10(vocab_size * 1.15),
        y=0.9,
        yref="paper",
        text="<br>".join(textwrap.wrap(worse, 12)),  # as narrow as the band on a phone
        showarrow=False,
        align="left",
        xanchor="left",
        yanchor="top",
        font={"size": style.size(11), "color": colour},
    )


def _levels(values: Sequence[float], vocab_size: int) -> list[int]:
    """At which height each label stands, one each: none crosses the stem of another.

    Labels of small values are written to the right of their stems, or over them: the larger the value, the lower.
    Labels of large values are written to the left: above those, and the larger the higher.
    """
    ascending = sorted(range(len(values)), key=lambda n: values[n])
    small = [n for n in ascending if values[n] <= vocab_size / 30]
    order = small[::-1] + ascending[len(small) :]
    return [order.index(n) for n in range(len(values))]
