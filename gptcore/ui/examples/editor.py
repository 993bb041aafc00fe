"""The examples: typed, mended, lined up, drawn; the same on every page, and in its address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import streamlit as st

from gptcore.examples import MAX_EXAMPLES, Alignment, Example, TokenBatch, encode
from gptcore.presets import PRESETS
from gptcore.tokenizers.gpt2 import END_OF_TEXT
from gptcore.ui.examples.notices import OfferedFix, notices
from gptcore.ui.examples.row_tokens import row_lens, row_tokens
from gptcore.ui.examples.state import (
    FIELDS,
    INPUT_KINDS,
    add_row,
    convert_rows,
    read_rows,
    remove_row,
    start_from,
)
from gptcore.ui.examples.to_list import more_rows
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, refused_switch
from gptcore.ui.widgets.glossary import meaning

if TYPE_CHECKING:
    from gptcore.results.report import Report


@dataclass(frozen=True)
class Entered:
    """What the visitor entered, encoded.

    Attributes:
        show_surprise: Called with a report, adds to the chips how surprising each target is.
        fixes: What is offered for rows that have numbers as they are.
    """

    batch: TokenBatch
    examples: tuple[Example, ...]
    show_surprise: Callable[[Report], None]
    fixes: tuple[OfferedFix, ...]


def examples_editor(
    choice: ModelChoice,
    *,
    on_position: Callable[[int], None] | None = None,
    kept: Callable[[tuple[Example, ...]], Report | None] = lambda _: None,
    tokens: bool = True,
    alone: bool = False,
) -> Entered | None:
    """Fields, presets and aligned tokens. What was entered; None while a row needs mending.

    Args:
        choice: Which model.
        on_position: Called with the index of a scored position when its chip is pressed.
        kept: The report of some examples, where there is one already: the chips then say how surprising each target
            is from the start, and need not be drawn again.
        tokens: Whether the tokens of rows that line up are drawn: not where the page shows them itself.
        alone: Whether the page itself says what it cannot show while a row needs mending.
    """
    _toolbar(tokens=tokens)
    rows = read_rows(choice)
    valid = all(row.error is None for row in rows)
    examples = tuple(row.example for row in rows if row.example)
    report = kept(examples) if valid else None
    first_index = 0
    redraw: list[Callable[[Report], None]] = []
    fixes: list[OfferedFix] = []
    for left in range(0, len(rows), 2):
        for column, row in zip(
            st.columns(2) if len(rows) > 1 else [st.container()], rows[left : left + 2], strict=False
        ):
            with column, st.container(border=True, key=f"example_{row.number}"):
                _fields(row.number, len(rows))
                if tokens or row.encoded is None:
                    redraw.append(row_tokens(row, choice, first_index, on_position if valid else None, report))
                    row_lens(row, choice)
                fixes += notices(row, choice)
                first_index += int(row.encoded.scored.sum()) if row.encoded else 0
    more_rows(rows, choice)
    if not valid:
        if not alone:
            st.info(page_text("examples")("mend_first"), icon=":material/build:")
        return None
    shown = report

    def show_surprise(report: Report) -> None:
        if report is not shown:
            for draw in redraw:
                draw(report)

    return Entered(encode(examples, choice.tokenizer), examples, show_surprise, tuple(fixes))


def _toolbar(*, tokens: bool) -> None:
    text = page_text("examples")
    with st.container(horizontal=True, vertical_alignment="bottom", key="examples_toolbar"):
        presets = text.group("presets")
        st.menu_button(
            text("start_from"),
            list(PRESETS),
            format_func=presets.__getitem__,
            key="preset",
            icon=":material/lists:",
            on_click=start_from,
        )
        st.segmented_control(
            text("alignment"),
            list(get_args(Alignment)),
            format_func=text.group("alignments").__getitem__,
            key="alignment",
            required=True,
            persist_state="session",
            help=text("alignment_help"),
        )
        st.segmented_control(
            text("input"),
            INPUT_KINDS,
            format_func=text.group("inputs").__getitem__,
            key="input",
            required=True,
            persist_state="session",
            on_change=convert_rows,
            help=meaning("token", "bytes"),
        )
        st.button(
            text("add"),
            key="add_example",
            icon=":material/add:",
            type="tertiary",
            on_click=add_row,
            disabled=st.session_state["rows"] >= MAX_EXAMPLES,
        )
        url.switch("lens")
        if tokens:
            st.toggle(page_text("token_lens")("switch"), key="lens", persist_state="session")
        if st.session_state["alignment"] != "paired":
            st.toggle(
                text("score_first"),
                key="first_token",
                persist_state="session",
                help=text("score_first_help", token=code_span(END_OF_TEXT)),
            )
    refused_switch("first_token")
    refused_switch("lens")
    for name in ("alignment", "input"):
        if (given := url.refused(name)) is not None:
            st.warning(text(f"bad_{name}", given=code_span(given)), icon=":material/error:")


def _placeholder(field: str) -> str:
    """What an empty field shows: beside the prompt's, a target that lines up with it."""
    text, state = page_text("examples"), st.session_state
    if field == "target":
        return text(f"target_placeholders.{state['alignment']}_{state['input']}")
    return text(f"placeholders.{state['input']}")


def _fields(number: int, rows: int) -> None:
    text = page_text("examples")
    shifted = st.session_state["alignment"] == "shifted"
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"fields_{number}"):
        for field in FIELDS[:1] if shifted else FIELDS:
            name = "text" if shifted else field
            key = f"{field}_{number}"
            st.text_area(  # a field of one line would drop the line breaks, and with them tokens
                text(f"labels.{name}", number=number),
                key=key,
                persist_state="session",
                height="content",
                placeholder=_placeholder(field),
            )
        if rows > 1:
            st.button(
                text("remove"),
                key=f"remove_{number}",
                icon=":material/close:",
                type="tertiary",
                help=text("remove_help", number=number),
                on_click=remove_row,
                args=(number,),
            )
