"""Tokens as a reader sees them: nothing invisible, nothing that looks like a mistake."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptcore.token_display import text_of_bytes, visible
from gptcore.tokenizers.gpt2 import gpt2_tokenizer

any_text = st.text(st.characters(codec=None))  # lone surrogates too


def reads_well(shown: str) -> bool:
    """Nothing in it is a control, a space, half a character, or the sign for one; bytes in hex stand apart."""
    shown = re.sub(r"⟨([0-9a-f]{2} ?)+⟩", "", shown)
    return not any(character == "\ufffd" or unicodedata.category(character)[0] in "CZ" for character in shown)


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        (" effort", "␣effort"),
        ("\r\n\t", "␍↵⇥"),
        ("\u3000", "⟨U+3000⟩"),
        ("\x00", "⟨U+0000⟩"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("\u202etxet", "⟨U+202E⟩txet"),  # would turn the line around
        ("\ufffd", "⟨U+FFFD⟩"),
        ("\ufe0f", "⟨U+FE0F⟩"),
        ("\u0301", "◌\u0301"),
        ("\u0e31", "◌\u0e31"),  # a Thai vowel sign: a mark, though of combining class 0
        ("e\u0301", "e\u0301"),
        ("\ud800", "⟨U+D800⟩"),
        ("中文😀<b>$x$", "中文😀<b>$x$"),
        ("⟨e4 b8⟩", "⟨e4 b8⟩"),
        ("", ""),
    ],
)
def test_visible(piece: str, shown: str) -> None:
    assert visible(piece) == shown


@given(any_text)
def test_whatever_is_shown_can_be_seen(text: str) -> None:
    assert reads_well(visible(text))
    assert bool(visible(text)) == bool(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\ufffd")))
def test_what_can_be_seen_is_left_alone(text: str) -> None:
    drawn_as_nothing = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}
    if drawn_as_nothing.isdisjoint(text):
        assert visible(text) == text


@given(st.binary(max_size=8))
def test_bytes_are_shown_as_text_or_in_hex(piece: bytes) -> None:
    try:
        expected = piece.decode()
    except UnicodeDecodeError:
        expected = "⟨" + " ".join(f"{byte:02x}" for byte in piece) + "⟩"
    assert text_of_bytes(piece) == expected


def test_every_token_of_gpt2_can_be_seen() -> None:
    tokenizer = gpt2_tokenizer()
    shown = [visible(tokenizer.piece(token_id)) for token_id in range(tokenizer.vocab_size)]
    assert [token_id for token_id, piece in enumerate(shown) if not piece or not reads_well(piece)] == []
