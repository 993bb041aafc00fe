"""What the Classroom page shows: the way in, a teacher's board, or a student's way out."""

from __future__ import annotations

import streamlit as st

from gptcore.ui.classroom.board import board
from gptcore.ui.classroom.landing import landing
from gptcore.ui.room import session
from gptcore.ui.state.translations import page_text


def classroom() -> None:
    """Draw the page for whoever is looking."""
    visit, text = session.current_visit(), page_text("classroom")
    if visit is None:
        landing()
    elif visit.teaches:
        board(visit)
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(text("student_in", code=f"`{visit.code}`"), width="content")
            st.button(text("leave"), key="room_leave", icon=":material/logout:", on_click=session.leave)
