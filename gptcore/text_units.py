"""A text cut into characters, words, sentences or lines, as Unicode defines them (UAX #29). No torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from typing import Literal

import numpy as np
import regex
from numpy.typing import NDArray

TextUnit = Literal["word", "character", "line", "sentence"]

_LINE = regex.compile(r"[^\r\n]*(?:\r\n|[\r\n])|[^\r\n]+")
_CHARACTER = regex.compile(r"\X")
_WORD_BOUNDARY = regex.compile(r"(?w)\b")
_WORD_CHARACTER = regex.compile(r"[\p{L}\p{N}]")
_HAN = regex.compile(r"[\p{Han}]")
_SENTENCE_END = regex.compile(  # UAX #29, rules SB3 to SB11
    r"""
    (?:\r\n|[\r\n\x85\u2028\u2029])                        # SB3, SB4: after a paragraph separator
    |
    (?: \p{SB=STerm}                                       # SB11: after ! ? 。 and the like,
      | (?<=[\p{SB=Upper}\p{SB=Lower}])\p{SB=ATerm}(?!\p{SB=Upper})      # SB7: not in "U.S"
      | (?<![\p{SB=Upper}\p{SB=Lower}])\p{SB=ATerm}
    )
    (?<!\p{SB=ATerm}(?=\p{SB=Numeric}))                    # SB6: not in "3.14"
    [\p{SB=STerm}\p{SB=ATerm}]*                            # SB8a: "?!" ends together
    (?:(?![\p{Ps}\p{Pi}])\p{SB=Close})*+ \p{SB=Sp}*+       # SB9, SB10: with closing, not opening, quotes and spaces
    (?!(?<=\p{SB=ATerm}\p{SB=Close}*\p{SB=Sp}*)            # SB8: not before a small letter, as in "etc. and"
       [^\p{SB=OLetter}\p{SB=Upper}\p{SB=Lower}\p{SB=Sep}\p{SB=CR}\p{SB=LF}\p{SB=STerm}\p{SB=ATerm}]*\p{SB=Lower})
    (?![\p{SB=SContinue}\p{SB=STerm}\p{SB=ATerm}])         # SB8a
    (?:\r\n|[\r\n\x85\u2028\u2029])?
    """,
    regex.VERBOSE,
)


@dataclass(frozen=True, eq=False)
class Units:
    """A text's u units, in order.

    Attributes:
        begins: Shape (u,). Where each unit's part of the text begins, the space before it included; the first at 0.
        start: Shape (u,). Offset of the unit itself.
        end: Shape (u,). Offset after it.
        counted: Shape (u,). Whether it counts as one: of words, those with a letter or a digit; of the others, all.
    """

    begins: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    counted: NDArray[np.bool_]


def split_units(text: str, unit: TextUnit) -> Units:
    """Cut a text into units.

    Args:
        text: Any text.
        unit: "character" (grapheme clusters), "word", "sentence" or "line".

    Returns:
        The units. White space before a word or sentence belongs to it, at the end of the text to the last one.
        Characters and lines keep theirs; a line's own offsets leave out its line break.

    Raises:
        ValueError: There is no such unit.

    >>> text = "Don't stop, 世界! It's 3.14."
    >>> units = split_units(text, "word")
    >>> [text[a:b] for a, b in zip(units.start, units.end)]
    ["Don't", 'stop', ',', '世', '界', '!', "It's", '3.14', '.']
    >>> int(units.counted.sum())
    6
    """
    if unit == "character":
        spans = (match.span() for match in _CHARACTER.finditer(text))
        return _units((start, start, end, True) for start, end in spans)
    if unit == "line":
        lines = (match.span() for match in _LINE.finditer(text))
        return _units((start, start, start + len(text[start:end].rstrip("\r\n")), True) for start, end in lines)
    if unit == "word":
        return _units(_with_spaces(_words(text)))
    if unit == "sentence":
        return _units(_with_spaces(_sentences(text)))
    raise ValueError(f"unit is one of word, character, line, sentence, not {unit!r}")


def word_segmenter() -> str:
    """What cuts Chinese into words: "jieba" where it is installed, else "" (every character is a word)."""
    return "jieba" if find_spec("jieba") else ""


def _words(text: str) -> Iterator[str]:
    """Every part of the text between two word boundaries."""
    parts = (part for part in _WORD_BOUNDARY.splititer(text) if part)
    return _join_chinese(parts) if word_segmenter() else parts


def _join_chinese(parts: Iterator[str]) -> Iterator[str]:
    import jieba

    run: list[str] = []
    for part in parts:
        if _HAN.match(part):
            run.append(part)
            continue
        yield from jieba.cut("".join(run))
        run.clear()
        yield part
    yield from jieba.cut("".join(run))


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for match in _SENTENCE_END.finditer(text):
        yield text[start : match.end()]
        start = match.end()
    yield text[start:]


def _with_spaces(parts: Iterator[str]) -> Iterator[tuple[int, int, int, bool]]:
    """(begins, start, end, counted) of every part that is more than white space."""
    begins = at = 0
    for part in parts:
        stripped = part.strip()
        if stripped:
            start = at + len(part) - len(part.lstrip())
            yield begins, start, start + len(stripped), bool(_WORD_CHARACTER.search(stripped))
            begins = at + len(part)
        at += len(part)
    if at and not begins:
        yield 0, 0, at, False


def _units(found: Iterable[tuple[int, int, int, bool]]) -> Units:
    columns = np.fromiter(chain.from_iterable(found), dtype=np.int64).reshape(-1, 4)  # no list: texts are long
    return Units(columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3].astype(np.bool_))
