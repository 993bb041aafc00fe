"""The gradient on the logits as bars, and what an update makes of the distribution."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.theme import DESK, Style, label, new_figure
from gptcore.results.training import LogitGradient


def push_on_logits(gradient: LogitGradient, index: int, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Where a position's logits are pushed: against the gradient, so the target to the right, all others to the left.

    Args:
        gradient: The gradient at the logits.
        index: Index of the scored position.
        words: Texts by name: axis, hover.
        style: Colours, fonts and sizes of a theme.
    """
    palette = style.palette
    bars = gradient.at(index)
    push = -bars["gradient"].to_numpy()
    reach = float(np.abs(push).max()) or 1.0
    figure = _token_rows(bars["piece"].tolist(), bars["is_target"].tolist(), style)
    figure.add_trace(
        go.Bar(
            x=push,
            y=list(range(len(push))),
            orientation="h",
            width=0.66,
            marker={
                "color": [palette.target if is_target else palette.top_prediction for is_target in bars["is_target"]],
                "pattern": {"shape": ["" if is_target else "/" for is_target in bars["is_target"]], "solidity": 0.25},
            },
            text=[f" {_signed(float(value))} " for value in push],
            textposition="outside",
            textfont={"size": style.size(13), "color": palette.text},
            cliponaxis=False,
            customdata=[
                [label(piece), number_format.probability(float(p)), _signed(float(g))]
                for piece, p, g in zip(bars["piece"], bars["probability"], bars["gradient"], strict=True)
            ],
            hovertemplate=words["hover"] + "<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": palette.text, "width": 1.5})
    figure.update_xaxes(range=[-reach * 1.35, reach * 1.35], title={"text": words["axis"]}, nticks=5)
    return figure


def before_and_after(
    before: LogitGradient, after: LogitGradient, index: int, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """A position's probabilities before any update (hollow) and after some (filled), a row a token.

    Args:
        before: The gradient before the step.
        after: The gradient after it.
        index: Index of the scored position.
        words: Texts by name: axis, before, after, hover.
        style: Colours, fonts and sizes of a theme.
    """
    palette = style.palette
    old, new = before.at(index), after.at(index)
    is_target = old["is_target"].tolist()
    figure = _token_rows(old["piece"].tolist(), is_target, style)
    colours = [palette.target if target else palette.muted for target in is_target]
    places = list(range(len(old)))
    for frame, name, offset, filled in ((old, "before", -0.2, False), (new, "after", 0.2, True)):
        p = frame["probability"].to_numpy()
        figure.add_trace(
            go.Bar(
                x=p,
                y=[place + offset for place in places],
                orientation="h",
                width=0.36,
                name=words[name],
                marker={
                    "color": colours if filled else "rgba(0,0,0,0)",
                    "line": {"color": colours, "width": 2},
                },
                text=[f" {_short(float(value))}" for value in p],
                textposition="outside",
                textfont={"size": style.size(12), "color": palette.text},
                cliponaxis=False,
                customdata=[[label(piece), words[name]] for piece in old["piece"]],
                hovertemplate=words["hover"] + "<extra></extra>",
            )
        )
    highest = float(max(old["probability"].max(), new["probability"].max()))
    figure.update_xaxes(range=[0, highest * 1.3], title={"text": words["axis"]}, nticks=5)
    figure.update_layout(bargap=0.1)
    return figure


def _token_rows(pieces: list[str], is_target: list[bool], style: Style) -> go.Figure:
    figure = new_figure(style, height=70 + 42 * len(pieces))
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(pieces))),
        ticktext=[
            f"<b>{label(piece, 14)}</b>" if target else label(piece, 14)
            for piece, target in zip(pieces, is_target, strict=True)
        ],
        range=[len(pieces) - 0.4, -0.6],
        showgrid=False,
    )
    return figure


def _signed(amount: float) -> str:
    written = f"{amount:+.4f}" if abs(amount) >= 1e-3 else f"{amount:+.1e}"
    return written.replace("-", "−")


def _short(p: float) -> str:
    return f"{p:.4f}" if p >= 1e-3 else f"{p:.1e}"
