"""The lesson of a room on its page: choose, open, reorder, edit, save as a file or a link."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from gptcore.classroom import Lesson, LessonView, Room
from gptcore.classroom.lessons import SHIPPED, shipped_lesson
from gptcore.errors import InputError
from gptcore.ui.room.actions import attempt, refusal
from gptcore.ui.room.handout import handout
from gptcore.ui.room.lesson import teach
from gptcore.ui.room.links import base_address
from gptcore.ui.room.session import Visit, lesson_of_link, rooms
from gptcore.ui.state.translations import current_language, page_text
from gptcore.ui.widgets.basics import MAX_FILE_MEGABYTES, download, plain
from gptcore.ui.widgets.uploader import uploader


def lesson_editor(visit: Visit, room: Room) -> None:
    """Draw the lesson's part of the page."""
    text, lesson = page_text("lessons"), room.lesson
    st.subheader(text("title"), anchor=False)
    st.caption(text("lead"))
    if lesson is None:
        _choose(visit)
        return
    st.markdown(f"**{plain(lesson.title)}**")
    st.caption(text("keys"))
    if not lesson.views:
        st.caption(text("empty"))
    for number, view in enumerate(lesson.views):
        _view(visit, room, lesson, number, view)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        download(text("download"), lesson.to_json, "lesson.json", "application/json", "lesson_download")
        words, base = page_text("classroom"), base_address()
        download(
            text("handout"), lambda: handout(lesson, text, words, base), "handout.html", "text/html", "lesson_handout"
        )
        st.button(text("stop"), key="lesson_stop", icon=":material/close:", on_click=teach, args=(visit, None))
    with st.expander(text("link"), icon=":material/link:", on_change="rerun", key="lesson_link") as link:
        if link.open:
            try:
                st.code(f"{base_address()}/classroom?lesson={lesson.to_link()}", language=None, wrap_lines=True)
            except InputError as error:
                refusal(error)


def _choose(visit: Visit) -> None:
    """A lesson that ships, a file, or an empty one."""
    text = page_text("lessons")
    lessons = {name: shipped_lesson(name, current_language()) for name in SHIPPED}
    given = lesson_of_link()
    if given is not None:
        lessons = {"link": given, **lessons}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            text("choose"), [*lessons, "new"], key="lesson_choice", width=420,
            format_func=lambda name: lessons[name].title if name in lessons else text("new"),
        )  # fmt: skip
        lesson = lessons.get(chosen, Lesson(text("new")))
        st.button(
            text("start"), key="lesson_start", type="primary", icon=":material/play_arrow:",
            on_click=teach, args=(visit, lesson, -1),
        )  # fmt: skip
    with st.expander(text("upload"), icon=":material/upload_file:", on_change="rerun", key="lesson_open") as part:
        if part.open:
            _open_file(visit)


def _open_file(visit: Visit) -> None:
    """A lesson from a file."""
    uploaded = uploader(page_text("lessons")("upload"), key="lesson_upload", megabytes=MAX_FILE_MEGABYTES, type="json")
    if uploaded is None:
        return
    try:
        read = Lesson.from_json(uploaded.getvalue())
    except InputError as error:
        refusal(error)
    else:
        attempt(rooms().teach, visit.code, visit.key, read, -1)
        st.rerun()


def _view(visit: Visit, room: Room, lesson: Lesson, number: int, view: LessonView) -> None:
    """One view: where it goes, and what can be done with it."""
    text = page_text("lessons")
    current = ":material/play_arrow: " if number == room.lesson_place else ""
    label = f"{current}{number + 1}. {plain(view.title)}"
    with st.expander(label, on_change="rerun", key=f"lesson_view_{number}") as opened:
        if not opened.open:
            return
        st.caption(
            page_text("app")(f"pages.{view.page}") if page_text("app").group("pages").get(view.page) else view.page
        )
        if view.question is not None:
            kind = page_text("classroom").group("kinds")[view.question.kind]
            st.caption(text("question", kind=kind))
        title = st.text_input(text("view_title"), view.title, max_chars=200, key=f"lesson_title_{number}")
        note = st.text_area(text("note"), view.note, max_chars=2_000, key=f"lesson_note_{number}")
        with st.container(horizontal=True, gap="small"):
            changed = replace(view, title=title, note=note)
            for key, icon in (
                ("save", "check"),
                ("up", "arrow_upward"),
                ("down", "arrow_downward"),
                ("remove", "delete"),
            ):
                st.button(
                    text(key), key=f"lesson_{key}_{number}", icon=f":material/{icon}:",
                    on_click=_change, args=(visit, room, lesson, key, number, changed),
                )  # fmt: skip
            st.button(
                text("go"), key=f"lesson_go_{number}", icon=":material/open_in_new:",
                on_click=teach, args=(visit, lesson, number),
            )  # fmt: skip


def _change(visit: Visit, room: Room, lesson: Lesson, change: str, number: int, view: LessonView) -> None:
    """Do to a view what was pressed."""

    def keep() -> None:
        changed = {
            "save": lambda: lesson.changed_view(number, view),
            "up": lambda: lesson.moved_view(number, -1),
            "down": lambda: lesson.moved_view(number, 1),
            "remove": lambda: lesson.without_view(number),
        }[change]()
        rooms().teach(visit.code, visit.key, changed, room.lesson_place)

    attempt(keep)
