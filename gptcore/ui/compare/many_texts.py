"""Many texts under one model: a live table with a row a text, their distribution, and a row opened."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from gptcore import number_format
from gptcore.errors import CancelCheck, InputError
from gptcore.examples import Example
from gptcore.results.lists import list_total
from gptcore.ui.compare.list_fields import Row, TextList, entered_list
from gptcore.ui.compare.list_table import list_table
from gptcore.ui.examples.state import show_examples
from gptcore.ui.jobs.job import Job, own_jobs
from gptcore.ui.jobs.progress import follow, status
from gptcore.ui.jobs.turn_queue import FairGate
from gptcore.ui.models.cache import shelf
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.result_cache import LRUCache
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import current_style, error_sentence, number_card
from gptcore.ui.widgets.live_chart import live_chart
from gptcore.ui.widgets.predict import ask_for_perplexity, compare_perplexity, is_covered

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gptcore.results.lists import ListRecord

JOB = "many_texts"
ROWS_WHILE_RUNNING = 500
"""So many rows are shown while the rest come in: a large table is slow to send twice a second."""

_SCORED = LRUCache(most=12)
"""What is scored of the last lists: a page that is loaded again goes on from there."""


def many_texts_view(choice: ModelChoice) -> None:
    """Enter a list, watch its rows come in, sort them, open one."""
    entered = entered_list()
    if entered is None:
        return
    key = (choice, entered.rows, bool(st.session_state["first_token"]))
    if is_covered("list", *key):
        ask_for_perplexity("list", key, choice.vocab_size)
        return
    job: Job[ListRecord] = own_jobs().get(JOB, key) or _start(key)
    figures: dict[str, go.Figure] = {}
    ended = follow(lambda: job.active, lambda: figures.update(_draw(job, key, entered)))
    if ended and job.done:
        from gptcore.ui.compare.list_exports import list_downloads

        list_downloads(job.records, entered, choice, figures, first_token=key[2])


def _start(key: tuple[ModelChoice, tuple[Row, ...], bool]) -> Job[ListRecord]:
    choice, rows, first_token = key

    def make(stopped: CancelCheck) -> Iterator[ListRecord]:
        return _scored(choice, rows, first_token, stopped)

    # Each batch of rows takes a turn at the model, as a page does: the jobs need no queue of their own, and must not
    # be slow to give their turn back.
    return own_jobs().start(JOB, key, make, len(rows), gate=FairGate(), urgent=True)


def _go_on(key: Any) -> None:
    _start(key)  # what was finished is not computed again


def _scored(
    choice: ModelChoice, rows: tuple[Row, ...], first_token: bool, stopped: CancelCheck
) -> Iterator[ListRecord]:
    """Each row's record, in order; what is scored already is not computed again."""
    from gptcore.lists import list_batches, score_rows

    key = (choice, rows, first_token)
    may_keep = choice.of_kind.shared  # whose weights may change under the same name
    found = _SCORED.get(key) if may_keep else None
    finished: list[ListRecord] = list(found) if isinstance(found, tuple) else []
    yield from finished
    tokenizer = choice.tokenizer
    for batch in list_batches(rows):
        if batch[-1][0] < len(finished):
            continue
        if stopped():
            return
        with shelf().turn(choice) as model:
            records = score_rows(model, batch, first_token=first_token, tokenizer=tokenizer)
        finished += records
        if may_keep:
            _SCORED.keep(key, tuple(finished))
        yield from records


def _draw(job: Job[ListRecord], key: Any, entered: TextList) -> dict[str, go.Figure]:
    """How far it is, and all that can be said of the rows so far; the chart, by title."""
    text = page_text("many_texts")
    with st.container():  # what may come and go has a place of its own: what follows keeps its own
        if not job.finished:
            status(job, text("rows"), "list_job")
        if job.cancelled and job.done < (job.total or 0):
            st.button(text("go_on"), key="list_go_on", icon=":material/play_arrow:", on_click=_go_on, args=(key,))
        if job.error is not None:
            said = error_sentence(job.error) if isinstance(job.error, InputError) else text("failed")
            st.warning(said, icon=":material/error:")
    still, records = job.active, job.records  # in this order: once it has ended, they are all there
    if not records:
        return {}
    _cards(records, len(entered.rows), key[0].vocab_size, whole=job.done == job.total)
    figures = _distribution(records, key[0], passing=still)
    _table(records, entered, key[0], still=still)
    return figures


def _cards(records: Sequence[ListRecord], rows: int, vocab_size: int, *, whole: bool) -> None:
    text = page_text("many_texts")
    scored = [record for record in records if record.error is None and record.tokens]
    total = list_total(scored)
    if whole and scored:
        compare_perplexity("list", total.perplexity, total.cross_entropy, vocab_size)
    mean = float(np.mean([record.perplexity for record in scored])) if scored else math.nan
    count, entropy, result = st.columns(3)
    with count:
        number_card(
            "list_rows",
            text("cards.rows"),
            number_format.count(len(scored)),
            text("cards.rows_reading", rows=number_format.count(rows)),
            help=text("cards.rows_help"),
        )
    with entropy:
        number_card(
            "list_cross_entropy",
            text("cards.loss"),
            number_format.nats(total.cross_entropy),
            text("cards.loss_reading", tokens=number_format.count(total.tokens)),
            help=text("cards.loss_help"),
        )
    with result:
        number_card(
            "list_perplexity",
            text("cards.perplexity"),
            number_format.perplexity_at(total.cross_entropy),
            text("cards.perplexity_reading", mean=number_format.perplexity(mean)),
            help=text("cards.perplexity_help"),
            kind="result",
        )
    marked = len(records) - len(scored)
    if marked:
        st.caption(text("marked", marked=number_format.count(marked), rows=number_format.count(len(records))))


def _distribution(records: Sequence[ListRecord], choice: ModelChoice, *, passing: bool) -> dict[str, go.Figure]:
    from gptcore.charts.many_texts import list_losses
    from gptcore.ui.widgets.figures import KeptFigure
    from gptcore.ui.widgets.identity import Identity

    text = page_text("many_texts")
    losses = np.array([math.nan if record.error is not None else record.cross_entropy for record in records])
    if not np.isfinite(losses).any():
        return {}
    data, by = (losses, math.log(choice.vocab_size)), (Identity(records[0]), Identity(records[-1]), len(records))
    figure = KeptFigure(list_losses, data, text.group("chart_list"), current_style(), by=by, passing=passing)
    lowest, highest = int(np.nanargmin(losses)), int(np.nanargmax(losses))
    summary = text(
        "chart_list.summary",
        lowest=number_format.nats(float(losses[lowest])),
        lowest_row=number_format.count(lowest + 1),
        highest=number_format.nats(float(losses[highest])),
        highest_row=number_format.count(highest + 1),
        median=number_format.nats(float(np.nanmedian(losses))),
    )
    title = text("chart_list.title")
    with st.container(border=True):
        live_chart(figure, "chart_list", summary, title=title)
    return {title: figure}


def _table(records: Sequence[ListRecord], entered: TextList, choice: ModelChoice, *, still: bool) -> None:
    text = page_text("many_texts")
    shown = records[:ROWS_WHILE_RUNNING] if still else records
    st.caption(text("table"))
    if len(shown) < len(records):
        st.caption(text("first_rows", shown=number_format.count(len(shown))))
    names = text.group("columns")
    formats = {"cross_entropy": "%.4f", "perplexity": "%,.2f", "bits_per_byte": "%.4f"}
    selection = st.dataframe(
        list_table(shown, entered),
        key="list_table",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(480, 52 + 35 * max(len(shown), 1)),
        column_config={
            names[name]: st.column_config.NumberColumn(format="accounting" if name == "perplexity" else form)
            for name, form in formats.items()
        },
    )
    chosen = selection.get("selection", {}).get("rows", [])
    if chosen and chosen[0] < len(shown):
        record = shown[chosen[0]]
        _open_row(entered.rows[record.index], record, choice)


def _open_row(given: Row, record: ListRecord, choice: ModelChoice) -> None:
    """The way from a row to Explore, or to Long text where it exceeds the context."""
    text, row = page_text("many_texts"), number_format.count(record.index + 1)
    if record.tokens >= choice.config.context_length:
        st.caption(text("too_long_for_explore", row=row))
        words = given if isinstance(given, str) else "".join(given)
        if st.button(text("open_as_long_text", row=row), key="list_open", icon=":material/article:"):
            st.session_state["long_text"], st.session_state["long_file"] = words, ""
            st.switch_page("pages/long_text.py")
        return
    example = (
        Example(given, alignment="shifted")
        if isinstance(given, str)
        else Example(given[0], given[1], alignment="continuation")
    )
    if st.button(
        text("open_in_explore", row=row),
        key="list_open",
        icon=":material/search_insights:",
        on_click=show_examples,  # before the page's own switch for the first token is drawn
        args=((example,),),
    ):
        st.switch_page("pages/explore.py")
