"""Every colour, line and size of the charts, in one place: one colour a meaning, in light and in dark."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from gptcore.token_display import visible

FONT = '"Source Sans", "Source Sans 3", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif'
MONO = '"Source Code Pro", "Noto Sans Mono CJK SC", monospace'


@dataclass(frozen=True)
class Palette:
    """The meanings that have a colour. Each also has a shape of its own: colour never stands alone."""

    target: str  # what should have been predicted: filled circle
    top_prediction: str  # what the model finds most likely: open diamond
    uniform: str  # guessing evenly: dashed line
    mean: str  # a mean over positions: solid line
    muted: str  # everything that is only context
    text: str
    grid: str
    paper: str
    series: tuple[str, ...]  # models, inputs, curves: to be told apart, no meaning of their own

    surprise: str = "Cividis"  # the one even, colour-blind-safe scale: −ln p, from sure to surprised
    gain: str = "#0f8a6c"  # a difference for the better, and
    loss: str = "#c2410c"  # for the worse: also written with + and −


LIGHT = Palette(
    target="#0b62b0",
    top_prediction="#c2510c",
    uniform="#5b6675",
    mean="#7a3aa8",
    muted="#8b95a4",
    text="#17202e",
    grid="#e6eaf0",
    paper="#ffffff",
    series=("#0b62b0", "#c2510c", "#0f8a6c", "#7a3aa8", "#8a6d00", "#b0306a", "#3f6f7f", "#5b6675"),
)
DARK = Palette(
    target="#6db3f2",
    top_prediction="#f5a25d",
    uniform="#a9b4c2",
    mean="#cf9df0",
    muted="#7c8796",
    text="#e7ecf3",
    grid="#2a3340",
    paper="#10151d",
    series=("#6db3f2", "#f5a25d", "#4fd1ab", "#cf9df0", "#e0c25a", "#f28db5", "#8fc1d0", "#a9b4c2"),
    gain="#4fd1ab",
    loss="#f5a25d",
)


@dataclass(frozen=True)
class Style:
    """How a chart is drawn for this reader: palette and size of type (1 on a desk, more on a projector)."""

    palette: Palette = LIGHT
    scale: float = 1.0

    def size(self, points: float) -> float:
        """A type size in pixels for this reader."""
        return round(points * self.scale, 1)


def surprise_colour(surprisal_nats: float, uniform_nats: float) -> str:
    """A surprise on the one even scale: its dark end is certainty, its light end one and a half times even guessing.

    >>> surprise_colour(0.0, 10.8)
    'rgb(0, 34, 78)'
    """
    place = min(max(surprisal_nats / (1.5 * uniform_nats), 0.0), 1.0)  # a colour ends somewhere; the number does not
    colour: str = sample_colorscale(LIGHT.surprise, place)[0]
    return colour


DESK = Style()
"""Light, on a desk."""


def label(piece: str, longest: int = 18) -> str:
    """A token as a chart's label: spaces visible, nothing read as markup, long ones cut in the middle.

    >>> label(" effort"), label("<b>")
    ('␣effort', '&lt;b&gt;')
    """
    shown = visible(piece)
    if len(shown) > longest:
        half = (longest - 1) // 2
        shown = f"{shown[:half]}…{shown[-half:]}"
    return html.escape(shown)


def halo(colour: str) -> str:
    """A font's `shadow` that keeps written numbers readable where a line runs behind them."""
    return ", ".join([f"0 0 2px {colour}"] * 4)


def new_figure(style: Style, *, height: int) -> go.Figure:
    """An empty figure in this reader's style; `height` in pixels on a desk."""
    palette = style.palette
    axis = {
        "gridcolor": palette.grid,
        "linecolor": palette.grid,
        "zeroline": False,
        "tickfont": {"size": style.size(13), "color": palette.text},
        "title": {"font": {"size": style.size(14), "color": palette.text}},
        "automargin": True,
        "fixedrange": True,
    }
    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=round(height * (1 + (style.scale - 1) * 0.6)),
        margin={"l": 8, "r": 12, "t": 10, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": style.size(13), "color": palette.text},
        hoverlabel={
            "bgcolor": palette.paper,
            "bordercolor": palette.muted,
            "font": {"family": FONT, "size": style.size(13), "color": palette.text},
            "align": "left",
        },
        showlegend=False,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "font": {"size": style.size(13)}},
        xaxis=axis,
        yaxis=axis,
        dragmode=False,
        bargap=0.25,
    )
    return figure


def add_reference_line(
    figure: go.Figure,
    style: Style,
    text: str,
    *,
    x: float | None = None,
    y: float | None = None,
    kind: str,
    log: bool = False,
    below: bool = False,
) -> None:
    """A line that a chart is read against: kind "uniform" (dashed) or "mean" (solid), its name above its end.

    Args:
        figure: The figure.
        style: Colours, fonts and sizes of a theme.
        text: The text.
        x: Where an upright line stands.
        y: Where a level line stands.
        kind: What the line stands for; it decides the colour.
        log: Whether the axis that the line stands on is logarithmic.
        below: Whether an upright line runs behind the data, so that what is written there can be read.
    """
    colour = getattr(style.palette, kind)
    line = {"color": colour, "width": 2, "dash": "dash" if kind == "uniform" else "solid"}
    font = {"color": colour, "size": style.size(13)}
    amount = x if x is not None else y
    assert amount is not None
    place = math.log10(amount) if log else amount  # Plotly wants an annotation's place as the exponent
    common: dict[str, Any] = {"text": text, "font": font, "showarrow": False}
    if x is not None:
        figure.add_vline(x=x, line=line, layer="below" if below else "above")
        figure.add_annotation(x=place, y=1.0, yref="paper", yanchor="bottom", xanchor="center", **common)
        figure.update_layout(margin_t=round(style.size(26)))
    else:
        figure.add_hline(y=y, line=line)
        common["bgcolor"] = style.palette.paper
        figure.add_annotation(y=place, x=1.0, xref="paper", yanchor="bottom", xanchor="right", **common)
