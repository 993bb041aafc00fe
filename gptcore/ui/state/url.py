"""The address is the state: what a visitor sees can be reopened from its URL, by anyone.

Every run calls `arrive()` before Streamlit's navigation, `begin()` once the page is known, and `finish()` at its end;
a part of a page that runs by itself calls `begin_part()` and `finish_part()` (all in frame.py). In between, each piece
of state calls `value(key, …)`, or `said(key)` and `put(key, …)`. An address is read when it is new, at the start of a
visit and when the visitor goes back or forward (`history.py`); everything else follows the session, and the address
follows that. Streamlit's own `bind="query-params"` does not write what a program sets (a preset, a fix), and drops a
page's parameters on other pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import streamlit as st

from gptcore.ui.state import browser, events, left_out
from gptcore.ui.state.address_state import AddressState, address_state, carried_query
from gptcore.ui.state.history import MISSING
from gptcore.ui.state.readers import number, on_or_off, one_of, whole_number

__all__ = ["number", "one_of", "whole_number"]


def arrive() -> None:
    """Take note of the address before Streamlit's navigation changes it.

    A page that is chosen in the navigation begins without parameters. The last ones are sent at once, so that the
    new page's address has the language and the model from the start.
    """
    visit, query = address_state(), carried_query()
    visit.query, visit.sent_early = query, None
    last = visit.history.last_query()
    if last and not query and visit.expected is None and not browser.went_back():
        st.query_params.from_dict(last)
        visit.sent_early = last


def begin(page: str) -> None:
    """Open a run: note what the visitor changed, and whether their address is to be read."""
    visit, state = address_state(), st.session_state
    for key, value in visit.recovered.items():
        state[key] = value
    query = carried_query() if visit.query is None else visit.query
    visit.query = None
    first = not visit.history.entries
    if first:
        visit.unclaimed = browser.unclaimed_values()
    if visit.shown:
        visit.refused.clear()
        visit.named.clear()
        visit.shown = visit.incomplete = False
        visit.given = None
    same_page, visit.page = page == visit.page, page
    held = _take_in(visit, same_page=same_page)
    asked = browser.went_back() or query == visit.expected
    read = visit.history.begin(page, query, held, went_back=asked)
    if visit.sent_early is not None and not read:
        visit.history.arrive(visit.sent_early)
    visit.recovered = {}
    if read and (digest := visit.history.unread.pop(left_out.PARAMETER, None)) is not None:
        words = left_out.find(digest)
        visit.incomplete = words is None
        visit.history.unread |= {key: said for key, said in (words or {}).items() if not visit.history.changed(key)}
    if read:
        visit.given, visit.expected = dict(visit.history.unread), None
        visit.given_to.clear()
    events.take_in()


def begin_part() -> bool:
    """Open a run of a part of the page by itself. False in a run of the whole page, which `begin` has opened."""
    alone = browser.part_alone()
    if alone:
        _take_in(address_state())
    return alone


def finish_part() -> None:
    """Write the address after a part of the page ran by itself: of the rest, all is as the last run showed it."""
    visit = address_state()
    events.let_end()
    if visit.shown:
        _write(visit, left_out.shortened(visit.history.query()))


def only_changed(key: str) -> bool:
    """In a callback: whether all but `key` is as the last run has shown it, to its end."""
    visit, state = address_state(), st.session_state
    return visit.shown and visit.history.differing(lambda key: state.get(key, MISSING)) <= {key}


def given() -> Mapping[str, str] | None:
    """What a new address says, until a run has shown it; None where there is no new one."""
    return address_state().given


def given_once(reader: str) -> Mapping[str, str] | None:
    """What a new address says, for a reader (any name of its own) that has not asked yet; else None."""
    return address_state().given_once(reader)


def go_to(page: str, query: Mapping[str, str]) -> NoReturn:
    """Go to a page of the app and an address, which the run there reads as one that the visitor gave."""
    address_state().expected = dict(query)
    st.switch_page(f"pages/{page}.py", query_params=dict(query))


def shown_so_far() -> dict[str, str]:
    """The parameters that this run has put into the address until now."""
    return address_state().history.query()


def decides(key: str) -> bool:
    """Whether the address, and not the session, says what `key` is in this run."""
    return address_state().history.decides(key)


def named() -> set[str]:
    """The keys that the address names and that no run has taken yet."""
    return set(address_state().history.unread)


def was_named(key: str) -> bool:
    """Whether what is shown under `key` in this run came from the address."""
    return key in address_state().named


def brought_along() -> set[str]:
    """The keys of fields that a browser has values for and that this session has not drawn yet."""
    return set(address_state().unclaimed)


def changed(key: str) -> bool:
    """Whether the visitor changed `key` since an address was last written."""
    return address_state().history.changed(key)


def said(key: str) -> str | None:
    """What the address says of `key`; None where it says nothing. Until `put(key, …)`, the next run may ask again."""
    return address_state().history.unread.get(key)


def put(key: str, words: str, *, in_query: bool = True) -> None:
    """Note what is shown under `key`, in words; the address carries it, unless it is the default."""
    visit, value = address_state(), st.session_state.get(key)
    if key in visit.history.unread:
        visit.named.add(key)
    visit.history.show(key, value, words, in_query=in_query)
    visit.echoes.show(key, value)


def leave_out(key: str) -> None:
    """Take back what was put under `key` in this run."""
    address_state().history.leave_out(key)


def refuse(key: str, words: str) -> None:
    """Leave `key` out of the address, and let its field say that `words` were refused."""
    visit = address_state()
    visit.history.leave_out(key)
    visit.refused[key] = words


def refused(key: str) -> str | None:
    """The words for `key` that were refused, or None: what a sentence beside the field quotes."""
    return address_state().refused.get(key)


def value(
    key: str, default: Any, read: Callable[[str], Any], write: Callable[[Any], str] = str
) -> tuple[Any, str | None]:
    """State under `key`: from the address, from the session, or the default; written back unless it is the default.

    Call it before the widget of the same key; the widget needs `persist_state="session"` and no value of its own.
    What the session holds is read as well: a browser may send what its widget should not have let through.

    Args:
        key: The widget's key, and the parameter's name.
        default: The value that an address leaves out.
        read: Turns words into the value, and raises ValueError for words that are none.
        write: Turns the value into words.

    Returns:
        The value, and the words that were refused, or None; `refused(key)` has them too.
    """
    visit, state = address_state(), st.session_state
    _claim(visit)
    if visit.shown:  # a part of the page that runs by itself
        visit.refused.pop(key, None)
    held = state.get(key)
    wanted = said(key) if visit.history.decides(key) else None if held is None else write(held)
    found, bad = default, False
    if wanted is not None:
        try:
            found = read(wanted)
        except ValueError:
            bad = True
    hold(key, found)
    put(key, write(found), in_query=bool(found != default))
    if bad and wanted is not None:
        refuse(key, wanted)
    return found, refused(key)


def switch(key: str, *, default: bool = False) -> bool:
    """State under `key` of a switch, which the address writes as 1 or 0; as `value`."""
    on, _ = value(key, default, on_or_off, lambda on: str(int(on)))
    return bool(on)


def correct(key: str, found: Any, words: str, *, in_query: bool = False) -> None:
    """Show another value under `key` than the one that `value` gave: one that fits what is on the page."""
    hold(key, found)
    put(key, words, in_query=in_query)


def hold(key: str, found: Any) -> None:
    """Let the session hold a value under `key`, and the browser hear of it where it shows another.

    Streamlit sends a value that a program sets, and with it undoes what was typed since. So it is not set where the
    browser has just said that its field shows it; unless a run has taken the field away since, and with it the value.
    """
    visit, state = address_state(), st.session_state
    browser_has_it = _same(visit.sent.get(key, MISSING), found) and not visit.echoes.pending(key)
    browser_has_it = browser_has_it and visit.history.shown_last(key)
    if not (browser_has_it and key in state and _same(state[key], found)):
        state[key] = found
        visit.echoes.tell(key, found)


def standing(key: str, read: Callable[[str], Any]) -> Any:
    """In a callback: what `key` is, also where the address was not read yet."""
    words = said(key)
    try:
        return st.session_state[key] if words is None else read(words)
    except ValueError:
        return st.session_state[key]


def mark(name: str) -> None:
    """Draw a marker that comes back with every event of a browser that has had all that was drawn before it."""
    visit, key = address_state(), f"{events.MARKER}{name}"
    st.session_state[key] = str(visit.echoes.run)
    st.text_input(key, key=key, label_visibility="collapsed")
    visit.echoes.mark(key)


def incomplete() -> bool:
    """Whether the address left texts out that are not known here."""
    return address_state().incomplete


def finish() -> bool:
    """Write the address. False where it would be too long: then the longest parts are left out of it."""
    visit = address_state()
    _claim(visit)
    events.let_end()
    whole = visit.history.query()
    wanted = left_out.shortened(whole)
    visit.shown = True
    _write(visit, wanted)
    return wanted == whole


def _write(visit: AddressState, query: dict[str, str]) -> None:
    send = visit.history.must_send(query, carried_query())
    visit.history.finish(query)
    if send:
        st.query_params.from_dict(query)


def _take_in(visit: AddressState, *, same_page: bool = True) -> Callable[[str], Any]:
    """Note what an event carried, and put right what it undid; gives what the session then holds under a key.

    On another page, the same key is another field.
    """
    held = {str(key): found for key, found in st.session_state.to_dict().items()}
    sent = browser.sent_values(visit.history.keys())
    visit.sent = (sent or {}) if same_page else {}
    for key, value in visit.echoes.begin(lambda key: held.get(key, MISSING), sent, browser.assigned).items():
        st.session_state[key] = held[key] = value
    return lambda key: held.get(key, MISSING)


def _claim(visit: AddressState) -> None:
    """Take over what a browser brought along for widgets that are drawn by now, and run again with it."""
    for key, sent in list(visit.unclaimed.items()):
        drawn, found = browser.claimed(sent)
        if drawn:
            del visit.unclaimed[key]
            if found != st.session_state.get(key):
                visit.recovered[key] = found
    if visit.recovered:
        st.rerun()


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
