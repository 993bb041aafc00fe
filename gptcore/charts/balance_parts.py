"""Parts of the balance that shows a mean: an arm a position, the weights on the beam, the edge under it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.theme import Style, label
from gptcore.results.report import Floats
from gptcore.results.steps import Steps


def arms(steps: Steps, middle: float, span: float, hover: str, style: Style) -> list[go.Bar | go.Scatter]:
    """An arm a position from the mean to its log-probability, which is written at its end."""
    palette, places = style.palette, list(range(steps.positions))
    return [
        go.Bar(
            x=steps.log_probability - middle,
            base=middle,
            y=places,
            orientation="h",
            width=0.16,
            marker={"color": palette.muted},
            hoverinfo="skip",
        ),
        go.Scatter(
            x=steps.log_probability,
            y=places,
            mode="markers+text",
            marker={"size": 14, "color": palette.target},
            text=[
                f" {number_format.nats(float(v))} ({number_format.signed_nats(float(v) - middle)}) "
                for v in steps.log_probability
            ],
            textposition=[_beside(float(v) - middle, span, style) for v in steps.log_probability],
            textfont={"size": style.size(12), "color": palette.text},
            customdata=[label(piece) for piece in steps.target_piece],
            hovertemplate="<b>%{customdata}</b><br>" + hover + "<extra></extra>",
            cliponaxis=False,
        ),
    ]


def weights(
    values: Floats, beam: float, heights: Sequence[int], middle: float, armed: bool, style: Style
) -> list[go.Scatter]:
    """The weights on the beam, and the edge under it."""
    palette = style.palette
    return [
        go.Scatter(
            x=values,
            y=beam - 0.28 - 0.34 * np.array(heights) * (1 if armed else 0.5),
            mode="markers",
            marker={"size": 13 if armed else 7, "color": palette.target, "symbol": "square"},
            hoverinfo="skip",
        ),
        go.Scatter(
            x=[middle],
            y=[beam + 0.42],
            mode="markers",
            marker={"size": 24, "color": palette.mean, "symbol": "triangle-up"},
            hoverinfo="skip",
            cliponaxis=False,
        ),
    ]


def _beside(deviation: float, span: float, style: Style) -> str:
    """Where a number stands by its point: above it, and away from the mean's line where the point is near it.

    On a projector, whose rows are lower than two lines of type, it stands at the arm's outer end.
    """
    if style.smallest:
        return f"middle {'right' if deviation >= 0 else 'left'}"
    near = abs(deviation) < 0.22 * span
    return f"top {'center' if not near else 'right' if deviation >= 0 else 'left'}"


def stacked(values: Floats, width: float) -> list[int]:
    """How many values stand below each where those within a width are stacked."""
    seen: dict[int, int] = {}
    heights = []
    for value in values:
        place = round(float(value) / width)
        heights.append(seen.get(place, 0))
        seen[place] = heights[-1] + 1
    return heights
