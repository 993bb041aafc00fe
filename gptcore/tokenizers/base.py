"""What every tokenizer can do, and the checks that they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gptcore.errors import InputError

MAX_CHARACTERS = 20_000
"""The longest text that is encoded unless a caller asks for more: no lesson needs one."""


class Tokenizer(Protocol):
    """What every tokenizer here can do."""

    @property
    def name(self) -> str:
        """A short name of the tokenizer."""
        ...

    @property
    def vocab_size(self) -> int:
        """V, the number of tokens."""
        ...

    @property
    def end_of_text_id(self) -> int | None:
        """The id of the token that stands between two texts; None where there is none."""
        ...

    def encode(self, text: str, *, max_characters: int | None = MAX_CHARACTERS) -> list[int]:
        """Token ids of a text of at most `max_characters`; None accepts any length."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids."""
        ...

    def piece(self, token_id: int) -> str:
        """One token as text, or its bytes in hex where it is only part of a character."""
        ...

    def token_bytes(self, token_id: int) -> bytes:
        """One token's bytes in UTF-8; none for a special token, which stands for no text."""
        ...


def clean_text(text: str) -> str:
    """The text with lone surrogates, which no encoding can hold, replaced by U+FFFD; pairs are joined."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def check_length(text: str, limit: int | None = MAX_CHARACTERS) -> str:
    """The text itself, or InputError("too_many_characters"): the limit comes before any encoding."""
    if limit is not None and len(text) > limit:
        raise InputError(
            "too_many_characters",
            f"{len(text):,} characters; at most {limit:,} are read",
            characters=len(text),
            limit=limit,
        )
    return text


def check_ids(ids: Sequence[int], vocab_size: int) -> None:
    """Raise InputError("id_out_of_range") unless every id is one of the vocabulary's."""
    for token_id in ids:
        if not 0 <= token_id < vocab_size:
            raise InputError(
                "id_out_of_range",
                f"{token_id} is not an id of the vocabulary: 0 to {vocab_size - 1:,}",
                id=token_id,
                limit=vocab_size - 1,
            )
