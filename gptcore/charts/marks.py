"""Parts that several figures share, as data for `new_figure`: lines across, notes, a curve and the points on it."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go

from gptcore.charts.theme import Style
from gptcore.results.report import Floats

Part = dict[str, Any]
"""A shape or an annotation of a figure, as Plotly's layout takes it."""


def upright(x: float, line: Part, **options: object) -> Part:
    """A line at x from the bottom to the top."""
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain", "line": line, **options}


def across(y: float, line: Part, **options: object) -> Part:
    """A line at y from the left to the right."""
    return {"type": "line", "x0": 0, "x1": 1, "xref": "x domain", "y0": y, "y1": y, "line": line, **options}


def band(colour: str, opacity: float, **ends: object) -> Part:
    """A filled rectangle: the whole height from `x0` to `x1`, or the whole width from `y0` to `y1`."""
    whole = {"y0": 0, "y1": 1, "yref": "y domain"} if "x0" in ends else {"x0": 0, "x1": 1, "xref": "x domain"}
    return {"type": "rect", "fillcolor": colour, "opacity": opacity, "line": {"width": 0}, **whole, **ends}


def note(text: str, colour: str, size: float, **place: object) -> Part:
    """A text at a place, without an arrow."""
    return {"text": text, "font": {"color": colour, "size": size}, "showarrow": False, **place}


def power_of_e(exponent: str, style: Style) -> str:
    """Write e to a number: on a projector without raised digits, which are too small for the last row of a room."""
    return f"exp({exponent})" if style.smallest else f"e<sup>{exponent}</sup>"


def reference(
    style: Style,
    text: str,
    *,
    x: float | None = None,
    y: float | None = None,
    kind: str,
    log: bool = False,
    below: bool = False,
) -> tuple[Part, Part]:
    """A line that a chart is read against, with its name at its end.

    Args:
        style: How the chart is drawn.
        text: The line's name.
        x: Where an upright line stands; its name is above it, where the figure's margin has to leave room
            (`NAMED_ABOVE`).
        y: Where a line across stands; its name is at the right.
        kind: "uniform" (dashed) or "mean" (solid).
        log: Whether the axis that the line stands on is logarithmic.
        below: Whether an upright line runs behind the data, so that what is written there can be read.

    Returns:
        The shape and the annotation.
    """
    colour = getattr(style.palette, kind)
    line = {"color": colour, "width": 2, "dash": "dash" if kind == "uniform" else "solid"}
    if x is not None:
        place = math.log10(x) if log else x  # Plotly wants an annotation's place as the exponent
        name = note(text, colour, style.size(13), x=place, y=1.0, yref="paper", yanchor="bottom", xanchor="center")
        return upright(x, line, layer="below" if below else "above"), name
    assert y is not None
    place = math.log10(y) if log else y
    name = note(text, colour, style.size(13), y=place, x=1.0, xref="paper", yanchor="bottom", xanchor="right")
    return across(y, line), name | {"bgcolor": style.palette.paper}


def room_above(style: Style, points: float = 26) -> Part:
    """A margin that leaves room for the name of an upright line."""
    return {"t": round(style.size(points))}


def curve(x: Floats, y: Floats, style: Style) -> go.Scatter:
    """A curve of context."""
    line = {"color": style.palette.muted, "width": 2.5}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def level(y: float, text: str, style: Style, *, right: bool = False) -> tuple[Part, Part]:
    """A dashed line across with its name on it, at the left or at the right: the shape and the annotation."""
    colour = style.palette.uniform
    side = {"x": 0.99, "xanchor": "right"} if right else {"x": 0.06, "xanchor": "left"}
    name = note(text, colour, style.size(12), xref="paper", y=y, yanchor="bottom", **side)
    return across(y, {"color": colour, "width": 2, "dash": "dash"}), name


def own_points(x: Floats, y: Floats, style: Style, symbol: str = "circle") -> go.Scatter:
    """The visitor's own values."""
    marker = {
        "size": 10 if symbol == "circle" else 14,
        "color": style.palette.target,
        "symbol": symbol,
        "opacity": 0.85,
    }
    hover = "%{x:.4~g} → %{y:,.4f}<extra></extra>"
    return go.Scatter(x=x, y=y, mode="markers", marker=marker, hovertemplate=hover, cliponaxis=False)


def here(x: float, y: float, text: str, style: Style, *, left: bool) -> tuple[go.Scatter, Part]:
    """Where the die is on a curve: the mark, and its name beside it."""
    colour, paper = style.palette.mean, style.palette.paper
    marker = {"size": 15, "color": colour, "symbol": "square", "line": {"color": paper, "width": 2}}
    mark = go.Scatter(x=[x], y=[y], mode="markers", marker=marker, hoverinfo="skip", cliponaxis=False)
    name = {
        "x": x,
        "y": y,
        "ax": -18 if left else 18,
        "ay": -26,
        "text": text,
        "xanchor": "right" if left else "left",
        "align": "left",
        "arrowcolor": colour,
        "font": {"color": colour, "size": style.size(13)},
        "bgcolor": paper,
        "opacity": 0.94,
    }
    return mark, name


def decades(span: float, most: int = 8) -> int:
    """How many powers of ten lie between two labels of a log axis, so that no more than `most` are written.

    >>> decades(5.2), decades(56.0)
    (1, 7)
    """
    return max(1, math.ceil(span / most))
