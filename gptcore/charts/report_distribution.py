"""One position's distribution: the likeliest tokens, and where the target stands among all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from gptcore import number_format
from gptcore.charts.marks import across, decades
from gptcore.charts.theme import DESK, Style, label, new_figure
from gptcore.results.rank_curve import RankCurve
from gptcore.results.report import Report


def rank_curve(curve: RankCurve, target: str, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """The whole vocabulary from the likeliest token to the least, both axes logarithmic, with the target on it.

    Args:
        curve: What is drawn.
        target: The target's token.
        words: x, y, uniform, hover.
        style: How it is drawn.
    """
    palette = style.palette
    vocab_size = int(curve.rank[-1])
    right = curve.target_rank > vocab_size**0.5
    line = go.Scatter(
        x=curve.rank,
        y=curve.probability,
        mode="lines",
        line={"color": palette.muted, "width": 2},
        fill="tozeroy",
        fillcolor="rgba(128,140,156,0.14)",
        hovertemplate=words["hover"] + "<extra></extra>",
    )
    mark = go.Scatter(
        x=[curve.target_rank],
        y=[curve.target_probability],
        mode="markers+text",
        marker={"size": 14, "color": palette.target},
        text=[f"<b>{label(target)}</b>, {words['rank']} {curve.target_rank:,}  "],
        textposition=f"{'bottom' if right else 'top'} {'left' if right else 'right'}",
        textfont={"color": palette.target, "size": style.size(14)},
        hoverinfo="skip",
        cliponaxis=False,
    )
    exponents = np.log10(curve.probability[curve.probability > 0])  # float64 ends at 1e-308
    return new_figure(
        style,
        [line, mark],
        height=280,
        xaxis={"type": "log", "dtick": 1, "title": {"text": words["x"]}, "tickformat": ",d", "showgrid": False},
        yaxis={
            "type": "log",
            "dtick": decades(float(np.ptp(exponents))),
            "title": {"text": words["y"]},
            "exponentformat": style.exponent,
            "showexponent": "all",
        },
        shapes=[across(curve.uniform_probability, {"color": palette.uniform, "width": 2, "dash": "dash"})],
    )


def top_tokens(report: Report, index: int, words: Mapping[str, str], style: Style = DESK, *, k: int = 10) -> go.Figure:
    """The k likeliest tokens at a position as bars, and the target below them where it is none of those.

    Args:
        report: What is drawn.
        index: The position.
        words: axis, hover.
        style: How it is drawn.
        k: How many tokens.
    """
    top = report.top_k(index, min(k, report.top_token_ids.shape[1]))
    pieces, ids = list(top["piece"]), list(top["token_id"])
    probabilities, ranks = list(top["probability"]), list(top["rank"])
    written = [number_format.probability(float(p)) for p in probabilities]
    target_id = int(report.target_token_id[index])
    if target_id not in ids:
        pieces.append(report.target_piece[index])
        ids.append(target_id)
        probabilities.append(float(report.target_probability[index]))
        written.append(number_format.probability(probabilities[-1], float(report.log_probability[index])))
        ranks.append(int(report.rank[index]))
    palette = style.palette
    colours = [
        palette.target if i == target_id else palette.top_prediction if n == 0 else palette.muted
        for n, i in enumerate(ids)
    ]
    places = list(range(len(ids)))
    if ranks[-1] > len(ids):
        places[-1] += 1  # a gap says that ranks are left out
    bars = go.Bar(
        x=probabilities,
        y=places,
        orientation="h",
        width=0.7,
        marker={"color": colours},
        text=[f" {each}" for each in written],
        textposition="outside",
        textfont={"size": style.size(12), "color": palette.text},
        customdata=[[label(piece), f"{rank:,}", i] for piece, rank, i in zip(pieces, ranks, ids, strict=True)],
        hovertemplate=words["hover"] + "<extra></extra>",
        cliponaxis=False,
    )
    names = [
        f"{rank:,}. <b>{label(piece)}</b>" if i == target_id else f"{rank:,}. {label(piece)}"
        for piece, rank, i in zip(pieces, ranks, ids, strict=True)
    ]
    return new_figure(
        style,
        [bars],
        height=60 + 26 * len(ids),
        xaxis={"range": [0, max(probabilities) * 1.5], "showticklabels": False, "showgrid": False},
        yaxis={
            "tickmode": "array",
            "tickvals": places,
            "ticktext": names,
            "range": [places[-1] + 0.6, -0.6],
            "showgrid": False,
        },
    )
