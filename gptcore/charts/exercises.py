"""What readers turn by hand, drawn: a distribution that is sure of one token, and texts of unequal length."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import across, band, curve, here, level, note, power_of_e
from gptcore.charts.theme import DESK, Style, new_figure
from gptcore.results.report import Floats


def sure_and_wrong(
    leads: Floats,
    losses: Floats,
    lead: float,
    loss: float,
    vocab_size: int,
    words: Mapping[str, str],
    style: Style = DESK,
) -> go.Figure:
    """The loss over how sure the model is, of the target at the left and of a wrong token at the right.

    Args:
        leads: By how many nats one token's logit is above all others; below 0 it is the target's.
        losses: −ln p of the target at each.
        lead: Where the reader stands, and
        loss: the loss there.
        vocab_size: V.
        words: x, y, uniform, beyond.
        style: How it is drawn.
    """
    palette = style.palette
    uniform = math.log(vocab_size)
    top = max(float(losses.max()), loss) * 1.1
    line, name = level(uniform, words["uniform"].format(nats=number_format.nats(uniform)), style)
    written = f"<b>{number_format.perplexity_at(loss)}</b><br>= {power_of_e(number_format.nats(loss), style)}"
    mark, mark_name = here(lead, loss, written, style, left=lead > 0)
    beyond = note(
        words["beyond"], palette.loss, style.size(13), x=0.01, xref="paper", xanchor="left", y=top, yanchor="top"
    )  # at the left, where the curve is at its lowest
    return new_figure(
        style,
        [curve(leads, losses, style), mark],
        height=300,
        xaxis={"title": {"text": words["x"]}, "range": [float(leads[0]) * 1.03, float(leads[-1]) * 1.03]},
        yaxis={"title": {"text": words["y"]}, "range": [-0.04 * top, top]},
        shapes=[line, band(palette.loss, 0.08, y0=uniform, y1=top)],
        annotations=[name, mark_name, beyond],
    )


def two_lengths(
    lengths: Sequence[int],
    losses: Sequence[float],
    mean: float,
    wrong: float,
    words: Mapping[str, str],
    style: Style = DESK,
) -> go.Figure:
    """Each text as a block, as wide as its tokens are many and as high as its loss, with two ways of averaging.

    Args:
        lengths: In tokens.
        losses: The mean −ln p of each text, in nats.
        mean: The mean over all tokens, in nats.
        wrong: ln of the mean of the texts' perplexities.
        words: x, y, mean (with {perplexity}), wrong (with {perplexity}).
        style: How it is drawn.
    """
    palette = style.palette
    ends = np.cumsum(lengths)
    blocks = go.Bar(
        x=ends - np.array(lengths) / 2,
        y=list(losses),
        width=list(lengths),
        marker={"color": palette.series[: len(lengths)], "opacity": 0.4, "line": {"color": palette.paper, "width": 2}},
        hoverinfo="skip",
    )
    names = []
    for letter, length, end in zip("ABCDEFGH", lengths, ends.tolist(), strict=False):
        place = {"x": end - length / 2, "y": 0, "yanchor": "bottom", "bgcolor": palette.paper}
        names.append(note(f"<b>{letter}</b>", palette.text, style.size(13), **place))
    lines, means = [], []
    for amount, word, colour, dash, side in (
        (mean, "mean", palette.mean, "solid", "left"),
        (wrong, "wrong", palette.loss, "dot", "right"),
    ):
        lines.append(across(amount, {"color": colour, "width": 2.5, "dash": dash}))
        written = words[word].format(perplexity=number_format.perplexity_at(amount))
        place = {"x": 0.01 if side == "left" else 0.99, "xref": "paper", "xanchor": side, "yanchor": "bottom"}
        means.append(note(f"<b>{written}</b>", colour, style.size(14), y=amount, bgcolor=palette.paper, **place))
    top = max(*losses, wrong) * 1.18
    return new_figure(
        style,
        [blocks],
        height=300,
        xaxis={"title": {"text": words["x"]}, "range": [0, int(ends[-1])], "showgrid": False},
        yaxis={"title": {"text": words["y"]}, "range": [0, top]},
        shapes=lines,
        annotations=[*names, *means],
        bargap=0,
    )
