"""Charts with a row, or for long texts a column, a scored position: target probabilities, log-probabilities."""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.theme import DESK, MONO, Style, add_reference_line, halo, label, new_figure
from gptcore.results.report import Report

MOST_ROWS = 24
"""Up to so many positions each has a row of its own, with its token written out; more become columns."""

_ROW = 32
_NEAR = 3.0  # so close to the line of even guessing, a number over its dot would be struck through
_GAP = 0.45  # between examples, in rows


def target_probabilities(
    report: Report, words: Mapping[str, str], style: Style = DESK, *, selected: int | None = None
) -> go.Figure:
    """Each target's probability as its distance from even guessing, on a log axis, with the model's own choice.

    Args:
        report: The report that is drawn.
        words: Texts by name: axis, uniform, own_choice, hover (fields of customdata), from the texts.
        style: Colours, fonts and sizes of a theme.
        selected: Index of the position to highlight.
    """
    rows = report.positions <= MOST_ROWS
    places = _places(report)
    uniform = 1.0 / report.vocab_size
    p = report.target_probability.astype(np.float64)
    p = np.where(
        p > 0, p, np.exp(np.maximum(report.log_probability.astype(np.float64), -700.0))
    )  # float32 ends at e^−103
    figure = new_figure(style, height=_height(report, rows))
    palette = style.palette

    between = [part for value in p for part in (uniform, value, None)]
    along = [part for place in places for part in (place, place, None)]
    stem = {"color": palette.target, "width": 3 if rows else 1}
    figure.add_trace(_scatter(rows, along, between, mode="lines", line=stem, hoverinfo="skip"))
    diamond = {"symbol": "diamond-open", "size": 11 if rows else 6, "color": palette.top_prediction}
    figure.add_trace(
        _scatter(
            rows,
            places,
            report.predicted_probability,
            mode="markers",
            marker=diamond | {"line": {"width": 2 if rows else 1}},
            customdata=_customdata(report),
            hovertemplate=words["hover"] + "<extra></extra>",
            cliponaxis=False,
        )
    )
    figure.add_trace(
        _scatter(
            rows,
            places,
            p,
            mode="markers+text" if rows else "markers",
            marker={"size": 13 if rows else 5, "color": palette.target},
            text=[number_format.probability(float(value)) for value in report.target_probability] if rows else None,
            textposition=[_clear_of_the_line(value / uniform) for value in p],
            textfont={"size": style.size(11), "color": palette.text, "shadow": halo(palette.paper)},
            cliponaxis=False,
            customdata=_customdata(report),
            hovertemplate=words["hover"] + "<extra></extra>",
        )
    )
    low, high = min(p.min(), uniform), max(p.max(), report.predicted_probability.max(), uniform)
    span = math.log10(high) - math.log10(low)
    limits = [
        math.log10(low) - (0.14 if rows else 0.08) * span - 0.05,
        min(math.log10(high) + (0.14 if rows else 0.08) * span + 0.05, 0.25),
    ]
    axis: dict[str, object] = {
        "type": "log",
        "range": limits,
        "title": {"text": words["axis"]},
        "exponentformat": "power",
    }
    axis["dtick"] = max(1, math.ceil((limits[1] - limits[0]) / 10))
    where = "x" if rows else "y"
    figure.update_layout({f"{where}axis": axis})
    add_reference_line(
        figure,
        style,
        words["uniform"].format(p=number_format.probability(uniform)),
        x=uniform if rows else None,
        y=None if rows else uniform,
        kind="uniform",
        log=True,
        below=True,
    )
    _name_positions(figure, report, places, rows)
    if rows:
        _name_choices(figure, report, places, style)
    _highlight(figure, places, selected, style, rows)
    return figure


def _clear_of_the_line(ratio: float) -> str:
    """Where a probability is written, by how many times even guessing it is: never across that line."""
    if not 1 / _NEAR < ratio < _NEAR:
        return "top center"
    return "top right" if ratio >= 1 else "top left"


def log_probabilities(
    report: Report, words: Mapping[str, str], style: Style = DESK, *, selected: int | None = None
) -> go.Figure:
    """Each target's log-probability as a bar down from 0 = certain, and their mean.

    Args:
        report: The report that is drawn.
        words: Texts by name: axis, mean (with {mean}), hover.
        style: Colours, fonts and sizes of a theme.
        selected: Index of the position to highlight.
    """
    rows = report.positions <= MOST_ROWS
    places = _places(report)
    figure = new_figure(style, height=_height(report, rows))
    bars = {
        "marker": {"color": style.palette.target},
        "customdata": _customdata(report),
        "hovertemplate": words["hover"] + "<extra></extra>",
    }
    values = report.log_probability
    if rows:
        written = [number_format.nats(float(value)) for value in values]
        figure.add_trace(
            go.Bar(
                x=values,
                y=places,
                orientation="h",
                width=0.62,
                text=written,
                textposition="auto",
                insidetextanchor="start",
                textfont={"family": MONO, "size": style.size(13)},
                insidetextfont={"color": style.palette.paper},
                outsidetextfont={"color": style.palette.text},
                **bars,
            )
        )
    else:
        figure.add_trace(go.Bar(x=places, y=values, **bars))
    where = "x" if rows else "y"
    lowest = float(min(values.min(), -1e-3)) * 1.04
    figure.update_layout({f"{where}axis": {"title": {"text": words["axis"]}, "range": [lowest, 0]}})
    add_reference_line(
        figure,
        style,
        words["mean"].format(mean=number_format.nats(report.mean_log_probability)),
        x=report.mean_log_probability if rows else None,
        y=None if rows else report.mean_log_probability,
        kind="mean",
    )
    _name_positions(figure, report, places, rows)
    _highlight(figure, places, selected, style, rows)
    return figure


def _customdata(report: Report) -> list[list[object]]:
    """0 index, 1 target, 2 its id, 3 p, 4 ln p, 5 rank, 6 own choice, 7 its p, 8 one in, 9 share of the loss."""
    share = report.share_of_loss
    return [
        [
            n,
            label(report.target_piece[n]),
            int(report.target_token_id[n]),
            number_format.probability(float(report.target_probability[n])),
            number_format.nats(float(report.log_probability[n])),
            number_format.count(int(report.rank[n])),
            label(report.predicted_piece[n]),
            number_format.probability(float(report.predicted_probability[n])),
            number_format.one_in(float(report.surprisal_nats[n])),
            number_format.percent(float(share[n])),
        ]
        for n in range(report.positions)
    ]


def _scatter(rows: bool, along: object, amount: object, **options: object) -> go.Scatter:
    return go.Scatter(x=amount, y=along, **options) if rows else go.Scatter(x=along, y=amount, **options)


def _places(report: Report) -> list[float]:
    """Where each position stands along its axis: one apart, a little more between examples."""
    return [n + _GAP * int(example) for n, example in enumerate(report.example)]


def _height(report: Report, rows: bool) -> int:
    if not rows:
        return 300
    return 70 + round(_ROW * (max(report.positions, 2) + _GAP * int(report.example.max())))


def _name_positions(figure: go.Figure, report: Report, places: list[float], rows: bool) -> None:
    if not rows:
        figure.update_xaxes(showgrid=False, title={"text": None})
        return
    names = [f"<b>{label(piece)}</b>" for piece in report.target_piece]
    figure.update_yaxes(
        tickmode="array", tickvals=places, ticktext=names, range=[places[-1] + 0.6, -0.85], showgrid=False, title=None
    )


def _name_choices(figure: go.Figure, report: Report, places: list[float], style: Style) -> None:
    """The model's own choices at the right, where there is room for them whatever the window's width."""
    size = style.size(12)
    names = [label(piece, 12) for piece in report.predicted_piece]
    for name, place in zip(names, places, strict=True):
        figure.add_annotation(
            x=1, xref="paper", xanchor="left", xshift=4, y=place, showarrow=False,
            text=name, font={"color": style.palette.top_prediction, "size": size},
        )  # fmt: skip
    figure.update_layout(margin_r=8 + size * max(_width(html.unescape(name)) for name in names))


def _width(text: str) -> float:
    """About how wide a label is, in its letters' size."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.6 for letter in text)


def _highlight(figure: go.Figure, places: list[float], selected: int | None, style: Style, rows: bool) -> None:
    if selected is None or not rows:
        return
    figure.add_hrect(
        y0=places[selected] - 0.48,
        y1=places[selected] + 0.48,
        fillcolor=style.palette.target,
        opacity=0.1,
        line_width=0,
        layer="below",
    )
