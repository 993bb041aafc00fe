"""From the eight rows of Explore to a list of many texts: a text of many lines, or more rows than there is room for."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gptcore.examples import MAX_EXAMPLES
from gptcore.ui.examples.state import Typed, as_text
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text


def many_lines(row: Typed) -> None:
    """Where a text has several lines: that they are one text, and the way to score each by itself."""
    prompt = row.example.prompt if row.example is not None else ""
    if not isinstance(prompt, str) or st.session_state["alignment"] != "shifted":
        return
    lines = sum(bool(line.strip()) for line in prompt.splitlines())
    if lines > 1:
        words = page_text("examples")
        _to_list(words("many_lines", lines=lines), words("to_many_texts"), f"to_many_texts_{row.number}", prompt)


def more_rows(rows: Sequence[Typed], choice: ModelChoice) -> None:
    """Where no row can be added: the way to a list, which takes these rows along."""
    if len(rows) < MAX_EXAMPLES:
        return
    lines = [_line(row, choice) for row in rows]
    if any(len(line.splitlines()) > 1 for line in lines):
        return  # a row of several lines would be several rows there
    text = page_text("examples")
    said = text("more_rows", limit=MAX_EXAMPLES)
    _to_list(said, text("rows_to_many_texts"), "rows_to_many_texts", "\n".join(lines))


def _line(row: Typed, choice: ModelChoice) -> str:
    """A row as a list has it: a whole text, or a prompt and what follows it with a tab between them."""
    if row.example is None or row.encoded is None:
        return ""
    tokenizer = choice.tokenizer
    prompt, target = (as_text(part, tokenizer) for part in (row.example.prompt, row.example.target))
    if row.example.alignment == "continuation":
        return f"{prompt}\t{target}"
    if row.example.alignment == "paired" and not row.encoded.misaligned_positions:
        ids = [*row.encoded.inputs.tolist(), int(row.encoded.targets[-1])]  # the target is the prompt moved by one
        whole = tokenizer.decode(ids)
        if tokenizer.encode(whole) == ids:
            return whole
    return prompt


def _to_list(said: str, label: str, key: str, lines: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(said, width="content")
        if st.button(
            label,
            key=key,
            icon=":material/format_list_bulleted:",
            type="tertiary",
            on_click=_take_lines,
            args=(lines,),
        ):
            st.switch_page("pages/compare.py")


def _take_lines(lines: str) -> None:
    """Let Compare score each line by itself."""
    state = st.session_state
    state["compare"], state["list_text"], state["list_file"] = "list", lines, ""
