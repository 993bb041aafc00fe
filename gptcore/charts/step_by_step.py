"""Charts of single steps: a ranking's whole curve, the log, the mean as a balance, the change of sign."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.balance_parts import arms, stacked, weights
from gptcore.charts.marks import Part, across, curve, decades, note, reference, room_above, upright
from gptcore.charts.theme import DESK, Style, label, new_figure
from gptcore.results.report import Floats
from gptcore.results.steps import Steps

MOST_ARMS = 10
"""Up to so many positions the balance has an arm for each, with its token; more are dots on the beam."""


def ranking(steps: Steps, kind: str, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Every token's logit or probability, largest first: a line a position, its target on it.

    Args:
        steps: What is drawn.
        kind: "logits" or "probabilities" (log axis, with uniform guessing).
        words: x, y, hover, uniform.
        style: How it is drawn.
    """
    palette = style.palette
    yaxis: Part = {"title": {"text": words["y"]}}
    shapes, notes = [], []
    if kind == "probabilities":
        drawn = steps.curve_probabilities[steps.curve_probabilities > 0]
        span = math.log10(float(drawn.max())) - math.log10(float(drawn.min()))
        yaxis |= {"type": "log", "dtick": decades(span), "exponentformat": style.exponent, "showexponent": "all"}
        uniform = 1 / steps.vocab_size
        text = words["uniform"].format(p=number_format.probability(uniform))
        if style.smallest:  # beside the table, in large type
            text = re.sub("[,，] ?", r"\g<0><br>", text, count=1)
        shapes = [across(uniform, {"color": palette.uniform, "width": 2, "dash": "dash"})]
        place = {
            "x": 0.02,
            "xref": "paper",
            "xanchor": "left",
            "align": "left",
            "y": math.log10(uniform),
            "yanchor": "top",
        }
        notes = [note(text, palette.uniform, style.size(12), **place)]
    return new_figure(
        style,
        _ranking_traces(steps, kind, words["hover"], style),
        height=300,
        xaxis={
            "type": "log",
            "title": {"text": words["x"]},
            "dtick": 2 if style.smallest else 1,
            "tickformat": ",d",
            "showgrid": False,
        },
        yaxis=yaxis,
        shapes=shapes,
        annotations=notes,
    )


def _ranking_traces(steps: Steps, kind: str, hover: str, style: Style) -> list[go.Scatter]:
    """A line a position, then the model's top predictions, then the targets."""
    palette = style.palette
    whole = steps.curve_logits if kind == "logits" else steps.curve_probabilities
    target = steps.target_logit if kind == "logits" else steps.target_probability[: steps.shown]
    lines = [
        go.Scatter(
            x=steps.curve_rank,
            y=whole[row],
            mode="lines",
            line={"color": palette.muted, "width": 2.5 if row == 0 else 1},
            opacity=1 if row == 0 else 0.55,
            name=label(steps.prompt_piece[row]),
            hovertemplate=hover + "<extra>%{fullData.name}</extra>",
        )
        for row in range(steps.shown)
    ]
    marks = [
        go.Scatter(
            x=x,
            y=y,
            mode="markers",
            marker={"size": 10, "color": colour, "symbol": symbol, "line": {"width": 2, "color": colour}},
            customdata=[label(piece) for piece in pieces[: steps.shown]],
            hovertemplate="<b>%{customdata}</b><br>" + hover + "<extra></extra>",
            cliponaxis=False,
        )
        for x, y, colour, symbol, pieces in (
            ([1] * steps.shown, whole[:, 0], palette.top_prediction, "diamond-open", steps.predicted_piece),
            (steps.target_rank, target, palette.target, "circle", steps.target_piece),
        )
    ]
    return [*lines, *marks]


def log_curve(steps: Steps, words: Mapping[str, str], style: Style = DESK, *, close: bool = False) -> go.Figure:
    """P → ln p with each target on the curve: from 0 to 1, or close up where the targets are.

    Args:
        steps: What is drawn.
        words: x, y, hover.
        style: How it is drawn.
        close: Whether the axis ends where the targets do.
    """
    palette = style.palette
    p = steps.target_probability.astype(np.float64)
    logs = np.maximum(steps.log_probability.astype(np.float64), math.log(np.nextafter(0, 1, dtype=np.float32)))
    end = float(p.max()) * 1.12 if close else 1.0
    floor = float(min(logs.min(), -3.0)) * 1.08
    along = np.geomspace(max(math.exp(floor), 1e-300), end, 200)
    certain = go.Scatter(
        x=[1],
        y=[0],
        mode="markers+text",
        marker={"color": palette.muted, "size": 9},
        text=["ln 1 = 0 "],
        textposition="bottom left",
        hoverinfo="skip",
        cliponaxis=False,
    )
    targets = go.Scatter(
        x=p,
        y=logs,
        mode="markers",
        marker={"color": palette.target, "size": 11, "line": {"color": palette.paper, "width": 1}},
        customdata=[label(piece) for piece in steps.target_piece],
        hovertemplate="<b>%{customdata}</b><br>" + words["hover"] + "<extra></extra>",
        cliponaxis=False,
    )
    named = (close or p.max() > 0.05) and steps.positions <= MOST_ARMS
    return new_figure(
        style,
        [curve(along, np.log(along), style), *([] if close else [certain]), targets],
        height=270,
        projected=320,
        xaxis={"title": {"text": words["x"]}, "range": [-0.02 * end, end], "exponentformat": "e", "nticks": 6},
        yaxis={
            "title": {"text": words["y"]},
            "range": [floor, 0.4 if not close else min(0.4, logs.max() + 0.6)],
        },
        **(_point_names(p, logs, steps, floor, end, style) if named else {}),
    )


def _point_names(p: Floats, logs: Floats, steps: Steps, floor: float, end: float, style: Style) -> dict[str, Any]:
    """Names in a column beside the chart, apart from each other, each with a thin line to its point."""
    order = np.argsort(-logs)
    places = spread([float(logs[n]) for n in order], (min(0.4, float(logs.max()) + 0.6) - floor) / 13)
    colour = style.palette.target
    pointer = {"color": colour, "width": 1, "dash": "dot"}
    beside = {"x": 1, "xref": "paper", "xanchor": "left"}
    shapes, names = [], []
    for n, place in zip(order, places, strict=True):
        text = f" <b>{label(steps.target_piece[n], 12)}</b> {number_format.nats(float(logs[n]))}"
        names.append(note(text, colour, style.size(12), y=place, **beside))
        ends = {"x0": float(p[n]), "y0": float(logs[n]), "x1": end, "y1": place}
        shapes.append({"type": "line", "line": pointer, "layer": "below", **ends})
    longest = max(len(label(piece, 12)) for piece in steps.target_piece)
    return {"shapes": shapes, "annotations": names, "margin": {"r": round(style.size(7.2 * (longest + 9)))}}


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Places in falling order moved as little as needed to lie `gap` apart.

    >>> spread([-1.0, -1.1, -3.0], 0.5)
    [-0.8, -1.3, -3.0]
    """
    groups: list[list[float]] = []  # mean place, members
    for place in places:
        groups.append([place, 1.0])
        while len(groups) > 1 and groups[-2][0] - groups[-1][0] < gap * (groups[-2][1] + groups[-1][1]) / 2:
            (one, many), (other, more) = groups[-2], groups[-1]
            groups[-2:] = [[(one * many + other * more) / (many + more), many + more]]
    return [round(middle + gap * ((n - 1) / 2 - k), 9) for middle, n in groups for k in range(int(n))]


def balance(steps: Steps, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """The mean as the place where the log-probabilities balance: arms to both sides of it, and the beam on its edge.

    Args:
        steps: What is drawn.
        words: axis, mean (with {mean}), hover.
        style: How it is drawn.
    """
    values = steps.log_probability.astype(np.float64)
    values = values[np.isfinite(values)]
    middle = steps.mean_log_probability if math.isfinite(steps.mean_log_probability) else float(values.mean())
    rows = steps.positions if steps.positions <= MOST_ARMS else 0
    span = max(float(np.ptp(values)), 0.2)
    beam = rows + 0.7
    heights = stacked(values, span / 40)
    board = {"x0": values.min() - 0.04 * span, "x1": values.max() + 0.04 * span, "y0": beam, "y1": beam}
    line, name = reference(style, words["mean"].format(mean=number_format.nats(middle)), x=middle, kind="mean")
    room = 0.42 if rows else 0.06
    return new_figure(
        style,
        [
            *(arms(steps, middle, span, words["hover"], style) if rows else []),
            *weights(values, beam, heights, middle, bool(rows), style),
        ],
        height=120 + 36 * max(rows, 3),
        xaxis={
            "title": {"text": words["axis"]},
            "range": [values.min() - room * span, values.max() + room * span],
            "nticks": 8,
        },
        yaxis={
            "range": [beam + 0.75, -0.8 if rows else beam - 0.8 - 0.17 * max(heights)],
            "tickmode": "array",
            "tickvals": list(range(rows)),
            "ticktext": [f"<b>{label(piece)}</b>" for piece in steps.target_piece[:rows]],
            "showgrid": False,
        },
        shapes=[{"type": "line", "line": {"color": style.palette.text, "width": 4}, **board}, line],
        annotations=[name],
        margin=room_above(style),
    )


def negation(mean: float, vocab_size: int, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """The number line on which the mean log-probability is turned over 0 to the loss, with ln V.

    Args:
        mean: In nats.
        vocab_size: V.
        words: mean, loss, uniform, negate.
        style: How it is drawn.
    """
    palette = style.palette
    uniform = math.log(vocab_size)
    finite = mean if math.isfinite(mean) else -2 * uniform
    end = max(-finite, uniform) * 1.6  # room for the names, on a phone too
    angles = np.linspace(math.pi, 0, 60)
    turn = go.Scatter(
        x=-finite * np.cos(angles),
        y=np.sin(angles) * 0.72,
        mode="lines",
        line={"color": palette.mean, "width": 2, "dash": "dot"},
        hoverinfo="skip",
    )
    both = [
        go.Scatter(
            x=[x],
            y=[0],
            mode="markers+text",
            marker={"size": 17, "color": colour, "symbol": symbol},
            text=[
                f"<b>{number_format.nats(mean if x == finite else -mean)}</b><br>{words[name].replace(' ', '<br>', 1)}"
            ],
            textposition="bottom center",
            textfont={"size": style.size(15), "color": colour},
            hoverinfo="skip",
            cliponaxis=False,
        )
        for x, name, colour, symbol in (
            (finite, "mean", palette.mean, "square"),
            (-finite, "loss", palette.target, "diamond"),
        )
    ]
    dashed = {"color": palette.uniform, "width": 2, "dash": "dash"}
    return new_figure(
        style,
        [turn, *both],
        height=250,
        projected=290,
        xaxis={"range": [-end, end], "visible": False},
        yaxis={"range": [-0.9, 1.2], "visible": False},
        shapes=[
            across(0, {"color": palette.muted, "width": 2}) | {"xref": "x", "x0": -end, "x1": end},
            upright(0, {"color": palette.text, "width": 2}) | {"yref": "y", "y0": -0.09, "y1": 0.09},
            upright(uniform, dashed) | {"yref": "y", "y0": 0, "y1": 0.9},
        ],
        annotations=[
            note(words["negate"], palette.mean, style.size(15), x=0, y=0.66, yanchor="top"),
            note("0", palette.text, style.size(15), x=0, y=-0.14, yanchor="top"),
            note(
                words["uniform"], palette.uniform, style.size(13), x=uniform, y=0.92, yanchor="bottom", xanchor="right"
            ),
        ],
    )
