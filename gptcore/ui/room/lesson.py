"""The lesson that a teacher runs: from view to view, its question made ready, the current screen added to it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from gptcore.classroom import REVEALED, Lesson, LessonQuestion, LessonView, Room, View
from gptcore.errors import InputError
from gptcore.ui.room.actions import attempt
from gptcore.ui.room.ask import chosen_question, prepare_question
from gptcore.ui.room.follow import go_to_view, view_query
from gptcore.ui.room.handout import handout
from gptcore.ui.room.links import base_address
from gptcore.ui.room.session import Visit, rooms
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import download

DONE = "_room_done"
"""The question that the teacher has put away."""
_GO = "_room_go"
_PAGES = Path(__file__).parents[3] / "pages"


def go_where_the_lesson_is(visit: Visit, room: Room) -> None:
    """Go to the view that was asked for in a callback, with its question chosen."""
    place = st.session_state.pop(_GO, None)
    if place is None or room.lesson is None or not 0 <= place < len(room.lesson.views):
        return
    view = room.lesson.views[place]
    if view.question is not None:
        prepare_question(view.question)
    if (_PAGES / f"{view.page}.py").is_file():
        go_to_view(View(view.page, view.query), visit)


def lesson_controls(visit: Visit, room: Room, page: str) -> None:
    """Back, where one is, next, the note for the teacher; and a way to add what is on the screen."""
    text, lesson, place = page_text("lessons"), room.lesson, room.lesson_place
    if lesson is not None and lesson.views:
        last = len(lesson.views) - 1
        _step("lesson_back", "chevron_left", "B", visit, room, lesson, place - 1, disabled=place <= 0)
        _step("lesson_next", "chevron_right", "N", visit, room, lesson, place + 1, disabled=place >= last)
        if 0 <= place <= last:
            with st.popover(text("place", number=place + 1, count=last + 1), icon=":material/school:"):
                st.text(lesson.views[place].title)
                st.caption(text("note"))
                st.text(lesson.views[place].note or "–")
    with st.popover(text("add"), icon=":material/add_to_photos:"):
        st.text_input(text("view_title"), key="lesson_title", max_chars=200, persist_state="session")
        st.text_area(text("note"), key="lesson_note", max_chars=2_000, persist_state="session")
        st.checkbox(text("with_question"), key="lesson_with_question", persist_state="session")
        st.button(
            text("add"), key="lesson_add", type="primary", icon=":material/add:",
            on_click=_add, args=(visit, lesson, page),
        )  # fmt: skip
        _view_handout(page)


def teach(visit: Visit, lesson: Lesson | None, place: int = -1) -> None:
    """Keep a lesson in the room, and go to one of its views."""
    if attempt(rooms().teach, visit.code, visit.key, lesson, place) and place >= 0:
        st.session_state[_GO] = place


def _next(visit: Visit, room: Room, lesson: Lesson, place: int) -> None:
    """Go to another view, which an answer that was revealed no longer stands before."""
    if room.asked is not None and room.asked.state == REVEALED:
        st.session_state[DONE] = room.asked.id
    teach(visit, lesson, place)


def _step(
    key: str, icon: str, shortcut: str, visit: Visit, room: Room, lesson: Lesson, place: int, *, disabled: bool
) -> None:
    st.button(
        page_text("lessons")(key), key=key, icon=f":material/{icon}:", shortcut=shortcut, disabled=disabled,
        on_click=_next, args=(visit, room, lesson, place),
    )  # fmt: skip


def _add(visit: Visit, lesson: Lesson | None, page: str) -> None:
    """Add the screen as it is: the page, and what its address says."""
    state, text = st.session_state, page_text("lessons")
    view = _view(page)
    lesson = lesson or Lesson(text("new"))
    if attempt(lambda: rooms().teach(visit.code, visit.key, lesson.with_view(view), len(lesson.views))):
        state["lesson_title"] = state["lesson_note"] = ""
        st.toast(text("added", number=len(lesson.views) + 1))


def _view(page: str) -> LessonView:
    """The screen as it is, with the title, the note and the question that the teacher gave it."""
    state = st.session_state
    query = view_query({key: st.query_params[key] for key in st.query_params})
    title = (state.get("lesson_title") or "").strip() or page_text("app")(f"pages.{page}")
    question: LessonQuestion | None = chosen_question() if state.get("lesson_with_question") else None
    return LessonView(title, page, query, state.get("lesson_note") or "", question)


def _view_handout(page: str) -> None:
    """The screen as it is, alone, as a file that prints; nothing where it cannot be kept as a view."""
    text, classroom, base = page_text("lessons"), page_text("classroom"), base_address()
    with suppress(InputError):
        view = _view(page)  # now: the file is made later, when no visitor is known
        lesson = Lesson(view.title, (view,))
        download(
            text("handout_view"), lambda: handout(lesson, text, classroom, base), "handout.html", "text/html",
            "view_handout",
        )  # fmt: skip
