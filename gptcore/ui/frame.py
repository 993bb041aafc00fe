"""What stands around every page: navigation, the sidebar, language, projector mode, the address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from gptcore.errors import InputError
from gptcore.texts import LANGUAGES, Text
from gptcore.ui.examples.openings import leave_opening
from gptcore.ui.examples.state import restore_examples
from gptcore.ui.export.inputs import picture_note
from gptcore.ui.launch import app_folder
from gptcore.ui.memory import memory_errors_as_sentences, settle
from gptcore.ui.models.choice import CHOICE_KEY, ModelChoice
from gptcore.ui.models.picker import model_picker, unknown_model_notice
from gptcore.ui.projector import keys_button, language_switch, predict_switch, projector_bar
from gptcore.ui.questions import questions
from gptcore.ui.room.session import begin_visit
from gptcore.ui.room.strip import after_page, room_strip
from gptcore.ui.state import browser, events, url
from gptcore.ui.state.translations import (
    browser_language,
    language_script,
    page_text,
    settle_language,
    unsettle_language,
)
from gptcore.ui.tour import tour, tour_button
from gptcore.ui.visitors import admit
from gptcore.ui.waiting_threads import wait_asleep
from gptcore.ui.widgets.basics import code_span, error_sentence, refused_switch
from gptcore.ui.widgets.glossary import words_used
from gptcore.ui.widgets.own_link import last_link_offer, own_link
from gptcore.ui.widgets.pictures import pictures
from gptcore.ui.widgets.reconnection import redraw_on_reconnection
from gptcore.ui.widgets.reveal import reveal

_ASSETS = Path(__file__).parent / "assets"
ICON = _ASSETS / "icon.svg"
_CONTROLS, _PAGE = "_page_controls", "_page"
events.keep_order()
browser.read_fields_one_by_one()
wait_asleep()

PAGES = {
    "explore": ":material/search_insights:",
    "step_by_step": ":material/stairs:",
    "perplexity": ":material/casino:",
    "long_text": ":material/article:",
    "compare": ":material/compare_arrows:",
    "train": ":material/trending_down:",
    "classroom": ":material/school:",
}
"""The pages in the order of the navigation, by file name, which is also their address; with their icons."""


def pages() -> list[Any]:
    """Streamlit's pages, titled in the visitor's language; the addresses stay the same.

    The last one is not in the navigation: Streamlit opens its default page at "/" alone, and this opens it at its
    own name too.
    """
    text = page_text("app")
    folder = app_folder() / "pages"
    listed = [
        st.Page(
            folder / f"{name}.py",
            title=text(f"pages.{name}"),
            icon=icon,
            url_path=name if name != "explore" else "home",  # not seen: the default page is at "/"
            default=name == "explore",
        )
        for name, icon in PAGES.items()
        if (folder / f"{name}.py").exists()
    ]
    return [*listed, st.Page(_open_default, title=text("pages.explore"), url_path="explore", visibility="hidden")]


def navigation() -> Any:
    """The browser tab's name and icon, and the page that the address asks for.

    The icon is a file of ours: a page's own icon in the tab would be fetched from the internet.
    """
    url.arrive()
    unsettle_language()
    st.set_page_config(page_title=page_text("app")("name"), page_icon=str(ICON), layout="wide")
    page = st.navigation(pages(), position="top")
    if page.url_path == "explore":
        _open_default()
    return page


def frame(page: Any) -> None:
    """Everything around a page: read the address, draw the sidebar, run the page, write the address."""
    text = page_text("app")
    url.begin(page.url_path)
    st.html(_ASSETS / "app.css")
    if st.context.theme.type == "dark":
        st.html(_ASSETS / "dark.css")
    st.logo(_ASSETS / "logo.svg", size="large")
    leave_opening(page.url_path or next(iter(PAGES)))
    url.value("lang", browser_language(), url.one_of(*LANGUAGES))
    if page_text("app").language != text.language:
        st.rerun()  # the navigation and the title were already written in the other language
    settle_language()
    admit()
    projector = url.switch("projector")
    url.switch("predict")
    with st.sidebar:
        st.markdown(f"**{text('model')}**")
        with st.container(key="sidebar_model"):
            st.session_state[CHOICE_KEY] = model_picker()
        page_controls = st.container()
        st.markdown(f"**{text('view')}**")
        if not projector:
            language_switch()
        if (given := url.refused("lang")) is not None:
            st.warning(text("bad_language", given=code_span(given)), icon=":material/error:")
        st.toggle(text("projector"), key="projector", persist_state="session", help=text("projector_help"))
        refused_switch("projector")
        if not projector:
            predict_switch()
            keys_button()
        tour_button()
        own_link()
        st.html(f"<script>{language_script(text.language)}</script>", unsafe_allow_javascript=True)
        _say_refused_numbers(text)
    url.mark("sidebar")
    if projector:
        st.html(_ASSETS / "projector.css")
        projector_bar({name: f"pages/{name}.py" for name in PAGES})
    st.session_state[_CONTROLS] = page_controls
    last_link_offer()
    redraw_on_reconnection()
    restore_examples()
    unknown_model_notice()
    begin_visit()
    name = page.url_path or next(iter(PAGES))  # Streamlit gives the first page the empty address
    st.session_state[_PAGE] = name
    covered = room_strip(name, current_choice())
    if not (covered or projector):
        tour(name)
    if url.incomplete():
        st.info(text("address_incomplete"), icon=":material/link_off:")
    try:
        if not covered:
            with memory_errors_as_sentences():
                page.run()
    except InputError as error:  # what no field on the page is the reason for
        st.warning(error_sentence(error), icon=":material/error:")
    else:
        with st.sidebar:  # out of the way: it shows nothing
            pictures(picture_note(current_choice()))
    finally:
        st.session_state.pop(_CONTROLS, None)  # so that `heading` knows a run without app.py
    words_used(page.url_path or "explore")
    questions(current_choice())
    reveal()
    url.mark("page")
    if not url.finish():
        st.caption(text("address_too_long"))
    if not covered:
        after_page(name)
    settle()


def part_of_page(key: str, draw: Callable[[], None]) -> None:
    """A part of a page that can run by itself: with a widget in it, or by `st.rerun(key)` in a callback.

    The address follows what is shown in it, as it does after a run of the whole page.
    """
    page = st.session_state[_PAGE]

    @st.fragment(key=key)
    def part() -> None:
        alone = url.begin_part()
        try:
            with memory_errors_as_sentences():
                draw()
        except InputError as error:  # what no field on the page is the reason for
            st.warning(error_sentence(error), icon=":material/error:")
        url.mark(key)
        if alone:
            url.finish_part()
            after_page(page)

    part()


def current_choice() -> ModelChoice:
    """The model that the visitor chose in the sidebar."""
    choice: ModelChoice = st.session_state[CHOICE_KEY]
    return choice


def page_controls() -> Any:
    """The place in the sidebar for a page's own controls."""
    return st.session_state[_CONTROLS]


def own_model_here() -> None:
    """Hide the model's settings that do not apply, all but the seed: this part of a page has a model of its own."""
    with page_controls():
        st.html(_ASSETS / "own_model.css")
        st.caption(page_text("models")("own_here"))


def _say_refused_numbers(text: Text) -> None:
    """Say under a number field, in the page's language, that it refused a number.

    Streamlit says so where a mouse rests on a sign in the field, in English alone.
    """
    refused = '[data-testid="stNumberInput"]:has([aria-invalid="true"])::after'
    english = '[data-testid="stTooltipErrorContent"] { display: none; }' if text.language != "en" else ""
    words = f"display: block; font-size: 0.875rem; content: '{text('number_refused')}';"
    st.html(f"<style>{refused} {{ {words} }} {english}</style>")


def heading(section: str) -> None:
    """A page's title and the sentence under it."""
    if _CONTROLS not in st.session_state:  # a server that is asked for this page first runs it without app.py
        navigation()  # which this tells it to run
        st.rerun()
    text = page_text(section)
    with st.container(gap=None, key="page_heading"):
        st.header(text("title"), anchor=False)
        st.caption(text("lead"))


def _open_default() -> None:
    st.switch_page("pages/explore.py", query_params=st.query_params.to_dict())
