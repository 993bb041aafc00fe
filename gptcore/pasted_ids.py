"""Token ids as people paste them: out of a notebook, a tensor's or an array's print, or typed by hand. No torch."""

from __future__ import annotations

import re

from gptcore.errors import InputError
from gptcore.tokenizers.base import check_length

_CALL = re.compile(r"\b(?:torch\.|np\.|numpy\.)?(?:LongTensor|IntTensor|tensor|array)\s*\(")
_SETTING = re.compile(r",\s*(?:dtype|device)\s*=\s*[\w.:'\"]+")
_INNERMOST = re.compile(r"\[([^\[\]]*)\]")
_BETWEEN = re.compile(r"[\s,;，、；()（）]+")
_NUMBER = re.compile(r"[+\-−]?[0-9]{1,12}")
_OUTER = str.maketrans("【】［］", "[][]")


def parse_id_rows(typed: str) -> list[tuple[int, ...]]:
    r"""Rows of token ids: nested lists, the print of a tensor or of an array, or a row a line.

    Args:
        typed: What was typed or pasted. Numbers stand apart by commas (Chinese ones too), semicolons or white space.

    Returns:
        The rows; [] where there is no number. A single list that is broken over lines is one row.

    Raises:
        InputError: "not_ids" naming the first word that is no number; "too_many_characters".

    >>> parse_id_rows("tensor([[16833, 3626, 6100], [40, 1107, 588]])")
    [(16833, 3626, 6100), (40, 1107, 588)]
    >>> parse_id_rows("array([40, 1107], dtype=int64)"), parse_id_rows("40，1107\n588")
    ([(40, 1107)], [(40, 1107), (588,)])
    """
    words = _SETTING.sub("", _CALL.sub("", check_length(typed).translate(_OUTER)))
    if "[" in words and "]" in words:
        rows = _INNERMOST.findall(words)
        outside = _INNERMOST.sub(" ", words).replace("[", " ").replace("]", " ")
        if rows and not _numbers(outside):
            return [row for row in map(_numbers, rows) if row]
    lines = [_numbers(line) for line in words.replace("[", " ").replace("]", " ").splitlines()]
    return [row for row in lines if row]


def parse_ids(typed: str) -> tuple[int, ...]:
    """One row of token ids, as `parse_id_rows` reads them; plain lines go on as one row.

    Raises:
        InputError: "not_ids" naming the first word that is no number; "too_many_characters"; "several_rows" where
            brackets hold more rows than one.

    >>> parse_ids("[16833, 3626 6100]")
    (16833, 3626, 6100)
    """
    rows = parse_id_rows(typed)
    if len(rows) > 1 and "[" in typed.translate(_OUTER):
        raise InputError("several_rows", f"{len(rows)} rows of ids; here stands one example", rows=len(rows))
    return tuple(token_id for row in rows for token_id in row)


def _numbers(words: str) -> tuple[int, ...]:
    ids = []
    for word in _BETWEEN.split(words):
        if not word:
            continue
        if not _NUMBER.fullmatch(word):
            raise InputError("not_ids", f"{word[:40]!r} is not a token id: a whole number such as 3626", word=word[:40])
        ids.append(int(word.replace("−", "-")))
    return tuple(ids)
