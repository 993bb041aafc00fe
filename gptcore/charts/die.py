"""A perplexity as a die with as many faces, and where it stands on p → −ln p and on loss → perplexity."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import Part, curve, here, level, note, own_points, power_of_e
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
        faces: How many.
        vocab_size: V.
        words: beyond.
        style: How it is drawn.
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
    field = go.Heatmap(
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
    marks = [_pips(faces, columns, target, style)] if faces <= 6 else []
    if cells > 150:
        marks = [_ring(target, columns, style)]
    hidden = {"visible": False, "constrain": "domain"}
    return new_figure(
        style,
        [field, *marks],
        height=300,
        xaxis=hidden | {"range": [-0.5, columns - 0.5]},
        yaxis=hidden | {"range": [rows - 0.5, -0.5], "scaleanchor": "x", "scaleratio": 1},
        annotations=[_beyond(words["beyond"], columns, (beyond + cells) / 2, style)] if cells > beyond else [],
    )


def _pips(faces: int, columns: int, target: int, style: Style) -> go.Scatter:
    """The spots of a die that can be held in a hand."""
    palette = style.palette
    spots = [
        (n % columns + 0.25 * x, n // columns + 0.25 * y, palette.paper if n == target else palette.text)
        for n in range(faces)
        for x, y in _PIPS[n + 1]
    ]
    return go.Scatter(
        x=[spot[0] for spot in spots],
        y=[spot[1] for spot in spots],
        mode="markers",
        marker={"size": 22 if faces == 1 else 11, "color": [spot[2] for spot in spots]},
        hoverinfo="skip",
    )


def _ring(target: int, columns: int, style: Style) -> go.Scatter:
    """A ring around a cell that is too small to be seen."""
    row, column = divmod(target, columns)
    marker = {"size": 22, "symbol": "circle-open", "color": style.palette.target, "line": {"width": 3}}
    return go.Scatter(x=[column], y=[row], mode="markers", marker=marker, hoverinfo="skip")


def _beyond(text: str, columns: int, middle_cell: float, style: Style) -> Part:
    """The name of the faces that are no tokens, in the middle of them."""
    place = {"x": columns / 2, "y": middle_cell / columns, "bgcolor": style.palette.paper, "borderpad": 4}
    return note(f"<b>{text}</b>", style.palette.loss, style.size(13), **place)


def _grain(cells: int) -> Floats:
    """A shade for each of many cells, the same every time, so that the eye sees that they are many."""
    scattered: Floats = np.arange(cells, dtype=np.uint64) * np.uint64(2654435761) % np.uint64(2**32) / 2**32 * 0.6
    return scattered


def surprise_curve(
    faces: int, own: Floats, vocab_size: int, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """P → −ln p, with one face of the die on it, and the probabilities of the visitor's targets.

    Args:
        faces: The die's.
        own: Target probabilities, may be empty.
        vocab_size: V.
        words: x, y, uniform.
        style: How it is drawn.
    """
    surprises = -np.log(np.maximum(own, 1e-30))
    top = max(math.log(max(vocab_size, faces)), float(surprises.max()) if len(own) else 0) * 1.12
    along = np.geomspace(math.exp(-top), 1, 200)
    line, name = level(math.log(vocab_size), words["uniform"], style)
    written = f"<b>p = {number_format.probability(1 / faces)}</b><br>−ln p = {number_format.nats(math.log(faces))}"
    mark, mark_name = here(1 / faces, math.log(faces), written, style, left=faces == 1)
    points = [own_points(own, surprises, style)] if len(own) else []
    return new_figure(
        style,
        [curve(along, -np.log(along), style), *points, mark],
        height=300,
        xaxis={"title": {"text": words["x"]}, "range": [-0.03, 1.03], "nticks": 6},
        yaxis={"title": {"text": words["y"]}, "range": [-0.03 * top, top]},
        shapes=[line],
        annotations=[name, mark_name],
    )


def exponential_curve(
    faces: int, own: float | None, vocab_size: int, words: Mapping[str, str], style: Style = DESK
) -> go.Figure:
    """Cross-entropy → perplexity, with the die on it, and the visitor's own loss.

    Args:
        faces: The die's.
        own: Their perplexity, or None.
        vocab_size: V.
        words: x, y, uniform.
        style: How it is drawn.
    """
    shown = own if own and math.isfinite(own) else None
    high = max(faces, vocab_size, shown or 0) * 1.25
    along = np.linspace(0, math.log(high), 240)
    line, name = level(vocab_size, words["uniform"], style)
    written = f"<b>{number_format.count(faces)}</b><br>= {power_of_e(f'{math.log(faces):.4f}', style)}"
    mark, mark_name = here(math.log(faces), faces, written, style, left=faces > 500)
    points = [own_points(np.array([math.log(shown)]), np.array([shown]), style, symbol="diamond")] if shown else []
    x_range = [-0.03 * math.log(high), math.log(high) * 1.03]
    return new_figure(
        style,
        [curve(along, np.exp(along), style), *points, mark],
        height=300,
        xaxis={"title": {"text": words["x"]}, "range": x_range, "nticks": 6},
        yaxis={"title": {"text": words["y"]}, "range": [-0.03 * high, high], "tickformat": ",d", "nticks": 6},
        shapes=[line],
        annotations=[name, mark_name],
    )
