"""The examples as session and address hold them: read, lined up, changed by presets, suggest_fixes and buttons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

import streamlit as st

from gptcore.errors import InputError
from gptcore.examples import (
    IGNORED,
    MAX_EXAMPLES,
    Alignment,
    EncodedExample,
    Example,
    TokenBatch,
    check_context,
    encode_example,
)
from gptcore.pasted_ids import parse_id_rows, parse_ids
from gptcore.presets import PRESETS
from gptcore.tokenizers.base import MAX_CHARACTERS, Tokenizer, check_length, clean_text
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.ui.models.choice import ModelChoice, current_tokenizer
from gptcore.ui.state import url

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
    alignment, _ = url.value("alignment", "paired", url.one_of(*get_args(Alignment)))
    kind, _ = url.value("input", "text", url.one_of(*INPUT_KINDS))
    url.switch("first_token")
    if url.decides("rows") or "rows" not in state:
        _read_rows_of_the_address(kind)
    spread_pasted_rows()
    default = kind == "text" and alignment == "paired" and _rows() == [(e.prompt, e.target) for e in PRESETS["book"]]
    url.put("rows", str(state["rows"]), in_query=False)
    for n, row in enumerate(_rows(), start=1):
        for field, typed in zip(FIELDS, row, strict=True):
            url.hold(f"{field}_{n}", typed)
            shown = (typed or row == ("", "")) and not (field == "target" and alignment == "shifted")
            url.put(f"{field}_{n}", typed, in_query=bool(shown and not default))  # an empty row too: it is there


def _read_rows_of_the_address(kind: str) -> None:
    """Fill the fields as the address says; what the visitor changed since stays as it is."""
    state = st.session_state
    known = url.named() | url.brought_along()
    named = [
        n
        for n in range(1, MAX_EXAMPLES + 1)
        if any((key := f"{field}_{n}") in known or url.changed(key) for field in FIELDS)
    ]
    count = url.said("rows") or ""  # where this session wrote the address
    if not named:
        _fill(PRESETS["book"], kind)
        return
    state["rows"] = int(count) if count in list(map(str, range(1, MAX_EXAMPLES + 1))) else max(named)
    for n in range(1, state["rows"] + 1):
        for field in FIELDS:
            if not url.changed(f"{field}_{n}"):
                state[f"{field}_{n}"] = clean_text(url.said(f"{field}_{n}") or "")


def current_examples(choice: ModelChoice) -> tuple[Example, ...] | None:
    """The examples as they stand, or None while any row needs mending: for pages that do not show the editor."""
    rows = read_rows(choice)
    return None if any(row.error for row in rows) else tuple(row.example for row in rows if row.example)


def _rows() -> list[tuple[str, str]]:
    state = st.session_state
    return [
        (state.get(f"prompt_{n}") or "", state.get(f"target_{n}") or "") for n in range(1, state.get("rows", 0) + 1)
    ]


def read_rows(choice: ModelChoice) -> list[Typed]:
    """Every row as it stands in the fields, lined up or with what is wrong."""
    return [_read_row(n, prompt, target, choice) for n, (prompt, target) in enumerate(_rows(), start=1)]


def _read_row(number: int, prompt: str, target: str, choice: ModelChoice) -> Typed:
    """One row as typed: its example, lined up, or the mistake in it."""
    alignment: Alignment = st.session_state["alignment"]
    tokenizer = choice.tokenizer
    example = None
    try:
        parts: list[Any] = [_read_field("prompt", prompt)]
        parts.append("" if alignment == "shifted" else _read_field("target", target))
        if st.session_state["input"] == "ids":
            parts = [parse_ids(part) for part in parts]
        example = Example(parts[0], parts[1], alignment, alignment != "paired" and st.session_state["first_token"])
        encoded = encode_example(example, tokenizer)
        check_context(
            TokenBatch((encoded,), encoded.inputs[None], encoded.targets[None], tokenizer), choice.config.context_length
        )
    except InputError as error:
        return Typed(number, example, None, error)
    return Typed(number, example, encoded, None)


def _read_field(field: str, typed: str) -> str:
    """What was typed, once its length is known to be harmless."""
    try:
        return clean_text(check_length(typed))
    except InputError as error:
        error.field = field
        raise


def as_text(given: str | tuple[int, ...], tokenizer: Tokenizer) -> str:
    """An example's part as text."""
    return given if isinstance(given, str) else tokenizer.decode([i for i in given if i != IGNORED])


def _as_typed(given: str | tuple[int, ...], kind: str, tokenizer: Tokenizer) -> str:
    """An example's part as it would be typed: text, or ids."""
    if kind == "text":
        return as_text(given, tokenizer)
    if not isinstance(given, str):
        return ", ".join(map(str, given))
    try:
        return ", ".join(map(str, tokenizer.encode(given)))
    except InputError:  # a model without a vocabulary here, say
        return ", ".join(map(str, gpt2_tokenizer().encode(given)))


def _fill(examples: tuple[Example, ...], kind: str) -> None:
    state = st.session_state
    for n, example in enumerate(examples, start=1):
        state[f"prompt_{n}"] = _as_typed(example.prompt, kind, current_tokenizer())
        state[f"target_{n}"] = _as_typed(example.target, kind, current_tokenizer())
    state["rows"] = len(examples)


def start_from() -> None:
    """Fill the fields from the preset that was chosen."""
    show_examples(PRESETS[st.session_state["preset"]])


def show_examples(examples: tuple[Example, ...]) -> None:
    """Fill the fields with examples, all lined up in one way and entered as their first one is."""
    kind = "text" if isinstance(examples[0].prompt, str) else "ids"
    st.session_state["input"] = kind
    st.session_state["alignment"] = examples[0].alignment
    st.session_state["first_token"] = examples[0].first_token
    _fill(examples, kind)


def add_row() -> None:
    """One more row, empty."""
    state = st.session_state
    if state["rows"] < MAX_EXAMPLES:  # a second click may arrive before the button is gone
        state["rows"] += 1
        for field in FIELDS:
            state[f"{field}_{state['rows']}"] = ""


def remove_row(number: int) -> None:
    """Take a row away; those below move up."""
    state = st.session_state
    if not 1 <= number <= state["rows"] or state["rows"] == 1:
        return
    for n in range(number, state["rows"]):
        for field in FIELDS:
            state[f"{field}_{n}"] = state[f"{field}_{n + 1}"]
    state["rows"] -= 1


def convert_rows() -> None:
    """The other way of entering: what was typed becomes ids, or text again; what cannot be read stays as it is."""
    state = st.session_state
    tokenizer = current_tokenizer()
    for n, row in enumerate(_rows(), start=1):
        for field, typed in zip(FIELDS, row, strict=True):
            try:
                given = typed if state["input"] == "ids" else parse_ids(typed)
                state[f"{field}_{n}"] = _as_typed(given, state["input"], tokenizer)
            except InputError:
                continue


def apply_mend(number: int, example: Example) -> None:
    """Put a mended example into a row's fields."""
    state = st.session_state
    kind = state["input"]
    tokenizer = current_tokenizer()
    state["alignment"] = example.alignment
    state[f"prompt_{number}"] = _as_typed(example.prompt, kind, tokenizer)
    if example.alignment != "shifted":
        state[f"target_{number}"] = _as_typed(example.target, kind, tokenizer)


def shorten_row(number: int, choice: ModelChoice) -> None:
    """Keep as much of a row as is read: 20,000 characters, and as many tokens as the context holds."""
    state = st.session_state
    tokenizer = choice.tokenizer
    parts: list[str | tuple[int, ...]] = []
    for field in FIELDS:
        typed = clean_text((state.get(f"{field}_{number}") or "")[:MAX_CHARACTERS])
        try:
            parts.append(parse_ids(typed) if state["input"] == "ids" else typed)
        except InputError:  # too long, and no ids either: that is said next
            parts.append(())
            state[f"{field}_{number}"] = typed
    lengths = [len(tokenizer.encode(part) if isinstance(part, str) else part) for part in parts]
    context = choice.config.context_length
    if state["alignment"] != "paired" and state["first_token"]:
        context -= 1  # the end-of-text token is read too
    limits = [context, context]
    if state["alignment"] == "shifted":
        limits[0] += 1  # the last token is a target only
    elif state["alignment"] == "continuation":  # prompt and target share the context: the shorter one is kept whole
        half = (context + 1) // 2
        limits = [max(half, context + 1 - lengths[1]), max(context + 1 - half, context + 1 - lengths[0])]
    for field, part, limit in zip(FIELDS, parts, limits, strict=True):
        if part:
            state[f"{field}_{number}"] = _as_typed(_first_tokens(part, limit, tokenizer), state["input"], tokenizer)


def _first_tokens(part: str | tuple[int, ...], limit: int, tokenizer: Tokenizer) -> str | tuple[int, ...]:
    """At most `limit` tokens from the start of a text, in whole characters, or of ids."""
    if not isinstance(part, str):
        return part[:limit]
    ids = tokenizer.encode(part)
    if len(ids) <= limit:
        return part
    for kept in range(limit, 0, -1):
        text = tokenizer.decode(ids[:kept])
        if part.startswith(text) and len(tokenizer.encode(text)) <= limit:  # not so where a character is cut in two
            return text
    return ""


def spread_pasted_rows() -> None:
    """Where a field holds several rows of ids, as a tensor's print does, make each an example of its own."""
    state = st.session_state
    if state["input"] != "ids":
        return
    try:
        rows = [tuple(parse_id_rows(part) for part in row) for row in _rows()]
    except InputError:
        return  # said beside the field
    counts = [max(len(prompt), len(target), 1) for prompt, target in rows]
    if max(counts, default=1) == 1 or sum(counts) > MAX_EXAMPLES:
        return
    if any(len(part) not in (0, count) for row, count in zip(rows, counts, strict=True) for part in row):
        return  # three prompts and two targets, say: what belongs to what only the visitor knows
    spread = [[part[n] if part else () for part in row] for row, k in zip(rows, counts, strict=True) for n in range(k)]
    for n, parts in enumerate(spread, start=1):
        for field, ids in zip(FIELDS, parts, strict=True):
            state[f"{field}_{n}"] = ", ".join(map(str, ids))
    state["rows"] = len(spread)


def read_as_text() -> None:
    """Take what was typed as text, not as ids."""
    st.session_state["input"] = "text"


def read_as_ids(rows: int) -> None:
    """Take ids in place of text, for a model without a vocabulary here; its first few to begin with."""
    state = st.session_state
    state["input"] = "ids"
    few = [min(n, rows - 1) for n in range(1, 5)]
    for n in range(1, state["rows"] + 1):
        state[f"prompt_{n}"], state[f"target_{n}"] = (", ".join(map(str, part)) for part in (few[:-1], few[1:]))


def fill_from_book(number: int) -> None:
    """Put one of the book's texts into a row."""
    state = st.session_state
    example = PRESETS["book"][(number - 1) % len(PRESETS["book"])]
    if state["alignment"] == "continuation":
        example = replace(example, target=" you", alignment="continuation")
    for field in FIELDS:
        state[f"{field}_{number}"] = _as_typed(getattr(example, field), state["input"], current_tokenizer())
