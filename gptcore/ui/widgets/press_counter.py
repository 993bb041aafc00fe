"""Buttons and keys that are pressed faster than the page is drawn: each press counts, once."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from gptcore.ui.widgets.early_presses import TYPING

_COUNTER = st.components.v2.component(
    "press_counter",
    js=Path(__file__).with_suffix(".js").read_text("utf-8").replace("TYPING_PLACES", json.dumps(TYPING)),
    isolate_styles=False,
)
_MOST = 1_000


def count_presses(
    key: str,
    buttons: Mapping[str, int],
    keys: Mapping[str, str],
    on_press: Callable[[int], None],
    *,
    place: object = None,
) -> None:
    """Act on every press of some buttons, however fast they come.

    Without the component's script, the buttons' own callbacks act.

    Args:
        key: The component's key.
        buttons: What a press of each button is worth, by the button's key.
        keys: Which button a key of the keyboard stands for, by the key's name in JavaScript.
        on_press: Called for each press with what it is worth.
        place: Where the presses led; at a new one the page is scrolled to its top.
    """
    state, held = st.session_state, f"_{key}"
    visit, done = state.setdefault(held, (secrets.token_hex(8), 0))

    def pressed() -> None:
        visit, done = st.session_state[held]
        new = new_presses(st.session_state[key].get("presses"), visit, done)
        if new:
            st.session_state[held] = (visit, done + len(new))
        for worth in new:
            if worth in buttons.values():
                on_press(worth)

    _COUNTER(
        key=key,
        data={"buttons": dict(buttons), "keys": dict(keys), "visit": visit, "next": done, "place": place},
        on_presses_change=pressed,
    )


def new_presses(sent: Any, visit: str, done: int) -> list[int]:
    """What a browser sent for which the number says that it was not acted on before.

    Args:
        sent: What came from the browser: the visit that it belongs to, and numbered presses.
        visit: The visit that counts.
        done: How many presses were acted on.

    Returns:
        What each new press is worth, in order, without gaps.
    """
    if not isinstance(sent, Mapping) or sent.get("visit") != visit or not isinstance(sent.get("presses"), list):
        return []
    new: list[int] = []
    for press in sent["presses"][:_MOST]:
        match press:
            case [int(number), int(worth)] if number == done + len(new):
                new.append(worth)
    return new
