"""GPT-2's tokenizer: byte pair encoding from the vendored vocabulary.

No torch here: a page shows tokens before torch is imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import tiktoken
from tiktoken.load import load_tiktoken_bpe
from tiktoken_ext.openai_public import r50k_pat_str

from gptcore.token_display import text_of_bytes
from gptcore.tokenizers.base import MAX_CHARACTERS, check_ids, check_length, clean_text

END_OF_TEXT = "<|endoftext|>"

_VOCABULARY = Path(__file__).parents[1] / "data" / "r50k_base.tiktoken"
_VOCABULARY_SHA256 = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"


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
        """V, the number of tokens."""
        return self._encoding.n_vocab

    @property
    def end_of_text_id(self) -> int:
        """The id of `<|endoftext|>`."""
        return self._encoding.eot_token

    def encode(
        self, text: str, *, end_of_text_is_special: bool = False, max_characters: int | None = MAX_CHARACTERS
    ) -> list[int]:
        """Token ids of a text.

        Args:
            text: Any text.
            end_of_text_is_special: Whether `<|endoftext|>` in the text is the special token.
            max_characters: The longest text that is accepted; None accepts any.

        Raises:
            InputError: "too_many_characters".
        """
        special = {END_OF_TEXT} if end_of_text_is_special else set()
        return [
            token_id
            for part in _split_between_tokens(clean_text(check_length(text, max_characters)))
            for token_id in self._encoding.encode(part, allowed_special=special, disallowed_special=())
        ]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; bytes that are no whole character are shown in hex."""
        check_ids(ids, self.vocab_size)
        return decode_leniently(self._encoding.decode_bytes(list(ids)))

    def piece(self, token_id: int) -> str:
        """One token's text, or its bytes in hex where it is only a part of a character."""
        check_ids([token_id], self.vocab_size)
        return text_of_bytes(self._encoding.decode_single_token_bytes(token_id))

    def token_bytes(self, token_id: int) -> bytes:
        """One token's bytes; none for `<|endoftext|>`, which stands for no text."""
        check_ids([token_id], self.vocab_size)
        return b"" if token_id == self.end_of_text_id else self._encoding.decode_single_token_bytes(token_id)


@cache
def gpt2_tokenizer() -> GPT2Tokenizer:
    """GPT-2's tokenizer, read once for the process."""
    return GPT2Tokenizer()


_SPACE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
"""What tiktoken takes for white space; Python's differs."""
_BETWEEN_TOKENS = re.compile(f"(?<=[^{_SPACE}])(?=[{_SPACE}])|(?<=[{_SPACE}])(?=[{_SPACE}][^{_SPACE}])")
_PART_CHARACTERS = 20_000


def _split_between_tokens(text: str) -> Iterator[str]:
    """A text in parts whose tokens join to the whole's.

    GPT-2's pattern never joins white space to what is before it, and of several spaces in a row it gives only the last
    to the next word. tiktoken panics on a million spaces with a word after them, which no part holds.
    """
    start = 0
    while len(text) - start > _PART_CHARACTERS:
        stop = start + _PART_CHARACTERS
        cuts = [match.start() for match in _BETWEEN_TOKENS.finditer(text, start + 1, stop)]
        following = None if cuts else _BETWEEN_TOKENS.search(text, stop)
        cut = cuts[-1] if cuts else following.start() if following else len(text)
        yield text[start:cut]
        start = cut
    yield text[start:]


def decode_leniently(raw: bytes) -> str:
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
