"""The page: what is scored, how far it is, the numbers, the coloured text, the curve, one token opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from gptcore import number_format
from gptcore.errors import InputError
from gptcore.token_display import visible
from gptcore.ui.jobs.job import Job
from gptcore.ui.jobs.progress import follow, status
from gptcore.ui.long_text.charts import curve_and_ranks
from gptcore.ui.long_text.coloured import coloured_text
from gptcore.ui.long_text.job import Scored, report_of, scoring_job, start_scoring
from gptcore.ui.long_text.source import LongText, entered_text
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import error_sentence, number_card
from gptcore.ui.widgets.predict import ask_for_perplexity, compare_perplexity, is_covered

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gptcore.results.text_report import TextReport


def long_text_page(choice: ModelChoice) -> None:
    """Everything on the page."""
    text = page_text("long_text")
    url.value("long_token", -1, url.whole_number(-1, 10**7))
    entered = entered_text(choice)
    if choice.of_kind.seeded:
        with st.container(horizontal=True, vertical_alignment="center", key="long_untrained"):
            st.caption(text("untrained"), width="content")
            st.button(
                text("use_trained"),
                key="use_trained",
                icon=":material/model_training:",
                on_click=_use_trained,
                type="tertiary",
            )
    if entered is None:
        return
    if is_covered("long_text", choice, entered):
        ask_for_perplexity("long_text", (choice, entered), choice.vocab_size)
        return
    job = scoring_job(choice, entered)
    if job is None:
        return
    figures: dict[str, go.Figure] = {}
    if not follow(lambda: job.active, lambda: figures.update(_draw(job, choice, entered))):
        return
    report = report_of(job)
    if report is not None:
        from gptcore.ui.long_text.differences import why_it_differs
        from gptcore.ui.long_text.exports import long_text_downloads

        why_it_differs(report, choice, entered)
        _table(report)
        long_text_downloads(report, choice, entered, figures)


def _draw(job: Job[Scored], choice: ModelChoice, entered: LongText) -> dict[str, go.Figure]:
    """How far it is, and all that can be said of the windows so far; the charts, by title."""
    from gptcore.ui.long_text.token import opened_token

    text = page_text("long_text")
    with st.container():  # what may come and go has a place of its own: what follows keeps its own
        if not job.finished:
            status(job, text("windows"), "long_job")
        if job.cancelled and job.done < (job.total or 0):
            st.button(
                text("go_on"),
                key="long_go_on",
                icon=":material/play_arrow:",
                on_click=_go_on,
                args=(job, choice, entered),
            )
        if job.error is not None:
            said = error_sentence(job.error) if isinstance(job.error, InputError) else text("failed")
            st.warning(said, icon=":material/error:")
    report = report_of(job)
    if report is None:
        if job.active:
            st.skeleton(height=320)
        return {}
    if job.finished:
        compare_perplexity("long_text", report.perplexity, report.cross_entropy, choice.vocab_size)
    _numbers(report, whole=job.finished, count_words=not job.active or report.window_count > 1)
    st.caption(
        text(
            "reading",
            tokens=number_format.count(len(report.text.token_id)),
            context=number_format.count(choice.config.context_length),
            stride=number_format.count(report.stride),
            windows=number_format.count(job.total or 0),
        )
    )
    coloured_text(report)
    figures = curve_and_ranks(report)
    opened_token(report, choice)  # while the rest is scored, too
    return figures


def _table(report: TextReport) -> None:
    """Every token in a table; closed it costs nothing."""
    with st.expander(
        page_text("long_text")("whole_table"), icon=":material/table:", key="long_table_panel", on_change="rerun"
    ) as panel:
        if panel.open:
            frame = report.to_frame()
            frame["piece"] = [visible(piece) for piece in frame["piece"]]
            frame["predicted_piece"] = [piece and visible(piece) for piece in frame["predicted_piece"]]
            st.dataframe(frame, key="long_table", hide_index=True)


def _numbers(report: TextReport, *, whole: bool, count_words: bool) -> None:
    """The four numbers; to cut a megabyte into words takes half a second, which the first window does not wait for."""
    text = page_text("long_text")
    words = report.per("word") if count_words else None
    tokens = number_format.count(len(report.text.token_id))
    loss, perplexity, bits, count = st.columns(4)
    with loss:
        uniform = number_format.nats(report.uniform_cross_entropy)
        number_card(
            "long_cross_entropy",
            text("cross_entropy.label"),
            number_format.nats(report.cross_entropy),
            text("cross_entropy.reading", uniform=uniform),
            help=text("cross_entropy.help"),
        )
    with perplexity:
        reading = text("perplexity.reading_counting" if words is None else "perplexity.reading_no_words")
        if words is not None and words.count:
            reading = text(
                "perplexity.reading",
                word=number_format.perplexity(words.perplexity),
                words=number_format.count(words.count),
            )
        number_card(
            "long_perplexity",
            text("perplexity.label"),
            number_format.perplexity_at(report.cross_entropy),
            reading,
            help=text("perplexity.help"),
            kind="result",
        )
    with bits:
        number_card(
            "long_bits_per_byte",
            text("bits_per_byte.label"),
            number_format.bits_per_byte(report.bits_per_byte),
            text("bits_per_byte.reading", bytes=number_format.count(report.byte_count)),
            help=text("bits_per_byte.help"),
        )
    with count:
        which = "so_far" if not whole else "first_scored" if report.first_token else "first"
        number_card(
            "long_token_count",
            text("token_count.label"),
            number_format.count(report.token_count),
            text("token_count.reading", tokens=tokens, first=text(f"token_count.{which}")),
            help=text("token_count.help"),
        )


def _go_on(job: Job[Scored], choice: ModelChoice, entered: LongText) -> None:
    records = job.records
    if records:
        start_scoring(choice, entered, records[0][0])


def _use_trained() -> None:
    st.session_state["model"] = "trained_small"
