"""The address is the state: what a visitor sees can be reopened from its URL, by anyone.

`begin()` opens a run, `finish()` ends it (both in app.py). In between, each piece of state calls `value(key, …)` or
`take(…)`/`put(…)`. What the address says is taken at the start of a visit and when the visitor goes back or forward;
after that the session leads and the address follows it. Streamlit's own `bind="query-params"` does not
write what a program sets (a preset, a mend), and drops a page's parameters on other pages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import quote

import streamlit as st

from gptcore.number_reading import read_decimal, read_whole

MAX_ADDRESS = 7_000
"""Longest query, in characters as written: proxies allow about 8 KB. Longer states are kept out of the address."""

_STALE_SECONDS = 3.0
"""A click sent before the browser got the last address still carries the one before: not the Back button."""


def begin(page: str) -> None:
    """Compare the address with the one written last; when the visitor changed it, let this run read it."""
    state = st.session_state
    current = {key: st.query_params[key] for key in st.query_params}
    written: dict[str, str] | None = state.get("_address")
    moved = page != state.get("_address_page")
    former, until = state.get("_address_before", (None, 0.0))
    stale = current == former and time.monotonic() < until
    led = state.pop("_address_led", False)
    fresh = written is None or (current != written and not stale and not led and not (moved and not current))
    state["_address_page"] = page
    state["_address_given"] = current if fresh else None
    state["_address_next"] = {}
    state["_address_refused"] = {}


def lead() -> None:
    """Say in a callback that the visitor pressed something: the session leads the run that follows.

    Keys pressed in quick succession carry addresses from two or three presses before.
    """
    st.session_state["_address_led"] = True


def given() -> Mapping[str, str] | None:
    """What the address says, on a run that should read it; None on any other."""
    current: dict[str, str] | None = st.session_state.get("_address_given")
    return current


def put(key: str, words: str) -> None:
    """Let the address carry `key=words` after this run."""
    st.session_state["_address_next"][key] = words


def leave_out(key: str) -> None:
    """Take back what was put under `key` in this run."""
    st.session_state["_address_next"].pop(key, None)


def refuse(key: str, words: str) -> None:
    """Leave `key` out of the address, and let its field say that `words` were refused."""
    leave_out(key)
    st.session_state["_address_refused"][key] = words


def refused(key: str) -> str | None:
    """The words for `key` that were refused in this run, or None: what a sentence beside the field quotes."""
    words: str | None = st.session_state["_address_refused"].get(key)
    return words


def value(
    key: str, default: Any, read: Callable[[str], Any], write: Callable[[Any], str] = str
) -> tuple[Any, str | None]:
    """State under `key`: from the address, from the session, or the default; written back unless it is the default.

    Call it before the widget of the same key; the widget needs `persist_state="session"` and no value of its own.
    What the session holds is read as well: a browser may send what its widget should not have let through.

    Args:
        key: The key of the widget, which tests and stylesheets use.
        default: The value where neither the URL nor the session has one.
        read: Turns words into the value, and raises ValueError for words that are none.
        write: Turns the value into words.

    Returns:
        The value, and the words that were refused, or None; `refused(key)` has them too.
    """
    state = st.session_state
    words, held = given(), state.get(key)
    kept = None if held is None else write(held)
    wanted = kept if words is None else words.get(key)
    state[key] = default
    if wanted is not None:
        try:
            state[key] = read(wanted)
        except ValueError:
            refuse(key, wanted)
    if state[key] != default:
        put(key, write(state[key]))
    return state[key], refused(key)


def go_to(page: str, query: Mapping[str, str]) -> NoReturn:
    """Go to a page of the app and an address, which the run there reads as one that the visitor gave."""
    st.session_state.pop("_address_before", None)  # it may be the address from a moment ago, and is meant all the same
    st.switch_page(f"pages/{page}.py", query_params=dict(query))


def finish() -> bool:
    """Write the address. False when it would be too long: then the texts are left out of it, all of them."""
    state = st.session_state
    wanted: dict[str, str] = state["_address_next"]
    fits = sum(len(key) + len(quote(words)) + 2 for key, words in wanted.items()) <= MAX_ADDRESS
    if not fits:
        wanted = {key: words for key, words in wanted.items() if not key.startswith(("prompt_", "target_"))}
    current = {key: st.query_params[key] for key in st.query_params}
    if current != wanted or state.get("_address", wanted) != wanted:  # the browser may be about to get the last one
        state["_address_before"] = (current, time.monotonic() + _STALE_SECONDS)
        st.query_params.from_dict(wanted)
    state["_address"] = wanted
    return fits


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers from low to high."""

    def read(words: str) -> int:
        number = read_whole(words)
        if not low <= number <= high:
            raise ValueError(f"{number} is not from {low} to {high}")
        return number

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """A reader of numbers from low to high."""

    def read(words: str) -> float:
        amount = read_decimal(words)
        if not low <= amount <= high:
            raise ValueError(f"{amount} is not from {low} to {high}")
        return amount

    return read


def one_of(*options: Any) -> Callable[[str], Any]:
    """A reader of one of some options, by how each is written."""

    def read(words: str) -> Any:
        for option in options:
            if str(option) == words:
                return option
        raise ValueError(words[:20])

    return read
