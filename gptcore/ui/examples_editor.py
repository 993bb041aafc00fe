"""The examples: typed, mended, lined up, drawn; the same on every page, and in its address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args

import streamlit as st

from gptcore.errors import InputError
from gptcore.examples import (
    MAX_EXAMPLES,
    PRESETS,
    Alignment,
    EncodedExample,
    Example,
    TokenBatch,
    check_context,
    encode,
    encode_example,
    joins_differently,
    lacks_leading_space,
    mends,
    parse_ids,
)
from gptcore.tokenizer import END_OF_TEXT, MAX_CHARACTERS, Tokenizer, clean_text, tokenizer_for
from gptcore.ui import address
from gptcore.ui.elements import code_span, error_sentence
from gptcore.ui.models import ModelChoice
from gptcore.ui.texts import page_text
from gptcore.ui.tokens import aligned_tokens, unaligned_tokens

FIELDS = ("prompt", "target")
INPUT_KINDS = ("text", "ids")


@dataclass(frozen=True)
class Typed:
    """One row as it stands in the fields, and what became of it: an encoded example, or what is wrong."""

    number: int
    example: Example | None
    encoded: EncodedExample | None
    error: InputError | None


def restore_examples() -> None:
    """Bring the fields to what the address or the session says; on every page, before anything reads them."""
    state = st.session_state
    alignment, _ = address.value("alignment", "paired", address.one_of(*get_args(Alignment)))
    kind, _ = address.value("input", "text", address.one_of(*INPUT_KINDS))
    query = address.given()
    if query is not None:
        rows = [n for n in range(1, MAX_EXAMPLES + 1) if any(f"{field}_{n}" in query for field in FIELDS)]
        if rows:
            state["rows"] = max(rows)
            for n in range(1, max(rows) + 1):
                for field in FIELDS:
                    state[f"{field}_{n}"] = clean_text(query.get(f"{field}_{n}", ""))
    if "rows" not in state or (query is not None and not rows):
        _fill(PRESETS["book"], kind)
    default = kind == "text" and alignment == "paired" and _rows() == [(e.prompt, e.target) for e in PRESETS["book"]]
    for n, row in enumerate(_rows(), start=1):
        for field, typed in zip(FIELDS, row, strict=True):
            state[f"{field}_{n}"] = typed
            if typed and not default and not (field == "target" and alignment == "shifted"):
                address.put(f"{field}_{n}", typed)


def current_examples(choice: ModelChoice) -> tuple[Example, ...] | None:
    """The examples as they stand, or None while any row needs mending: for pages that do not show the editor."""
    rows = _read_rows(choice)
    return None if any(row.error for row in rows) else tuple(row.example for row in rows if row.example)


def examples_editor(
    choice: ModelChoice, *, on_position: Callable[[int], None] | None = None
) -> tuple[TokenBatch, tuple[Example, ...]] | None:
    """Fields, presets and aligned tokens. The batch with its examples; None while a row needs mending.

    on_position  called with the index of a scored position when its chip is pressed
    """
    text = page_text("examples")
    _toolbar()
    rows = _read_rows(choice)
    valid = all(row.error is None for row in rows)
    first_index = 0
    for left in range(0, len(rows), 2):
        for column, row in zip(st.columns(2) if len(rows) > 1 else [st.container()], rows[left : left + 2], strict=False):
            with column, st.container(border=True, key=f"example_{row.number}"):
                _fields(row.number, len(rows))
                _tokens(row, choice, first_index, on_position if valid else None)
                _notices(row, choice)
                first_index += int(row.encoded.scored.sum()) if row.encoded else 0
    if not valid:
        st.info(text("mend_first"), icon=":material/build:")
        return None
    examples = tuple(row.example for row in rows if row.example)
    return encode(examples, tokenizer_for(choice.vocab_size)), examples


def _toolbar() -> None:
    text = page_text("examples")
    with st.container(horizontal=True, vertical_alignment="bottom", key="examples_toolbar"):
        presets = text.group("presets")
        st.menu_button(
            text("start_from"),
            list(PRESETS),
            format_func=presets.__getitem__,
            key="preset",
            icon=":material/lists:",
            on_click=_start_from,
        )
        st.segmented_control(
            text("alignment"),
            list(get_args(Alignment)),
            format_func=text.group("alignments").__getitem__,
            key="alignment",
            required=True,
            persist_state="session",
            help=text("alignment_help"),
            label_visibility="collapsed",
        )
        st.segmented_control(
            text("input"),
            INPUT_KINDS,
            format_func=text.group("inputs").__getitem__,
            key="input",
            required=True,
            persist_state="session",
            on_change=_convert,
            label_visibility="collapsed",
        )
        st.button(
            text("add"),
            key="add_example",
            icon=":material/add:",
            type="tertiary",
            on_click=_add,
            disabled=st.session_state["rows"] >= MAX_EXAMPLES,
        )


def _fields(number: int, rows: int) -> None:
    text = page_text("examples")
    shifted = st.session_state["alignment"] == "shifted"
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"fields_{number}"):
        for field in FIELDS[:1] if shifted else FIELDS:
            name = "text" if shifted else field
            st.text_input(
                text(f"labels.{name}", number=number),
                key=f"{field}_{number}",
                persist_state="session",
                placeholder=text(f"placeholders.{st.session_state['input']}"),
            )
        if rows > 1:
            st.button(
                text("remove"),
                key=f"remove_{number}",
                icon=":material/close:",
                type="tertiary",
                help=text("remove_help", number=number),
                on_click=_remove,
                args=(number,),
            )


def _tokens(row: Typed, choice: ModelChoice, first_index: int, on_position: Callable[[int], None] | None) -> None:
    tokenizer = tokenizer_for(choice.vocab_size)
    if row.encoded is not None:
        aligned_tokens(
            row.encoded, tokenizer, f"tokens_{row.number}", first_index=first_index, on_position=on_position
        )
    elif row.error is not None and row.error.code == "count_mismatch" and row.example is not None:
        unaligned_tokens(row.example, tokenizer, f"tokens_{row.number}")


def _notices(row: Typed, choice: ModelChoice) -> None:
    """What is wrong with a row, or worth knowing, with its mends as buttons."""
    text = page_text("examples")
    tokenizer = tokenizer_for(choice.vocab_size)
    if row.error is not None:
        st.warning(error_sentence(row.error), icon=":material/error:")
        _mend_buttons(row, tokenizer, choice)
        return
    if row.example is None or row.encoded is None:
        return
    if row.encoded.slips:
        prompt, target = (_as_text(given, tokenizer) for given in (row.example.prompt, row.example.target))
        st.info(text("slip", prompt=code_span(prompt), target=code_span(target)), icon=":material/rule:")
    if row.example.alignment != "shifted" and lacks_leading_space(row.example):
        st.info(text("no_leading_space", target=code_span(str(row.example.target))), icon=":material/space_bar:")
        _mend_buttons(row, tokenizer, choice, only="leading_space")
    if joins_differently(row.example, tokenizer):
        st.info(text("joins_differently"), icon=":material/join:")
    if any(isinstance(part, str) and END_OF_TEXT in part for part in (row.example.prompt, row.example.target)):
        st.info(text("end_of_text", token=code_span(END_OF_TEXT)), icon=":material/info:")
    if row.example.alignment == "shifted":
        st.caption(text("first_token", token=code_span(tokenizer.piece(int(row.encoded.inputs[0])))))


def _mend_buttons(row: Typed, tokenizer: Tokenizer, choice: ModelChoice, only: str | None = None) -> None:
    text = page_text("examples")
    offers: list[tuple[str, Callable[..., None], tuple[Any, ...]]] = []
    code = row.error.code if row.error else ""
    if row.example is not None and code in ("count_mismatch", ""):
        for mend in mends(row.example, tokenizer):
            if only in (None, mend.code):
                offers.append((mend.code, _apply, (row.number, mend.example)))
    if code in ("too_many_characters", "too_many_tokens"):
        offers.append(("shorten", _shorten, (row.number, choice)))
    if code == "not_ids":
        offers.append(("as_text", _read_as_text, ()))
    if code in ("empty_prompt", "empty_target", "too_few_tokens", "id_out_of_range"):
        offers.append(("from_book", _fill_row_from_book, (row.number,)))
    with st.container(horizontal=True):
        for name, act, args in offers:
            st.button(
                text(f"mends.{name}"),
                key=f"mend_{name}_{row.number}",
                icon=":material/build:",
                on_click=act,
                args=args,
            )


def _rows() -> list[tuple[str, str]]:
    state = st.session_state
    return [
        (state.get(f"prompt_{n}") or "", state.get(f"target_{n}") or "") for n in range(1, state.get("rows", 0) + 1)
    ]


def _read_rows(choice: ModelChoice) -> list[Typed]:
    return [_read_row(n, prompt, target, choice) for n, (prompt, target) in enumerate(_rows(), start=1)]


def _read_row(number: int, prompt: str, target: str, choice: ModelChoice) -> Typed:
    """One row as typed: its example, lined up, or the mistake in it."""
    alignment: Alignment = st.session_state["alignment"]
    tokenizer = tokenizer_for(choice.vocab_size)
    example = None
    try:
        parts: list[Any] = [clean_text(prompt), "" if alignment == "shifted" else clean_text(target)]
        if st.session_state["input"] == "ids":
            parts = [parse_ids(part) for part in parts]
        example = Example(parts[0], parts[1], alignment)
        encoded = encode_example(example, tokenizer)
        check_context(TokenBatch((encoded,), encoded.inputs[None], encoded.targets[None], tokenizer), choice.config.context_length)
    except InputError as error:
        return Typed(number, example, None, error)
    return Typed(number, example, encoded, None)


def _as_text(given: str | tuple[int, ...], tokenizer: Tokenizer) -> str:
    return given if isinstance(given, str) else tokenizer.decode(given)


def _as_typed(given: str | tuple[int, ...], kind: str, tokenizer: Tokenizer) -> str:
    """An example's part as it would be typed: text, or ids."""
    if kind == "text":
        return _as_text(given, tokenizer)
    return ", ".join(map(str, tokenizer.encode(given) if isinstance(given, str) else given))


def _fill(examples: tuple[Example, ...], kind: str) -> None:
    state = st.session_state
    for n, example in enumerate(examples, start=1):
        state[f"prompt_{n}"] = _as_typed(example.prompt, kind, tokenizer_for(50_257))
        state[f"target_{n}"] = _as_typed(example.target, kind, tokenizer_for(50_257))
    state["rows"] = len(examples)


def _start_from() -> None:
    examples = PRESETS[st.session_state["preset"]]
    kind = "text" if isinstance(examples[0].prompt, str) else "ids"
    st.session_state["input"] = kind
    st.session_state["alignment"] = examples[0].alignment
    _fill(examples, kind)


def _add() -> None:
    state = st.session_state
    state["rows"] += 1
    for field in FIELDS:
        state[f"{field}_{state['rows']}"] = ""


def _remove(number: int) -> None:
    state = st.session_state
    for n in range(number, state["rows"]):
        for field in FIELDS:
            state[f"{field}_{n}"] = state[f"{field}_{n + 1}"]
    state["rows"] -= 1


def _convert() -> None:
    """The other way of entering: what was typed becomes ids, or text again; what cannot be read stays as it is."""
    state = st.session_state
    tokenizer = tokenizer_for(50_257)
    for n, row in enumerate(_rows(), start=1):
        for field, typed in zip(FIELDS, row, strict=True):
            try:
                given = typed if state["input"] == "ids" else parse_ids(typed)
                state[f"{field}_{n}"] = _as_typed(given, state["input"], tokenizer)
            except InputError:
                continue


def _apply(number: int, example: Example) -> None:
    state = st.session_state
    kind = state["input"]
    tokenizer = tokenizer_for(50_257)
    state["alignment"] = example.alignment
    state[f"prompt_{number}"] = _as_typed(example.prompt, kind, tokenizer)
    if example.alignment != "shifted":
        state[f"target_{number}"] = _as_typed(example.target, kind, tokenizer)


def _shorten(number: int, choice: ModelChoice) -> None:
    """Keep as much of a row as is read: 20,000 characters, and as many tokens as the context holds."""
    state = st.session_state
    tokenizer = tokenizer_for(choice.vocab_size)
    limit = choice.config.context_length
    if state["alignment"] == "continuation":
        limit //= 2  # prompt and target share the context
    for field in FIELDS:
        typed = clean_text(state.get(f"{field}_{number}") or "")[:MAX_CHARACTERS]
        ids = parse_ids(typed) if state["input"] == "ids" else tokenizer.encode(typed)
        if len(ids) > limit or len(typed) == MAX_CHARACTERS:
            state[f"{field}_{number}"] = _as_typed(tuple(ids[:limit]), state["input"], tokenizer)


def _read_as_text() -> None:
    st.session_state["input"] = "text"


def _fill_row_from_book(number: int) -> None:
    state = st.session_state
    example = PRESETS["book"][(number - 1) % len(PRESETS["book"])]
    if state["alignment"] == "continuation":
        example = replace(example, target=" you", alignment="continuation")
    for field in FIELDS:
        state[f"{field}_{number}"] = _as_typed(getattr(example, field), state["input"], tokenizer_for(50_257))
