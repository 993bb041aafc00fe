"""The first visit: where to start, and a tour of five pages; offered once, skipped with one click."""

from __future__ import annotations

import streamlit as st

from gptcore.ui.room.session import current_visit
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.browser_store import seen_before, show_once

STOPS = {
    "explore": '[class*="st-key-card_"]',
    "step_by_step": ".st-key-step_bar",
    "perplexity": ".st-key-landmark_buttons",
    "compare": ".st-key-compare_bar",
    "train": ".st-key-train_transport",
}
"""The pages of the tour in order, and what is framed on each."""

_AT, _OFFERED, _MOVES = "_tour", "_tour_offered", "_tour_moves"


def tour(page: str) -> None:
    """The card of the tour, where one is under way; else the offer of one, in a browser's first visit.

    It comes before the page, which may take a while, and goes to another page where the tour does.

    Args:
        page: The page that runs, by its file name.
    """
    state = st.session_state
    if _OFFERED not in state:  # who follows a link came for what it shows
        state[_OFFERED] = (
            page == "explore"
            and set(url.given() or ()) <= {"lang"}
            and current_visit() is None
            and not seen_before("tour")
        )
    at = state.get(_AT)
    if state.pop(_MOVES, False) and at is not None and page != (wanted := list(STOPS)[at]):
        st.switch_page(f"pages/{wanted}.py")
    with st.container(key="tour_place"):  # there in every run, so that the page keeps its place
        if at is not None:
            _stop(at, page)
        elif state[_OFFERED]:
            _offer()


def tour_button() -> None:
    """A button that starts the tour at any time."""
    st.button(page_text("tour")("take"), key="take_tour", icon=":material/tour:", type="tertiary", on_click=_start)


def _offer() -> None:
    text = page_text("tour")
    with st.container(border=True, key="tour_offer", gap="small"):
        st.markdown(f"**{text('welcome')}** {text('path', path=_path())}")
        with st.container(horizontal=True, gap="small"):
            st.button(text("start"), key="tour_start", type="primary", icon=":material/tour:", on_click=_start)
            st.button(text("skip"), key="tour_skip", on_click=_end)
    show_once(["tour"])


def _path() -> str:
    pages = page_text("app").group("pages")
    return " → ".join(pages[stop] for stop in STOPS)


def _stop(number: int, page: str) -> None:
    """One stop: what to look at here, and the way to the next."""
    text, names = page_text("tour"), list(STOPS)
    wanted = names[number]
    with st.container(border=True, key="tour_stop", gap="small"):
        title = page_text("app")(f"pages.{wanted}")
        st.markdown(f"**{number + 1}/{len(names)} · {title}.** {text(f'stops.{wanted}')}")
        with st.container(horizontal=True, gap="small"):
            if number:
                st.button(text("back"), key="tour_back", on_click=_go, args=(number - 1,))
            last = number == len(names) - 1
            if not last:
                st.button(text("next"), key="tour_next", type="primary", on_click=_go, args=(number + 1,))
            st.button(
                text("done" if last else "end"), key="tour_end", type="primary" if last else "tertiary", on_click=_end
            )
    if page == wanted:
        frame = "outline: 3px solid light-dark(#c2410c, #f5a25d); outline-offset: 4px;"
        st.html(f"<style>{STOPS[wanted]} {{ {frame} }}</style>")


def _start() -> None:
    _go(0)


def _go(number: int) -> None:
    st.session_state[_AT] = number
    st.session_state[_MOVES] = True


def _end() -> None:
    st.session_state[_AT] = None
    st.session_state[_OFFERED] = False
