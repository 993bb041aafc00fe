"""A row's tokens: chips, a heat map where they are many, and the bytes behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from gptcore.ui.examples.state import Typed
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import projecting
from gptcore.ui.widgets.token_chips import aligned_tokens, unaligned_tokens
from gptcore.ui.widgets.token_lens import has_partial_tokens, lens_of_rows

if TYPE_CHECKING:
    from gptcore.results.report import Report

MOST_CHIPS = 24
"""A row of more targets than this is a heat map once it is scored."""


def row_tokens(
    row: Typed,
    choice: ModelChoice,
    first_index: int,
    on_position: Callable[[int], None] | None,
    report: Report | None,
) -> Callable[[Report], None]:
    """Draw a row's tokens; returns how to draw them again once there is a report."""
    tokenizer = choice.tokenizer
    with st.container(key=f"tokens_{row.number}"):
        place = st.empty()

    def draw(report: Report | None) -> None:
        if row.encoded is None:
            return
        with place:
            if report is not None and on_position is not None and int(row.encoded.scored.sum()) > MOST_CHIPS:
                from gptcore.ui.widgets.token_heat import token_heat_map

                key = f"heat_{row.number}"
                token_heat_map(row.encoded, tokenizer, key, report, first_index=first_index, on_position=on_position)
                return
            key = f"chips_{row.number}" if report is None else f"chips_{row.number}_scored"
            aligned_tokens(row.encoded, tokenizer, key, first_index=first_index, on_position=on_position, report=report)

    draw(report)
    if row.error is not None and row.error.code == "count_mismatch" and row.example is not None:
        with place:
            unaligned_tokens(row.example, tokenizer, f"chips_{row.number}")
    return draw


def row_lens(row: Typed, choice: ModelChoice) -> None:
    """From characters to bytes to tokens: where a token is only a part of a character, and where it is asked for.

    On a projector only where it is asked for: it would push the three numbers off the first screen. Where it is asked
    for, its switch stays while the row says something that has no tokens.
    """
    encoded, asked = row.encoded, bool(st.session_state["lens"])
    if not asked and (encoded is None or projecting() or not has_partial_tokens(encoded, choice.tokenizer)):
        return
    key = f"lens_{row.number}"
    part = st.expander(
        page_text("token_lens")("title"),
        expanded=asked or (encoded is not None and len(encoded.inputs) <= MOST_CHIPS),
        key=key,
        on_change="rerun",
        icon=":material/search:",
    )
    if part.open:
        with part:
            lens_of_rows([] if encoded is None else [encoded], choice.tokenizer, f"{key}_rows")
