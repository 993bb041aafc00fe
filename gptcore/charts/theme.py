"""Every colour, line and size of the charts, in one place: one colour a meaning, in light and in dark."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import plotly.io as pio
from plotly.colors import get_colorscale, sample_colorscale

from gptcore.token_display import visible

FONT = '"Source Sans", "Source Sans 3", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif'
MONO = '"Source Code Pro", "Noto Sans Mono CJK SC", monospace'


@dataclass(frozen=True)
class Palette:
    """The meanings that have a colour. Each also has a shape of its own: colour never stands alone."""

    name: str
    target: str  # what should have been predicted: filled circle
    top_prediction: str  # what the model finds most likely: open diamond
    uniform: str  # uniform guessing: dashed line
    mean: str  # a mean over positions: solid line
    muted: str  # everything that is only context
    text: str
    grid: str
    paper: str
    series: tuple[str, ...]  # models, inputs, curves: to be told apart, no meaning of their own

    surprise: str = "Cividis"  # the one even, colour-blind-safe scale: −ln p, from sure to surprised
    surprise_levels: tuple[tuple[str, str], ...] = (  # (background, text) of words in running text, from sure
        ("transparent", "#17202e"),
        ("#fff2c2", "#17202e"),
        ("#fdd07a", "#17202e"),
        ("#e8912d", "#17202e"),
        ("#8a3b06", "#ffffff"),
    )
    gain: str = "#0f8a6c"  # a difference for the better, and
    loss: str = "#c2410c"  # for the worse: also written with + and −


LIGHT = Palette(
    name="light",
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
    name="dark",
    target="#6db3f2",
    top_prediction="#f5a25d",
    uniform="#a9b4c2",
    mean="#cf9df0",
    muted="#7c8796",
    text="#e7ecf3",
    grid="#2a3340",
    paper="#10151d",
    series=("#6db3f2", "#f5a25d", "#4fd1ab", "#cf9df0", "#e0c25a", "#f28db5", "#8fc1d0", "#a9b4c2"),
    surprise_levels=(
        ("transparent", "#e7ecf3"),
        ("#37311d", "#f4ead2"),
        ("#614a17", "#fbf1dc"),
        ("#96600f", "#ffffff"),
        ("#ffd27a", "#17202e"),
    ),
    gain="#4fd1ab",
    loss="#f5a25d",
)


def light_colours() -> dict[str, str]:
    """The light theme's colour for each of the dark theme's.

    >>> light_colours()[DARK.text] == LIGHT.text
    True
    """
    pairs = list(zip(DARK.series, LIGHT.series, strict=True))
    for name in ("gain", "loss", "target", "top_prediction", "uniform", "mean", "muted", "text", "grid", "paper"):
        pairs.append((getattr(DARK, name), getattr(LIGHT, name)))
    return dict(pairs)


def in_light(figure: go.Figure) -> go.Figure:
    """A copy of a figure in the light theme's colours, on white, as on paper."""
    colours = light_colours()
    drawn = re.sub("#[0-9a-f]{6}", lambda found: colours.get(found[0], found[0]), figure.to_json())
    light = pio.from_json(drawn, skip_invalid=True)
    light.layout.paper_bgcolor = LIGHT.paper
    return light


@dataclass(frozen=True)
class Style:
    """How a chart is drawn for this reader: palette, size of type (1 on a desk, more on a projector), smallest type."""

    palette: Palette = LIGHT
    scale: float = 1.0
    smallest: float = 0.0

    def size(self, points: float) -> float:
        """A type size in pixels for this reader."""
        return max(round(points * self.scale, 1), self.smallest)

    @property
    def exponent(self) -> str:
        """How an axis writes powers of ten: raised exponents are too small for the last row of a room."""
        return "e" if self.smallest else "power"


def surprise_colour(surprisal_nats: float, uniform_nats: float) -> str:
    """A surprise on the one even scale: its dark end is certainty, its light end one and a half times uniform guessing.

    >>> surprise_colour(0.0, 10.8)
    'rgb(0, 34, 78)'
    """
    place = min(max(surprisal_nats / (1.5 * uniform_nats), 0.0), 1.0)  # a colour ends somewhere; the number does not
    colour: str = sample_colorscale(_surprises(), place)[0]
    return colour


@functools.cache
def _surprises() -> list[list[object]]:
    """The scale of surprise; by its name Plotly would look through all its scales for each colour."""
    scale: list[list[object]] = get_colorscale(LIGHT.surprise)
    return scale


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


@functools.cache
def _template(style: Style) -> str:
    """Register a style's template with Plotly, once.

    Returns:
        The name under which `go.Figure(layout={"template": …})` finds it.
    """
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
    layout = {
        "margin": {"l": 8, "r": 12, "t": 10, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": style.size(13), "color": palette.text},
        "hoverlabel": {
            "bgcolor": palette.paper,
            "bordercolor": palette.muted,
            "font": {"family": FONT, "size": style.size(13), "color": palette.text},
            "align": "left",
        },
        "showlegend": False,
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "font": {"size": style.size(13)}},
        "xaxis": axis,
        "yaxis": axis,
        "dragmode": False,
        "bargap": 0.25,
    }
    name = f"gpt_{palette.name}_{style.scale:g}_{style.smallest:g}"
    whole = [{"constraintext": "none"}] if style.smallest else []  # else a narrow bar's text is drawn smaller
    pio.templates[name] = go.layout.Template(layout=layout, data={"bar": whole})
    return name


def pixels(style: Style, height: float) -> int:
    """A figure's height for this reader, by its height on a desk; lower on a projector, to be on the first screen.

    >>> pixels(DESK, 300), pixels(Style(scale=1.4), 300)
    (300, 258)
    """
    return round(height * (1 - (style.scale - 1) * 0.35))


def new_figure(
    style: Style, data: Sequence[object] = (), *, height: float, projected: float | None = None, **layout: object
) -> go.Figure:
    """A figure in this reader's style, built in one constructor call.

    Adding to a figure afterwards (`update_layout`, `add_shape`, …) validates all of it again each time: an order of
    magnitude slower than giving everything here.

    Args:
        style: Its palette and type size choose the template.
        data: The traces.
        height: Pixels on a desk.
        projected: Pixels on a projector, where large type needs more than `pixels` leaves it.
        **layout: What this figure adds to the template: `xaxis`, `yaxis`, `shapes`, `annotations`, `margin`, …

    Returns:
        The figure.
    """
    own = {
        "template": _template(style),
        "height": round(projected) if projected is not None and style.smallest else pixels(style, height),
        "font": {"size": style.size(13)},
    }
    return go.Figure(data=list(data), layout=own | layout)
