"""One scored position, chosen and opened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.errors import StreamlitAPIException

from gptcore import number_format
from gptcore.token_display import visible
from gptcore.ui.state import browser, url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import after_earlier, chart, code_span, current_style

if TYPE_CHECKING:
    from gptcore.results.report import Report


POSITIONS = "positions"
"""The part of a page that shows which position is open: it runs by itself when another one is chosen."""


def choose_position(index: int) -> None:
    """In a callback: open a scored position, by its index in the report."""
    st.session_state["position"] = index + 1
    if not browser.part_alone() and url.only_changed("position"):
        with suppress(StreamlitAPIException):  # there is no such part: the whole page runs
            st.rerun(POSITIONS)


def position_field(report: Report) -> int:
    """The field that chooses a scored position; its index."""
    text = page_text("explore")
    index = chosen_position(report)
    names = [f"{n + 1}. {read_last(report, n)} → {visible(piece)}" for n, piece in enumerate(report.target_piece)]
    st.selectbox(
        text("position"),
        list(range(1, report.positions + 1)),
        format_func=lambda number: names[number - 1],
        key="position",
        persist_state="session",
        help=text("position_help"),
    )
    if (given := url.refused("position")) is not None:
        st.warning(text("bad_position", given=code_span(given), positions=report.positions), icon=":material/error:")
    return index


def read_last(report: Report, index: int, shown: Callable[[str], str] = visible) -> str:
    """The last token that the model had read at a position, after dots where it was not the only one."""
    return after_earlier(shown(report.prompt_piece[index]), first=int(report.position[index]) == 0)


def likeliest_tokens(report: Report, index: int, key: str, *, title: str, k: int = 10) -> None:
    """The chart of the k likeliest tokens at a position, under its key."""
    from gptcore.charts.report_distribution import top_tokens
    from gptcore.ui.widgets.figures import KeptFigure

    text = page_text("explore")
    chart(
        KeptFigure(top_tokens, (report, index), text.group("chart_top_tokens"), current_style(), k=k),
        key,
        text(
            "chart_top_tokens.summary",
            first=visible(report.predicted_piece[index]),
            first_p=number_format.probability(float(report.predicted_probability[index])),
            target=visible(report.target_piece[index]),
            rank=number_format.count(int(report.rank[index])),
        ),
        title=title,
    )


def chosen_position(report: Report) -> int:
    """Index of the chosen position; the first where the address or another text names one that is not there."""
    number, _ = url.value("position", 1, url.whole_number(1, 100_000))
    if number > report.positions:
        if url.was_named("position"):  # else it is a shorter text: nobody asked for this position
            url.refuse("position", str(number))
        number = 1
        url.correct("position", number, "1")
    return int(number) - 1
