"""Which room this visitor is in, and as whom: from the address, their browser's cookies, or this visit."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from gptcore.classroom import ROOM_SECONDS, Lesson, OpenedRoom, Room, Rooms
from gptcore.classroom.codes import is_token, new_token
from gptcore.errors import InputError
from gptcore.ui.state import url

ROOMS_VARIABLE = "GPT_EXPLORER_ROOMS"
"""Names the SQLite file that several processes of a server share; a temporary one by default."""

PERSON_COOKIE = "gpt_classroom"
TEACHER_COOKIE = "gpt_classroom_teacher"
_PERSON, _CODE, _KEY, _ERROR = "_room_person", "_room_code", "_room_key", "_room_error"
_LESSON, _RUNS = "_room_lesson", "_room_page_runs"
_LEFT = "_room_left"
"""The room that the visitor left last: an address from a moment ago does not bring them back."""


@dataclass(frozen=True)
class Visit:
    """A visitor in a room.

    Attributes:
        code: The room's code.
        person: The visitor's token.
        key: The teacher's key; "" for a student.
    """

    code: str
    person: str
    key: str

    @property
    def teaches(self) -> bool:
        """Whether the visitor is the room's teacher."""
        return bool(self.key)

    def room(self) -> Room:
        """Read the room as it stands.

        Raises:
            InputError: "no_room" where it has ended.
        """
        return rooms().room(self.code)


@st.cache_resource(show_spinner=False)
def rooms() -> Rooms:
    """Open the process's one file of rooms."""
    given = os.environ.get(ROOMS_VARIABLE)
    return Rooms(given or Path(tempfile.mkdtemp(prefix="gpt-explorer-rooms-")) / "rooms.sqlite")


def page_runs() -> int:
    """How often the whole page has run in this visit."""
    return int(st.session_state.get(_RUNS, 0))


def begin_visit() -> None:
    """Read what the address says of a room, once for each address that the visitor gives. On every page."""
    st.session_state[_RUNS] = page_runs() + 1
    given = url.given_once("room")
    if given is not None and (typed := given.get("room")):
        known = (st.session_state.get(_CODE), st.session_state.get(_LEFT))
        if typed not in known or given.get("key"):
            enter(typed, given.get("key", ""))
    if given is not None and (link := given.get("lesson")):
        try:
            st.session_state[_LESSON] = Lesson.from_link(link)
        except InputError as error:
            st.session_state[_ERROR] = error
    if code := st.session_state.get(_CODE):
        url.put("room", code)


def lesson_of_link() -> Lesson | None:
    """The lesson of the link that the visitor opened, or None."""
    lesson: Lesson | None = st.session_state.get(_LESSON)
    return lesson


def enter(typed: str, key: str = "") -> None:
    """Enter a room by its code: as its teacher with the key that was given or is in a cookie, else as a student.

    What went wrong is in `why_not`.
    """
    state = st.session_state
    for name in (_CODE, _KEY, _ERROR, _LEFT):
        state.pop(name, None)
    try:
        code = rooms().find(typed, person(), _internet_address())
        key = key or _key_in_cookie(code)
        if key and rooms().teaches(code, key):
            state[_KEY] = key
        else:
            rooms().join(code, person())
        state[_CODE] = code
    except InputError as error:
        state[_ERROR] = error


def open_room() -> None:
    """Open a room, and be its teacher."""
    state = st.session_state
    state.pop(_ERROR, None)
    try:
        opened: OpenedRoom = rooms().open()
    except InputError as error:
        state[_ERROR] = error
    else:
        state[_CODE], state[_KEY] = opened.code, opened.key


def leave() -> None:
    """Leave the room as a student, or end it as its teacher."""
    visit = current_visit()
    if visit is None:
        return
    try:
        if visit.teaches:
            rooms().close(visit.code, visit.key)
        else:
            rooms().leave(visit.code, visit.person)
    except InputError:
        pass  # it has ended already
    forget()


def forget(why: InputError | None = None) -> None:
    """Be in no room from here on."""
    st.session_state[_LEFT] = st.session_state.pop(_CODE, None)
    st.session_state.pop(_KEY, None)
    url.leave_out("room")
    if why is not None:
        st.session_state[_ERROR] = why


def current_visit() -> Visit | None:
    """The room that the visitor is in, or None."""
    state = st.session_state
    return Visit(state[_CODE], person(), state.get(_KEY, "")) if _CODE in state else None


def why_not() -> InputError | None:
    """What kept the visitor out of the last room that they asked for, or None."""
    error: InputError | None = st.session_state.get(_ERROR)
    return error


def person() -> str:
    """The visitor's token: of this visit, of their browser's cookie, or a new one."""
    state = st.session_state
    if _PERSON not in state:
        kept = _cookie(PERSON_COOKIE)
        state[_PERSON] = kept if is_token(kept) else new_token()
    token: str = state[_PERSON]
    return token


def cookies() -> dict[str, str]:
    """What the visitor's browser should keep, so that a reload finds the same person and the same teacher."""
    visit = current_visit()
    kept = {PERSON_COOKIE: person()}
    if visit is not None and visit.teaches:
        kept[TEACHER_COOKIE] = f"{visit.code}.{visit.key}"
    return kept


COOKIE_SECONDS = int(ROOM_SECONDS)


def _key_in_cookie(code: str) -> str:
    kept_code, _, key = _cookie(TEACHER_COOKIE).partition(".")
    return key if kept_code == code else ""


def _cookie(name: str) -> str:
    """A cookie that the visitor's browser sent when it connected; "" without a browser."""
    kept = st.context.cookies.get(name)
    return kept if isinstance(kept, str) else ""


def _internet_address() -> str:
    """Where the visitor comes from, for the count of wrong codes; "" where nobody can tell."""
    address = st.context.ip_address
    return address if isinstance(address, str) else ""
