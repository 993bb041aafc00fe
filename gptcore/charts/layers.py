"""The target's surprise after every layer: a heat map of layers × positions."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.theme import DESK, Style, label, new_figure
from gptcore.results.layers import LayerReport

MOST_WRITTEN = 16
"""Up to so many positions each cell has its rank written in it."""


def layer_heat(
    layers: LayerReport, words: Mapping[str, str], style: Style = DESK, *, selected: int | None = None
) -> go.Figure:
    """−ln p of each target after each layer; the lowest row is the embedding, the highest the model's own answer.

    Args:
        layers: What is drawn.
        words: axis, embedding, layer, colour, hover.
        style: How it is drawn.
        selected: Index in the report of the position that is opened; its column is framed.
    """
    N, palette = len(layers.target_piece), style.palette
    written = N <= MOST_WRITTEN
    names = [words["embedding"], *(words["layer"].format(number=n) for n in range(1, layers.layers))]
    column = -1 if selected is None else selected - layers.first
    frame = {
        "type": "rect", "x0": column - 0.5, "x1": column + 0.5, "y0": -0.5, "y1": layers.layers - 0.5,
        "line": {"color": palette.target, "width": 3},
    }  # fmt: skip
    details = [[_details(layers, n, t, names[n]) for t in range(N)] for n in range(layers.layers)]
    heat = go.Heatmap(
        z=-layers.log_probability,
        x=list(range(N)),
        y=list(range(layers.layers)),
        customdata=details,
        hovertemplate=words["hover"] + "<extra></extra>",
        text=[[number_format.count(int(rank)) for rank in row] for row in layers.rank] if written else None,
        texttemplate="%{text}" if written else None,
        textfont={"size": style.size(12)},
        colorscale=palette.surprise,
        zmin=0.0,
        colorbar={"title": {"text": words["colour"], "side": "right"}, "thickness": 12, "outlinewidth": 0},
        xgap=1,
        ygap=1,
    )
    return new_figure(
        style,
        [heat],
        height=110 + 26 * layers.layers,
        xaxis={
            "tickmode": "array",
            "tickvals": list(range(N)) if written else [],
            "ticktext": [label(piece, 12) for piece in layers.target_piece] if written else [],
            "title": {"text": words["axis"]},
            "showgrid": False,
        },
        yaxis={
            "tickmode": "array",
            "tickvals": list(range(layers.layers)),
            "ticktext": names,
            "showgrid": False,
        },
        shapes=[frame] if 0 <= column < N else [],
    )


def _details(layers: LayerReport, n: int, t: int, name: str) -> list[str]:
    """What is written where the pointer rests: the layer, the target, its probability and rank, the likeliest token."""
    return [
        name,
        label(layers.target_piece[t]),
        number_format.probability(float(layers.target_probability[n, t])),
        number_format.count(int(layers.rank[n, t])),
        label(layers.predicted_piece[n][t]),
    ]
