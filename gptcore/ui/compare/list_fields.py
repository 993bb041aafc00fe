"""The list that is scored: pasted, one text a line, or a table that was uploaded and its columns."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from gptcore.errors import InputError
from gptcore.number_format import count
from gptcore.tables import Table, choose_columns, read_pasted_list, read_table
from gptcore.text_files import check_text_size
from gptcore.tokenizers.base import clean_text
from gptcore.ui.state import url
from gptcore.ui.state.kept_texts import KeptText, keep_text
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, error_sentence
from gptcore.ui.widgets.text_source import TextSource

MAX_ROWS = 10_000
_SOURCE = TextSource("list")
EXAMPLE_LIST = (
    "The cat sat on the mat.\nThe mat sat on the cat.\nThe keys to the cabinet are on the table.\n"
    "The keys to the cabinet is on the table.\nThe President sent a message to the Congress.\n"
    "Colorless green ideas sleep furiously.\nFuriously sleep ideas green colorless.\n"
    "The capital of France is\t Paris.\nThe capital of France is\t cheese."
)
"""Pairs that differ in one thing; the last two rows are a prompt and a target each."""

Row = str | tuple[str, str]


@dataclass(frozen=True)
class TextList:
    """What is scored, row by row.

    Attributes:
        rows: Texts, or prompts with their targets.
        columns: The columns' names in the file; those of a pasted list are ours.
        cells: The rows as they stand in the file, a cell a column.
        prompt_column: Which column holds the texts or prompts.
        target_column: Which holds the targets; None where whole texts are scored.
    """

    rows: tuple[Row, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    prompt_column: int
    target_column: int | None


def entered_list() -> TextList | None:
    """Draw the fields; the list, or None where there is none or something needs fixing first."""
    text = page_text("many_texts")
    url.value("list_text", EXAMPLE_LIST, clean_text)
    kept = _SOURCE.restore(text("gone"))
    st.caption(text("lead", limit=count(MAX_ROWS)))
    words = _fields(kept)
    if not words.strip():
        st.info(text("empty"), icon=":material/list:")
        _fix_button("fix_example", _take_example)
        return None
    try:
        check_text_size(words)
        table = _table(words, is_file=kept is not None)
        if not table.rows:
            raise InputError("empty_table", "there is no row under the line that names the columns")
        prompt, target = _columns(table) if kept is not None else (0, 1 if len(table.columns) > 1 else None)
    except InputError as error:
        st.warning(error_sentence(error), icon=":material/error:")
        if error.code == "too_many_rows":
            _fix_button("fix_rows", _keep_first_rows, limit=count(MAX_ROWS))
        else:
            _fix_button("fix_example", _take_example)
        return None
    rows = _rows(table.rows, prompt, target, is_file=kept is not None)
    own_names = (text("columns.text"), text("columns.target"))[: len(table.columns)]
    columns = table.columns if kept is not None else own_names
    return TextList(rows, columns, table.rows, prompt, target)


def _rows(cells: tuple[tuple[str, ...], ...], prompt: int, target: int | None, *, is_file: bool) -> tuple[Row, ...]:
    """A text a row, or (prompt, target); a pasted line without a tab is a whole text among pairs."""
    if target is None:
        return tuple(row[prompt] for row in cells)
    return tuple((row[prompt], row[target]) if row[target] or is_file else row[prompt] for row in cells)


def _table(words: str, *, is_file: bool) -> Table:
    return read_table(words, max_rows=MAX_ROWS) if is_file else read_pasted_list(words, max_rows=MAX_ROWS)


def _fields(kept: KeptText | None) -> str:
    text = page_text("many_texts")
    left, right = st.columns([2, 1])
    with right:
        _SOURCE.uploader(text("upload"), text("upload_help"), forget=("list_prompt", "list_target"))
        st.toggle(text("first_token"), key="first_token", persist_state="session", help=text("first_token_help"))
    with left:
        if kept is None:
            st.text_area(
                text("text"),
                key="list_text",
                persist_state="session",
                height=220,
                placeholder=text("text_placeholder"),
                help=text("text_help"),
            )
            return str(st.session_state["list_text"] or "")
        st.info(f"{code_span(kept.name)} · {kept.encoding}", icon=":material/table:")
        st.button(text("file_remove"), key="list_file_remove", icon=":material/close:", on_click=_SOURCE.remove_file)
    return kept.text


def _columns(table: Table) -> tuple[int, int | None]:
    """Which columns of a file are scored: guessed by their names, until the visitor says."""
    text = page_text("many_texts")
    names = [*table.columns]
    try:
        prompt, target = choose_columns(table.columns)
    except InputError as error:
        if error.code != "which_columns":
            raise
        prompt, target = 0, None
    whole = (-1, *range(len(names)))
    url.value("list_prompt", prompt, url.whole_number(0, max(len(names) - 1, 0)))
    url.value("list_target", -1 if target is None else target, url.whole_number(-1, max(len(names) - 1, 0)))
    with st.container(horizontal=True, key="list_columns"):
        st.selectbox(
            text("prompt_column"),
            range(len(names)),
            format_func=names.__getitem__,
            key="list_prompt",
            persist_state="session",
        )
        st.selectbox(
            text("target_column"),
            whole,
            format_func=lambda n: text("no_target") if n < 0 else names[n],
            key="list_target",
            persist_state="session",
        )
    chosen = int(st.session_state["list_target"])
    return int(st.session_state["list_prompt"]), None if chosen < 0 else chosen


def _fix_button(name: str, act: object, **values: str) -> None:
    text = page_text("many_texts")
    st.button(text(name, **values), key="fix_list", icon=":material/build:", on_click=act)  # type: ignore[arg-type]


def _take_example() -> None:
    _SOURCE.remove_file()
    st.session_state["list_text"] = EXAMPLE_LIST


def _keep_first_rows() -> None:
    """Keep as many lines of the list as are read; of a file, with the line of the names."""
    state = st.session_state
    kept = _SOURCE.kept()
    lines = (kept.text if kept is not None else state["list_text"]).splitlines(keepends=True)
    if kept is None:
        state["list_text"] = "".join(lines[:MAX_ROWS])
    else:
        state["list_file"] = keep_text(KeptText("".join(lines[: MAX_ROWS + 1]), kept.name, kept.encoding, kept.bom))
