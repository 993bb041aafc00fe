"""A text of any length to tokens with their offsets. No torch."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from gptcore.errors import InputError
from gptcore.results.windows import EncodedText
from gptcore.tokenizers.base import Tokenizer, check_ids, clean_text

_BROKEN = re.compile("[\udc80-\udcff]+|[^\udc80-\udcff]+")


def encode_text(text: str | Sequence[int], tokenizer: Tokenizer) -> EncodedText:
    """Token ids of a text of any length, or of ids, and where each token stands.

    Args:
        text: Text, or token ids.
        tokenizer: What encodes and decodes it.

    Returns:
        The tokens with their offsets.

    Raises:
        InputError: "empty_text", and the tokenizer's own.

    >>> from gptcore.tokenizers import gpt2_tokenizer
    >>> encoded = encode_text("很 moves", gpt2_tokenizer())
    >>> [(piece, start, end) for piece, start, end in zip(encoded.pieces, encoded.start.tolist(), encoded.end.tolist())]
    [('⟨e5 be⟩', 0, 1), ('⟨88⟩', 0, 1), (' moves', 1, 7)]
    """
    if isinstance(text, str):
        text = clean_text(text)
        ids = tokenizer.encode(text, max_characters=None)
    else:
        ids = whole_numbers(text)
        check_ids(ids, tokenizer.vocab_size)
    if not ids:
        raise InputError("empty_text", "the text is empty")
    pieces, token_bytes = cache(tokenizer.piece), cache(tokenizer.token_bytes)
    parts = [token_bytes(i) for i in ids]
    if isinstance(text, str) and b"".join(parts) != text.encode():
        start, end = _search(text, parts)
    else:
        text, start, end = _locate(parts)
    return EncodedText(
        text=text,
        token_id=np.array(ids, dtype=np.int64),
        start=start,
        end=end,
        byte_count=np.array([len(part) for part in parts], dtype=np.int64),
        pieces=tuple(map(pieces, ids)),
    )


def whole_numbers(ids: Iterable[int]) -> list[int]:
    """Token ids as plain integers; raises TypeError for anything else than whole numbers, bytes too."""
    if isinstance(ids, bytes | bytearray):
        raise TypeError("a text is a str, or token ids: decode bytes first, as in data.decode()")
    try:
        return [operator.index(i) for i in ids]
    except TypeError:
        raise TypeError(f"a text is a str, or token ids, which are whole numbers: not {_shortened(ids)}") from None


def _shortened(value: object) -> str:
    said = repr(value)
    return said if len(said) < 80 else f"{said[:80]}…"


def prefix_of(tokenizer: Tokenizer, first_token: bool, text: str | Sequence[int] = "") -> tuple[int, ...]:
    """The token ids that are put before a text, never scored and never counted.

    Args:
        tokenizer: Some models always want a token before a text; their tokenizers have it as `prefix_ids`.
        first_token: Whether the text's first token is to be scored; end-of-text is put before it then.
        text: The text. Ids are taken as they are given: only `first_token` puts anything before them.

    Raises:
        InputError: "no_end_of_text" for `first_token` and a vocabulary without such a token.
    """
    prefix: tuple[int, ...] = getattr(tokenizer, "prefix_ids", ()) if isinstance(text, str) else ()
    if prefix or not first_token:
        return prefix
    if tokenizer.end_of_text_id is None:
        raise InputError(
            "no_end_of_text", f"the vocabulary {tokenizer.name} has no end-of-text token to put before a text"
        )
    return (tokenizer.end_of_text_id,)


Offsets = NDArray[np.int64]


def _locate(parts: Sequence[bytes]) -> tuple[str, Offsets, Offsets]:
    """The text that the tokens' bytes make, with broken characters in hex, and every token's offsets in it."""
    escaped = b"".join(parts).decode("utf-8", "surrogateescape")  # a broken byte becomes a lone surrogate
    code = np.frombuffer(escaped.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    broken = (code >= 0xDC80) & (code <= 0xDCFF)
    width = np.where(broken, 1, 1 + (code >= 0x80) + (code >= 0x800) + (code >= 0x10000))  # (c,) bytes
    first, last = np.arange(len(code)), np.arange(1, len(code) + 1)  # (c,) offsets in the shown text
    shown = escaped
    if broken.any():
        shown, first, last = _show_broken(escaped)
    of_byte = np.repeat(np.arange(len(code)), width)  # (b,) which character a byte belongs to
    stop = np.cumsum([len(part) for part in parts], dtype=np.int64)  # (n,) in bytes
    begin = np.concatenate(([0], stop[:-1]))
    bounds = np.append(first, len(shown))
    start = bounds[np.append(of_byte, len(code))[begin]]
    end = np.where(stop > begin, np.append(last, 0)[of_byte[stop - 1]] if len(code) else 0, start)
    return shown, start.astype(np.int64), end.astype(np.int64)


def _show_broken(escaped: str) -> tuple[str, Offsets, Offsets]:
    """The text with each run of broken bytes as ⟨e4 b8⟩, and where every character of `escaped` is shown."""
    shown: list[str] = []
    first: list[Offsets] = []
    last: list[Offsets] = []
    at = 0
    for match in _BROKEN.finditer(escaped):
        run = match.group()
        if "\udc80" <= run[0] <= "\udcff":
            raw = run.encode("utf-8", "surrogateescape")
            shown.append(f"⟨{raw.hex(' ')}⟩")
            first.append(np.full(len(run), at))
            last.append(np.full(len(run), at + len(shown[-1])))
        else:
            shown.append(run)
            first.append(np.arange(at, at + len(run)))
            last.append(np.arange(at + 1, at + len(run) + 1))
        at += len(shown[-1])
    return "".join(shown), np.concatenate(first), np.concatenate(last)


def _search(text: str, parts: Sequence[bytes]) -> tuple[Offsets, Offsets]:
    """Offsets of tokens whose bytes do not make up the text: each is looked for after the one before."""
    starts, ends = [], []
    at = 0
    for part in parts:
        piece = part.decode("utf-8", "replace").strip()
        found = text.find(piece, at, at + len(piece) + 200) if piece else -1
        starts.append(found if found >= 0 else at)
        at = found + len(piece) if found >= 0 else at
        ends.append(at)
    return np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)
