"""What goes wrong with perplexities, drawn: products that vanish, means that mislead, units that differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import across, band, curve, level, note, reference, upright
from gptcore.charts.theme import DESK, Style, halo, label, new_figure
from gptcore.results.report import Floats, perplexity_of


def underflow(
    summed: Floats, product: Floats, zero_at: int | None, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """The sum of logs goes on where the product, as float32 holds it, has become 0.

    Args:
        summed: The sum of ln p over the first 1, 2, … tokens.
        product: ln of the product of the same, as float32 holds it; not finite where that is 0.
        zero_at: From which token on the product is 0; None for never.
        words: x, y, sum, product, limit, zero (with {token}).
        style: How it is drawn.
    """
    palette = style.palette
    count = np.arange(1, len(summed) + 1)
    held = np.isfinite(product)
    told = {"hovertemplate": "%{x}: %{y:,.4f}<extra>%{fullData.name}</extra>"}
    open_circle = {"size": 14, "symbol": "circle-open", "color": palette.top_prediction, "line": {"width": 2.5}}
    shapes, notes = [], []
    if zero_at is not None and zero_at <= len(summed):
        smallest = math.log(float(np.nextafter(np.float32(0), np.float32(1))))
        line, name = level(smallest, words["limit"], style, right=True)
        gone = f"<b>{words['zero'].format(token=zero_at)}</b>"
        place = {"x": zero_at - 0.4, "xanchor": "left", "y": 1.0, "yref": "paper", "yanchor": "top"}
        shapes = [line, band(palette.top_prediction, 0.1, x0=zero_at - 0.5, x1=len(summed) + 0.5)]
        notes = [name, note(gone, palette.top_prediction, style.size(14), **place)]
    return new_figure(
        style,
        [
            go.Scatter(
                x=count,
                y=summed,
                mode="lines+markers",
                line={"color": palette.target, "width": 2},
                marker={"size": 5},
                name=words["sum"],
                **told,
            ),
            go.Scatter(
                x=count[held], y=product[held], mode="markers", marker=open_circle, name=words["product"], **told
            ),
        ],
        height=320,
        xaxis={"title": {"text": words["x"]}, "range": [0.4, len(summed) + 0.6]},
        yaxis={"title": {"text": words["y"]}, "tickformat": ",d"},
        shapes=shapes,
        annotations=notes,
        showlegend=True,
        margin={"t": 30},
    )


def _exp(losses: Floats) -> Floats:
    """Take exp in float64; inf where it exceeds that, which a chart leaves out."""
    with np.errstate(over="ignore"):
        return np.exp(losses.astype(np.float64))


def means(
    losses: Floats, mean_loss: float, mean_perplexity: float, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """Why the mean of perplexities is too large: the curve bends upwards, so any mean of its points lies above it.

    Args:
        losses: (k,) of each text, in nats.
        mean_loss: The mean over all tokens, in nats.
        mean_perplexity: The mean of the texts' perplexities.
        words: x, y, text (with {number}), wrong, right.
        style: How it is drawn.
    """
    palette = style.palette
    values = _exp(losses)
    room = max(float(np.ptp(losses)) * 0.35, 0.05)  # for the labels
    along = np.linspace(losses.min() - room, losses.max() + room, 160)
    order = np.argsort(losses)
    chord = {"color": palette.muted, "width": 1.5, "dash": "dot"}
    named: dict[str, Any] = {"mode": "markers+text", "cliponaxis": False, "hoverinfo": "skip"}
    texts = go.Scatter(
        x=losses,
        y=values,
        marker={"size": 13, "color": palette.target},
        text=[
            f"  {words['text'].format(number=n + 1)}  <br>  <b>{number_format.perplexity(v)}</b>  "
            for n, v in enumerate(values)
        ],
        textposition=["bottom right" if loss <= mean_loss else "top left" for loss in losses],
        textfont={"color": palette.target, "size": style.size(13)},
        **named,
    )
    two_means = [
        go.Scatter(
            x=[mean_loss],
            y=[y],
            marker={"size": 15, "color": colour, "symbol": symbol},
            text=[f"  <b>{number_format.perplexity(y)}</b>  <br>  {words[word]}  "],
            textposition=where,
            textfont={"color": colour, "size": style.size(13)},
            **named,
        )
        for y, word, colour, symbol, where in (
            (mean_perplexity, "wrong", palette.loss, "x", "top left"),
            (perplexity_of(mean_loss), "right", palette.mean, "diamond", "bottom right"),
        )
    ]
    straight = go.Scatter(x=losses[order], y=values[order], mode="lines", line=chord, hoverinfo="skip")
    low, high = float(_exp(along)[0]), min(float(_exp(along)[-1]), 1e300)
    return new_figure(
        style,
        [curve(along, _exp(along), style), *([straight] if len(losses) == 2 else []), texts, *two_means],
        height=340,
        xaxis={"title": {"text": words["x"]}, "range": [along[0], along[-1]]},
        yaxis={"title": {"text": words["y"]}, "tickformat": ",d", "range": [low - 0.08 * (high - low), high]},
    )


def bits_of_bytes(
    lengths: Floats, bits: Floats, pieces: Sequence[str], mean: float, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """Each target as a block: as wide as its bytes, as high as its bits a byte, so that its area is its bits.

    Args:
        lengths: (N,) in bytes.
        bits: (N,) a byte.
        pieces: (N,) tokens.
        mean: Bits a byte over all.
        words: x, y, mean (with {mean}), hover.
        style: How it is drawn.
    """
    palette = style.palette
    middles = np.concatenate([[0], np.cumsum(lengths)[:-1]]) + lengths / 2
    few = len(lengths) <= 16
    blocks = go.Bar(
        x=middles,
        y=bits,
        width=lengths,
        marker={"color": palette.target, "opacity": 0.75, "line": {"color": palette.paper, "width": 2 if few else 0}},
        customdata=[
            [label(piece), f"{n:.0f}", f"{b * n:.4f}"] for piece, n, b in zip(pieces, lengths, bits, strict=True)
        ],
        hovertemplate=words["hover"] + "<extra></extra>",
        cliponaxis=False,
    )
    above: dict[str, object] = {"yanchor": "bottom", "bgcolor": palette.paper}
    names = [  # above the line, which would strike a bar's own text through
        note(label(piece, 10), palette.text, style.size(12), x=middle, y=height, borderpad=0, **above)
        for piece, middle, height in zip(pieces, middles, bits, strict=True)
    ]
    written = words["mean"].format(mean=number_format.nats(mean))
    mean_name = note(written, palette.mean, style.size(13), x=1, xref="paper", xanchor="right", y=mean, **above)
    return new_figure(
        style,
        [blocks],
        height=300,
        xaxis={"title": {"text": words["x"]}, "showgrid": False, "range": [0, float(lengths.sum())]},
        yaxis={"title": {"text": words["y"]}, "range": [0, float(bits.max()) * 1.18]},
        shapes=[across(mean, {"color": palette.mean, "width": 2})],
        annotations=[*(names if few else []), mean_name],
    )


def by_heart(
    rows: pd.DataFrame, step: int, vocab_size: int, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """Perplexity of a text while it is learned, and of one that is not, on a log axis; a mark at one step.

    Args:
        rows: As `gptcore.training.memorization.learned_by_heart` gives them.
        step: Where the mark is.
        vocab_size: V, which is uniform guessing's perplexity.
        words: x, y, learned, new, uniform (with {vocabulary}), hover.
        style: How it is drawn.
    """
    palette = style.palette
    uniform = words["uniform"].format(vocabulary=number_format.count(vocab_size))
    line, name = reference(style, uniform, kind="uniform", y=vocab_size, log=True)
    traces = []
    for kind, values, colour, symbol, dash in (
        ("learned", rows.learned_perplexity, palette.series[6], "circle", "solid"),
        ("new", rows.new_perplexity, palette.series[5], "square", "dot"),
    ):
        traces.append(
            go.Scatter(
                x=rows.index,
                y=values,
                name=words[kind],
                mode="lines",
                line={"color": colour, "width": 3, "dash": dash},
                customdata=[number_format.perplexity(value) for value in values],
                hovertemplate=words["hover"] + "<extra>%{fullData.name}</extra>",
            )
        )
        traces.append(
            go.Scatter(
                x=[step],
                y=[values[step]],
                mode="markers+text",
                marker={"size": 14, "symbol": symbol, "color": colour, "line": {"color": palette.paper, "width": 2}},
                text=[f"  <b>{number_format.perplexity(float(values[step]))}</b>  "],
                textposition=f"top {'right' if step < 0.75 * len(rows) else 'left'}",
                textfont={"size": style.size(14), "color": colour, "shadow": halo(palette.paper)},
                hoverinfo="skip",
                cliponaxis=False,
                showlegend=False,
            )
        )
    return new_figure(
        style,
        traces,
        height=340,
        xaxis={"title": {"text": words["x"]}, "range": [-0.8, len(rows) - 0.2], "showgrid": False},
        yaxis={
            "type": "log",
            "title": {"text": words["y"]},
            "tickvals": [1, 2, 5, 10, 20],
            "range": [-0.06, 1.25],
        },
        shapes=[line, upright(step, {"color": palette.grid, "width": 2}, layer="below")],
        annotations=[name],
        showlegend=True,
        margin={"t": 34},
    )
