"""What a class guessed: a histogram on the question's own axis, or a bar an option; the answer once it is revealed."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import plotly.graph_objects as go

from gptcore.charts.theme import DESK, Style, new_figure

_HEIGHT = 270
_OPTION_HEIGHT = 46


def guesses_histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    words: Mapping[str, str],
    style: Style = DESK,
    *,
    log: bool,
    axis: str,
    shown: Sequence[str],
    mark: tuple[float, str] | None = None,
    answer: tuple[float, str] | None = None,
) -> go.Figure:
    """How many guesses lie where.

    Args:
        edges: The n + 1 edges of the bins.
        counts: The n numbers of guesses.
        words: count, hover.
        style: Colours, fonts and sizes of a theme.
        log: Whether the axis is logarithmic.
        axis: The axis' title.
        shown: The edges as they are written.
        mark: A number to compare with, and its name: a dashed line.
        answer: The right answer and its name, once it is revealed: a solid line. Past an end of the axis it stands
            at that end; its name has the number.
    """
    palette = style.palette
    low, high = edges[0], edges[-1]

    def place(x: float) -> float:
        return math.log10(x) if log else x  # Plotly wants the place of a range and of a name as the exponent

    lines = [(mark, palette.uniform, "dash", 0)] if mark else []
    lines += [(answer, palette.target, "solid", 1)] if answer else []
    shapes, notes = [], []
    for line, colour, dash, row in lines:
        assert line is not None
        x = min(max(line[0], low), high)
        share = (place(x) - place(low)) / (place(high) - place(low))
        anchor = "left" if share < 0.2 else "right" if share > 0.8 else "center"
        shapes.append(
            {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain",
             "line": {"color": colour, "width": 4 if row else 2, "dash": dash}}
        )  # fmt: skip
        notes.append(
            {"text": f"<b>{line[1]}</b>" if row else line[1], "x": place(x), "y": 1.0, "yref": "paper",
             "yanchor": "bottom", "yshift": row * style.size(18), "xanchor": anchor, "showarrow": False,
             "font": {"color": colour, "size": style.size(16 if row else 13)}}
        )  # fmt: skip
    bars = go.Bar(
        x=[(a + b) / 2.0 for a, b in pairwise(edges)],
        width=[b - a for a, b in pairwise(edges)],
        y=list(counts),
        marker={"color": palette.series[3], "line": {"color": palette.paper, "width": 1}},
        customdata=list(pairwise(shown)),
        hovertemplate=words["hover"] + "<extra></extra>",
    )
    most = max([4, *counts])
    return new_figure(
        style, [bars], height=_HEIGHT, shapes=shapes, annotations=notes, margin={"t": round(style.size(46))},
        xaxis={
            "type": "log" if log else "linear",
            "range": [place(low), place(high)],
            "title": {"text": axis},
            "tickmode": "array" if log else "auto",
            "tickvals": _powers(low, high) if log else None,
            "tickformat": "~g" if high <= 1.0 else ",~r",
        },
        yaxis={"title": {"text": words["count"]}, "range": [0, most * 1.05], "dtick": math.ceil(most / 5)},
    )  # fmt: skip


def option_counts(
    options: Sequence[str], counts: Sequence[int], words: Mapping[str, str], style: Style = DESK, *, answer: int = -1
) -> go.Figure:
    """How many chose each option.

    Args:
        options: What could be chosen, as it is shown; escaped here.
        counts: How many chose it.
        words: count, hover_option.
        style: Colours, fonts and sizes of a theme.
        answer: The index of the right option, once it is revealed: another colour, a bold name, a check mark.
    """
    palette = style.palette
    names = [html.escape(option if len(option) <= 40 else f"{option[:39]}…") for option in options]
    bars = go.Bar(
        x=list(counts),
        y=list(range(len(options))),
        orientation="h",
        marker={"color": [palette.target if n == answer else palette.series[3] for n in range(len(options))]},
        text=[str(count) for count in counts],
        textposition="outside",
        textfont={"size": style.size(16)},
        cliponaxis=False,
        customdata=[[name] for name in names],
        hovertemplate=words["hover_option"] + "<extra></extra>",
    )
    return new_figure(
        style, [bars], height=40 + _OPTION_HEIGHT * len(options), margin={"r": 40},
        xaxis={"visible": False, "range": [0, max([4, *counts]) * 1.08]},
        yaxis={
            "range": [len(options) - 0.4, -0.6],
            "tickmode": "array",
            "tickvals": list(range(len(options))),
            "ticktext": [f"<b>✓ {name}</b>" if n == answer else name for n, name in enumerate(names)],
            "tickfont": {"size": style.size(16)},
        },
    )  # fmt: skip


def _powers(low: float, high: float) -> list[float]:
    """The powers of ten from low to high, at most eight of them.

    >>> _powers(1.0, 100_514.0)
    [1.0, 10.0, 100.0, 1000.0, 10000.0, 100000.0]
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = max(1, math.ceil((last - first + 1) / 8))
    return [10.0**power for power in range(first, last + 1, step)]
