"""One token of a long text opened, as on Explore: its likeliest tokens and its whole distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from gptcore import number_format
from gptcore.encoded_text import prefix_of
from gptcore.errors import InputError
from gptcore.examples import Example
from gptcore.ui.examples.state import show_examples
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.result_cache import rank_curve_for, report_for
from gptcore.ui.report.position import likeliest_tokens
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import chart, code_span, current_style, error_sentence

if TYPE_CHECKING:
    from gptcore.results.text_report import TextReport


def opened_token(report: TextReport, choice: ModelChoice) -> None:
    """The token that was clicked, or what to do to see one."""
    text = page_text("long_text")
    st.subheader(text("opened"), anchor=False)
    index = int(st.session_state.get("long_token", -1))
    if not 0 <= index < len(report.text.token_id):
        st.caption(text("opened_help"))
        return
    number, piece = number_format.count(index + 1), code_span(report.text.pieces[index])
    if not report.scored[index]:
        first = index == 0
        st.caption(text("opened_unscored" if first else "opened_not_yet", number=number, piece=piece))
        return
    with st.container(horizontal=True, vertical_alignment="center", key="long_opened_bar"):
        st.markdown(
            text(
                "opened_place",
                number=number,
                tokens=number_format.count(len(report.text.token_id)),
                piece=piece,
                context=number_format.count(int(report.context_tokens[index])),
            ),
            width="content",
        )
        example = example_of(report, index, choice)
        if st.button(
            text("open_in_explore"),
            key="long_open_in_explore",
            icon=":material/search_insights:",
            on_click=show_examples,
            args=((example,),),
        ):
            st.switch_page("pages/explore.py")
    try:
        _distribution(example, choice)
    except InputError as error:
        st.warning(error_sentence(error), icon=":material/error:")


def example_of(report: TextReport, index: int, choice: ModelChoice) -> Example:
    """A token with just the context that it was scored with, as an example of its own."""
    context = int(report.context_tokens[index])
    ids = report.text.token_id[max(0, index - context) : index + 1].tolist()
    if len(ids) <= context:  # the prepended token was read too
        ids = [*prefix_of(choice.tokenizer, report.first_token), *ids]
    return Example.from_ids(ids[:-1], ids[-1:], alignment="continuation")


def _distribution(example: Example, choice: ModelChoice) -> None:
    from gptcore.charts.report_distribution import rank_curve

    text = page_text("explore")
    report = report_for(choice, (example,))
    left, right = st.columns(2)
    with left, st.container(border=True):
        likeliest_tokens(report, 0, "chart_top_tokens", title=text("chart_top_tokens.title"))
    with right, st.container(border=True):
        curve = rank_curve_for(choice, (example,), 0)
        chart(
            rank_curve(curve, report.target_piece[0], text.group("chart_rank_curve"), current_style()),
            "chart_rank_curve",
            text(
                "chart_rank_curve.summary",
                highest=number_format.probability(float(curve.probability[0])),
                lowest=number_format.probability(float(curve.probability[-1])),
                rank=number_format.count(curve.target_rank),
            ),
            title=text("chart_rank_curve.title", vocabulary=number_format.count(report.vocab_size)),
        )
