"""A student's strip: the question with its field, what was sent, and the answer once it is revealed."""

from __future__ import annotations

import streamlit as st

from gptcore import number_format
from gptcore.classroom import ASKED, REVEALED, Asked, Question, Room
from gptcore.errors import InputError
from gptcore.ui.room.actions import attempt, show_refusal
from gptcore.ui.room.follow import follow_choice, follow_teacher, is_following
from gptcore.ui.room.poll import poll
from gptcore.ui.room.presence import come_back, stay
from gptcore.ui.room.scale import scale
from gptcore.ui.room.session import Visit, rooms
from gptcore.ui.room.wording import about, number_markdown, option_markdown, question_words, slider_words
from gptcore.ui.state.translations import in_a_row, page_text

_OUTLINE, _FIELD_OF = "_room_outline", "_room_guess_of"


def student_strip(visit: Visit, room: Room, page: str) -> bool:
    """Draw the strip; return whether the page behind it would give the answer away to one who follows the teacher."""
    follow_teacher(room, visit)
    covered = _covers(room)
    st.session_state[_OUTLINE] = _outline(room)
    with st.container(key="room_strip", border=True, gap="small"):
        _live(visit, page)
    return covered


@st.fragment
def _live(visit: Visit, page: str) -> None:
    """What changes without a click."""
    try:
        room = visit.room()
    except InputError:
        st.rerun()  # the run that follows says that it has ended
    stay(visit)
    follow_teacher(room, visit)
    if _outline(room) != st.session_state.get(_OUTLINE):
        st.rerun()
    poll(room, teaches=False)
    show_refusal()
    if room.asked is not None:
        _question(visit, room.asked)
    elif page == "classroom":
        st.markdown(page_text("classroom")("waiting"))
    follow_choice(room)


def _covers(room: Room) -> bool:
    asked = room.asked
    return asked is not None and asked.state != REVEALED and asked.question.kind != "free" and is_following(room)


def _outline(room: Room) -> tuple[object, ...]:
    """What the rest of the page depends on."""
    return _covers(room), room.following is not None, is_following(room)


def _question(visit: Visit, asked: Asked) -> None:
    text, question = page_text("classroom"), asked.question
    with st.container(key="room_question", gap="small"):
        st.subheader(question_words(question), anchor=False)
        st.caption("  \n".join(about(question)))
        own = rooms().guess_of(visit.code, visit.person, asked.id)
        if asked.state == ASKED:
            _field(question, asked.id, own)
            st.button(
                text("send"), key="send_guess", type="primary", icon=":material/send:", width="stretch",
                on_click=_send, args=(visit, asked.id),
                disabled=question.scale == "options" and st.session_state.get("guess") is None,
            )  # fmt: skip
            if own is not None:
                st.success(text("sent", guess=number_markdown(question, own)), icon=":material/check:")
        elif asked.state == REVEALED:
            _answer(question, own)
        else:
            said = text("not_sent") if own is None else text("your_guess", guess=number_markdown(question, own))
            st.info(in_a_row(text("closed"), said), icon=":material/lock:")


def _field(question: Question, asked: int, own: float | None) -> None:
    """The field, at the guess that was sent last, else in the middle of the slider or at no option."""
    text, state = page_text("classroom"), st.session_state
    points = list(range(len(question.options))) if question.scale == "options" else question.points()
    if state.get(_FIELD_OF) != asked or state.get("guess") not in (None, *points):
        state[_FIELD_OF] = asked
        state["guess"] = None if question.scale == "options" else points[len(points) // 2]
        if own is not None:
            state["guess"] = min(points, key=lambda point: abs(point - own))
    if question.scale == "options":
        st.radio(
            text("guess"), points, key="guess", format_func=lambda index: option_markdown(question, int(index)),
            label_visibility="collapsed",
        )  # fmt: skip
    else:
        st.select_slider(
            text("guess"), points, key="guess", format_func=lambda number: slider_words(question, float(number)),
            label_visibility="collapsed",
        )  # fmt: skip
        scale(question)


def _send(visit: Visit, asked: int) -> None:
    come_back(visit)
    attempt(rooms().guess, visit.code, visit.person, asked, st.session_state.get("guess"))


def _answer(question: Question, own: float | None) -> None:
    """The right answer, and one's own against it."""
    text = page_text("classroom")
    if question.answer is not None:
        st.markdown(f"### {text('answer', answer=number_markdown(question, question.answer))}")
    if own is None:
        st.markdown(text("not_sent"))
    else:
        said = text("your_guess", guess=number_markdown(question, own))
        st.markdown(in_a_row(said, _verdict(question, own)))
    if question.scale != "options":
        scale(question, own, question.answer)


def _verdict(question: Question, own: float) -> str:
    text, answer = page_text("classroom"), question.answer
    if answer is None:
        return ""
    close = question.is_close(own)
    if question.scale == "options":
        return text("right") if close else text("wrong")
    if close:
        return text("close_to")
    if question.scale == "linear":
        return text("off_nats", nats=number_format.nats(abs(own - answer)))
    factor = max(own / answer, answer / own) if answer > 0 else float("inf")
    return text("factor", factor=f"{factor:,.1f}" if factor < 1e6 else f"{factor:.1e}")
