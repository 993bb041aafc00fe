"""Training as it goes: each target's probability, the fall of the perplexity, and where two losses part."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import Part, across, decades, note, reference, room_above, upright
from gptcore.charts.theme import DESK, Style, label, new_figure
from gptcore.results.report import Floats
from gptcore.results.training import StepRecord, TrainingRun, WatchedTargets

MOST_ROWS = 24
"""Up to so many watched targets have a row with their token; more become thin columns."""

_HIGHEST = 1e12  # perplexities beyond are drawn at the edge


def watched_probabilities(run: TrainingRun, index: int, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Each watched target's probability after a step as a bar from 0 to 1, and the model's top prediction beside it.

    Args:
        run: What is drawn.
        index: Which of the run's records.
        words: axis, own_choice (with {piece}), hover.
        style: How it is drawn.
    """
    assert run.watched is not None
    record, watched, palette = run.records[index], run.watched, style.palette
    p = record.target_probability.astype(np.float64)
    bars: dict[str, Any] = {
        "marker": {"color": palette.target},
        "customdata": [
            [label(target), number_format.probability(float(amount)), label(predicted)]
            for target, amount, predicted in zip(watched.target_piece, p, record.predicted_piece, strict=True)
        ],
        "hovertemplate": words["hover"] + "<extra></extra>",
    }
    if len(p) > MOST_ROWS:
        return new_figure(
            style,
            [go.Bar(x=list(range(1, len(p) + 1)), y=p, **bars)],
            height=340,
            xaxis={"showgrid": False},
            yaxis={"range": [0, 1.02], "title": {"text": words["axis"]}},
        )
    gaps = watched.example * 0.45
    places = np.arange(len(p)) + gaps
    bars |= {"orientation": "h", "width": 0.62, "textposition": "outside", "cliponaxis": False}
    bars["text"] = [f" {_short(float(value))} " for value in p]
    bars["textfont"] = {"size": style.size(13), "color": palette.text}
    heading = {"x": 1.3, "y": places[0] - 0.55, "xanchor": "left", "yanchor": "bottom"}
    return new_figure(
        style,
        [go.Bar(x=p, y=places, **bars), _own_choices(record, watched, places, style)],
        height=max(340, 70 + round(36 * (len(p) + float(gaps.max())))),
        xaxis={
            "range": [0, 1.9],
            "tickvals": [0, 0.5, 1],
            "ticktext": ["0", "0.5", "1"],
            "title": {"text": words["axis"], "standoff": 4},
        },
        yaxis={
            "tickmode": "array",
            "tickvals": places,
            "ticktext": [f"<b>{label(piece, 14)}</b>" for piece in watched.target_piece],
            "range": [places[-1] + 0.6, -1.15],
            "showgrid": False,
        },
        annotations=[note(words["own_choice"], palette.uniform, style.size(12), **heading)],
    )


def _own_choices(record: StepRecord, watched: WatchedTargets, places: Floats, style: Style) -> go.Scatter:
    """What the model would say at each place, in a column: with a tick where it is the target."""
    palette = style.palette
    right = record.predicted_token_id == watched.target_token_id
    return go.Scatter(
        x=[1.3] * len(places),
        y=places,
        mode="text",
        text=[
            f"✓ {label(piece, 14)}" if is_right else label(piece, 14)
            for piece, is_right in zip(record.predicted_piece, right, strict=True)
        ],
        textposition="middle right",
        textfont={
            "size": style.size(13),
            "color": [palette.target if is_right else palette.top_prediction for is_right in right],
        },
        hoverinfo="skip",
        cliponaxis=False,
    )


def perplexity_curve(
    run: TrainingRun, index: int, words: Mapping[str, str], style: Style = DESK, *, steps: int | None = None
) -> go.Figure:
    """Perplexity a step on a log axis, cross-entropy along the other side, uniform guessing drawn, one step marked.

    Args:
        run: What is drawn.
        index: Which of the run's records is marked.
        words: axis, loss_axis, step, uniform, at (with {step}, {perplexity}), hover.
        style: How it is drawn.
        steps: Where the step axis ends; the run's own end when it is None.
    """
    palette, records = style.palette, run.records
    values = [min(record.perplexity, _HIGHEST) for record in records]
    last = steps or records[-1].step or 1
    low, high = -0.12, math.log10(max(run.vocab_size, *values)) * 1.06
    curve = go.Scatter(
        x=[record.step for record in records],
        y=values,
        mode="lines+markers" if len(values) <= 60 else "lines",
        line={"color": palette.target, "width": 3},
        marker={"size": 6},
        customdata=[
            [
                number_format.perplexity_at(record.cross_entropy),
                number_format.nats(record.cross_entropy),
            ]
            for record in records
        ],
        hovertemplate=words["hover"] + "<extra></extra>",
    )
    at, perplexity = records[index].step, values[index]
    here = go.Scatter(
        x=[at],
        y=[math.log(perplexity)],
        mode="markers+text",
        marker={"size": 15, "color": palette.paper, "line": {"color": palette.target, "width": 4}},
        text=[f" {words['at'].format(step=at, perplexity=number_format.perplexity_at(records[index].cross_entropy))} "],
        textposition=_beside(at / last, math.log10(perplexity) / high, above=perplexity > run.vocab_size),
        textfont={"size": style.size(15), "color": palette.text},
        hoverinfo="skip",
        cliponaxis=False,
        yaxis="y2",
    )
    uniform = words["uniform"].format(vocabulary=number_format.count(run.vocab_size))
    line, name = reference(style, uniform, kind="uniform", y=run.vocab_size, log=True)
    return new_figure(
        style,
        [curve, here],
        height=340,
        xaxis={"range": [-0.02 * last, last * 1.02], "title": {"text": words["step"]}, "showgrid": False},
        yaxis={
            "type": "log",
            "range": [low, high],
            "title": {"text": words["axis"]},
            "dtick": decades(high - low),
            "tickformat": ",d",
        },
        yaxis2={  # the same height in nats: ln of the left axis
            "type": "linear",
            "range": [low * math.log(10), high * math.log(10)],
            "title": {"text": words["loss_axis"]},
            "dtick": 2 * decades(high - low),
            "tickformat": "d",
            "showgrid": False,
            "overlaying": "y",
            "side": "right",
        },
        shapes=[line],
        annotations=[name | {"yshift": 3}],
        margin=room_above(style, 18),
    )


def two_losses(run: TrainingRun, words: Mapping[str, str], style: Style = DESK, *, steps: int) -> go.Figure:
    """Cross-entropy on the text that is learned and on the one held out, and the step at which they part.

    Args:
        run: What is drawn.
        words: axis, step, training, validation, uniform, parting (with {step}), hover_training, hover_validation.
        style: How it is drawn.
        steps: Where the step axis ends.
    """
    palette, measured = style.palette, run.measured
    curves = (
        ("training", palette.series[6], "circle", "solid", [r.training_cross_entropy or 0.0 for r in measured]),
        ("validation", palette.series[5], "square", "dot", [r.validation_cross_entropy or 0.0 for r in measured]),
    )
    traces = [
        go.Scatter(
            x=[record.step for record in measured],
            y=values,
            name=words[name],
            mode="lines+markers",
            line={"color": colour, "width": 3, "dash": dash},
            marker={"size": 8, "symbol": symbol},
            customdata=[number_format.perplexity_at(value) for value in values],
            hovertemplate=words[f"hover_{name}"] + "<extra></extra>",
        )
        for name, colour, symbol, dash, values in curves
    ]
    uniform = run.uniform_cross_entropy
    shapes = [across(uniform, {"color": palette.uniform, "width": 2, "dash": "dash"})]
    place = {"x": 1.0, "xref": "paper", "xanchor": "right", "y": uniform, "yanchor": "bottom"}
    written = words["uniform"].format(nats=number_format.nats(uniform))
    names = [note(written, palette.uniform, style.size(13), **place)]
    if run.overfitting_onset is not None:
        line, name = _onset(run.overfitting_onset, words, style)
        shapes.append(line)
        names.append(name)
    highest = max([uniform, *(value for *_, values in curves for value in values)])
    return new_figure(
        style,
        traces,
        height=380,
        projected=214,
        xaxis={"range": [-0.02 * steps, steps * 1.02], "title": {"text": words["step"]}, "showgrid": False},
        yaxis={"range": [0, highest * 1.1], "title": {"text": words["axis"]}},
        shapes=shapes,
        annotations=names,
        showlegend=True,
        margin={"t": 34},
    )


def _onset(parting: StepRecord, words: Mapping[str, str], style: Style) -> tuple[Part, Part]:
    """A line where the two losses part, and its name."""
    colour = style.palette.text
    text = f" {words['parting'].format(step=parting.step)}"
    place = {"x": parting.step, "y": 0.06, "yref": "paper", "xanchor": "left"}
    line = {"color": colour, "width": 1.5, "dash": "dashdot"}
    return upright(parting.step, line), note(text, colour, style.size(14), **place)


def _beside(along: float, height: float, *, above: bool) -> str:
    """Where a point's name stands on a falling curve: where neither the curve nor the line of uniform guessing is.

    Args:
        along: How far along the point is, 0 to 1.
        height: How high it is, 0 to 1.
        above: Whether it lies above the line.
    """
    if along < 0.55:
        if above:
            return "top right"
        return "bottom right" if along < 0.08 else "middle right"
    return "bottom left" if height > 0.2 else "top left"


def _short(p: float) -> str:
    """A probability that is watched while it moves: few digits, so that it can be read.

    >>> _short(7.454e-05), _short(0.1869), _short(0.99999)
    ('7.5e-05', '0.187', '1.000')
    """
    return f"{p:.1e}" if p < 1e-3 else f"{p:.3f}"
