"""What a session knows of its addresses, and the address that an event carried."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from gptcore.ui.state import browser, events
from gptcore.ui.state.echoes import Echoes
from gptcore.ui.state.history import History

_ADDRESSES = "_addresses"


@dataclass
class AddressState:
    """What a session knows of its addresses."""

    history: History = field(default_factory=History)
    echoes: Echoes = field(default_factory=Echoes)
    query: dict[str, str] | None = None  # what the event carried, between `arrive` and `begin`
    sent_early: dict[str, str] | None = None
    refused: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)  # what the address named and this run took
    unclaimed: dict[str, Any] = field(default_factory=dict)  # a browser's values for widgets not drawn yet
    recovered: dict[str, Any] = field(default_factory=dict)
    page: str = ""
    given: dict[str, str] | None = None  # what a new address says, until a run has shown it
    given_to: set[str] = field(default_factory=set)  # who has read it once
    expected: dict[str, str] | None = None  # what `go_to` asks for
    sent: dict[str, Any] = field(default_factory=dict)  # what the event carried, by key
    incomplete: bool = False
    shown: bool = True  # the last run came to its end

    def given_once(self, reader: str) -> dict[str, str] | None:
        """What a new address says; None where `reader` has had it, or there is no new one.

        After a run that was interrupted, the visitor may have changed what that run took from the address.
        """
        if self.given is None or reader in self.given_to:
            return None
        self.given_to.add(reader)
        return self.given


def carried_query() -> dict[str, str]:
    """The parameters of the address that the event carried, or that this run has written."""
    return {key: st.query_params[key] for key in st.query_params}


def address_state() -> AddressState:
    """What this session knows of its addresses."""
    notes = browser.notes_of_the_run()
    found: AddressState | None = notes.get(_ADDRESSES)
    if found is None:
        if _ADDRESSES not in st.session_state:
            state = AddressState()
            st.session_state[_ADDRESSES], st.session_state[events.ECHOES] = state, state.echoes
        found = notes[_ADDRESSES] = st.session_state[_ADDRESSES]
    return found
