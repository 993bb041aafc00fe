"""The token lens as HTML: a row of characters, one of their bytes, one of the tokens with their ids."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import streamlit as st

from gptcore import number_format
from gptcore.examples import IGNORED, EncodedExample
from gptcore.token_lens import CharacterSpan, TokenLens, TokenSpan, ids_without_space, token_lens
from gptcore.tokenizers.base import Tokenizer
from gptcore.ui.state import url
from gptcore.ui.state.translations import in_a_row, page_text
from gptcore.ui.widgets.basics import code_span, current_style
from gptcore.ui.widgets.html_picture import colours, shown

MOST_TOKENS = 60
"""So many tokens of a text are drawn; how many more there are is said."""


def lens_of_rows(rows: Sequence[EncodedExample], tokenizer: Tokenizer, key: str) -> None:
    """The lens of some examples: of prompt and target where these are two texts, else of the whole text."""
    text = page_text("token_lens")
    spaces = url.switch(f"{key}_spaces", default=True)
    st.toggle(text("spaces"), key=f"{key}_spaces", persist_state="session", help=text("spaces_help"))
    for number, row in enumerate(rows, start=1):
        parts = parts_of(row)
        for name, ids in parts.items():
            if len(parts) > 1:
                st.markdown(f"**{text(name)}**")
            lens_picture(ids, tokenizer, f"{key}_{number}_{name}", spaces=spaces)


def parts_of(row: EncodedExample) -> dict[str, list[int]]:
    """The token ids of an example's texts: "prompt" and "target", or "text" where one follows the other."""
    inputs, targets = row.inputs.tolist(), row.targets.tolist()
    if targets[-1] != IGNORED and all(
        target in (IGNORED, following) for target, following in zip(targets, inputs[1:], strict=False)
    ):
        return {"text": [*inputs, targets[-1]]}
    return {"prompt": inputs, "target": [target for target in targets if target != IGNORED]}


def has_partial_tokens(row: EncodedExample, tokenizer: Tokenizer) -> bool:
    """Whether some token of an example is only a part of a character."""
    return any(span.partial for ids in parts_of(row).values() for span in token_lens(ids, tokenizer).tokens)


def lens_picture(ids: Sequence[int], tokenizer: Tokenizer, key: str, *, spaces: bool) -> None:
    """Three rows of one text's tokens, and a sentence on what they show.

    Args:
        ids: The token ids.
        tokenizer: Where they come from.
        key: The key of the picture.
        spaces: Whether the space that a token begins with is drawn as ␣.
    """
    text = page_text("token_lens")
    lens = token_lens(ids[:MOST_TOKENS], tokenizer)
    sentences = _sentences(lens, tokenizer)
    if len(ids) > MOST_TOKENS:
        sentences.append(text("more", drawn=MOST_TOKENS, tokens=number_format.count(len(ids))))
    names = "".join(f"<span>{html.escape(text(f'rows.{name}'))}</span>" for name in ("characters", "bytes", "tokens"))
    body = "".join(_group(group, spaces=spaces) for group in lens.groups())
    label = html.escape(text("label"), quote=True)
    with st.container(key=key, gap="xsmall"):
        st.html(f"<style>:root{{{colours(current_style().palette)}}}\n{_css()}</style>")
        st.html(
            f'<div class="lens" role="group" aria-label="{label}"><div class="lens-names">{names}</div>{body}</div>'
        )
        st.caption(in_a_row(*sentences))


@cache
def _css() -> str:
    return Path(__file__).with_suffix(".css").read_text("utf-8")


def _group(group: TokenLens, *, spaces: bool) -> str:
    cells = []
    for span in group.characters:
        kind = " lens-none" if not span.text else " lens-space" if span.text == " " else ""
        drawn = "" if not span.text or (span.text == " " and not spaces) else shown(span.text)
        cells.append(f'<span class="lens-character{kind}" style="grid-column:{_columns(span)}">{drawn}</span>')
    cells += [
        f'<span class="lens-byte" style="grid-column:{at + 1}">{byte:02x}</span>' for at, byte in enumerate(group.raw)
    ]
    for token in group.tokens:
        kind = " partial" if token.partial else ""
        words = token.text[1:] if token.leading_space and not spaces else token.text
        cells.append(
            f'<span class="lens-token{kind}" style="grid-column:{_columns(token)}">'
            f"{shown(words, 24)}<small>{token.token_id}</small></span>"
        )
    return f'<div class="lens-part">{"".join(cells)}</div>'


def _columns(span: CharacterSpan | TokenSpan) -> str:
    return f"{span.start + 1} / {max(span.stop, span.start + 1) + 1}"


def _sentences(lens: TokenLens, tokenizer: Tokenizer) -> list[str]:
    """How many of each there are; what a part of a character is; what a token is without its space."""
    text = page_text("token_lens")
    whole = sum(bool(span.text) for span in lens.characters)
    said = [
        text(
            "counts",
            characters=number_format.count(whole),
            bytes=number_format.count(len(lens.raw)),
            tokens=number_format.count(len(lens.tokens)),
        )
    ]
    for token in lens.tokens:
        if not token.partial:
            continue
        cut = (c for c in lens.characters if c.start < token.start < c.stop or c.start < token.stop < c.stop)
        if (split := next(cut, None)) is None:
            said.append(text("broken", token=code_span(token.text)))
        else:
            said.append(
                text(
                    "partial",
                    token=code_span(token.text),
                    held=min(token.stop, split.stop) - max(token.start, split.start),
                    bytes=split.stop - split.start,
                    character=code_span(split.text),
                )
            )
        break
    for token in lens.tokens:
        without = ids_without_space(token, tokenizer)
        if without and without != (token.token_id,):
            said.append(
                text(
                    "space",
                    token=code_span(token.text),
                    id=token.token_id,
                    word=code_span(token.text[1:]),
                    ids=", ".join(map(str, without)),
                )
            )
            break
    return said
