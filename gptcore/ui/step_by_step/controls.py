"""Where one is in Step by step, on which vocabulary, what a presenter hides, and what they open instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import projecting
from gptcore.ui.widgets.early_presses import STEP_KEYS
from gptcore.ui.widgets.html_picture import picture_styles
from gptcore.ui.widgets.press_counter import count_presses

LAST = 11
HIDEABLE = ("sentence", "code")
VOCABULARIES = ("gpt2", "seven")
PANELS = {"tensors": ("data_array", "T"), "code": ("code", "P")}
"""What a projector shows in the picture's place: its icon and its key. Streamlit keeps the key C to itself."""


def step_controls(place: Any, buttons: Any) -> tuple[int, str]:
    """Which step, on which vocabulary: drawn here, the presenter's switches in `place`, next and back in `buttons`."""
    text = page_text("step_by_step")
    picture_styles()
    step, _ = url.value("step", 1, url.whole_number(1, LAST))
    vocabulary, _ = url.value("vocabulary", "gpt2", url.one_of(*VOCABULARIES))
    url.value("panel", "picture", url.one_of("picture", *PANELS))
    url.switch("shown")
    _hide_switch(place)
    names = text.group("names")
    vocabularies = text.group("vocabularies_short" if projecting() else "vocabularies")
    if not projecting():
        with buttons:
            _buttons(step)
    with st.container(horizontal=True, vertical_alignment="center", key="step_bar", gap="xxsmall"):
        # Buttons, since a row of radio buttons would keep the arrow keys to itself once it was clicked.
        for name in VOCABULARIES:
            _choice(f"vocabulary_{name}", vocabularies[name], name == vocabulary, _use, name)
        st.space("small")
        for n in range(1, LAST + 1):
            named = n == step or not projecting()
            _choice(f"step_{n}", f"{n} {names[str(n)]}" if named else str(n), n == step, _go, n)
        if projecting():
            st.space("stretch")
            _buttons(step)
            _panel_buttons()
    _count_presses(step)
    return int(step), str(vocabulary)


def _choice(key: str, label: str, current: bool, choose: Callable[..., None], value: object) -> None:
    st.button(label, key=key, type="primary" if current else "secondary", on_click=choose, args=(value,))


def _buttons(step: int) -> None:
    """First, back, where one is, next, last; each has its key."""
    text, large = page_text("step_by_step"), projecting()
    with st.container(
        horizontal=True,
        horizontal_alignment="right",
        vertical_alignment="center",
        key="step_buttons",
        gap="xxsmall" if large else "small",
        width="content" if large else "stretch",
    ):
        for name, by, icon, key in (
            ("first", -LAST, "first_page", "Home"),
            ("back", -1, "chevron_left", "Left"),
            ("next", 1, "chevron_right", "Right"),
            ("last", LAST, "last_page", "End"),
        ):
            written = name in ("back", "next") and not large
            st.button(
                text(name) if written else "",
                key=f"step_{name}",
                icon=f":material/{icon}:",
                shortcut=key,
                type="primary" if name == "next" else "secondary",
                disabled=step == (1 if by < 0 else LAST),
                help=None if written else text(name),
                on_click=_move,
                args=(by,),
            )
            if name == "back" and not large:
                st.markdown(text("progress", step=step, last=LAST), width="content")


def _count_presses(step: int) -> None:
    count_presses(
        "step_presses",
        {"step_first": -LAST, "step_back": -1, "step_next": 1, "step_last": LAST},
        STEP_KEYS,
        _move,
        place=step,
    )


def _panel_buttons() -> None:
    """Tensors and code, in the picture's place and back."""
    parts = page_text("step_by_step").group("panels")
    for name, (icon, key) in PANELS.items():
        current = st.session_state["panel"] == name
        st.button(
            parts[name],
            key=f"panel_{name}",
            icon=f":material/{icon}:",
            shortcut=key,
            type="primary" if current else "secondary",
            on_click=_open_panel,
            args=("picture" if current else name,),
        )


def _hide_switch(place: Any) -> None:
    text = page_text("step_by_step")
    url.value("hide", [], _read_hidden, ",".join)
    with place:
        st.pills(
            text("hide"),
            HIDEABLE,
            selection_mode="multi",
            format_func=text.group("parts").__getitem__,
            key="hide",
            persist_state="session",
        )


def _read_hidden(words: str) -> list[str]:
    parts = words.split(",")
    if not set(parts) <= set(HIDEABLE):
        raise ValueError(words[:20])
    return [part for part in HIDEABLE if part in parts]


def _use(vocabulary: str) -> None:
    st.session_state["vocabulary"] = vocabulary


def _open_panel(name: str) -> None:
    st.session_state["panel"] = name


def _go(step: int) -> None:
    st.session_state["step"] = step
    st.session_state["shown"] = False


def _move(by: int) -> None:
    """So many steps on from where the visitor is by then: presses come faster than pages."""
    _go(min(LAST, max(1, url.standing("step", url.whole_number(1, LAST)) + by)))
