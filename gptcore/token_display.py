"""Tokens as a reader sees them: spaces and line breaks visible, broken characters as bytes in hex."""

from __future__ import annotations

import re
import unicodedata

_VISIBLE = {" ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍"}
_HEX = re.compile(r"(⟨(?:[0-9a-f]{2} ?)+⟩)")
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"}
_DRAWN_AS_NOTHING = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
_HIDDEN = re.compile(f"[{_DRAWN_AS_NOTHING}\ufffd]")  # U+FFFD stands in eight of GPT-2's tokens: no mistake made here


def text_of_bytes(piece: bytes) -> str:
    """A token's bytes as text where they are whole characters, in hex where they are not.

    >>> text_of_bytes(b" effort"), text_of_bytes(bytes([0xE4, 0xB8]))
    (' effort', '⟨e4 b8⟩')
    """
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError:
        return f"⟨{piece.hex(' ')}⟩"


def visible(piece: str) -> str:
    r"""A piece with its spaces, line breaks and invisible characters made visible; nothing else changes.

    >>> visible(" effort"), visible("\n\n"), visible("a\u200db"), visible("\u0301"), visible("⟨e4 b8⟩")
    ('␣effort', '↵↵', 'a⟨U+200D⟩b', '◌́', '⟨e4 b8⟩')
    """
    parts = _HEX.split(piece)  # every other part is bytes in hex, which stay as they are
    parts[::2] = ["".join(_visible_character(character) for character in part) for part in parts[::2]]
    shown = "".join(parts)
    if shown and unicodedata.category(shown[0]).startswith("M"):
        return "◌" + shown  # a mark needs something to stand on
    return shown


def _visible_character(character: str) -> str:
    if character in _VISIBLE:
        return _VISIBLE[character]
    if unicodedata.category(character) in _HIDDEN_CATEGORIES or _HIDDEN.match(character):
        return f"⟨U+{ord(character):04X}⟩"
    return character
