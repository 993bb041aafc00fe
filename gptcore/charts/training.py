"""Training as it goes: each target's probability, the fall of the perplexity, and where two losses part."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.theme import DESK, Style, add_reference_line, label, new_figure
from gptcore.results.report import perplexity_of
from gptcore.results.training import StepRecord, TrainingRun

MOST_ROWS = 24
"""Up to so many watched targets have a row with their token; more become thin columns."""

_HIGHEST = 1e12  # perplexities beyond are drawn at the edge


def watched_probabilities(run: TrainingRun, index: int, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Each watched target's probability after a step as a bar from 0 to 1, and the model's own choice beside it.

    Args:
        run: The training to draw.
        index: Which of the run's records.
        words: Texts by name: axis, own_choice (with {piece}), hover.
        style: Colours, fonts and sizes of a theme.
    """
    assert run.watched is not None
    record, watched, palette = run.records[index], run.watched, style.palette
    p = record.target_probability.astype(np.float64)
    N = len(p)
    right = record.predicted_token_id == watched.target_token_id
    customdata = [
        [label(watched.target_piece[n]), number_format.probability(float(p[n])), label(record.predicted_piece[n])]
        for n in range(N)
    ]
    bars: dict[str, Any] = {
        "marker": {"color": palette.target},
        "customdata": customdata,
        "hovertemplate": words["hover"] + "<extra></extra>",
    }
    if N > MOST_ROWS:
        figure = new_figure(style, height=340)
        figure.add_trace(go.Bar(x=list(range(1, N + 1)), y=p, **bars))
        figure.update_yaxes(range=[0, 1.02], title={"text": words["axis"]})
        figure.update_xaxes(showgrid=False)
        return figure
    gaps = watched.example * 0.45
    places = np.arange(N) + gaps
    figure = new_figure(style, height=max(340, 70 + round(36 * (N + float(gaps.max())))))
    figure.add_trace(
        go.Bar(
            x=p,
            y=places,
            orientation="h",
            width=0.62,
            text=[f" {_short(float(value))} " for value in p],
            textposition="outside",
            textfont={"size": style.size(13), "color": palette.text},
            cliponaxis=False,
            **bars,
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[1.3] * N,
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
    )
    figure.add_annotation(
        x=1.3, y=places[0] - 0.55, text=words["own_choice"], showarrow=False, xanchor="left", yanchor="bottom",
        font={"size": style.size(12), "color": palette.uniform},
    )  # fmt: skip
    figure.update_xaxes(
        range=[0, 1.9], tickvals=[0, 0.5, 1], ticktext=["0", "0.5", "1"], title={"text": words["axis"], "standoff": 4}
    )
    figure.update_yaxes(
        tickmode="array",
        tickvals=places,
        ticktext=[f"<b>{label(piece, 14)}</b>" for piece in watched.target_piece],
        range=[places[-1] + 0.6, -1.15],
        showgrid=False,
    )
    return figure


def perplexity_curve(
    run: TrainingRun, index: int, words: Mapping[str, str], style: Style = DESK, *, steps: int | None = None
) -> go.Figure:
    """Perplexity a step on a log axis, cross-entropy along the other side, guessing evenly drawn, one step marked.

    Args:
        run: The training to draw.
        index: Which of the run's records is marked.
        words: Texts by name: axis, loss_axis, step, uniform, at (with {step}, {perplexity}), hover.
        style: Colours, fonts and sizes of a theme.
        steps: Where the step axis ends; the run's own end when it is None.
    """
    figure = new_figure(style, height=340)
    palette = style.palette
    values = [min(record.perplexity, _HIGHEST) for record in run.records]
    last = steps or run.records[-1].step or 1
    low, high = 0.0, math.log10(max(run.vocab_size, *values)) * 1.06
    figure.add_trace(
        go.Scatter(
            x=[record.step for record in run.records],
            y=values,
            mode="lines+markers" if len(values) <= 60 else "lines",
            line={"color": palette.target, "width": 3},
            marker={"size": 6},
            customdata=[
                [number_format.perplexity(record.perplexity), number_format.nats(record.cross_entropy)]
                for record in run.records
            ],
            hovertemplate=words["hover"] + "<extra></extra>",
        )
    )
    here = run.records[index]
    figure.add_trace(
        go.Scatter(
            x=[here.step],
            y=[values[index]],
            mode="markers+text",
            marker={"size": 15, "color": palette.paper, "line": {"color": palette.target, "width": 4}},
            text=[f" {words['at'].format(step=here.step, perplexity=number_format.perplexity(here.perplexity))} "],
            textposition=_beside(here.step / last, math.log10(values[index]) / high),
            textfont={"size": style.size(15), "color": palette.text},
            hoverinfo="skip",
            cliponaxis=False,
            yaxis="y2",
        )
    )
    figure.data[1].y = [math.log(values[index])]
    add_reference_line(
        figure, style, words["uniform"].format(vocabulary=number_format.count(run.vocab_size)), kind="uniform",
        y=run.vocab_size, log=True,
    )  # fmt: skip
    figure.layout.annotations[-1].yshift = 3
    figure.update_xaxes(range=[-0.02 * last, last * 1.02], title={"text": words["step"]}, showgrid=False)
    figure.update_yaxes(
        type="log", range=[low - 0.12, high], title={"text": words["axis"]}, dtick=1, tickformat=",d",
        selector={"overlaying": None},
    )  # fmt: skip
    axis = figure.layout.yaxis.to_plotly_json()
    nats = {"type": "linear", "dtick": 2, "tickformat": "d", "showgrid": False, "overlaying": "y", "side": "right"}
    span = [(low - 0.12) * math.log(10), high * math.log(10)]  # the same height in nats: ln of the left axis
    figure.update_layout(
        yaxis2=axis | nats | {"range": span, "title": {"text": words["loss_axis"], "font": axis["title"]["font"]}}
    )
    return figure


def two_losses(run: TrainingRun, words: Mapping[str, str], style: Style = DESK, *, steps: int) -> go.Figure:
    """Cross-entropy on the text that is learned and on the one held out, and the step at which they part.

    Args:
        run: The training to draw.
        words: Texts by name: axis, step, training, validation, uniform, parting (with {step}), hover_training,
            hover_validation.
        style: Colours, fonts and sizes of a theme.
        steps: The calculation, step by step.
    """
    figure = new_figure(style, height=380)
    palette = style.palette
    measured = run.measured
    curves = (
        ("training", palette.series[6], "circle", "solid", [r.training_cross_entropy or 0.0 for r in measured]),
        ("validation", palette.series[5], "square", "dot", [r.validation_cross_entropy or 0.0 for r in measured]),
    )
    at = [record.step for record in measured]
    for name, colour, symbol, dash, values in curves:
        figure.add_trace(
            go.Scatter(
                x=at,
                y=values,
                name=words[name],
                mode="lines+markers",
                line={"color": colour, "width": 3, "dash": dash},
                marker={"size": 8, "symbol": symbol},
                customdata=[number_format.perplexity(perplexity_of(value)) for value in values],
                hovertemplate=words[f"hover_{name}"] + "<extra></extra>",
            )
        )
    figure.add_hline(y=run.uniform_cross_entropy, line={"color": palette.uniform, "width": 2, "dash": "dash"})
    font = {"color": palette.uniform, "size": style.size(13)}
    figure.add_annotation(
        x=1.0, xref="paper", xanchor="right", y=run.uniform_cross_entropy, yanchor="bottom", showarrow=False,
        text=words["uniform"].format(nats=number_format.nats(run.uniform_cross_entropy)), font=font,
    )  # fmt: skip
    if run.overfitting_onset is not None:
        _mark_overfitting_onset(figure, run.overfitting_onset, words, style)
    highest = max([run.uniform_cross_entropy, *(value for *_, values in curves for value in values)])
    figure.update_xaxes(range=[-0.02 * steps, steps * 1.02], title={"text": words["step"]}, showgrid=False)
    figure.update_yaxes(range=[0, highest * 1.1], title={"text": words["axis"]})
    figure.update_layout(showlegend=True, margin={"t": 34})
    return figure


def _mark_overfitting_onset(figure: go.Figure, parting: StepRecord, words: Mapping[str, str], style: Style) -> None:
    line = {"color": style.palette.text, "width": 1.5, "dash": "dashdot"}
    figure.add_vline(x=parting.step, line=line)
    figure.add_annotation(
        x=parting.step, y=0.06, yref="paper", xanchor="left", showarrow=False,
        text=f" {words['parting'].format(step=parting.step)}",
        font={"size": style.size(14), "color": style.palette.text},
    )  # fmt: skip


def _beside(along: float, height: float) -> str:
    """Where a point's name stands on a falling curve, by how far along and how high it is: where the curve is not."""
    if along < 0.55:
        return "bottom right" if along < 0.08 else "middle right"
    return "bottom left" if height > 0.2 else "top left"


def _short(p: float) -> str:
    """A probability that is watched while it moves: few digits, so that it can be read.

    >>> _short(7.454e-05), _short(0.1869), _short(0.99999)
    ('7.5e-05', '0.187', '1.000')
    """
    return f"{p:.1e}" if p < 1e-3 else f"{p:.3f}"
