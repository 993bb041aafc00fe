"""Marks that several curves share: the curve itself, a level across it, the visitor's points, and where the die is."""

from __future__ import annotations

import plotly.graph_objects as go

from gptcore.charts.theme import Style
from gptcore.results.report import Floats


def add_line(figure: go.Figure, x: Floats, y: Floats, style: Style) -> None:
    """A curve of context."""
    line = {"color": style.palette.muted, "width": 2.5}
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip"))


def add_level(figure: go.Figure, y: float, text: str, style: Style, *, right: bool = False) -> None:
    """A dashed line across, its name on it at the left, or at the right."""
    figure.add_hline(y=y, line={"color": style.palette.uniform, "width": 2, "dash": "dash"})
    figure.add_annotation(
        x=0.99 if right else 0.06, xref="paper", xanchor="right" if right else "left", y=y, yanchor="bottom",
        text=text, showarrow=False,
        font={"color": style.palette.uniform, "size": style.size(12)},
    )  # fmt: skip


def add_points(figure: go.Figure, x: Floats, y: Floats, style: Style, symbol: str = "circle") -> None:
    """The visitor's own values."""
    marker = {
        "size": 10 if symbol == "circle" else 14,
        "color": style.palette.target,
        "symbol": symbol,
        "opacity": 0.85,
    }
    hover = "%{x:.4~g} → %{y:,.4f}<extra></extra>"
    figure.add_trace(go.Scatter(x=x, y=y, mode="markers", marker=marker, hovertemplate=hover, cliponaxis=False))


def add_here(figure: go.Figure, x: float, y: float, text: str, style: Style, *, left: bool) -> None:
    """Where the die is on a curve."""
    colour = style.palette.mean
    figure.add_trace(
        go.Scatter(
            x=[x],
            y=[y],
            mode="markers",
            marker={
                "size": 15,
                "color": colour,
                "symbol": "square",
                "line": {"color": style.palette.paper, "width": 2},
            },
            hoverinfo="skip",
            cliponaxis=False,
        )
    )
    figure.add_annotation(
        x=x, y=y, ax=-18 if left else 18, ay=-26, text=text, xanchor="right" if left else "left", align="left",
        arrowcolor=colour, font={"color": colour, "size": style.size(13)}, bgcolor=style.palette.paper, opacity=0.94,
    )  # fmt: skip
