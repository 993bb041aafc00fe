"""Text to token ids and back: GPT-2's byte pair encoding from the vendored vocabulary, and a seven-word one.

No torch here: a page shows tokens before torch is imported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import tiktoken
from tiktoken.load import load_tiktoken_bpe
from tiktoken_ext.openai_public import r50k_pat_str

from gptcore.errors import InputError
from gptcore.pieces import text_of_bytes

MAX_CHARACTERS = 20_000
"""The longest text that is encoded. tiktoken panics on some texts of a million characters; no lesson needs one."""

END_OF_TEXT = "<|endoftext|>"

_VOCABULARY = Path(__file__).parent / "data" / "r50k_base.tiktoken"
_VOCABULARY_SHA256 = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"
SEVEN_WORDS = ("a", "effort", "every", "forward", "moves", "you", "zoo")


class Tokenizer(Protocol):
    """What every tokenizer here can do."""

    @property
    def name(self) -> str: ...

    @property
    def vocab_size(self) -> int: ...

    def encode(self, text: str) -> list[int]: ...

    def decode(self, ids: Sequence[int]) -> str: ...

    def piece(self, token_id: int) -> str: ...


class GPT2Tokenizer:
    """GPT-2's 50,257 tokens. `<|endoftext|>` in a text is plain text unless asked for.

    >>> tokenizer = gpt2_tokenizer()
    >>> tokenizer.encode("every effort moves")
    [16833, 3626, 6100]
    >>> tokenizer.decode([16833, 3626, 6100])
    'every effort moves'
    """

    name = "gpt2"

    def __init__(self) -> None:
        ranks = load_tiktoken_bpe(str(_VOCABULARY), expected_hash=_VOCABULARY_SHA256)
        self._encoding = tiktoken.Encoding(
            name="gpt2",
            pat_str=r50k_pat_str,
            mergeable_ranks=ranks,
            special_tokens={END_OF_TEXT: len(ranks)},
            explicit_n_vocab=len(ranks) + 1,
        )

    @property
    def vocab_size(self) -> int:
        return self._encoding.n_vocab

    def encode(self, text: str, *, end_of_text_is_special: bool = False) -> list[int]:
        """Token ids of a text. Raises InputError("too_many_characters") above 20,000 characters."""
        text = clean_text(check_length(text))
        if end_of_text_is_special:
            return self._encoding.encode(text, allowed_special={END_OF_TEXT})
        return self._encoding.encode_ordinary(text)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; bytes that are no whole character are shown in hex."""
        check_ids(ids, self.vocab_size)
        return _decode_leniently(self._encoding.decode_bytes(list(ids)))

    def piece(self, token_id: int) -> str:
        """One token's text, or its bytes in hex where it is only a part of a character."""
        check_ids([token_id], self.vocab_size)
        return text_of_bytes(self._encoding.decode_single_token_bytes(token_id))


class SevenWordTokenizer:
    """Seven words, an id each, so that a whole distribution fits on a screen.

    >>> tokenizer = seven_word_tokenizer()
    >>> tokenizer.encode("every effort moves"), tokenizer.decode([4, 5])
    ([2, 1, 4], 'moves you')
    """

    name = "seven_words"
    vocab_size = len(SEVEN_WORDS)

    def encode(self, text: str) -> list[int]:
        """Token ids of words apart by spaces. Raises InputError("unknown_word") for any other word."""
        words = re.split(r"\s+", clean_text(check_length(text)).strip())
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


@cache
def gpt2_tokenizer() -> GPT2Tokenizer:
    """GPT-2's tokenizer, read once for the process."""
    return GPT2Tokenizer()


@cache
def seven_word_tokenizer() -> SevenWordTokenizer:
    """The seven-word tokenizer."""
    return SevenWordTokenizer()


def tokenizer_for(vocab_size: int) -> Tokenizer:
    """The tokenizer of a vocabulary's size: 50,257 or 7. Raises ValueError for another."""
    if vocab_size == SevenWordTokenizer.vocab_size:
        return seven_word_tokenizer()
    if vocab_size == 50_257:
        return gpt2_tokenizer()
    raise ValueError(f"no tokenizer here has a vocabulary of {vocab_size:,}; there are 7 and 50,257")


def clean_text(text: str) -> str:
    """The text with lone surrogates, which no encoding can hold, replaced by U+FFFD; pairs are joined."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def check_length(text: str) -> str:
    """The text itself, or InputError("too_many_characters"): the limit comes before any encoding."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            "too_many_characters",
            f"{len(text):,} characters; at most {MAX_CHARACTERS:,} are read",
            characters=len(text),
            limit=MAX_CHARACTERS,
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


def _decode_leniently(raw: bytes) -> str:
    """Decode what is whole, show the rest in hex: never U+FFFD for a byte that is there."""
    parts: list[str] = []
    while raw:
        try:
            parts.append(raw.decode("utf-8"))
            break
        except UnicodeDecodeError as error:
            parts.append(raw[: error.start].decode("utf-8"))
            parts.append(f"⟨{raw[error.start : error.end].hex(' ')}⟩")
            raw = raw[error.end :]
    return "".join(parts)
