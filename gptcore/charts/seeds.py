"""Many seeds on one input: the distribution of their losses, against ln V and their mean."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import Part, band, note, room_above, upright
from gptcore.charts.theme import DESK, Style, new_figure
from gptcore.results.report import Floats, perplexity_of
from gptcore.results.seeds import SeedTable

MOST_DOTS = 400
"""Up to so many seeds are a dot each; more are counted in bars."""
_HEIGHT = 300
_ACROSS = 680  # pixels that the dots' sizes are made for; a narrower chart lets them overlap


def seed_losses(
    table: SeedTable, words: Mapping[str, str], style: Style = DESK, *, perplexity: bool = False, chosen: int = -1
) -> go.Figure:
    """Where the seeds' losses lie, with ln V and the mean ± its standard error.

    Args:
        table: What is drawn.
        words: axis, axis_perplexity, uniform, uniform_perplexity, mean, mean_perplexity, seed, count, hover_dot,
            hover_bar.
        style: How it is drawn.
        perplexity: Exp of everything, on a log axis: the picture stays, the numbers change.
        chosen: A seed that is marked; -1 for none.
    """
    summary = table.summary()
    dots = len(table.seeds) <= MOST_DOTS
    trace, yaxis, marked = (
        _dots(table, words, style, perplexity, chosen) if dots else _bars(table, words, style, perplexity)
    )
    lines, names = _lines(table, words, style, perplexity)
    bands = []
    if not math.isnan(summary.standard_error):
        ends = [_shown(summary.mean + sign * summary.standard_error, perplexity) for sign in (-1, 1)]
        bands = [band(style.palette.mean, 0.16, x0=ends[0], x1=ends[1], layer="below")]
    low, high = _limits(table)
    return new_figure(
        style,
        [trace],
        height=_HEIGHT,
        xaxis={
            "range": [_place(low, perplexity), _place(high, perplexity)],
            "type": "log" if perplexity else "linear",
            "title": {"text": words["axis_perplexity" if perplexity else "axis"]},
            "tickmode": "array",
            "tickvals": _ticks(_shown(low, perplexity), _shown(high, perplexity)),
            "tickformat": ",~r" if perplexity else "~r",
            "tickangle": 0,
        },
        yaxis=yaxis,
        shapes=[*bands, *lines],
        annotations=[*marked, *names],
        margin=room_above(style, 42),
    )


def _shown(nats: float, perplexity: bool) -> float:
    """A loss as the axis has it."""
    return perplexity_of(nats) if perplexity else nats


def _place(nats: float, perplexity: bool) -> float:
    """Where a loss stands, as ranges and annotations want it: the exponent, on the log axis."""
    return nats / math.log(10) if perplexity else nats


def _lines(table: SeedTable, words: Mapping[str, str], style: Style, perplexity: bool) -> tuple[list[Part], list[Part]]:
    """Ln V and the mean as upright lines, and their names, each on the side where it has room."""
    summary = table.summary()
    low, high = _limits(table)
    lines, names = [], []
    for kind, place, text, dash in (
        ("uniform", summary.uniform, _uniform_words(table, words, perplexity), "dash"),
        ("mean", summary.mean, _mean_words(table, words, perplexity), "solid"),
    ):
        left = place <= (summary.mean if kind == "uniform" else summary.uniform)
        share = (place - low) / (high - low)
        side = "right" if (left and share > 0.2) or share > 0.8 else "left"
        colour = getattr(style.palette, kind)
        lines.append(upright(_shown(place, perplexity), {"color": colour, "width": 2, "dash": dash}))
        where = {"x": _place(place, perplexity), "y": 1.0, "yref": "paper", "yanchor": "bottom"}
        names.append(note(text, colour, style.size(13), align=side, xanchor=side, **where))
    return lines, names


def stacked(values: Floats, apart: float) -> list[int]:
    """How high each of some values, ascending, stands when dots as wide as `apart` are stacked where they meet.

    >>> stacked(np.array([0.0, 0.4, 0.8, 1.2, 5.0]), 1.0)
    [0, 1, 2, 0, 0]
    """
    free: list[tuple[float, int]] = []  # (where a level is free again, level)
    open_levels: list[int] = []
    levels = []
    for value in values:
        while free and free[0][0] <= value:
            heapq.heappush(open_levels, heapq.heappop(free)[1])
        level = heapq.heappop(open_levels) if open_levels else len(free)
        levels.append(level)
        heapq.heappush(free, (value + apart, level))
    return levels


def _dots(
    table: SeedTable, words: Mapping[str, str], style: Style, perplexity: bool, chosen: int
) -> tuple[go.Scatter, Part, list[Part]]:
    """A dot a seed, the y axis, and the name of the chosen one."""
    palette = style.palette
    order = np.argsort(table.cross_entropy, kind="stable")
    losses, seeds = table.cross_entropy[order], table.seeds[order]
    size = 18 if len(losses) <= 60 else 10 if len(losses) <= 200 else 6
    low, high = _limits(table)
    levels = stacked(losses, (size + 1) * (high - low) / _ACROSS)
    below = losses < table.uniform_cross_entropy
    marked = seeds == chosen
    dots = go.Scatter(
        x=np.exp(losses) if perplexity else losses,
        y=levels,
        mode="markers",
        marker={
            "opacity": 1,
            "size": np.where(marked, size + 4, size),
            "color": np.where(below, palette.gain, palette.muted),
            "symbol": np.where(below, "circle", "circle-open"),
            "line": {
                "color": np.where(marked, palette.target, np.where(below, palette.gain, palette.muted)),
                "width": np.where(marked, 4, 2),
            },
        },
        customdata=[
            [int(seed), number_format.nats(loss), number_format.perplexity_at(loss)]
            for seed, loss in zip(seeds.tolist(), losses.tolist(), strict=True)
        ],
        hovertemplate=words["hover_dot"] + "<extra></extra>",
        cliponaxis=False,
    )
    rows = (_HEIGHT - 130) / (size + 1)  # levels that fit while the dots just touch
    names = [
        {
            "x": losses[at] / math.log(10) if perplexity else losses[at],
            "y": levels[at],
            "text": words["seed"].format(seed=chosen),
            "ay": -26,
            "ax": 0,
            "arrowwidth": 1,
            "arrowhead": 0,
            "arrowcolor": palette.target,
            "font": {"color": palette.target, "size": style.size(13)},
            "bgcolor": palette.paper,
        }
        for at in np.flatnonzero(marked)[:1]
    ]
    return dots, {"visible": False, "range": [-0.8, max(rows, max(levels) + 1)]}, names


def _bars(
    table: SeedTable, words: Mapping[str, str], style: Style, perplexity: bool
) -> tuple[go.Bar, Part, list[Part]]:
    """How many seeds lie where, with an edge at ln V, and the y axis; no seed has a name here."""
    palette = style.palette
    low, high = _limits(table)
    uniform = table.uniform_cross_entropy
    width = (high - low) / 60
    edges = np.arange(uniform - math.ceil((uniform - low) / width) * width, high + width, width)
    counts, edges = np.histogram(table.cross_entropy, edges)
    middles = (edges[:-1] + edges[1:]) / 2
    bars = go.Bar(
        x=np.exp(middles) if perplexity else middles,
        y=counts,
        width=np.diff(np.exp(edges)) if perplexity else width,
        marker={
            "color": np.where(middles < uniform, palette.gain, palette.muted),
            "line": {"width": 1, "color": palette.paper},
        },
        customdata=[[number_format.nats(a), number_format.nats(b)] for a, b in pairwise(edges.tolist())],
        hovertemplate=words["hover_bar"] + "<extra></extra>",
    )
    return bars, {"title": {"text": words["count"]}}, []


def _limits(table: SeedTable) -> tuple[float, float]:
    """From where to where the axis goes, in nats: all seeds and ln V with some air."""
    values = np.append(table.cross_entropy, table.uniform_cross_entropy)
    low, high = float(values.min()), float(values.max())
    air = 0.06 * (high - low) + 0.02
    return low - air, high + air


def _ticks(low: float, high: float) -> list[float]:
    """A few round numbers from low to high; powers of ten where there are several.

    >>> _ticks(10.2, 11.5), _ticks(30_000.0, 110_000.0), _ticks(3.0, 2e4)
    ([10.5, 11.0, 11.5], [40000.0, 60000.0, 80000.0, 100000.0], [10.0, 100.0, 1000.0, 10000.0])
    """
    if low > 0 and high / low > 200:
        return [10.0**power for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]
    power = 10.0 ** math.floor(math.log10(high - low))
    step = next(step for step in (power * part for part in (0.2, 0.5, 1.0, 2.0)) if (high - low) / step <= 6.4)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{step * number:.10g}") for number in range(first, last + 1)]


def _uniform_words(table: SeedTable, words: Mapping[str, str], perplexity: bool) -> str:
    vocabulary = number_format.count(table.vocab_size)
    if perplexity:
        return words["uniform_perplexity"].format(vocabulary=vocabulary)
    return words["uniform"].format(vocabulary=vocabulary, uniform=number_format.nats(table.uniform_cross_entropy))


def _mean_words(table: SeedTable, words: Mapping[str, str], perplexity: bool) -> str:
    summary = table.summary()
    if perplexity:
        return words["mean_perplexity"].format(perplexity=number_format.perplexity_at(summary.mean))
    error = "" if math.isnan(summary.standard_error) else f" ± {number_format.nats(summary.standard_error)}"
    return words["mean"].format(mean=number_format.nats(summary.mean) + error)
