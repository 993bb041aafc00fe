"""From characters to bytes to tokens: where each begins and ends, on the bytes that the tokens hold. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from gptcore.errors import InputError
from gptcore.token_display import text_of_bytes
from gptcore.tokenizers.base import Tokenizer, check_ids

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class CharacterSpan:
    """A character (a Unicode code point) and its bytes; a byte that belongs to no whole character has no text.

    Attributes:
        text: The character, or "".
        start, stop: Its bytes, as offsets in `TokenLens.raw`.
    """

    text: str
    start: int
    stop: int


@dataclass(frozen=True)
class TokenSpan:
    """A token and its bytes.

    Attributes:
        token_id: Its id.
        text: Its bytes as text, in hex where they are only part of a character; its name where it holds no bytes.
        start, stop: Its bytes, as offsets in `TokenLens.raw`; equal for a special token, which holds none.
        partial: Whether it begins or ends inside a character.
    """

    token_id: int
    text: str
    start: int
    stop: int
    partial: bool

    @property
    def leading_space(self) -> bool:
        """Whether it is a word with the space before it, as " effort" is."""
        return self.text.startswith(" ") and self.text.strip(" ") != ""


@dataclass(frozen=True)
class TokenLens:
    """Tokens laid over the bytes that they hold, and over the characters that these make.

    Attributes:
        raw: All bytes, in UTF-8.
        characters: In order; they cover the bytes without gaps.
        tokens: In order; they cover the bytes without gaps.
    """

    raw: bytes
    characters: tuple[CharacterSpan, ...]
    tokens: tuple[TokenSpan, ...]

    def groups(self) -> Iterator[TokenLens]:
        """The shortest parts in which characters and tokens begin and end together, each with offsets of its own.

        >>> from gptcore.tokenizers import gpt2_tokenizer
        >>> tokenizer = gpt2_tokenizer()
        >>> lens = token_lens(tokenizer.encode("a 我"), tokenizer)
        >>> [(group.raw.hex(" "), [token.token_id for token in group.tokens]) for group in lens.groups()]
        [('61', [64]), ('20 e6 88 91', [10545, 230, 239])]
        """
        inside = {place for span in self.characters for place in range(span.start + 1, span.stop)}
        at, first, begin = 0, 0, 0
        for n, token in enumerate(self.tokens, start=1):
            if token.stop in inside:
                continue
            last = at
            while last < len(self.characters) and self.characters[last].stop <= token.stop:
                last += 1
            yield TokenLens(
                self.raw[begin : token.stop],
                tuple(CharacterSpan(c.text, c.start - begin, c.stop - begin) for c in self.characters[at:last]),
                tuple(
                    TokenSpan(t.token_id, t.text, t.start - begin, t.stop - begin, t.partial)
                    for t in self.tokens[first:n]
                ),
            )
            at, first, begin = last, n, token.stop

    def to_frame(self) -> pd.DataFrame:
        """One row a byte: `byte` (in hex), `character`, `code_point`, `token_id`, `token`; special tokens have none."""
        import pandas as pd

        rows = []
        for token in self.tokens:
            rows += [
                {"offset": at, "byte": f"{self.raw[at]:02x}", "token_id": token.token_id, "token": token.text}
                for at in range(token.start, token.stop)
            ]
        text = [span.text for span in self.characters for _ in range(span.start, span.stop)]
        frame = pd.DataFrame(rows, columns=["offset", "byte", "token_id", "token"])
        frame.insert(2, "character", text)
        frame.insert(3, "code_point", [f"U+{ord(character):04X}" if character else "" for character in text])
        return frame


def token_lens(ids: Sequence[int], tokenizer: Tokenizer) -> TokenLens:
    """Lay tokens over the bytes that they hold.

    Args:
        ids: Token ids.
        tokenizer: Where they come from; its `token_bytes` says what each holds.

    Returns:
        The lens.

    Raises:
        InputError: "id_out_of_range".

    >>> from gptcore.tokenizers import gpt2_tokenizer
    >>> lens = token_lens(gpt2_tokenizer().encode("我"), gpt2_tokenizer())
    >>> lens.raw.hex(" "), [span.text for span in lens.characters]
    ('e6 88 91', ['我'])
    >>> [(span.token_id, span.text, span.start, span.stop, span.partial) for span in lens.tokens]
    [(22755, '⟨e6 88⟩', 0, 2, True), (239, '⟨91⟩', 2, 3, True)]
    """
    check_ids(ids, tokenizer.vocab_size)
    parts = [tokenizer.token_bytes(i) for i in ids]
    raw = b"".join(parts)
    characters = []
    at = 0
    for character in raw.decode("utf-8", "surrogateescape"):
        broken = "\udc80" <= character <= "\udcff"
        width = 1 if broken else len(character.encode())
        characters.append(CharacterSpan("" if broken else character, at, at + width))
        at += width
    whole = {0} | {span.stop for span in characters if span.text}
    broken_bytes = {span.start for span in characters if not span.text}
    tokens = []
    for token_id, part, stop in zip(ids, parts, accumulate(map(len, parts)), strict=True):
        start = stop - len(part)
        holds_broken = not broken_bytes.isdisjoint(range(start, stop))
        cut = (start not in whole and start - 1 not in broken_bytes) or (
            stop not in whole and stop - 1 not in broken_bytes
        )
        text = text_of_bytes(part) if part else tokenizer.piece(token_id)
        tokens.append(TokenSpan(token_id, text, start, stop, bool(part) and (cut or holds_broken)))
    return TokenLens(raw, tuple(characters), tuple(tokens))


def ids_without_space(token: TokenSpan, tokenizer: Tokenizer) -> tuple[int, ...]:
    """The ids of a token's text without the space before it; none where it has no such space.

    >>> from gptcore.tokenizers import gpt2_tokenizer
    >>> (effort,) = token_lens([3626], gpt2_tokenizer()).tokens
    >>> ids_without_space(effort, gpt2_tokenizer())
    (14822, 419)
    """
    if not token.leading_space:
        return ()
    try:
        return tuple(tokenizer.encode(token.text[1:]))
    except InputError:  # a model without a row for it
        return ()
