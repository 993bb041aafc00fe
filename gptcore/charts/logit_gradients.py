"""The gradient on the logits as bars, and what an update makes of the distribution."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import Part, upright
from gptcore.charts.theme import DESK, Style, label, new_figure
from gptcore.results.training import LogitGradient


def push_on_logits(gradient: LogitGradient, index: int, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Where a position's logits are pushed: against the gradient, so the target to the right, all others to the left.

    Args:
        gradient: What is drawn.
        index: The position.
        words: axis, hover.
        style: How it is drawn.
    """
    palette = style.palette
    rows = gradient.at(index)
    push = -rows["gradient"].to_numpy()
    reach = float(np.abs(push).max()) or 1.0
    is_target = rows["is_target"].tolist()
    bars = go.Bar(
        x=push,
        y=list(range(len(push))),
        orientation="h",
        width=0.66,
        marker={
            "color": [palette.target if target else palette.top_prediction for target in is_target],
            "pattern": {"shape": ["" if target else "/" for target in is_target], "solidity": 0.25},
        },
        text=[f" {_signed(float(value))} " for value in push],
        textposition="outside",
        textfont={"size": style.size(13), "color": palette.text},
        cliponaxis=False,
        customdata=[
            [label(piece), number_format.probability(float(p)), _signed(float(g))]
            for piece, p, g in zip(rows["piece"], rows["probability"], rows["gradient"], strict=True)
        ],
        hovertemplate=words["hover"] + "<extra></extra>",
    )
    return new_figure(
        style,
        [bars],
        height=_rows_height(len(push)),
        projected=70 + 27 * len(push),
        xaxis={"range": [-reach * 1.35, reach * 1.35], "title": {"text": words["axis"]}, "nticks": 5},
        yaxis=_token_axis(rows["piece"].tolist(), is_target),
        shapes=[upright(0, {"color": palette.text, "width": 1.5})],
    )


def before_and_after(
    before: LogitGradient, after: LogitGradient, index: int, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """A position's probabilities before any update (hollow) and after some (filled), a row a token.

    Args:
        before: Before any update.
        after: After some.
        index: The position.
        words: axis, before, after, hover.
        style: How it is drawn.
    """
    palette = style.palette
    old, new = before.at(index), after.at(index)
    is_target = old["is_target"].tolist()
    colours = [palette.target if target else palette.muted for target in is_target]
    written = _written(old["probability"].tolist(), new["probability"].tolist(), together=bool(style.smallest))
    bars = [
        go.Bar(
            x=frame["probability"].to_numpy(),
            y=[place + offset for place in range(len(old))],
            orientation="h",
            width=0.36,
            name=words[name],
            marker={"color": colours if filled else "rgba(0,0,0,0)", "line": {"color": colours, "width": 2}},
            text=texts,
            textposition="outside",
            textfont={"size": style.size(12), "color": palette.text},
            cliponaxis=False,
            customdata=[[label(piece), words[name]] for piece in old["piece"]],
            hovertemplate=words["hover"] + "<extra></extra>",
        )
        for frame, name, offset, filled, texts in (
            (old, "before", -0.2, False, written[0]),
            (new, "after", 0.2, True, written[1]),
        )
    ]
    highest = float(max(old["probability"].max(), new["probability"].max()))
    return new_figure(
        style,
        bars,
        height=_rows_height(len(old)),
        xaxis={"range": [0, highest * (1.6 if style.smallest else 1.3)], "title": {"text": words["axis"]}, "nticks": 5},
        yaxis=_token_axis(old["piece"].tolist(), is_target),
        bargap=0.1,
    )


def _rows_height(rows: int) -> int:
    return 70 + 42 * rows


def _token_axis(pieces: list[str], is_target: list[bool]) -> Part:
    """A row a token, the target's in bold."""
    return {
        "tickmode": "array",
        "tickvals": list(range(len(pieces))),
        "ticktext": [
            f"<b>{label(piece, 14)}</b>" if target else label(piece, 14)
            for piece, target in zip(pieces, is_target, strict=True)
        ],
        "range": [len(pieces) - 0.4, -0.6],
        "showgrid": False,
    }


def _signed(amount: float) -> str:
    written = f"{amount:+.4f}" if abs(amount) >= 1e-3 else f"{amount:+.1e}"
    return written.replace("-", "−")


def _written(old: list[float], new: list[float], *, together: bool) -> tuple[list[str], list[str]]:
    """What is written at the bars' ends, before and after.

    Args:
        old: Probabilities before.
        new: Probabilities after.
        together: In one line at the longer bar: a projector's bars are lower than its type.

    >>> _written([0.1], [0.2], together=False), _written([0.1], [0.2], together=True)
    (([' 0.1000'], [' 0.2000']), ([''], [' 0.1000 → 0.2000']))
    """
    if not together:
        return [f" {_short(p)}" for p in old], [f" {_short(p)}" for p in new]
    both = [(f" {_short(p)} → {_short(q)}", q >= p) for p, q in zip(old, new, strict=True)]
    return ["" if grows else line for line, grows in both], [line if grows else "" for line, grows in both]


def _short(p: float) -> str:
    return f"{p:.4f}" if p >= 1e-3 else f"{p:.1e}"
