"""A room's board for the projector: code, QR code, link; and what its teacher needs besides."""

from __future__ import annotations

import html

import streamlit as st

from gptcore.classroom import Asked, Tally
from gptcore.classroom.tallies import csv_of
from gptcore.errors import InputError
from gptcore.ui.classroom.lesson_editor import lesson_editor
from gptcore.ui.room import session
from gptcore.ui.room.histogram import guesses_figure, result_words
from gptcore.ui.room.links import class_link, is_local, private_link, qr_code
from gptcore.ui.room.session import Visit, rooms
from gptcore.ui.room.wording import number_markdown, plain_question, question_words
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import chart, download


def board(visit: Visit) -> None:
    """The code large enough for the last row, the QR code beside it."""
    text, link = page_text("classroom"), class_link(visit.code)
    with st.container(border=True, key="room_board"):
        code, qr = st.columns([3, 2], vertical_alignment="center", gap="medium")
        with code:
            with st.container(key="room_code"):
                st.markdown(f"`{visit.code}`")
            st.markdown(text("scan", link=f"`{link.partition('?')[0].partition('://')[2] or '/classroom'}`"))
            if is_local():
                st.caption(text("local_only"))
        with qr:
            alt = html.escape(text("qr_alt", code=visit.code), quote=True)
            st.html(f'<img src="{qr_code(link)}" alt="{alt}">')
    try:
        lesson_editor(visit, visit.room())
    except InputError:
        return  # it has just ended: the next run says so
    _results(visit)
    with st.expander(text("manage"), icon=":material/key:"):
        st.markdown(f"**{text('class_link')}**")
        st.code(link, language=None, wrap_lines=True)
        st.markdown(f"**{text('private_link')}**")
        st.caption(text("private_help"))
        st.code(private_link(visit.code, visit.key), language=None, wrap_lines=True)
        st.caption(text("close_sure"))
        st.button(
            text("close_room"), key="room_close", icon=":material/logout:", help=text("close_help"),
            on_click=session.leave,
        )  # fmt: skip


def _results(visit: Visit) -> None:
    """Every question that was asked, with its result and its chart."""
    text = page_text("classroom")
    st.subheader(text("results"), anchor=False)
    try:
        asked = rooms().questions(visit.code)
        tallies = [rooms().tally(visit.code, each.id) for each in asked]
    except InputError:
        return  # it has just ended: the next run says so
    if not asked:
        st.caption(text("no_results"))
        return
    for number, (each, tally) in enumerate(zip(asked, tallies, strict=True), start=1):
        _result(number, each, tally)
    questions = [plain_question(each.question, text) for each in asked]
    download(
        text("save_results"),
        lambda: csv_of(list(zip(questions, tallies, strict=True))).encode("utf-8-sig"),  # as spreadsheets expect it
        f"room-{visit.code}.csv",
        "text/csv",
        "room_results",
    )


def _result(number: int, asked: Asked, tally: Tally) -> None:
    revealed = asked.state == "revealed"
    with st.expander(
        f"{number}. {question_words(asked.question)}", on_change="rerun", key=f"room_result_{asked.id}"
    ) as shown:
        if not shown.open:
            return
        if revealed and asked.question.answer is not None:
            st.markdown(page_text("classroom")("answer", answer=number_markdown(asked.question, asked.question.answer)))
            st.markdown(result_words(tally))
        figure, summary = guesses_figure(tally, revealed=revealed)
        chart(figure, f"chart_result_{asked.id}", summary)
