"""Random weights, logits near 0, an even softmax: three histograms side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from gptcore.charts.marks import Part, note, room_above, upright
from gptcore.charts.theme import DESK, Style, new_figure
from gptcore.results.logit_spread import Histogram, LogitSpread


def logit_spread(spread: LogitSpread, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """The output layer's weights, the logits of one position, and their probabilities in units of 1/V.

    Args:
        spread: What is drawn.
        words: weights, logits, shares, uniform, target.
        style: How it is drawn.
    """
    palette = style.palette
    panels = [("weights", spread.weights), ("logits", spread.logits), ("shares", spread.shares)]
    drawn = [(name, histogram) for name, histogram in panels if histogram is not None]
    gap, traces, axes = 0.06, [], dict[str, Any]()
    wide = (1 - gap * (len(drawn) - 1)) / len(drawn)
    for n, (name, histogram) in enumerate(drawn, start=1):
        start = (n - 1) * (wide + gap)
        traces.append(_bars(histogram, n, palette.muted))
        axes[f"xaxis{n}"] = {
            "domain": [start, start + wide], "anchor": f"y{n}", "title": {"text": words[name]}, "showgrid": False,
            "nticks": 6,
        }  # fmt: skip
        axes[f"yaxis{n}"] = {"anchor": f"x{n}", "showticklabels": False, "rangemode": "tozero", "showgrid": False}
    last = len(drawn)
    axes[f"xaxis{last}"] |= _powers(spread.shares)
    shapes: list[Part] = [_mark(0.0, n, palette.uniform, "dash") for n in (last - 1, last)]
    named: dict[str, Any] = {"xref": f"x{last}", "yref": f"y{last} domain", "bgcolor": palette.paper, "borderpad": 1}
    notes = [note(words["uniform"], palette.uniform, style.size(13), x=0.0, y=1.0, yanchor="bottom", **named)]
    if spread.target_probability > 0:
        place = math.log10(spread.target_probability * spread.vocab_size)
        shapes.append(_mark(place, last, palette.target, "solid"))
        left = place > float(spread.shares.edges.mean())
        side = {"xanchor": "right" if left else "left", "xshift": -4 if left else 4, "y": 0.98, "yanchor": "top"}
        notes.append(note(f"<b>{words['target']}</b>", palette.target, style.size(13), x=place, **named, **side))
    return new_figure(
        style, traces, height=280, margin=room_above(style), shapes=shapes, annotations=notes, bargap=0, **axes
    )


def _bars(histogram: Histogram, axis: int, colour: str) -> go.Bar:
    edges = histogram.edges
    return go.Bar(
        x=(edges[1:] + edges[:-1]) / 2,
        y=histogram.counts,
        width=edges[1:] - edges[:-1],
        marker={"color": colour, "line": {"width": 0}},
        xaxis=f"x{axis}",
        yaxis=f"y{axis}",
        hoverinfo="skip",
    )


def _mark(x: float, axis: int, colour: str, dash: str) -> Part:
    line = {"color": colour, "width": 2, "dash": dash}
    return upright(x, line, xref=f"x{axis}") | {"yref": f"y{axis} domain"}


def _powers(shares: Histogram) -> Part:
    """Ticks of a log10 axis, written as the multiples of 1/V that they stand for."""
    low, high = float(shares.edges[0]), float(shares.edges[-1])
    step = max(1, math.ceil((high - low) / 6))
    whole = range(math.ceil(low / step) * step, math.floor(high) + 1, step)
    if len(whole) >= 2:
        return {"tickvals": list(whole), "ticktext": [f"{10.0**power:g}" for power in whole]}
    few = [
        share for share in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if low <= math.log10(share) <= high
    ]
    return {"tickvals": [math.log10(share) for share in few], "ticktext": [f"{share:g}" for share in few]}
