"""Tokens as a reader sees them: spaces and line breaks visible, broken characters as bytes in hex."""

from __future__ import annotations

import unicodedata

_VISIBLE = {" ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍", "\u3000": "⟨U+3000⟩"}
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"}


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
    """A piece with its spaces, line breaks and invisible characters made visible; nothing else changes.

    >>> visible(" effort"), visible("\\n\\n"), visible("a\\u200db")
    ('␣effort', '↵↵', 'a⟨U+200D⟩b')
    """
    shown = "".join(_visible_character(character) for character in piece)
    if shown and unicodedata.combining(shown[0]):
        return "◌" + shown  # a mark needs something to stand on
    return shown


def _visible_character(character: str) -> str:
    if character in _VISIBLE:
        return _VISIBLE[character]
    if unicodedata.category(character) in _HIDDEN_CATEGORIES:
        return f"⟨U+{ord(character):04X}⟩"
    return character
