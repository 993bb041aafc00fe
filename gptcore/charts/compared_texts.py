"""Inputs side by side: how hard each is, and from which tokens the difference between two comes."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import Part, decades, reference, room_above
from gptcore.charts.theme import DESK, MONO, Style, halo, label, new_figure
from gptcore.results.comparison import ExampleRecord
from gptcore.results.report import Floats

MOST_STEPS = 24
"""A waterfall has so many steps at most; the smallest of more are one step together."""


_HIGHEST = 1e300  # where an axis ends for a perplexity that exceeds a float


def text_losses(
    records: Sequence[ExampleRecord], words: Mapping[str, str], style: Style = DESK, *, per_byte: bool = False
) -> go.Figure:
    """Each text's perplexity on a log axis, with V; or its bits per byte, which compare across languages.

    Args:
        records: A text each.
        words: axis, axis_bytes, uniform, row (with {number}), hover.
        style: How it is drawn.
        per_byte: Whether bits per byte are drawn.
    """
    values = [record.bits_per_byte if per_byte else record.report.perplexity for record in records]
    start = 0.0 if per_byte else min(1.0, *values)
    names = [words["row"].format(number=record.example + 1) for record in records]
    figure: Part = {
        "data": _text_traces(records, values, names, start, words["hover"], style, per_byte),
        "height": 70 + 46 * len(records),
        "projected": 110 + 40 * len(records),  # its type needs more room below the axis
        "yaxis": {
            "tickmode": "array",
            "tickvals": list(range(len(records))),
            "ticktext": names,
            "range": [len(records) - 0.5, -0.75],
            "showgrid": False,
        },
    }
    if per_byte:
        axis = {"range": [0, max(values) * 1.12], "title": {"text": words["axis_bytes"]}}
        return new_figure(style, xaxis=axis, **figure)
    vocabulary = records[0].report.vocab_size
    highest = math.log10(max(vocabulary, *(min(value, _HIGHEST) for value in values)))
    uniform = words["uniform"].format(vocabulary=number_format.count(vocabulary))
    line, name = reference(style, uniform, x=float(vocabulary), kind="uniform", log=True, below=True)
    return new_figure(
        style,
        xaxis={
            "type": "log",
            "range": [math.log10(start) - 0.02, highest + 0.25],
            "dtick": decades(highest - math.log10(start)),
            "tickformat": ",",
            "title": {"text": words["axis"]},
        },
        shapes=[line],
        annotations=[name | {"xanchor": "right"}],
        margin=room_above(style),
        **figure,
    )


def _text_traces(
    records: Sequence[ExampleRecord],
    values: Sequence[float],
    names: Sequence[str],
    start: float,
    hover: str,
    style: Style,
    per_byte: bool,
) -> list[go.Scatter]:
    """A line a text from the axis' start to its diamond."""
    palette, places = style.palette, list(range(len(records)))
    along = [part for value in values for part in (start, value, None)]
    across = [part for place in places for part in (place, place, None)]
    written = [number_format.bits_per_byte(value) if per_byte else number_format.perplexity(value) for value in values]
    return [
        go.Scatter(x=along, y=across, mode="lines", line={"color": palette.grid, "width": 3}, hoverinfo="skip"),
        go.Scatter(
            x=values,
            y=places,
            mode="markers+text",
            marker={
                "size": 14,
                "symbol": "diamond",
                "color": [palette.series[n % len(palette.series)] for n in places],
            },
            text=[f"<b>{amount}</b>" for amount in written],
            textposition="top left",
            textfont={"size": style.size(13), "color": palette.text, "shadow": halo(palette.paper)},
            customdata=[
                [
                    name,
                    record.report.positions,
                    number_format.nats(record.report.cross_entropy),
                    number_format.perplexity_at(record.report.cross_entropy),
                    number_format.bits_per_byte(record.bits_per_byte),
                ]
                for name, record in zip(names, records, strict=True)
            ],
            hovertemplate=hover + "<extra></extra>",
            cliponaxis=False,
        ),
    ]


def difference_waterfall(
    first: ExampleRecord,
    second: ExampleRecord,
    rows: pd.DataFrame,
    words: Mapping[str, str],
    style: Style = DESK,
    *,
    names: tuple[str, str] | None = None,
) -> go.Figure:
    """From one text's summed ln p to the other's, a step an aligned position; steps to the left are a bigger surprise.

    Args:
        first: Where the steps begin.
        second: Where they end.
        rows: gptcore.results.aligned_rows of the two reports.
        words: axis, total (with {number}; not where there are names), others (with {count}), hover.
        style: How it is drawn.
        names: Of the two, where they are told apart otherwise than by number.
    """
    begin, end = names or [words["total"].format(number=record.example + 1) for record in (first, second)]
    steps = _steps(rows, words)
    changes = np.array([change for _, _, change in steps])
    ends = first.total_log_probability + np.cumsum(changes)
    starts = np.concatenate([[first.total_log_probability], ends[:-1]])
    low, high = float(min(starts.min(), ends.min())), float(max(starts.max(), ends.max()))
    air = max(0.46 * (high - low), 0.05)  # room for the numbers, on a phone too
    return new_figure(
        style,
        [
            _step_links(starts, ends, style),
            _step_bars(steps, starts, words["hover"], style),
            _totals(first, second, len(steps), style),
        ],
        height=110 + 32 * (len(steps) + 2),
        xaxis={"range": [low - air, high + air], "title": {"text": words["axis"]}, "nticks": 6},
        yaxis={
            "tickmode": "array",
            "tickvals": list(range(len(steps) + 2)),
            "ticktext": [f"<b>{_broken(begin)}</b>", *(name for name, _, _ in steps), f"<b>{_broken(end)}</b>"],
            "tickfont": {"family": MONO, "size": style.size(12), "color": style.palette.text},
            "range": [len(steps) + 1.6, -0.6],
            "showgrid": False,
        },
    )


def _step_links(starts: Floats, ends: Floats, style: Style) -> go.Scatter:
    """From each step's end down to the next one's start."""
    count = len(starts) + 1
    gap = np.full(count, np.nan)
    return go.Scatter(
        x=np.column_stack([np.append(starts, ends[-1:])] * 2 + [gap]).ravel(),
        y=np.column_stack([np.arange(count), np.arange(1, count + 1), gap]).ravel(),
        mode="lines",
        line={"color": style.palette.muted, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )


def _step_bars(steps: Sequence[tuple[str, str, float]], starts: Floats, hover: str, style: Style) -> go.Bar:
    """A bar a step: filled to the right, hatched to the left."""
    palette = style.palette
    changes = np.array([change for _, _, change in steps])
    return go.Bar(
        x=changes,
        base=starts,
        y=list(range(1, len(steps) + 1)),
        orientation="h",
        width=0.62,
        marker={
            "color": np.where(changes >= 0, palette.gain, palette.loss),
            "pattern": {
                "shape": np.where(changes >= 0, "", "/").tolist(),
                "fillmode": "overlay",
                "fgcolor": palette.paper,
                "size": 6,
            },
        },
        text=[f" {number_format.signed_nats(change)} " for change in changes],
        textposition="outside",
        textfont={"size": style.size(12), "color": palette.text},
        customdata=[[name, detail, number_format.signed_nats(change)] for name, detail, change in steps],
        hovertemplate=hover + "<extra></extra>",
        cliponaxis=False,
    )


def _totals(first: ExampleRecord, second: ExampleRecord, steps: int, style: Style) -> go.Scatter:
    """Both texts' sums, above and below the steps."""
    palette = style.palette
    totals = [first.total_log_probability, second.total_log_probability]
    return go.Scatter(
        x=totals,
        y=[0, steps + 1],
        mode="markers+text",
        marker={
            "symbol": "diamond",
            "size": 14,
            "color": [palette.series[first.example % 8], palette.series[second.example % 8]],
        },
        text=[f"  <b>{number_format.nats(total)}</b>  " for total in totals],
        textposition=["middle right" if total == min(totals) else "middle left" for total in totals],
        textfont={"size": style.size(13), "color": palette.text},
        hoverinfo="skip",
        cliponaxis=False,
    )


def _broken(name: str) -> str:
    """A name beside an axis, a line a part."""
    return re.sub(r" ?([(（])", r"<br>\1", html.escape(name)) if len(name) > 14 else html.escape(name)


def _steps(rows: pd.DataFrame, words: Mapping[str, str]) -> list[tuple[str, str, float]]:
    """(name, both log-probabilities in words, change) of each step, in reading order."""
    changes = rows["change"].to_numpy(dtype=np.float64)
    sizes = np.abs(changes)
    least = np.sort(sizes)[-(MOST_STEPS - 1)] if len(sizes) > MOST_STEPS else 0.0
    columns = ("first_piece", "second_piece", "first_log_probability", "second_log_probability")
    steps = [
        (_step_name(first, second), f"{_or_dash(before)} → {_or_dash(after)}", float(change))
        for first, second, before, after, change in zip(
            *(rows[name].tolist() for name in columns), changes, strict=True
        )
        if abs(change) >= least
    ]
    others = changes[sizes < least]
    if len(others):
        steps.append((html.escape(words["others"].format(count=len(others))), "", float(others.sum())))
    return steps


def _or_dash(amount: float) -> str:
    return "–" if math.isnan(amount) else number_format.nats(amount)


def _step_name(first: str, second: str) -> str:
    if not first:
        return f"+ {label(second, 12)}"
    if not second:
        return f"− {label(first, 12)}"
    return label(first, 14) if first == second else f"{label(first, 10)} → {label(second, 10)}"
