"""Charts with a row, or for long texts a column, a scored position: target probabilities, log-probabilities."""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import Part, band, decades, note, reference, room_above
from gptcore.charts.theme import DESK, MONO, Style, halo, label, new_figure
from gptcore.results.report import Floats, Report

MOST_ROWS = 24
"""Up to so many positions each has a row of its own, with its token written out; more become columns."""

_ROW = 32
_NEAR = 3.0  # so close to the line of uniform guessing, a number over its dot would be struck through
_NEAR_SHARE = 0.07  # of the axis: half as long as a number is
_FAR_RIGHT = 0.75
_GAP = 0.45  # between examples, in rows


def target_probabilities(
    report: Report, words: Mapping[str, str], style: Style = DESK, *, selected: int | None = None
) -> go.Figure:
    """Each target's probability as its distance from uniform guessing, on a log axis, with the model's top prediction.

    Args:
        report: What is drawn.
        words: axis, uniform, own_choice, hover (fields of customdata), from the texts.
        style: How it is drawn.
        selected: Index of the position to highlight.
    """
    rows = report.positions <= MOST_ROWS
    places = _places(report)
    uniform = 1.0 / report.vocab_size
    p = report.target_probability.astype(np.float64)
    p = np.where(
        p > 0, p, np.exp(np.maximum(report.log_probability.astype(np.float64), -700.0))
    )  # float32 ends at e^−103
    line, name = reference(
        style,
        words["uniform"].format(p=number_format.probability(uniform)),
        x=uniform if rows else None,
        y=None if rows else uniform,
        kind="uniform",
        log=True,
        below=True,
    )
    choices = _choice_names(report, places, style) if rows else []
    axis = _log_axis(report, p, rows, style)
    low, high = axis["range"]
    if rows and (math.log10(uniform) - low) / (high - low) > _FAR_RIGHT:
        name["xanchor"] = "right"  # beside the chart it would be cut off
    return new_figure(
        style,
        _probability_traces(report, p, places, words["hover"], style, high - low),
        height=_height(report, rows),
        projected=_height(report, rows, row=38) if rows else None,  # a number in large type above each row
        **_axes(rows, axis | {"title": {"text": words["axis"]}}, report, places),
        shapes=[line, *highlighted(report, selected, style)],
        annotations=[name, *choices],
        margin=(room_above(style) if rows else {}) | _room_for(choices, style),
    )


def _probability_traces(
    report: Report, p: Floats, places: list[float], hover: str, style: Style, span: float
) -> list[go.Scatter]:
    """Stems from uniform guessing, the model's top predictions, and the targets.

    Args:
        report: What is drawn.
        p: The targets' probabilities.
        places: Where each position stands.
        hover: What is said on pointing.
        style: How it is drawn.
        span: How many powers of ten the axis holds.
    """
    rows, palette, uniform = report.positions <= MOST_ROWS, style.palette, 1.0 / report.vocab_size
    between = [part for value in p for part in (uniform, value, None)]
    along = [part for place in places for part in (place, place, None)]
    stem = {"color": palette.target, "width": 3 if rows else 1}
    diamond = {"symbol": "diamond-open", "size": 11 if rows else 6, "color": palette.top_prediction}
    told: dict[str, Any] = {
        "customdata": _customdata(report),
        "hovertemplate": hover + "<extra></extra>",
        "cliponaxis": False,
    }
    return [
        _scatter(rows, along, between, mode="lines", line=stem, hoverinfo="skip"),
        _scatter(
            rows,
            places,
            report.predicted_probability,
            mode="markers",
            marker=diamond | {"line": {"width": 2 if rows else 1}},
            **told,
        ),
        _scatter(
            rows,
            places,
            p,
            mode="markers+text" if rows else "markers",
            marker={"size": 13 if rows else 5, "color": palette.target},
            text=_written(report) if rows else None,
            textposition=[_clear_of_the_line(value / uniform, span) for value in p],
            textfont={"size": style.size(11), "color": palette.text, "shadow": halo(palette.paper)},
            **told,
        ),
    ]


def _written(report: Report) -> list[str]:
    """Each target's probability in digits."""
    pairs = zip(report.target_probability.tolist(), report.log_probability.tolist(), strict=True)
    return [number_format.probability(p, ln) for p, ln in pairs]


def _log_axis(report: Report, p: Floats, rows: bool, style: Style) -> Part:
    """A log axis that holds all probabilities and uniform guessing, with some air."""
    uniform = 1.0 / report.vocab_size
    low, high = min(p.min(), uniform), max(p.max(), report.predicted_probability.max(), uniform)
    air = (0.14 if rows else 0.08) * (math.log10(high) - math.log10(low)) + 0.05
    limits = [math.log10(low) - air, min(math.log10(high) + air, 0.25)]
    dtick = decades(limits[1] - limits[0], 7)
    return {"type": "log", "range": limits, "exponentformat": style.exponent, "dtick": dtick}


def _clear_of_the_line(ratio: float, span: float) -> str:
    """Where a probability is written, by how many times uniform guessing it is: never across that line."""
    near = max(_NEAR, 10.0 ** (_NEAR_SHARE * span))
    if not 1 / near < ratio < near:
        return "top center"
    return "top right" if ratio >= 1 else "top left"


def log_probabilities(
    report: Report, words: Mapping[str, str], style: Style = DESK, *, selected: int | None = None
) -> go.Figure:
    """Each target's log-probability as a bar down from 0 = certain, and their mean.

    Args:
        report: What is drawn.
        words: axis, mean (with {mean}), hover.
        style: How it is drawn.
        selected: Index of the position to highlight.
    """
    rows = report.positions <= MOST_ROWS
    places = _places(report)
    values = report.log_probability
    bars: dict[str, Any] = {
        "marker": {"color": style.palette.target},
        "customdata": _customdata(report),
        "hovertemplate": words["hover"] + "<extra></extra>",
    }
    if rows:
        bars |= {
            "x": values,
            "y": places,
            "orientation": "h",
            "width": 0.62,
            "text": [number_format.nats(float(value)) for value in values],
            "textposition": "auto",
            "insidetextanchor": "start",
            "textfont": {"family": MONO, "size": style.size(13)},
            "insidetextfont": {"color": style.palette.paper},
            "outsidetextfont": {"color": style.palette.text},
        }
    else:
        bars |= {"x": places, "y": values}
    line, name = reference(
        style,
        words["mean"].format(mean=number_format.nats(report.mean_log_probability)),
        x=report.mean_log_probability if rows else None,
        y=None if rows else report.mean_log_probability,
        kind="mean",
    )
    lowest = float(min(values.min(), -1e-3)) * 1.04
    return new_figure(
        style,
        [go.Bar(**bars)],
        height=_height(report, rows),
        projected=_height(report, rows, row=38) if rows else None,  # a number in large type above each row
        **_axes(rows, {"title": {"text": words["axis"]}, "range": [lowest, 0]}, report, places),
        shapes=[line, *highlighted(report, selected, style)],
        annotations=[name],
        margin=room_above(style) if rows else {},
    )


def _customdata(report: Report) -> list[list[object]]:
    """0 index, 1 target, 2 its id, 3 p, 4 ln p, 5 rank, 6 top prediction, 7 its p, 8 one in, 9 share of the loss."""
    share, written = report.share_of_loss, _written(report)
    return [
        [
            n,
            label(report.target_piece[n]),
            int(report.target_token_id[n]),
            written[n],
            number_format.nats(float(report.log_probability[n])),
            number_format.count(int(report.rank[n])),
            label(report.predicted_piece[n]),
            number_format.probability(float(report.predicted_probability[n])),
            number_format.one_in(float(report.surprisal_nats[n])),
            number_format.percent(float(share[n])),
        ]
        for n in range(report.positions)
    ]


def _scatter(rows: bool, along: object, amount: object, **options: object) -> go.Scatter:
    return go.Scatter(x=amount, y=along, **options) if rows else go.Scatter(x=along, y=amount, **options)


def _places(report: Report) -> list[float]:
    """Where each position stands along its axis: one apart, a little more between examples."""
    return [n + _GAP * int(example) for n, example in enumerate(report.example)]


def _height(report: Report, rows: bool, row: int = _ROW) -> int:
    if not rows:
        return 300
    return 70 + round(row * (max(report.positions, 2) + _GAP * int(report.example.max())))


def _axes(rows: bool, amount: Part, report: Report, places: list[float]) -> dict[str, Any]:
    """The axis of the amounts, and the one that names the positions, where each has a row."""
    if not rows:
        return {"xaxis": {"showgrid": False}, "yaxis": amount}
    names = {
        "tickmode": "array",
        "tickvals": places,
        "ticktext": [f"<b>{label(piece)}</b>" for piece in report.target_piece],
        "range": [places[-1] + 0.6, -0.85],
        "showgrid": False,
    }
    return {"xaxis": amount, "yaxis": names}


def _choice_names(report: Report, places: list[float], style: Style) -> list[Part]:
    """The model's top predictions at the right, where there is room for them whatever the window's width."""
    beside = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 4}
    colour, size = style.palette.top_prediction, style.size(12)
    return [
        note(label(piece, 12), colour, size, y=place, **beside)
        for piece, place in zip(report.predicted_piece, places, strict=True)
    ]


def _room_for(names: list[Part], style: Style) -> Part:
    """A margin at the right for what is written there."""
    if not names:
        return {}
    return {"r": 8 + style.size(12) * max(_width(html.unescape(name["text"])) for name in names)}


def _width(text: str) -> float:
    """About how wide a label is, in its letters' size."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.6 for letter in text)


def highlighted(report: Report, selected: int | None, style: Style) -> list[Part]:
    """A band behind the chosen position's row: a shape for either of a report's charts, where they have rows."""
    if selected is None or report.positions > MOST_ROWS:
        return []
    middle = _places(report)[selected]
    return [band(style.palette.target, 0.1, y0=middle - 0.48, y1=middle + 0.48, layer="below")]
