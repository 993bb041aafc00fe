"""A long text's surprise: along the text, by rank, and what the stride does to the perplexity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import note, reference, room_above
from gptcore.charts.surprise_levels import level_names, rank_counts
from gptcore.charts.theme import DESK, Style, label, new_figure
from gptcore.results.report import Floats, Ids

MAX_DOTS = 1_500
"""Up to so many tokens each has a dot; of a longer text, the lowest and highest of each stretch are drawn."""


def moving_mean(surprisal_nats: Floats, width: int) -> Floats:
    """The mean surprisal of the scored tokens among the `width` tokens around each token.

    Args:
        surprisal_nats: (N,) −ln p of each token; nan where a token has no score.
        width: How many tokens go into a mean; fewer at the ends of the text.

    Returns:
        (N,) means in nats; nan where no token around is scored.

    >>> moving_mean(np.array([np.nan, 1.0, 3.0, 5.0]), 3).round(2).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    scored = np.isfinite(surprisal_nats)
    sums = np.concatenate([[0.0], np.cumsum(np.where(scored, surprisal_nats, 0.0), dtype=np.float64)])
    counts = np.concatenate([[0], np.cumsum(scored)])
    places = np.arange(len(surprisal_nats))
    first = np.maximum(places - width // 2, 0)
    stop = np.minimum(places + (width - width // 2), len(surprisal_nats))
    with np.errstate(invalid="ignore"):
        means: Floats = (sums[stop] - sums[first]) / (counts[stop] - counts[first])
    return means


def mean_width(tokens: int) -> int:
    """How many tokens the moving mean of a text takes in: a fortieth of it, from 8 to 512.

    >>> mean_width(100), mean_width(4_000), mean_width(10**6)
    (8, 100, 512)
    """
    return min(max(tokens // 40, 8), 512)


def surprise_along(
    surprisal_nats: Floats,
    pieces: Sequence[str],
    uniform_nats: float,
    words: Mapping[str, str],
    style: Style = DESK,
    *,
    selected: int = -1,
) -> go.Figure:
    """Each token's surprise along the text, with a moving mean and uniform guessing as a line.

    Args:
        surprisal_nats: (N,) −ln p of each token; nan where a token has no score.
        pieces: The N tokens.
        uniform_nats: ln V.
        words: x, y, hover, hover_mean, mean, uniform.
        style: The reader's theme.
        selected: Index of the token that is open on the page.

    Returns:
        The figure; the first of customdata is a token's index.
    """
    palette = style.palette
    shown = _shown_places(surprisal_nats)
    width = mean_width(len(surprisal_nats))
    mean = moving_mean(surprisal_nats, width)
    along = np.unique(np.linspace(0, len(mean) - 1, min(len(mean), 800)).astype(np.int64))
    along = along[np.isfinite(mean[along])]
    highest = max(float(np.nanmax(surprisal_nats, initial=0.0)), uniform_nats) * 1.08
    uniform = words["uniform"].format(uniform=f"{uniform_nats:.4f}")
    chosen = [selected] if 0 <= selected < len(pieces) and np.isfinite(surprisal_nats[selected]) else []
    line, name = reference(style, uniform, y=uniform_nats, kind="uniform")
    mean_name = note(
        words["mean"].format(width=width), palette.mean, style.size(13),
        x=0, xref="paper", xanchor="left", y=1, yref="paper", yanchor="bottom",
    )  # fmt: skip
    dots = go.Scatter(
        x=shown + 1,
        y=surprisal_nats[shown],
        mode="markers",
        marker={"size": 5, "color": palette.target, "opacity": 0.5 if len(shown) > 300 else 0.8},
        customdata=[[int(place), label(pieces[place])] for place in shown],
        hovertemplate=words["hover"] + "<extra></extra>",
    )
    curve = go.Scatter(
        x=along + 1,
        y=mean[along],
        mode="lines",
        line={"color": palette.mean, "width": 2.5},
        customdata=[[int(place)] for place in along],
        hovertemplate=words["hover_mean"] + "<extra></extra>",
    )
    opened = go.Scatter(
        x=[place + 1 for place in chosen],
        y=[surprisal_nats[place] for place in chosen],
        mode="markers",
        marker={"size": 14, "color": palette.target, "line": {"color": palette.text, "width": 2}},
        hoverinfo="skip",
        cliponaxis=False,
    )
    return new_figure(
        style,
        [dots, curve, opened],
        height=300,
        margin=room_above(style),
        xaxis={
            "title": {"text": words["x"]},
            "range": [0.5 - len(pieces) * 0.01, len(pieces) * 1.01 + 0.5],
            "tickformat": ",d",
            "showgrid": False,
        },
        yaxis={"title": {"text": words["y"]}, "range": [0, highest]},
        shapes=[line],
        annotations=[mean_name, name],
    )


def rank_histogram(rank: Ids, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """How many tokens have rank 1, up to 10, 100, 1,000, and beyond.

    Args:
        rank: (n,) ranks of the scored tokens, from 1.
        words: x, y, above, hover.
        style: The reader's theme; the bars have the colours of the running text.

    Returns:
        The figure; its five bars are the counts of `rank_counts`.
    """
    palette = style.palette
    counts = rank_counts(rank)
    total = max(int(counts.sum()), 1)
    names = level_names("rank", 0.0, words["above"])
    colours = [palette.paper if colour == "transparent" else colour for colour, _ in palette.surprise_levels]
    bars = go.Bar(
        x=names,
        y=counts,
        marker={"color": colours, "line": {"color": palette.muted, "width": 1.5}},
        text=[f"{count:,}<br>{100 * count / total:.1f}%" for count in counts.tolist()],
        textposition="outside",
        textfont={"size": style.size(13), "color": palette.text},
        hovertemplate=words["hover"] + "<extra></extra>",
        cliponaxis=False,
    )
    return new_figure(
        style,
        [bars],
        height=300,
        margin=room_above(style, 34),
        xaxis={"title": {"text": words["x"]}, "type": "category", "tickangle": 0, "showgrid": False},
        yaxis={
            "title": {"text": words["y"]},
            "range": [0, int(counts.max(initial=1)) * 1.25],
            "tickformat": ",d",
        },
    )


def strides(
    stride: Sequence[int],
    perplexity: Sequence[float],
    seconds: Sequence[float],
    words: Mapping[str, str],
    style: Style = DESK,
) -> go.Figure:
    """Perplexity and time of the same text at several strides, the two side by side on one axis of strides.

    Args:
        stride: The strides, ascending.
        perplexity: The perplexity of each.
        seconds: How long each took.
        words: x, y, seconds, hover, hover_seconds.
        style: The reader's theme.
    """
    palette = style.palette
    places = [f"{amount:,}" for amount in stride]
    axis = {"title": {"text": words["x"]}, "type": "category", "showgrid": False}
    line = go.Scatter(
        x=places,
        y=list(perplexity),
        mode="lines+markers+text",
        line={"color": palette.target, "width": 2.5},
        marker={"size": 11, "color": palette.target},
        text=[number_format.perplexity(value) for value in perplexity],
        textposition="top center",
        textfont={"color": palette.target, "size": style.size(13)},
        hovertemplate=words["hover"] + "<extra></extra>",
        cliponaxis=False,
    )
    bars = go.Bar(
        x=places,
        y=list(seconds),
        xaxis="x2",
        yaxis="y2",
        marker={"color": palette.muted},
        text=[f"{value:,.2g} s" for value in seconds],
        textposition="outside",
        textfont={"size": style.size(13), "color": palette.text},
        hovertemplate=words["hover_seconds"] + "<extra></extra>",
        cliponaxis=False,
    )
    return new_figure(
        style,
        [line, bars],
        height=300,
        margin=room_above(style, 30),
        xaxis=axis | {"domain": [0, 0.46]},
        xaxis2=axis | {"domain": [0.56, 1], "anchor": "y2"},
        yaxis={"title": {"text": words["y"]}, "range": _padded(perplexity), "tickformat": ",.4~g"},
        yaxis2={
            "title": {"text": words["seconds"]},
            "range": [0, max(seconds, default=1.0) * 1.25 or 1.0],
            "anchor": "x2",
        },
    )


def _shown_places(surprisal_nats: Floats) -> Ids:
    """The places of the dots: every scored token, or the lowest and the highest of each stretch of a long text."""
    scored = np.flatnonzero(np.isfinite(surprisal_nats))
    if len(scored) <= MAX_DOTS:
        return scored
    stretches = np.array_split(scored, MAX_DOTS // 2)
    extremes = [part[[surprisal_nats[part].argmin(), surprisal_nats[part].argmax()]] for part in stretches]
    return np.unique(np.concatenate(extremes))


def _padded(values: Sequence[float]) -> list[float]:
    """An axis range with room above for what is written at the points."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = (high - low) or abs(high) * 0.1 or 1.0
    return [low - 0.25 * room, high + 0.35 * room]
