"""A perplexity as a die with as many faces, and where it stands on p → −ln p and on loss → perplexity."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import add_here, add_level, add_line, add_points
from gptcore.charts.theme import DESK, Style, new_figure
from gptcore.results.report import Floats

MOST_CELLS = 160_000
"""A die of more faces is drawn with several faces to a cell: a screen has no more points to spare."""

_PIPS = {
    1: [(0, 0)],
    2: [(-1, -1), (1, 1)],
    3: [(-1, -1), (0, 0), (1, 1)],
    4: [(-1, -1), (-1, 1), (1, -1), (1, 1)],
    5: [(-1, -1), (-1, 1), (0, 0), (1, -1), (1, 1)],
    6: [(-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1)],
}


def faces_per_cell(faces: int) -> int:
    """How many faces of a die one cell of its picture stands for."""
    return max(1, math.ceil(faces / MOST_CELLS))


def die(faces: int, vocab_size: int, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """A fair die unrolled: a cell a face, one of them the target's; faces past the vocabulary are no tokens at all.

    Args:
        faces: How many equally likely outcomes.
        vocab_size: V, the number of tokens in the vocabulary.
        words: Texts by name: beyond.
        style: Colours, fonts and sizes of a theme.
    """
    palette = style.palette
    per_cell = faces_per_cell(faces)
    cells = math.ceil(faces / per_cell)
    columns = math.ceil(math.sqrt(cells))
    rows = math.ceil(cells / columns)
    kinds = np.full(rows * columns, np.nan, dtype=np.float32)
    kinds[:cells] = 0 if cells <= 2500 else _grain(cells)
    beyond = math.ceil(vocab_size / per_cell)
    kinds[beyond:cells] = 2
    target = int(min(cells, beyond) * 0.45)
    kinds[target] = 1
    gap = 8 if cells <= 6 else 3 if cells <= 150 else 1 if cells <= 2500 else 0
    figure = new_figure(style, height=300)
    figure.add_trace(
        go.Heatmap(
            z=kinds.reshape(rows, columns),
            zmin=0,
            zmax=2,
            colorscale=[
                [0, palette.grid],
                [0.33, palette.muted],
                [0.33, palette.target],
                [0.67, palette.target],
                [0.67, palette.loss],
                [1, palette.loss],
            ],
            showscale=False,
            xgap=gap,
            ygap=gap,
            hoverinfo="skip",
        )
    )
    row, column = divmod(target, columns)
    if faces <= 6:
        spots = [
            (n % columns + 0.25 * x, n // columns + 0.25 * y, palette.paper if n == target else palette.text)
            for n in range(faces)
            for x, y in _PIPS[n + 1]
        ]
        figure.add_trace(
            go.Scatter(
                x=[spot[0] for spot in spots],
                y=[spot[1] for spot in spots],
                mode="markers",
                marker={"size": 22 if faces == 1 else 11, "color": [spot[2] for spot in spots]},
                hoverinfo="skip",
            )
        )
    elif cells > 150:
        figure.add_trace(
            go.Scatter(
                x=[column],
                y=[row],
                mode="markers",
                marker={"size": 22, "symbol": "circle-open", "color": palette.target, "line": {"width": 3}},
                hoverinfo="skip",
            )
        )
    if cells > beyond:
        figure.add_annotation(
            x=columns / 2, y=(beyond + cells) / 2 / columns, text=f"<b>{words['beyond']}</b>", showarrow=False,
            bgcolor=palette.paper, borderpad=4, font={"color": palette.loss, "size": style.size(13)},
        )  # fmt: skip
    figure.update_xaxes(visible=False, range=[-0.5, columns - 0.5], constrain="domain")
    figure.update_yaxes(visible=False, range=[rows - 0.5, -0.5], scaleanchor="x", scaleratio=1, constrain="domain")
    return figure


def _grain(cells: int) -> Floats:
    """A shade for each of many cells, the same every time, so that the eye sees that they are many."""
    scattered: Floats = np.arange(cells, dtype=np.uint64) * np.uint64(2654435761) % np.uint64(2**32) / 2**32 * 0.6
    return scattered


def surprise_curve(
    faces: int, own: Floats, vocab_size: int, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """P → −ln p, with one face of the die on it, and the probabilities of the visitor's targets.

    Args:
        faces: How many equally likely outcomes.
        own: Target probabilities, may be empty.
        vocab_size: V, the number of tokens in the vocabulary.
        words: Texts by name: x, y, uniform.
        style: Colours, fonts and sizes of a theme.
    """
    top = max(math.log(max(vocab_size, faces)), float(-np.log(np.maximum(own, 1e-30)).min()) if len(own) else 0)
    top = max(top, float(-np.log(np.maximum(own, 1e-30)).max()) if len(own) else 0) * 1.12
    along = np.geomspace(math.exp(-top), 1, 200)
    figure = new_figure(style, height=300)
    add_line(figure, along, -np.log(along), style)
    add_level(figure, math.log(vocab_size), words["uniform"], style)
    if len(own):
        add_points(figure, own, -np.log(np.maximum(own, 1e-30)), style)
    written = f"<b>p = {number_format.probability(1 / faces)}</b><br>−ln p = {number_format.nats(math.log(faces))}"
    add_here(figure, 1 / faces, math.log(faces), written, style, left=faces == 1)
    figure.update_xaxes(title={"text": words["x"]}, range=[-0.03, 1.03], nticks=6)
    figure.update_yaxes(title={"text": words["y"]}, range=[-0.03 * top, top])
    return figure


def exponential_curve(
    faces: int, own: float | None, vocab_size: int, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """Cross-entropy → perplexity, with the die on it, and the visitor's own loss.

    Args:
        faces: How many equally likely outcomes.
        own: Their perplexity, or None.
        vocab_size: V, the number of tokens in the vocabulary.
        words: Texts by name: x, y, uniform.
        style: Colours, fonts and sizes of a theme.
    """
    high = max(faces, vocab_size, own if own and math.isfinite(own) else 0) * 1.25
    along = np.linspace(0, math.log(high), 240)
    figure = new_figure(style, height=300)
    add_line(figure, along, np.exp(along), style)
    add_level(figure, vocab_size, words["uniform"], style)
    if own and math.isfinite(own):
        add_points(figure, np.array([math.log(own)]), np.array([own]), style, symbol="diamond")
    written = f"<b>{number_format.count(faces)}</b><br>= e<sup>{math.log(faces):.4f}</sup>"
    add_here(figure, math.log(faces), faces, written, style, left=faces > 500)
    figure.update_xaxes(title={"text": words["x"]}, range=[-0.03 * math.log(high), math.log(high) * 1.03], nticks=6)
    figure.update_yaxes(title={"text": words["y"]}, range=[-0.03 * high, high], tickformat=",d", nticks=6)
    return figure
