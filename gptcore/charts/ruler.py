"""Perplexity on a ruler from 1 (certain) to V (uniform guessing) and past it."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import Part, band, note
from gptcore.charts.theme import DESK, Style, new_figure

_STEP = 0.75  # from one label's height to the next
_LOWEST, _BESIDE = -1.0, -1.4  # where the ruler's own labels end, and where the name of what lies beyond V does
_WIDE, _WIDEST = 11, 30  # in powers of ten: from here on, V's label has no room on its left, and then 1 has no label
_TICK_LENGTH = 1.4  # of a "line-ns" marker, in its size
_ROOM_FOR_NAME = 0.4  # of the ruler: as long as V's label is on a phone


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
        vocab_size: V, which is uniform guessing's perplexity.
        words: certain, uniform, worse.
        style: How it is drawn.
        lesser: The same for its parts: small open circles, named on hover.
    """
    finite = [value for _, value in [*perplexities, *lesser] if math.isfinite(value)]
    end = min(max([vocab_size * 20.0, *(value * 2.0 for value in finite)]), 1e308)
    several = len(perplexities) > 1
    levels = _levels([value for _, value in perplexities], vocab_size)
    highest = max(levels, default=0)
    beyond, name = _what_lies_beyond(vocab_size, end, words["worse"], style)
    return new_figure(
        style,
        [
            *_scale(vocab_size, end, words, style),
            _parts(lesser, style),
            *_marks(perplexities, levels, vocab_size, end, style),
        ],
        height=(150 if several else 172) + 40 * highest,
        projected=(210 if several else 240) + 50 * highest,
        xaxis={"type": "log", "range": [-0.03, math.log10(end)], "visible": False},
        yaxis={"range": [_LOWEST if several else _BESIDE, 1.0 + _STEP * highest], "visible": False},
        shapes=[] if several else [beyond],  # the names of several would stand on it
        annotations=[] if several else [name],
    )


def _scale(vocab_size: int, end: float, words: Mapping[str, str], style: Style) -> list[go.Scatter]:
    """The ruler itself: its line, the powers of ten, and uniform guessing."""
    palette, powers = style.palette, math.log10(end)
    marks = {10.0**power: f"{10**power:,}" for power in range(1, int(powers) + 1) if 10.0**power < vocab_size / 3}
    if powers <= _WIDE:
        marks = {mark: shown if mark < vocab_size / 10 else "" for mark, shown in marks.items()}
    else:
        marks = dict.fromkeys(marks, "") | _far_marks(vocab_size, powers)
    return [
        go.Scatter(x=[1, end], y=[0, 0], mode="lines", line={"color": palette.muted, "width": 2}, hoverinfo="skip"),
        *_ticks(
            [1.0, *marks],
            [f"1<br>{words['certain']}" if powers <= _WIDEST else "", *marks.values()],
            ["bottom right", *["bottom center"] * len(marks)],
            {"size": 12, "line": {"color": palette.muted, "width": 2}},
            {"size": style.size(13), "color": palette.text},
        ),
        *_ticks(
            [vocab_size],
            [f"{vocab_size:,}<br>{words['uniform']}"],
            ["bottom center" if powers <= _WIDE else "bottom right"],
            {"size": 22, "line": {"color": palette.uniform, "width": 3}},
            {"size": style.size(13), "color": palette.uniform},
        ),
    ]


def _ticks(
    at: Sequence[float], names: list[str], beside: list[str], tick: Part, font: Mapping[str, Any]
) -> list[go.Scatter]:
    """Marks across the ruler, and their names below them.

    Plotly leaves half of a marker's size between it and its name, and draws this one longer than its size.
    """
    still: dict[str, Any] = {"x": at, "y": [0] * len(at), "hoverinfo": "skip", "cliponaxis": False}
    room = {"size": _TICK_LENGTH * tick["size"], "opacity": 0}
    return [
        go.Scatter(mode="markers", marker={"symbol": "line-ns", **tick}, **still),
        go.Scatter(mode="markers+text", marker=room, text=names, textposition=beside, textfont=font, **still),
    ]


def _far_marks(vocab_size: int, powers: float) -> dict[float, str]:
    """A few powers of ten far beyond V, where its label does not reach."""
    step = next(step for step in (5, 10, 20, 50, 100) if powers / step <= 6)
    first = math.log10(vocab_size) + _ROOM_FOR_NAME * powers
    return {10.0**power: f"1e+{power}" for power in range(step, int(powers), step) if power >= first}


def _parts(lesser: Sequence[tuple[str, float]], style: Style) -> go.Scatter:
    """Small open circles."""
    palette = style.palette
    marker = {"symbol": "circle", "size": 10, "color": palette.paper, "line": {"color": palette.target, "width": 2}}
    return go.Scatter(
        x=[value for _, value in lesser],
        y=[0] * len(lesser),
        mode="markers",
        marker=marker,
        customdata=[[html.escape(name), number_format.perplexity(value)] for name, value in lesser],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
    )


def _marks(
    perplexities: Sequence[tuple[str, float]], levels: Sequence[int], vocab_size: int, end: float, style: Style
) -> list[go.Scatter]:
    """A diamond each, its number and name on a stem."""
    marks = []
    for n, (name, value) in enumerate(perplexities):
        several = len(perplexities) > 1
        colour = style.palette.series[n % len(style.palette.series)] if several else style.palette.target
        place = value if math.isfinite(value) else end
        marks.append(
            go.Scatter(
                x=[place, place],
                y=[0.2 + _STEP * levels[n], 0],
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
    return marks


def _what_lies_beyond(vocab_size: int, end: float, worse: str, style: Style) -> tuple[Part, Part]:
    """Past V, a band, and its name below all other labels: beside them, some would be in each other's way."""
    colour = style.palette.uniform
    name = note(
        worse,
        colour,
        style.size(11),
        x=math.log10(end),
        y=0,
        yref="paper",
        xanchor="right",
        yanchor="bottom",
    )
    return band(colour, 0.14, x0=vocab_size, x1=end, y0=0, y1=0.98, layer="below"), name


def _levels(values: Sequence[float], vocab_size: int) -> list[int]:
    """At which height each label stands, one each: none crosses the stem of another.

    Labels of small values are written to the right of their stems, or over them: the larger the value, the lower.
    Labels of large values are written to the left: above those, and the larger the higher.
    """
    ascending = sorted(range(len(values)), key=lambda n: values[n])
    small = [n for n in ascending if values[n] <= vocab_size / 30]
    order = small[::-1] + ascending[len(small) :]
    return [order.index(n) for n in range(len(values))]
