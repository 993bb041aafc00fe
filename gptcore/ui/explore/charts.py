"""A report as a page shows it: the three numbers, the linked charts, one position opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from gptcore import number_format
from gptcore.examples import Example
from gptcore.results.report import perplexity_of
from gptcore.token_display import visible
from gptcore.ui.explore.layers import layers_view
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.report.position import (
    choose_position,
    chosen_position,
    likeliest_tokens,
    position_field,
    read_last,
)
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import chart, code_span, current_style, with_words
from gptcore.ui.widgets.token_chips import WHOLE_POSITION, position_details

if TYPE_CHECKING:
    from gptcore.charts.theme import Style
    from gptcore.results.report import Report
    from gptcore.texts import Text
    from gptcore.ui.widgets.figures import KeptFigure

_CHOSEN_IN_CHART = "_position_of_chart"


def linked_figures(report: Report) -> dict[str, KeptFigure]:
    """Target probabilities, their logs, the ruler: the figures by the keys of their charts."""
    from gptcore.charts.report_positions import log_probabilities, target_probabilities
    from gptcore.ui.widgets.figures import KeptFigure

    text, style = page_text("explore"), current_style()
    draws = {"chart_target_probabilities": target_probabilities, "chart_log_probabilities": log_probabilities}
    figures = {key: KeptFigure(draw, (report,), text.group(key), style) for key, draw in draws.items()}
    return figures | {"chart_perplexity": _ruler(report, text, style)}


def by_title(figures: Mapping[str, KeptFigure]) -> dict[str, KeptFigure]:
    """The figures by their titles, as exports name them."""
    return {page_text("explore")(f"{key}.title"): figure for key, figure in figures.items()}


def positions(
    report: Report, choice: ModelChoice, examples: Sequence[Example], figures: Mapping[str, KeptFigure]
) -> None:
    """The linked charts, then the position that is open; a click on any position opens it."""
    from gptcore.charts.report_positions import highlighted

    text = page_text("explore")
    index = chosen_position(report)
    band = highlighted(report, index, current_style())
    words = {"chart_target_probabilities": _probabilities_in_words, "chart_log_probabilities": _logs_in_words}
    left, right = st.columns(2)
    for column, (key, in_words) in zip((left, right), words.items(), strict=True):
        figure = figures[key].with_shapes(band).clickable()
        with column, st.container(border=True):
            chart(figure, key, in_words(report), title=text(f"{key}.title"), on_position=_choose_in_chart)
            if column is left:
                st.markdown(text("own_text", choices=_own_choices(report)))
    if st.session_state.get(_CHOSEN_IN_CHART) == index:
        position_details(report, index, "position_of_chart")
    with st.container(border=True):
        key = "chart_perplexity"
        chart(figures[key], key, _perplexity_in_words(report), title=text(f"{key}.title"))
    _position_inspector(report, choice, examples)


def _choose_in_chart(index: int) -> None:
    st.session_state[_CHOSEN_IN_CHART] = index
    choose_position(index)  # it may end the callback


def _ruler(report: Report, text: Text, style: Style) -> KeptFigure:
    """The perplexity on a ruler, with each text's own where there are several."""
    from gptcore.charts.ruler import perplexity_ruler
    from gptcore.ui.widgets.figures import KeptFigure

    parts = report.per_example()
    lesser = tuple(
        (text("chart_perplexity.example", number=example + 1), perplexity)
        for example, perplexity in zip(parts["example"].tolist(), parts["perplexity"].tolist(), strict=True)
    )
    this = ((text("chart_perplexity.this"), report.perplexity),)
    lesser = lesser if len(lesser) > 1 else ()
    words = text.group("chart_perplexity")
    return KeptFigure(perplexity_ruler, (this, report.vocab_size), words, style, lesser=lesser)


def _probabilities_in_words(report: Report) -> str:
    best, worst = int(np.argmax(report.log_probability)), int(np.argmin(report.log_probability))
    return page_text("explore")(
        "chart_target_probabilities.summary",
        above=int((report.target_probability > 1 / report.vocab_size).sum()),
        positions=report.positions,
        vocabulary=number_format.count(report.vocab_size),
        best=visible(report.target_piece[best]),
        best_p=number_format.probability(*_probability(report, best)),
        worst=visible(report.target_piece[worst]),
        worst_p=number_format.probability(*_probability(report, worst)),
    )


def _logs_in_words(report: Report) -> str:
    best, worst = int(np.argmax(report.log_probability)), int(np.argmin(report.log_probability))
    return page_text("explore")(
        "chart_log_probabilities.summary",
        best=visible(report.target_piece[best]),
        best_ln=number_format.nats(float(report.log_probability[best])),
        worst=visible(report.target_piece[worst]),
        worst_ln=number_format.nats(float(report.log_probability[worst])),
        mean=number_format.nats(report.mean_log_probability),
    )


def _perplexity_in_words(report: Report) -> str:
    below = report.perplexity <= report.vocab_size
    return page_text("explore")(
        f"chart_perplexity.summary_{'below' if below else 'above'}",
        perplexity=number_format.perplexity_at(report.cross_entropy),
        vocabulary=number_format.count(report.vocab_size),
        factor=number_format.factor(perplexity_of(abs(report.cross_entropy - report.uniform_cross_entropy))),
    )


def _position_inspector(report: Report, choice: ModelChoice, examples: Sequence[Example]) -> None:
    """One position opened: its equation with the numbers in it, its share, its likeliest tokens, all probabilities."""
    from gptcore.charts.report_distribution import rank_curve
    from gptcore.ui.models.result_cache import rank_curve_for
    from gptcore.ui.widgets.figures import KeptFigure

    text, style = page_text("explore"), current_style()
    with st.container(key=WHOLE_POSITION):
        st.subheader(text("one_position"), anchor=False)
    index = position_field(report)
    left, right = st.columns(2)
    with left, st.container(border=True):
        _equation(report, index)
        likeliest_tokens(report, index, "chart_top_tokens", title=text("chart_top_tokens.title"))
    with right, st.container(border=True):
        curve = rank_curve_for(choice, examples, index, report.provenance.temperature)
        chart(
            KeptFigure(rank_curve, (curve, report.target_piece[index]), text.group("chart_rank_curve"), style),
            "chart_rank_curve",
            text(
                "chart_rank_curve.summary",
                highest=number_format.probability(float(curve.probability[0])),
                lowest=number_format.probability(float(curve.probability[-1])),
                rank=number_format.count(curve.target_rank),
            ),
            title=text("chart_rank_curve.title", vocabulary=number_format.count(report.vocab_size)),
        )
        st.markdown(
            text(
                "inspector.own",
                predicted=code_span(report.predicted_piece[index]),
                predicted_p=number_format.probability(float(report.predicted_probability[index])),
                entropy=number_format.nats(float(report.entropy_nats[index])),
                uniform=number_format.nats(report.uniform_cross_entropy),
            )
        )
    layers_view(choice, examples, report.provenance.temperature, index)


def _probability(report: Report, index: int) -> tuple[float, float]:
    """A target's probability and its log: all that writes it."""
    return float(report.target_probability[index]), float(report.log_probability[index])


def _own_choices(report: Report) -> str:
    """What the model would have said in place of each example's targets."""
    said = ["".join(np.array(report.predicted_piece)[report.example == n]) for n in np.unique(report.example)]
    return " · ".join(code_span(choices, longest=120) for choices in said)


def _equation(report: Report, index: int) -> None:
    text = page_text("explore")
    target = code_span(report.target_piece[index])
    st.markdown(text("inspector.after", prompt=read_last(report, index, code_span), target=target))
    st.latex(
        with_words(r"p = \frac{\exp z_{\text{target}}}{\sum_v \exp z_v}")
        + rf" = \frac{{e^{{{report.target_logit[index]:.4f}}}}}{{e^{{{report.log_normalizer_nats[index]:.4f}}}}}"
        rf" = {number_format.probability_in_latex(*_probability(report, index))}"
    )
    st.markdown(
        text(
            "inspector.reading",
            one_in=number_format.one_in(float(report.surprisal_nats[index])),
            rank=number_format.count(int(report.rank[index])),
            vocabulary=number_format.count(report.vocab_size),
            surprisal=number_format.nats(float(report.surprisal_nats[index])),
            share=number_format.percent(float(report.share_of_loss[index])),
            factor=number_format.factor(float(report.perplexity_factor[index]), digits=4),
        )
    )
