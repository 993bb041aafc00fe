"""What a page opens on where the visitor chose neither model nor texts: something with something to see.

It is theirs only while they stay: on the page before, what they had comes back, unless they have changed it since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from gptcore.examples import Example
from gptcore.presets import PRESETS
from gptcore.ui.examples.state import FIELDS, show_examples
from gptcore.ui.models.catalog import offered_models
from gptcore.ui.state import url

_OPENED = "_opened_on"
_SHOWN = "_opening"
_DEFAULTS = {"model": "untrained", "size": "124M", "context_length": 256, "seed": 123}
_SAYS_NOTHING = {"lang", "projector", "compare", "room"}
"""Parameters with which an address asks for no model and no text."""


def open_on(page: str, view: str, *, model: str, examples: Sequence[Example] = ()) -> None:
    """Show a page with this model and these texts, once a visit, where an address and a visitor left both open.

    Args:
        page: The page.
        view: Which part of it; each opens on its own.
        model: The id of the model.
        examples: The texts; none leaves those of the page.
    """
    state = st.session_state
    opened: set[str] = state.setdefault(_OPENED, set())
    if (asked := url.given()) is not None and set(asked) - _SAYS_NOTHING:
        opened.add(view)  # the address says what is to be shown
    if model not in offered_models() or not _all_default(with_texts=bool(examples)):
        return
    if view in opened:
        url.put("model", str(state["model"]), in_query=True)  # without it, the link would open on the other
        return
    opened.add(view)
    wanted: dict[str, Any] = {"model": model}
    if examples:
        wanted |= _as_state(examples)
    state[_SHOWN] = (page, view, wanted)
    query = {name: str(value) for name, value in wanted.items() if name != "rows"}
    url.go_to(page, {**url.shown_so_far(), **query})


def leave_opening(page: str) -> None:
    """On another page or part of one: bring back what was there before, unless the visitor changed what was opened.

    Called before the fields are read.
    """
    state = st.session_state
    shown, view, wanted = state.get(_SHOWN, ("", "", {}))
    if not shown or url.given() is not None:
        return
    if any(state.get(key) != value for key, value in wanted.items()):
        del state[_SHOWN]  # it is the visitor's now
        return
    if page == shown and (page != "compare" or state.get("compare") == view):
        return
    del state[_SHOWN]
    state[_OPENED].discard(view)
    state["model"] = _DEFAULTS["model"]
    if "rows" in wanted:
        show_examples(PRESETS["book"])


def _as_state(examples: Sequence[Example]) -> Mapping[str, Any]:
    texts = {f"{field}_{n}": getattr(example, field) for n, example in enumerate(examples, 1) for field in FIELDS}
    named = {key: words for key, words in texts.items() if words}
    return {"alignment": examples[0].alignment, "rows": len(examples), **named}


def _all_default(*, with_texts: bool) -> bool:
    state = st.session_state
    if any(state.get(key) != value for key, value in _DEFAULTS.items()):
        return False
    if not with_texts:
        return True
    book = PRESETS["book"]
    typed = [(state.get(f"prompt_{n}"), state.get(f"target_{n}")) for n in range(1, state["rows"] + 1)]
    return (
        state["alignment"] == "paired"
        and state["input"] == "text"
        and typed == [(example.prompt, example.target) for example in book]
    )
