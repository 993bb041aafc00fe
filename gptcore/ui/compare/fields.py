"""What is compared: which seeds, which texts; with a sentence and a mend for what cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from gptcore.errors import InputError
from gptcore.examples import Example
from gptcore.sweeps.seed_lists import MOST_SEEDS, parse_seeds, seed_range
from gptcore.ui.examples.editor import examples_editor
from gptcore.ui.examples.state import current_examples, show_examples
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, error_sentence

DEFAULT_COUNT = 40
_ANY = 10**15  # what a field of whole numbers can hold: more is refused with a sentence

PAIRS: dict[str, tuple[Example, ...]] = {
    "word_order": (
        Example("The dog bites the man.", alignment="shifted"),
        Example("The man bites the dog.", alignment="shifted"),
    ),
    "typo": (
        Example("I had always thought him rather a cheap genius", alignment="shifted"),
        Example("I had always thuoght him rather a cheap genius", alignment="shifted"),
    ),
    "leading_space": (
        Example("I want to thank", " you", "continuation"),
        Example("I want to thank", "you", "continuation"),
    ),
    "languages": (
        Example("The weather is very fine today.", alignment="shifted"),
        Example("今天天气很好。", alignment="shifted"),
    ),
}
"""Two texts whose difference shows something, by name."""


def compare_view(offered: Sequence[str]) -> str:
    """The switch between what is compared; the first is shown unless the address says otherwise."""
    view, _ = url.value("compare", offered[0], url.one_of(*offered))
    switch("compare", offered, "views", label_visibility="collapsed")
    return str(view)


def switch(key: str, options: Sequence[str], words: str, **more: Any) -> None:
    """A choice between a few words, each named in the table `words`, which also names the choice itself."""
    text = page_text("compare")
    st.segmented_control(
        text(f"{words}.label"),
        options,
        format_func=lambda option: text(f"{words}.{option}"),
        key=key,
        required=True,
        persist_state="session",
        **more,
    )


def compared_texts(choice: ModelChoice, *, open_at_first: bool) -> tuple[Example, ...] | None:
    """The texts, in a panel that says in one line what is in it; None while one needs mending."""
    text = page_text("compare")
    entered = current_examples(choice)
    shown = text("texts")
    if entered is not None:
        shorts = " · ".join(_in_short(example) for example in entered[:3])
        shown = text("texts_are", texts=f"{shorts} …" if entered[3:] else shorts)
    panel = st.expander(
        shown, expanded=open_at_first or entered is None, key=f"compare_texts_{open_at_first}", icon=":material/notes:"
    )
    with panel:
        edited = examples_editor(choice, tokens=not open_at_first)  # the charts of the inputs have them
    return None if edited is None else edited.examples


def pair_menu() -> None:
    """Pairs of texts to start from."""
    text = page_text("compare")
    pairs = text.group("pairs")
    st.menu_button(
        text("start_from"),
        list(PAIRS),
        format_func=pairs.__getitem__,
        key="pair",
        icon=":material/lists:",
        on_click=lambda: show_pair(st.session_state["pair"]),
    )


def show_pair(name: str) -> None:
    """Fill the fields with a pair of texts; texts of two languages are compared by the byte."""
    show_examples(PAIRS[name])
    st.session_state["unit"] = "bits_per_byte" if name == "languages" else "perplexity"
    st.session_state["from"], st.session_state["to"] = 1, 2


def _in_short(example: Example) -> str:
    parts = [part for part in (example.prompt, example.target) if part]
    return " → ".join(code_span(part if isinstance(part, str) else str(list(part)), 28) for part in parts)


def chosen_seeds() -> Sequence[int] | None:
    """The fields for how many from where, or a list; None, with a sentence, for what is neither."""
    text = page_text("compare")
    count, _ = url.value("seed_count", DEFAULT_COUNT, url.whole_number(-_ANY, _ANY))
    first, _ = url.value("seed_first", 0, url.whole_number(-_ANY, _ANY))
    listed, _ = url.value("seed_list", "", str)
    url.value("scale", "loss", url.one_of("loss", "perplexity"))
    with st.container(horizontal=True, vertical_alignment="bottom", key="seed_fields"):
        for key in ("seed_count", "seed_first"):
            st.number_input(
                text(f"{key}.label"),
                step=1,
                key=key,
                persist_state="session",
                disabled=bool(listed.strip()),
                width=150,
            )
        st.text_input(
            text("seed_list.label"),
            key="seed_list",
            persist_state="session",
            placeholder=text("seed_list.placeholder"),
            help=text("seed_list.help", most=f"{MOST_SEEDS:,}"),
            width=260,
        )
        switch("scale", ["loss", "perplexity"], "scale")
    try:
        return parse_seeds(listed) if listed.strip() else seed_range(count, first)
    except InputError as error:
        st.warning(error_sentence(error, text if text.has(error.code) else None), icon=":material/error:")
        _mends(error)
        return None


def _mends(error: InputError) -> None:
    text = page_text("compare")
    from_the_start = {"seed_list": "", "seed_count": DEFAULT_COUNT, "seed_first": 0}
    offers: dict[str, dict[str, Any]] = {
        "repeated_seed": {"seed_list": error.details.get("without_repeats")},
        "too_many_seeds": {"seed_list": "", "seed_count": 1_000, "seed_first": 0},
        "no_seeds": {"seed_list": "", "seed_count": DEFAULT_COUNT},
        "bad_seed": from_the_start,
        "not_seeds": from_the_start,
        "backwards_seeds": from_the_start,
        "long_seed_list": from_the_start,
    }
    if error.code in offers:
        st.button(
            text(f"mends.{error.code}"),
            key="mend_seeds",
            icon=":material/build:",
            on_click=st.session_state.update,
            args=(offers[error.code],),
        )
