"""A teacher's strip: the code, what to ask, who follows, and the guesses as they arrive."""

from __future__ import annotations

import streamlit as st

from gptcore import number_format
from gptcore.classroom import ASKED, CLOSED, REVEALED, Asked, Room
from gptcore.errors import InputError
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.room.actions import attempt, show_refusal
from gptcore.ui.room.ask import ask_controls
from gptcore.ui.room.histogram import guesses_figure, result_words
from gptcore.ui.room.lesson import DONE, go_where_the_lesson_is, lesson_controls
from gptcore.ui.room.poll import poll
from gptcore.ui.room.session import Visit, rooms
from gptcore.ui.room.wording import about, number_markdown, question_words
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.live_chart import live_chart

_OUTLINE = "_room_outline"


def teacher_strip(visit: Visit, room: Room, page: str, choice: ModelChoice) -> bool:
    """Draw the strip; return whether the page behind it would give the answer away."""
    go_where_the_lesson_is(visit, room)
    covered = _covers(room)
    st.session_state[_OUTLINE] = _outline(room)
    with st.container(key="room_strip", border=True, gap="small"):
        with st.container(key="room_bar", horizontal=True, vertical_alignment="center", gap="small"):
            if page != "classroom" or covered:
                with st.container(key="room_code", width="content"):
                    st.markdown(f"`{visit.code}`", width="content")
            ask_controls(visit, page, choice)
            _follow_switch(visit, room)
            lesson_controls(visit, room, page)
        _live(visit)
    return covered


@st.fragment
def _live(visit: Visit) -> None:
    """What changes without a click: people, guesses."""
    try:
        room = visit.room()
    except InputError:
        st.rerun()  # the run that follows says that it has ended
    if _outline(room) != st.session_state.get(_OUTLINE):
        st.rerun()
    poll(room, teaches=True)
    show_refusal()
    if room.asked is not None and room.asked.id != st.session_state.get(DONE):
        _question(visit, room, room.asked)
    else:
        _people(room)


def _people(room: Room) -> None:
    """How many are in the room."""
    text, count = page_text("classroom"), number_format.count(room.people)
    with st.container(key="room_people", width="content"):
        said = text("people_one") if room.people == 1 else text("people_many", count=count)
        st.markdown(f":material/group: {said}", width="content")


def _question(visit: Visit, room: Room, asked: Asked) -> None:
    text, revealed = page_text("classroom"), asked.state == REVEALED
    tally = rooms().tally(visit.code, asked.id)
    with st.container(key="room_question", gap="small"):
        st.header(question_words(asked.question), anchor=False)
        st.caption(" · ".join(about(asked.question)))
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            _people(room)
            st.markdown(f"**{text('answered', count=tally.count, people=room.people)}**", width="content")
            if asked.state == ASKED:
                _button("close_answers", "lock", "secondary", _set_state, visit, asked.id, CLOSED)
            if not revealed:
                _button("reveal", "visibility", "primary", _set_state, visit, asked.id, REVEALED, shortcut="V")
            else:
                _button("done", "check", "secondary", _finish, asked.id)
            if asked.state == CLOSED:
                st.markdown(text("closed"), width="content")
        if revealed and asked.question.answer is not None:
            answer = number_markdown(asked.question, asked.question.answer)
            with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
                st.markdown(f"### {text('answer', answer=answer)}", width="content")
                st.markdown(result_words(tally), width="content")
        figure, summary = guesses_figure(tally, revealed=revealed)
        live_chart(figure, key="chart_guesses", summary=summary)
        if _covers(room):
            st.caption(text("hidden_until_reveal"))


def _button(name: str, icon: str, kind: str, call: object, *arguments: object, shortcut: str | None = None) -> None:
    st.button(
        page_text("classroom")(name),
        key="room_done" if name == "done" else name,
        icon=f":material/{icon}:",
        type="primary" if kind == "primary" else "secondary",
        on_click=call,  # type: ignore[arg-type]
        args=arguments,
        shortcut=shortcut,
    )


def _follow_switch(visit: Visit, room: Room) -> None:
    text = page_text("classroom")
    st.session_state["follow"] = room.is_followed
    st.toggle(text("follow"), key="follow", help=text("follow_help"), on_change=_follow, args=(visit,))


def _follow(visit: Visit) -> None:
    attempt(rooms().follow, visit.code, visit.key, bool(st.session_state["follow"]))


def _set_state(visit: Visit, asked: int, state: str) -> None:
    attempt(rooms().set_state, visit.code, visit.key, asked, state)


def _finish(asked: int) -> None:
    st.session_state[DONE] = asked


def _covers(room: Room) -> bool:
    asked = room.asked
    return asked is not None and asked.state != REVEALED and asked.question.kind != "free"


def _outline(room: Room) -> tuple[object, ...]:
    """What the rest of the page depends on."""
    return _covers(room), room.is_followed, room.lesson_place
