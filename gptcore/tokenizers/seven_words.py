"""A vocabulary of seven words, so that a whole distribution fits on a screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from gptcore.errors import InputError
from gptcore.tokenizers.base import MAX_CHARACTERS, check_ids, check_length, clean_text

SEVEN_WORDS = ("a", "effort", "every", "forward", "moves", "you", "zoo")


class SevenWordTokenizer:
    """Seven words, an id each, so that a whole distribution fits on a screen.

    >>> tokenizer = seven_word_tokenizer()
    >>> tokenizer.encode("every effort moves"), tokenizer.decode([4, 5])
    ([2, 1, 4], 'moves you')
    """

    name = "seven_words"
    vocab_size = len(SEVEN_WORDS)
    end_of_text_id = None

    def encode(self, text: str, *, max_characters: int | None = MAX_CHARACTERS) -> list[int]:
        """Token ids of words apart by spaces.

        Raises:
            InputError: "unknown_word" for any other word.
        """
        words = re.split(r"\s+", clean_text(check_length(text, max_characters)).strip())
        unknown = [word for word in words if word and word not in SEVEN_WORDS]
        if unknown:
            raise InputError(
                "unknown_word",
                f"{unknown[0][:40]!r} is none of the seven words: {', '.join(SEVEN_WORDS)}",
                word=unknown[0][:40],
                words=", ".join(SEVEN_WORDS),
            )
        return [SEVEN_WORDS.index(word) for word in words if word]

    def decode(self, ids: Sequence[int]) -> str:
        """The words of token ids, a space between."""
        check_ids(ids, self.vocab_size)
        return " ".join(SEVEN_WORDS[i] for i in ids)

    def piece(self, token_id: int) -> str:
        """One token's word."""
        check_ids([token_id], self.vocab_size)
        return SEVEN_WORDS[token_id]

    def token_bytes(self, token_id: int) -> bytes:
        """One token's word in UTF-8, without the space between words."""
        return self.piece(token_id).encode()


@cache
def seven_word_tokenizer() -> SevenWordTokenizer:
    """The seven-word tokenizer."""
    return SevenWordTokenizer()
