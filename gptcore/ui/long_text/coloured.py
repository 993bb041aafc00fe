"""The text itself, coloured by surprise, a page at a time; what is clicked is opened below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from gptcore import number_format
from gptcore.charts.surprise_levels import SCALES, Scale, level_names
from gptcore.ui.long_text.spans import SUMMED_UNITS, UNITS, Unit, labels_of, spans_of, units_of
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import current_style
from gptcore.ui.widgets.running_text import running_text

if TYPE_CHECKING:
    from gptcore.results.text_report import TextReport


def coloured_text(report: TextReport) -> None:
    """The switches for unit and scale, a page of the text, and the way to the other pages."""
    text = page_text("long_text")
    unit, scale = _switches()
    units = units_of(report, unit)
    pages = int(units.page.max()) + 1
    selected = -1
    chosen = int(st.session_state.get("long_token", -1))
    if 0 <= chosen < len(report.text.token_id):
        place = int(np.searchsorted(units.first_token, chosen, side="right")) - 1
        selected = int(units.first_token[place])
        if st.session_state.pop("_long_token_chosen", False):
            st.session_state["long_page"] = int(units.page[place]) + 1
    page = _page(pages)
    places = np.flatnonzero(units.page == page)
    with st.container(border=True, key="long_running_text"):
        st.markdown(f"**{text('running')}**")
        running_text(
            spans_of(report, units, unit, scale, page),
            "running_text",
            {**text.group("running_text"), "scale": text(f"levels_in_short.{_levels_of(unit, scale)}")},
            current_style(),
            labels=labels_of(unit),
            legend=level_names(scale, report.uniform_cross_entropy, text("levels.above")),
            selected=selected,
            on_span=choose_token,
        )
        st.caption(text("running_caption", levels=levels_sentence(unit, scale, report.uniform_cross_entropy)))
        if pages > 1:
            with st.container(horizontal=True, vertical_alignment="center", key="long_pages"):
                st.pagination(pages, key="long_page", persist_state="session")
                last = int(units.first_token[places[-1]] + units.tokens[places[-1]])
                st.caption(
                    text(
                        "page_of",
                        page=number_format.count(page + 1),
                        pages=number_format.count(pages),
                        first=number_format.count(int(units.first_token[places[0]]) + 1),
                        last=number_format.count(last),
                    ),
                    width="content",
                )


def levels_sentence(unit: Unit, scale: Scale, uniform_nats: float) -> str:
    """What the five levels are of, in words."""
    return page_text("long_text")(f"levels.{_levels_of(unit, scale)}", uniform=number_format.nats(uniform_nats))


def _levels_of(unit: Unit, scale: Scale) -> str:
    """The name of the texts that say what the levels are of."""
    if scale == "rank":
        return "rank" if unit == "token" else "rank_unit"
    return scale if unit in SUMMED_UNITS else f"{scale}_mean"


def choose_token(index: int) -> None:
    """Open a token, by its index in the text."""
    st.session_state["long_token"] = index
    st.session_state["_long_token_chosen"] = True  # its page is shown next


def _switches() -> tuple[Unit, Scale]:
    text = page_text("long_text")
    unit, _ = url.value("unit", "token", url.one_of(*UNITS))
    scale, _ = url.value("long_scale", "surprise", url.one_of(*SCALES))
    with st.container(horizontal=True, key="long_switches"):
        for key, options, words in (("unit", UNITS, "units"), ("long_scale", SCALES, "scales")):
            st.segmented_control(
                text("unit" if key == "unit" else "scale"),
                options,
                format_func=text.group(words).__getitem__,
                key=key,
                required=True,
                persist_state="session",
            )
    return unit, scale


def _page(pages: int) -> int:
    """The page that is shown, from 0."""
    number, _ = url.value("long_page", 1, url.whole_number(1, 10**6))
    if number > pages:
        st.session_state["long_page"] = number = pages
        url.put("long_page", str(pages))
    return int(number) - 1
