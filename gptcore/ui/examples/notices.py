"""What stands below a row: what is wrong with it or worth knowing, and buttons that fix it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import streamlit as st

from gptcore.example_fixes import joins_differently, suggest_fixes
from gptcore.examples import Example
from gptcore.tokenizers.gpt2 import END_OF_TEXT
from gptcore.ui.examples.one_text import MISMATCHES, lone_text, score_one_text
from gptcore.ui.examples.state import (
    Typed,
    apply_mend,
    as_text,
    fill_from_book,
    read_as_ids,
    read_as_text,
    shorten_row,
)
from gptcore.ui.examples.to_list import many_lines
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, error_sentence


@dataclass(frozen=True)
class OfferedFix:
    """A fix that is offered for a row which has numbers as it is.

    Attributes:
        row: The row's number, from 1.
        example: The row as it would be.
        place: Where to say what the fix does to the loss.
    """

    row: int
    example: Example
    place: Any


def notices(row: Typed, choice: ModelChoice) -> Iterator[OfferedFix]:
    """Draw them; the fixes whose effect on the loss can be told."""
    text = page_text("examples")
    tokenizer = choice.tokenizer
    if row.error is not None:
        st.warning(error_sentence(row.error), icon=":material/error:")
        if row.error.code in MISMATCHES:
            st.markdown(text(f"how.{st.session_state['alignment']}"))
        _fix_buttons(row, choice)
        return
    if row.example is None or row.encoded is None:
        return
    if row.encoded.misaligned_positions:
        prompt, target = (as_text(given, tokenizer) for given in (row.example.prompt, row.example.target))
        st.info(text("slip", prompt=code_span(prompt), target=code_span(target)), icon=":material/rule:")
    offered = {fix.code: fix.example for fix in suggest_fixes(row.example, tokenizer)}
    said = {
        "move_space": text("ends_in_space", prompt=code_span(str(row.example.prompt))),
        "leading_space": text("no_leading_space", target=code_span(str(row.example.target))),
    }
    for code in said.keys() & offered.keys():  # one at most
        st.info(said[code], icon=":material/space_bar:")
        _fix_buttons(row, choice, only=code)
        yield OfferedFix(row.number, offered[code], st.empty())
    if joins_differently(row.example, tokenizer):
        st.info(text("joins_differently"), icon=":material/join:")
    if any(isinstance(part, str) and END_OF_TEXT in part for part in (row.example.prompt, row.example.target)):
        st.info(text("end_of_text", token=code_span(END_OF_TEXT)), icon=":material/info:")
    many_lines(row)
    if row.example.alignment == "shifted" and not row.example.first_token:
        st.caption(text("first_token", token=code_span(tokenizer.piece(int(row.encoded.inputs[0])))))


def _fix_buttons(row: Typed, choice: ModelChoice, only: str | None = None) -> None:
    text = page_text("examples")
    offers: list[tuple[str, Callable[..., None], tuple[Any, ...]]] = []
    code = row.error.code if row.error else ""
    if row.example is not None and code in ("count_mismatch", ""):
        for fix in suggest_fixes(row.example, choice.tokenizer):
            if only in (None, fix.code):
                offers.append((fix.code, apply_mend, (row.number, fix.example)))
    alone = lone_text(row.number, code)
    if alone and code != "count_mismatch":  # where both are there, the fixes have it
        offers.append(("shifted", score_one_text, (row.number, alone)))
    if code in ("too_many_characters", "too_many_tokens"):
        offers.append(("shorten", shorten_row, (row.number, choice)))
    if code == "no_tokenizer":
        offers.append(("as_ids", read_as_ids, (choice.vocab_size,)))
    if code == "not_ids":
        offers.append(("as_text", read_as_text, ()))
    if code in ("empty_prompt", "empty_target", "too_few_tokens", "id_out_of_range"):
        offers.append(("from_book", fill_from_book, (row.number,)))
    with st.container(horizontal=True):
        for name, act, args in offers:
            st.button(
                text(f"mends.{name}", text=code_span(alone, 24)),
                key=f"mend_{name}_{row.number}",
                icon=":material/build:",
                on_click=act,
                args=args,
            )
