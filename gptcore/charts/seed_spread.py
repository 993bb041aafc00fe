"""Many seeds on one input, position by position: every seed's log-probabilities, and how far they spread."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import Part, reference, room_above
from gptcore.charts.theme import DESK, Style, label, new_figure
from gptcore.results.report import Floats
from gptcore.results.seeds import SeedTable

MOST_CELLS = 40_000
"""A heat map of more cells shows some of the seeds, evenly from best to worst: a page's charts stay below 1 MB."""
MOST_ROWS = 24
"""Up to so many positions have their token written beside them."""


def seed_positions(table: SeedTable, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Every seed's log-probability at every position: a column a seed, from the lowest loss to the highest.

    Args:
        table: What is drawn.
        words: axis, bar, hover.
        style: How it is drawn.
    """
    order = np.argsort(table.cross_entropy, kind="stable")
    positions = len(table.target_piece)
    most = max(20, MOST_CELLS // positions)
    if len(order) > most:
        order = order[np.linspace(0, len(order) - 1, most).round().astype(int)]
    values = table.log_probability[order].T.astype(np.float32)  # (N, S)
    seeds = np.broadcast_to(table.seeds[order].astype(np.uint32), values.shape)
    cells = go.Heatmap(
        z=values,
        customdata=seeds,
        colorscale="Cividis",
        reversescale=True,  # the same end means surprise on every page
        xgap=1 if len(order) <= 100 else 0,
        ygap=1 if positions <= MOST_ROWS else 0,
        colorbar={
            "title": {"text": words["bar"], "side": "right"},
            "thickness": 10,
            "outlinewidth": 0,
            "tickfont": {"size": style.size(12), "color": style.palette.text},
        },
        hovertemplate=words["hover"] + "<extra></extra>",
    )
    return new_figure(
        style,
        [cells],
        height=_rows_height(positions),
        xaxis={"title": {"text": words["axis"]}, "showticklabels": False, "showgrid": False, "ticks": ""},
        yaxis=_token_axis(table),
    )


def position_spread(table: SeedTable, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Each position over all seeds: from the least to the greatest, mean ± one standard deviation, and ln 1/V.

    Args:
        table: What is drawn.
        words: axis, uniform, hover.
        style: How it is drawn.
    """
    palette, spread = style.palette, table.per_position()
    positions = len(spread)
    few = positions <= MOST_ROWS
    least, greatest, mean = (spread[name].to_numpy() for name in ("least", "greatest", "mean"))
    deviation = np.nan_to_num(spread["standard_deviation"].to_numpy())
    uniform = -table.uniform_cross_entropy
    marks = go.Scatter(
        x=mean,
        y=np.arange(positions),
        mode="markers",
        marker={
            "symbol": "line-ns",
            "size": 16 if few else 4,
            "line": {"color": palette.mean, "width": 3 if few else 1},
        },
        customdata=[
            [label(piece), *map(number_format.nats, row)]
            for piece, row in zip(
                spread["target_piece"], np.column_stack([mean, deviation, least, greatest]), strict=True
            )
        ],
        hovertemplate=words["hover"] + "<extra></extra>",
    )
    line, name = reference(
        style, words["uniform"].format(uniform=number_format.nats(uniform)), x=uniform, kind="uniform"
    )
    ends = [least.min(), greatest.max(), uniform]
    air = 0.05 * (max(ends) - min(ends))
    return new_figure(
        style,
        [
            _spans(least, greatest, 2 if few else 1, palette.muted),
            _spans(mean - deviation, mean + deviation, 8 if few else 2, palette.target),
            marks,
        ],
        height=_rows_height(positions),
        xaxis={"title": {"text": words["axis"]}, "range": [min(ends) - air, max(ends) + air], "nticks": 6},
        yaxis=_token_axis(table),
        shapes=[line],
        annotations=[name],
        margin=room_above(style),
    )


def _spans(low: Floats, high: Floats, width: float, colour: str) -> go.Scatter:
    """A line a position from one value to another."""
    return go.Scatter(
        x=np.column_stack([low, high, np.full(len(low), np.nan)]).ravel(),
        y=np.repeat(np.arange(len(low)), 3),
        mode="lines",
        line={"color": colour, "width": width},
        hoverinfo="skip",
    )


def _rows_height(positions: int) -> int:
    return max(240, 90 + 30 * positions) if positions <= MOST_ROWS else 420


def _token_axis(table: SeedTable) -> Part:
    positions = len(table.target_piece)
    axis = {"range": [positions - 0.5, -0.5], "showgrid": False, "ticks": ""}
    if positions > MOST_ROWS:
        return axis | {"tickmode": "auto"}
    names = [label(piece, 14) for piece in table.target_piece]
    return axis | {"tickmode": "array", "tickvals": list(range(positions)), "ticktext": names}
