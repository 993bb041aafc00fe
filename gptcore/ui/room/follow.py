"""Follow me: students' pages go where the teacher's goes, unless they explore by themselves."""

from __future__ import annotations

import streamlit as st

from gptcore.classroom import Room, View
from gptcore.errors import InputError
from gptcore.ui.room.session import Visit, rooms
from gptcore.ui.state import url
from gptcore.ui.state.translations import browser_language, current_language, page_text

OWN_PARAMETERS = ("room", "key", "lang", "projector", "lesson")
"""What an address says of the visitor, not of the view."""
_ALONE, _FOLLOWED = "_room_alone", "_room_followed"


def view_query(query: dict[str, str]) -> dict[str, str]:
    """What an address says of the view."""
    return {key: words for key, words in query.items() if key not in OWN_PARAMETERS}


def go_to_view(view: View, visit: Visit) -> None:
    """Go to a view in the visitor's own language."""
    own = {"room": visit.code}
    if current_language() != browser_language():
        own["lang"] = current_language()
    if st.session_state.get("projector"):
        own["projector"] = "1"
    url.go_to(view.page, {**view.query, **own})


def tell_view(visit: Visit, page: str) -> None:
    """Note where the teacher is, for those who follow. At the end of a run, when the address is written."""
    if visit.teaches:
        query = view_query({key: st.query_params[key] for key in st.query_params})
        try:
            rooms().show(visit.code, visit.key, View(page, query))
        except InputError:
            return  # the room has ended: the next run says so


def follow_teacher(room: Room, visit: Visit) -> None:
    """Go where the teacher is, if the class follows and this student does."""
    state, view = st.session_state, room.following
    if view is None or state.get(_ALONE):
        state.pop(_FOLLOWED, None)
        return
    if state.get(_FOLLOWED) != view:
        state[_FOLLOWED] = view
        go_to_view(view, visit)


def follow_choice(room: Room) -> None:
    """A way out, and back."""
    text = page_text("classroom")
    if room.following is None:
        return
    alone = bool(st.session_state.get(_ALONE))
    with st.container(horizontal=True, vertical_alignment="center", key="room_following"):
        st.markdown(text("alone_note") if alone else text("followed"), width="content")
        st.button(
            text("back") if alone else text("alone"),
            key="room_back" if alone else "room_alone",
            icon=":material/keyboard_return:" if alone else ":material/explore:",
            on_click=_set_alone,
            args=(not alone,),
        )


def is_following(room: Room) -> bool:
    """Whether this student's page goes where the teacher's does."""
    return room.following is not None and not st.session_state.get(_ALONE)


def _set_alone(alone: bool) -> None:
    st.session_state[_ALONE] = alone
