"""The page for a visitor who is in no room: join one, or open one."""

from __future__ import annotations

import streamlit as st

from gptcore.ui.room import session
from gptcore.ui.room.actions import refusal
from gptcore.ui.room.wording import in_one_line
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import plain


def landing() -> None:
    """Two ways in, the students' first."""
    text = page_text("classroom")
    join, teach = st.columns(2, gap="medium")
    with join, st.container(border=True, height="stretch", key="room_join_card"):
        st.subheader(text("join_title"), anchor=False)
        st.text_input(
            text("code"), key="room_code", persist_state="session", placeholder=text("code_placeholder"), max_chars=20
        )
        st.button(
            text("join"), key="room_join", type="primary", icon=":material/login:", width="stretch", on_click=_join
        )
        error = session.why_not()
        if error is not None:
            refusal(error)
    with teach, st.container(border=True, height="stretch", key="room_open_card"):
        st.subheader(text("teach_title"), anchor=False)
        st.markdown(text("open_help"))
        if (lesson := session.lesson_of_link()) is not None:
            st.info(
                page_text("lessons")("from_link", title=plain(in_one_line(lesson.title)), count=len(lesson.views)),
                icon=":material/school:",
            )
        st.button(text("open"), key="room_open", icon=":material/co_present:", on_click=session.open_room)


def _join() -> None:
    session.enter(st.session_state.get("room_code") or "")
