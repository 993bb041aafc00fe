"""What goes wrong with perplexities, drawn: products that vanish, means that mislead, units that differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import add_level, add_line
from gptcore.charts.theme import DESK, Style, add_reference_line, halo, label, new_figure
from gptcore.results.report import Floats, perplexity_of


def underflow(
    summed: Floats, product: Floats, zero_at: int | None, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """The sum of logs goes on where the product, as float32 holds it, has become 0.

    Args:
        summed: Sum of logs after each token.
        product: Logarithm of the product as the computer holds it.
        zero_at: The token at which the product becomes 0.
        words: Texts by name: x, y, sum, product, limit, zero (with {token}).
        style: Colours, fonts and sizes of a theme.
    """
    palette = style.palette
    count = np.arange(1, len(summed) + 1)
    figure = new_figure(style, height=320)
    figure.add_trace(
        go.Scatter(
            x=count,
            y=summed,
            mode="lines+markers",
            line={"color": palette.target, "width": 2},
            marker={"size": 5},
            name=words["sum"],
            hovertemplate="%{x}: %{y:,.4f}<extra>%{fullData.name}</extra>",
        )
    )
    held = np.isfinite(product)
    figure.add_trace(
        go.Scatter(
            x=count[held],
            y=product[held],
            mode="markers",
            marker={"size": 14, "symbol": "circle-open", "color": palette.top_prediction, "line": {"width": 2.5}},
            name=words["product"],
            hovertemplate="%{x}: %{y:,.4f}<extra>%{fullData.name}</extra>",
        )
    )
    smallest = math.log(float(np.nextafter(np.float32(0), np.float32(1))))
    if zero_at is not None and zero_at <= len(summed):
        add_level(figure, smallest, words["limit"], style, right=True)
        figure.add_vrect(
            x0=zero_at - 0.5, x1=len(summed) + 0.5, fillcolor=palette.top_prediction, opacity=0.1, line_width=0
        )
        figure.add_annotation(
            x=zero_at - 0.4, xanchor="left", y=1.0, yref="paper", yanchor="top", showarrow=False,
            text=f"<b>{words['zero'].format(token=zero_at)}</b>",
            font={"color": palette.top_prediction, "size": style.size(14)},
        )  # fmt: skip
    figure.update_layout(showlegend=True, margin_t=30)
    figure.update_xaxes(title={"text": words["x"]}, range=[0.4, len(summed) + 0.6])
    figure.update_yaxes(title={"text": words["y"]}, tickformat=",d")
    return figure


def means(
    losses: Floats, mean_loss: float, mean_perplexity: float, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """Why the mean of perplexities is too large: the curve bends upwards, so any mean of its points lies above it.

    Args:
        losses: (k,) of each text, in nats.
        mean_loss: Cross-entropy over all tokens, in nats.
        mean_perplexity: The mean of the perplexities, which is the wrong number.
        words: Texts by name: x, y, text (with {number}), wrong, right.
        style: Colours, fonts and sizes of a theme.
    """
    palette = style.palette
    values = np.exp(losses.astype(np.float64))
    room = max(float(np.ptp(losses)) * 0.35, 0.05)  # for the labels
    along = np.linspace(losses.min() - room, losses.max() + room, 160)
    figure = new_figure(style, height=340)
    add_line(figure, along, np.exp(along), style)
    order = np.argsort(losses)
    if len(losses) == 2:
        chord = {"color": palette.muted, "width": 1.5, "dash": "dot"}
        figure.add_trace(go.Scatter(x=losses[order], y=values[order], mode="lines", line=chord, hoverinfo="skip"))
    figure.add_trace(
        go.Scatter(
            x=losses,
            y=values,
            mode="markers+text",
            marker={"size": 13, "color": palette.target},
            text=[
                f"  {words['text'].format(number=n + 1)}  <br>  <b>{number_format.perplexity(v)}</b>  "
                for n, v in enumerate(values)
            ],
            textposition=["bottom right" if loss <= mean_loss else "top left" for loss in losses],
            textfont={"color": palette.target, "size": style.size(13)},
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    for y, word, colour, symbol, where in (
        (mean_perplexity, "wrong", palette.loss, "x", "top left"),
        (perplexity_of(mean_loss), "right", palette.mean, "diamond", "bottom right"),
    ):
        figure.add_trace(
            go.Scatter(
                x=[mean_loss],
                y=[y],
                mode="markers+text",
                marker={"size": 15, "color": colour, "symbol": symbol},
                text=[f"  <b>{number_format.perplexity(y)}</b>  <br>  {words[word]}  "],
                textposition=where,
                textfont={"color": colour, "size": style.size(13)},
                cliponaxis=False,
                hoverinfo="skip",
            )
        )
    figure.update_xaxes(title={"text": words["x"]}, range=[along[0], along[-1]])
    figure.update_yaxes(
        title={"text": words["y"]},
        tickformat=",d",
        range=[float(np.exp(along[0]) - 0.08 * np.ptp(np.exp(along))), float(np.exp(along[-1]))],
    )
    return figure


def bits_of_bytes(
    lengths: Floats, bits: Floats, pieces: Sequence[str], mean: float, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """Each target as a block: as wide as its bytes, as high as its bits a byte, so that its area is its bits.

    Args:
        lengths: Bytes of each token.
        bits: Bits of each token.
        pieces: Each token as text.
        mean: The mean, in nats.
        words: Texts by name: x, y, mean (with {mean}), hover.
        style: Colours, fonts and sizes of a theme.
    """
    palette = style.palette
    left = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    few = len(lengths) <= 16
    figure = new_figure(style, height=300)
    figure.add_trace(
        go.Bar(
            x=left + lengths / 2,
            y=bits,
            width=lengths,
            marker={
                "color": palette.target,
                "opacity": 0.75,
                "line": {"color": palette.paper, "width": 2 if few else 0},
            },
            customdata=[
                [label(piece), f"{n:.0f}", f"{b * n:.4f}"] for piece, n, b in zip(pieces, lengths, bits, strict=True)
            ],
            hovertemplate=words["hover"] + "<extra></extra>",
            cliponaxis=False,
        )
    )
    figure.add_hline(y=mean, line={"color": palette.mean, "width": 2})
    for piece, middle, height in zip(pieces, left + lengths / 2, bits, strict=True) if few else ():
        figure.add_annotation(  # above the line, which would strike a bar's own text through
            x=middle, y=height, yanchor="bottom", showarrow=False, bgcolor=palette.paper, borderpad=0,
            text=label(piece, 10), font={"size": style.size(12), "color": palette.text},
        )  # fmt: skip
    figure.add_annotation(
        x=1, xref="paper", xanchor="right", y=mean, yanchor="bottom", showarrow=False, bgcolor=palette.paper,
        text=words["mean"].format(mean=number_format.nats(mean)), font={"color": palette.mean, "size": style.size(13)},
    )  # fmt: skip
    figure.update_xaxes(title={"text": words["x"]}, showgrid=False, range=[0, float(lengths.sum())])
    figure.update_yaxes(title={"text": words["y"]}, range=[0, float(bits.max()) * 1.18])
    return figure


def by_heart(
    rows: pd.DataFrame, step: int, vocab_size: int, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """Perplexity of a text while it is learned, and of one that is not, on a log axis; a mark at one step.

    Args:
        rows: As `gptcore.training.memorization.learned_by_heart` gives them.
        step: The training step.
        vocab_size: V, the number of tokens in the vocabulary.
        words: Texts by name: x, y, learned, new, uniform (with {vocabulary}), hover.
        style: Colours, fonts and sizes of a theme.
    """
    palette = style.palette
    figure = new_figure(style, height=340)
    add_reference_line(
        figure, style, words["uniform"].format(vocabulary=number_format.count(vocab_size)), kind="uniform",
        y=vocab_size, log=True,
    )  # fmt: skip
    figure.add_vline(x=step, line={"color": palette.grid, "width": 2}, layer="below")
    for name, values, colour, symbol, dash in (
        ("learned", rows.learned_perplexity, palette.series[6], "circle", "solid"),
        ("new", rows.new_perplexity, palette.series[5], "square", "dot"),
    ):
        figure.add_trace(
            go.Scatter(
                x=rows.index, y=values, name=words[name],
                mode="lines", line={"color": colour, "width": 3, "dash": dash},
                customdata=[number_format.perplexity(value) for value in values],
                hovertemplate=words["hover"] + "<extra>%{fullData.name}</extra>",
            )
        )  # fmt: skip
        figure.add_trace(
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
    figure.update_layout(showlegend=True, margin_t=34)
    figure.update_xaxes(title={"text": words["x"]}, range=[-0.8, len(rows) - 0.2], showgrid=False)
    figure.update_yaxes(type="log", title={"text": words["y"]}, tickvals=[1, 2, 5, 10, 20], range=[-0.06, 1.25])
    return figure
