"""The strip above every page while a visitor is in a room."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from gptcore.errors import InputError
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.room import session
from gptcore.ui.room.actions import refusal
from gptcore.ui.room.follow import tell_view
from gptcore.ui.room.student import student_strip
from gptcore.ui.room.teacher import teacher_strip
from gptcore.ui.state import url

_CSS = Path(__file__).with_name("room.css")


def room_strip(page: str, choice: ModelChoice) -> bool:
    """Draw the strip of the room that the visitor is in, if any, above a page.

    Args:
        page: The page's address.
        choice: The visitor's model, which a teacher's questions are about.

    Returns:
        Whether the page has to stay away until the answer is revealed. The address then stays as it is.
    """
    visit = session.current_visit()
    if visit is None:
        error = session.why_not()
        if error is not None and page != "classroom":
            refusal(error)
        return False
    try:
        room = visit.room()
    except InputError as error:
        session.forget(error)
        if page != "classroom":
            refusal(error)
        return False
    st.html(_CSS)
    covered = teacher_strip(visit, room, page, choice) if visit.teaches else student_strip(visit, room, page)
    if covered:
        for key in st.query_params:
            url.put(key, st.query_params[key])
    return covered


def after_page(page: str) -> None:
    """Tell those who follow where the teacher is now. After a page has run and the address is written."""
    visit = session.current_visit()
    if visit is not None:
        tell_view(visit, page)
