"""Charts of single steps: a ranking's whole curve, the log, the mean as a balance, the change of sign."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.theme import DESK, Style, add_reference_line, label, new_figure
from gptcore.results.report import Floats
from gptcore.results.steps import Steps

MOST_ARMS = 10
"""Up to so many positions the balance has an arm for each, with its token; more are dots on the beam."""


def ranking(steps: Steps, kind: str, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Every token's logit or probability, largest first: a line a position, its target on it.

    Args:
        steps: The calculation, step by step.
        kind: "logits" or "probabilities" (log axis, with even guessing).
        words: Texts by name: x, y, hover, uniform.
        style: Colours, fonts and sizes of a theme.
    """
    palette = style.palette
    figure = new_figure(style, height=300)
    whole = steps.curve_logits if kind == "logits" else steps.curve_probabilities
    for row in range(steps.shown):
        figure.add_trace(
            go.Scatter(
                x=steps.curve_rank,
                y=whole[row],
                mode="lines",
                line={"color": palette.muted, "width": 2.5 if row == 0 else 1},
                opacity=1 if row == 0 else 0.55,
                name=label(steps.prompt_piece[row]),
                hovertemplate=words["hover"] + "<extra>%{fullData.name}</extra>",
            )
        )
    own = whole[:, 0]
    target = steps.target_logit if kind == "logits" else steps.target_probability[: steps.shown]
    for x, y, colour, symbol, pieces in (
        ([1] * steps.shown, own, palette.top_prediction, "diamond-open", steps.predicted_piece),
        (steps.target_rank, target, palette.target, "circle", steps.target_piece),
    ):
        figure.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="markers",
                marker={"size": 10, "color": colour, "symbol": symbol, "line": {"width": 2, "color": colour}},
                customdata=[label(piece) for piece in pieces[: steps.shown]],
                hovertemplate="<b>%{customdata}</b><br>" + words["hover"] + "<extra></extra>",
                cliponaxis=False,
            )
        )
    figure.update_xaxes(type="log", title={"text": words["x"]}, dtick=1, tickformat=",d", showgrid=False)
    figure.update_yaxes(title={"text": words["y"]})
    if kind == "probabilities":
        figure.update_yaxes(type="log", dtick=1, exponentformat="power", showexponent="all")
        uniform = 1 / steps.vocab_size
        text = words["uniform"].format(p=number_format.probability(uniform))
        figure.add_hline(y=uniform, line={"color": palette.uniform, "width": 2, "dash": "dash"})
        figure.add_annotation(
            x=0.02, xref="paper", xanchor="left", y=math.log10(uniform), yanchor="top", text=text, showarrow=False,
            font={"color": palette.uniform, "size": style.size(12)},
        )  # fmt: skip
    return figure


def log_curve(steps: Steps, words: Mapping[str, str], style: Style = DESK, *, close: bool = False) -> go.Figure:
    """P → ln p with each target on the curve: from 0 to 1, or close up where the targets are.

    Args:
        steps: The calculation, step by step.
        words: Texts by name: x, y, hover.
        style: Colours, fonts and sizes of a theme.
        close: Whether to zoom in on the targets.
    """
    palette = style.palette
    p = steps.target_probability.astype(np.float64)
    logs = np.maximum(steps.log_probability.astype(np.float64), math.log(np.nextafter(0, 1, dtype=np.float32)))
    end = float(p.max()) * 1.12 if close else 1.0
    floor = float(min(logs.min(), -3.0)) * 1.08
    figure = new_figure(style, height=270)
    along = np.geomspace(max(math.exp(floor), 1e-300), end, 200)
    line = {"color": palette.muted, "width": 2.5}
    figure.add_trace(go.Scatter(x=along, y=np.log(along), mode="lines", line=line, hoverinfo="skip"))
    if not close:
        figure.add_trace(
            go.Scatter(
                x=[1],
                y=[0],
                mode="markers+text",
                marker={"color": palette.muted, "size": 9},
                text=["ln 1 = 0 "],
                textposition="bottom left",
                hoverinfo="skip",
                cliponaxis=False,
            )
        )
    figure.add_trace(
        go.Scatter(
            x=p,
            y=logs,
            mode="markers",
            marker={"color": palette.target, "size": 11, "line": {"color": palette.paper, "width": 1}},
            customdata=[label(piece) for piece in steps.target_piece],
            hovertemplate="<b>%{customdata}</b><br>" + words["hover"] + "<extra></extra>",
            cliponaxis=False,
        )
    )
    if (close or p.max() > 0.05) and steps.positions <= MOST_ARMS:
        _name_points(figure, p, logs, steps, floor, end, style)
    figure.update_xaxes(title={"text": words["x"]}, range=[-0.02 * end, end], exponentformat="e", nticks=6)
    figure.update_yaxes(title={"text": words["y"]}, range=[floor, 0.4 if not close else min(0.4, logs.max() + 0.6)])
    return figure


def _name_points(
    figure: go.Figure, p: Floats, logs: Floats, steps: Steps, floor: float, end: float, style: Style
) -> None:
    """Names in a column beside the chart, apart from each other, each with a thin line to its point."""
    order = np.argsort(-logs)
    places = spread([float(logs[n]) for n in order], (min(0.4, float(logs.max()) + 0.6) - floor) / 13)
    pointer = {"color": style.palette.target, "width": 1, "dash": "dot"}
    font = {"size": style.size(12), "color": style.palette.target}
    for n, place in zip(order, places, strict=True):
        text = f" <b>{label(steps.target_piece[n], 12)}</b> {number_format.nats(float(logs[n]))}"
        figure.add_annotation(x=1, xref="paper", xanchor="left", y=place, text=text, showarrow=False, font=font)
        figure.add_shape(type="line", x0=float(p[n]), y0=float(logs[n]), x1=end, y1=place, line=pointer, layer="below")
    longest = max(len(label(piece, 12)) for piece in steps.target_piece)
    figure.update_layout(margin_r=round(style.size(7.2 * (longest + 9))))


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
        steps: The calculation, step by step.
        words: Texts by name: axis, mean (with {mean}), hover.
        style: Colours, fonts and sizes of a theme.
    """
    palette = style.palette
    values = steps.log_probability.astype(np.float64)
    values = values[np.isfinite(values)]
    middle = steps.mean_log_probability if math.isfinite(steps.mean_log_probability) else float(values.mean())
    rows = steps.positions if steps.positions <= MOST_ARMS else 0
    span = max(float(np.ptp(values)), 0.2)
    figure = new_figure(style, height=120 + 36 * max(rows, 3))
    beam = rows + 0.7
    if rows:
        figure.add_trace(
            go.Bar(
                x=steps.log_probability - middle,
                base=middle,
                y=list(range(rows)),
                orientation="h",
                width=0.16,
                marker={"color": palette.muted},
                hoverinfo="skip",
            )
        )
        figure.add_trace(
            go.Scatter(
                x=steps.log_probability,
                y=list(range(rows)),
                mode="markers+text",
                marker={"size": 14, "color": palette.target},
                text=[
                    f"{number_format.nats(float(v))} ({number_format.signed_nats(float(v) - middle)})"
                    for v in steps.log_probability
                ],
                textposition=[_beside(float(v) - middle, span) for v in steps.log_probability],
                textfont={"size": style.size(12), "color": palette.text},
                customdata=[label(piece) for piece in steps.target_piece],
                hovertemplate="<b>%{customdata}</b><br>" + words["hover"] + "<extra></extra>",
                cliponaxis=False,
            )
        )
    figure.add_shape(
        type="line", x0=values.min() - 0.04 * span, x1=values.max() + 0.04 * span, y0=beam, y1=beam,
        line={"color": palette.text, "width": 4},
    )  # fmt: skip
    heights = _stacked(values, span / 40)
    figure.add_trace(
        go.Scatter(
            x=values,
            y=beam - 0.28 - 0.34 * np.array(heights) * (1 if rows else 0.5),
            mode="markers",
            marker={"size": 13 if rows else 7, "color": palette.target, "symbol": "square"},
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[middle],
            y=[beam + 0.42],
            mode="markers",
            marker={"size": 24, "color": palette.mean, "symbol": "triangle-up"},
            hoverinfo="skip",
            cliponaxis=False,
        )
    )
    add_reference_line(figure, style, words["mean"].format(mean=number_format.nats(middle)), x=middle, kind="mean")
    top = -0.8 if rows else beam - 0.8 - 0.17 * max(heights)
    names = [f"<b>{label(piece)}</b>" for piece in steps.target_piece[:rows]]
    figure.update_yaxes(
        range=[beam + 0.75, top], tickmode="array", tickvals=list(range(rows)), ticktext=names, showgrid=False
    )
    room = 0.42 if rows else 0.06
    figure.update_xaxes(
        title={"text": words["axis"]}, range=[values.min() - room * span, values.max() + room * span], nticks=8
    )
    return figure


def _beside(deviation: float, span: float) -> str:
    """Where a number stands above its point: away from the mean's line where the point is near it."""
    near = abs(deviation) < 0.22 * span
    return f"top {'center' if not near else 'right' if deviation >= 0 else 'left'}"


def _stacked(values: Floats, width: float) -> list[int]:
    """How many values stand below each where those within a width are stacked."""
    seen: dict[int, int] = {}
    heights = []
    for value in values:
        place = round(float(value) / width)
        heights.append(seen.get(place, 0))
        seen[place] = heights[-1] + 1
    return heights


def negation(mean: float, vocab_size: int, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """The number line on which the mean log-probability is turned over 0 to the loss, with ln V.

    Args:
        mean: The mean, in nats.
        vocab_size: V, the number of tokens in the vocabulary.
        words: Texts by name: mean, loss, uniform, negate.
        style: Colours, fonts and sizes of a theme.
    """
    palette = style.palette
    uniform = math.log(vocab_size)
    finite = mean if math.isfinite(mean) else -2 * uniform
    end = max(-finite, uniform) * 1.25
    figure = new_figure(style, height=250)
    line = {"color": palette.muted, "width": 2}
    figure.add_shape(type="line", x0=-end, x1=end, y0=0, y1=0, line=line)
    turn = np.linspace(math.pi, 0, 60)
    figure.add_trace(
        go.Scatter(
            x=-finite * np.cos(turn),
            y=np.sin(turn) * 0.72,
            mode="lines",
            line={"color": palette.mean, "width": 2, "dash": "dot"},
            hoverinfo="skip",
        )
    )
    big = {"size": style.size(15), "color": palette.mean}
    figure.add_annotation(x=0, y=0.78, text=words["negate"], showarrow=False, yanchor="bottom", font=big)
    for x, name, colour, symbol in (
        (finite, "mean", palette.mean, "square"),
        (-finite, "loss", palette.target, "diamond"),
    ):
        written = number_format.nats(mean if x == finite else -mean)
        figure.add_trace(
            go.Scatter(
                x=[x],
                y=[0],
                mode="markers+text",
                marker={"size": 17, "color": colour, "symbol": symbol},
                text=[f"<b>{written}</b><br>{words[name]}"],
                textposition="bottom center",
                textfont={"size": style.size(15), "color": colour},
                hoverinfo="skip",
                cliponaxis=False,
            )
        )
    zero = {"color": palette.text, "width": 2}
    figure.add_shape(type="line", x0=0, x1=0, y0=-0.09, y1=0.09, line=zero)
    figure.add_annotation(x=0, y=-0.14, text="0", showarrow=False, yanchor="top", font={"size": style.size(15)})
    dashed = {"color": palette.uniform, "width": 2, "dash": "dash"}
    figure.add_shape(type="line", x0=uniform, x1=uniform, y0=-0.12, y1=0.9, line=dashed)
    figure.add_annotation(
        x=uniform, y=0.92, text=words["uniform"],
        showarrow=False, yanchor="bottom", font={"size": style.size(13), "color": palette.uniform},
    )  # fmt: skip
    figure.update_xaxes(range=[-end, end], visible=False)
    figure.update_yaxes(range=[-0.75, 1.2], visible=False)
    return figure
