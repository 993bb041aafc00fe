"""A tokenizer for a model whose number of rows is not its vocabulary's, or that has no vocabulary here at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gptcore.errors import InputError
from gptcore.tokenizers.base import MAX_CHARACTERS, Tokenizer, check_ids
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.tokenizers.seven_words import SevenWordTokenizer, seven_word_tokenizer

MAX_EXTRA_ROWS = 1_024
"""A model may have this many rows more than GPT-2 has tokens and still be taken for one of its vocabulary: rows are
commonly filled up to a multiple of 64 or 128 (50,304), and a few tokens may have been added (50,258)."""


class RowTokenizer:
    """A vocabulary, or none, for a model with another number of rows.

    A row without a token is shown as its id, as in "#50300"; it can be likely, and it cannot come from a text.

    >>> tokenizer = RowTokenizer(None, 9_669)
    >>> tokenizer.piece(17), tokenizer.decode([17, 4])
    ('#17', '#17 #4')
    """

    def __init__(self, base: Tokenizer | None, rows: int) -> None:
        self.base = base
        self.vocab_size = rows
        self.name = base.name if base is not None else f"ids of {rows}"
        self.prefix_ids: tuple[int, ...] = getattr(base, "prefix_ids", ())

    def __deepcopy__(self, memo: dict[int, Any]) -> RowTokenizer:
        return self  # it never changes, so copies of a model share it

    @property
    def end_of_text_id(self) -> int | None:
        """The id of the token that stands between two texts; None where there is none."""
        found = self.base.end_of_text_id if self.base is not None else None
        return found if found is not None and found < self.vocab_size else None

    def encode(self, text: str, *, max_characters: int | None = MAX_CHARACTERS) -> list[int]:
        """Token ids of a text of at most `max_characters`; None accepts any length.

        Raises:
            InputError: "no_tokenizer" where there is no vocabulary; "id_out_of_range" for a token that the model has
                no row for; or as the vocabulary's own `encode`.
        """
        if self.base is None:
            raise InputError(
                "no_tokenizer", "this model has no vocabulary here: enter token ids", limit=self.vocab_size - 1
            )
        ids = self.base.encode(text, max_characters=max_characters)
        check_ids(ids, self.vocab_size)
        return ids

    def encode_after(self, before: str, text: str) -> list[int]:
        """Token ids of a text that follows another."""
        after = getattr(self.base, "encode_after", None)
        ids: list[int] = after(before, text) if after is not None else self.encode(text)
        check_ids(ids, self.vocab_size)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; a row without a token as its id."""
        check_ids(ids, self.vocab_size)
        if self.base is not None and all(i < self.base.vocab_size for i in ids):
            return self.base.decode(ids)
        return ("" if self.base is not None else " ").join(map(self.piece, ids))

    def piece(self, token_id: int) -> str:
        """One token's text, or its id."""
        check_ids([token_id], self.vocab_size)
        base = self.base
        return base.piece(token_id) if base is not None and token_id < base.vocab_size else f"#{token_id}"

    def token_bytes(self, token_id: int) -> bytes:
        """The UTF-8 bytes that a token stands for; b"" for a row without one."""
        check_ids([token_id], self.vocab_size)
        base = self.base
        return base.token_bytes(token_id) if base is not None and token_id < base.vocab_size else b""


def fit_tokenizer(vocabulary: Tokenizer | None, rows: int) -> Tokenizer:
    """A tokenizer for a model's rows: the vocabulary itself where the two agree.

    Args:
        vocabulary: The model's own; None for a model that brings none.
        rows: How many rows the model's output head has.
    """
    base = vocabulary if vocabulary is not None else shipped_tokenizer(rows)
    return base if base is not None and base.vocab_size == rows else RowTokenizer(base, rows)


def shipped_tokenizer(rows: int) -> Tokenizer | None:
    """The vocabulary of this library that a model of so many rows was most likely made for; None for neither.

    >>> [tokenizer and tokenizer.name for tokenizer in map(shipped_tokenizer, (7, 50_257, 50_304, 21_128))]
    ['seven_words', 'gpt2', 'gpt2', None]
    """
    if rows == SevenWordTokenizer.vocab_size:
        return seven_word_tokenizer()
    gpt2 = 50_257
    return gpt2_tokenizer() if gpt2 <= rows <= gpt2 + MAX_EXTRA_ROWS else None
