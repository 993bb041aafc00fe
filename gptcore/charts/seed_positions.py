"""Many seeds on one input, position by position: every seed's log-probabilities, and how far they spread."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
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
        table: The numbers of many seeds.
        words: Texts by name: axis, bar, hover.
        style: Colours, fonts and sizes of a theme.
    """
    order = np.argsort(table.cross_entropy, kind="stable")
    positions = len(table.target_piece)
    most = max(20, MOST_CELLS // positions)
    if len(order) > most:
        order = order[np.linspace(0, len(order) - 1, most).round().astype(int)]
    values = table.log_probability[order].T.astype(np.float32)  # (N, S)
    seeds = np.broadcast_to(table.seeds[order].astype(np.uint32), values.shape)
    figure = new_figure(style, height=_rows_height(positions))
    figure.add_trace(
        go.Heatmap(
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
    )
    figure.update_xaxes(title={"text": words["axis"]}, showticklabels=False, showgrid=False, ticks="")
    _token_axis(figure, table, style)
    return figure


def position_spread(table: SeedTable, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Each position over all seeds: from the least to the greatest, mean ± one standard deviation, and ln 1/V.

    Args:
        table: The numbers of many seeds.
        words: Texts by name: axis, uniform, hover.
        style: Colours, fonts and sizes of a theme.
    """
    palette, spread = style.palette, table.per_position()
    positions = len(spread)
    few = positions <= MOST_ROWS
    places = np.arange(positions)
    figure = new_figure(style, height=_rows_height(positions))

    def spans(low: Floats, high: Floats, width: float, colour: str) -> None:
        along = np.column_stack([low, high, np.full(positions, np.nan)]).ravel()
        figure.add_trace(
            go.Scatter(
                x=along,
                y=np.repeat(places, 3),
                mode="lines",
                line={"color": colour, "width": width},
                hoverinfo="skip",
            )
        )

    deviation = np.nan_to_num(spread["standard_deviation"].to_numpy())
    mean = spread["mean"].to_numpy()
    spans(spread["least"].to_numpy(), spread["greatest"].to_numpy(), 2 if few else 1, palette.muted)
    spans(mean - deviation, mean + deviation, 8 if few else 2, palette.target)
    figure.add_trace(
        go.Scatter(
            x=mean,
            y=places,
            mode="markers",
            marker={
                "symbol": "line-ns",
                "size": 16 if few else 4,
                "line": {"color": palette.mean, "width": 3 if few else 1},
            },
            customdata=[
                [label(piece), *map(number_format.nats, row)]
                for piece, row in zip(
                    spread["target_piece"],
                    np.column_stack([mean, deviation, spread["least"], spread["greatest"]]),
                    strict=True,
                )
            ],
            hovertemplate=words["hover"] + "<extra></extra>",
        )
    )
    uniform = -table.uniform_cross_entropy
    figure.add_vline(x=uniform, line={"color": palette.uniform, "width": 2, "dash": "dash"})
    figure.add_annotation(
        x=uniform,
        y=1.0,
        yref="paper",
        yanchor="bottom",
        text=words["uniform"].format(uniform=number_format.nats(uniform)),
        showarrow=False,
        font={"color": palette.uniform, "size": style.size(13)},
    )
    figure.update_layout(margin_t=round(style.size(26)))
    ends = [spread["least"].min(), spread["greatest"].max(), uniform]
    air = 0.05 * (max(ends) - min(ends))
    figure.update_xaxes(title={"text": words["axis"]}, range=[min(ends) - air, max(ends) + air], nticks=6)
    _token_axis(figure, table, style)
    return figure


def _rows_height(positions: int) -> int:
    return max(240, 90 + 30 * positions) if positions <= MOST_ROWS else 420


def _token_axis(figure: go.Figure, table: SeedTable, style: Style) -> None:
    positions = len(table.target_piece)
    few = positions <= MOST_ROWS
    figure.update_yaxes(
        range=[positions - 0.5, -0.5],
        showgrid=False,
        ticks="",
        tickmode="array" if few else "auto",
        tickvals=list(range(positions)) if few else None,
        ticktext=[label(piece, 14) for piece in table.target_piece] if few else None,
    )
