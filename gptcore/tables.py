"""Tables of texts as people have them, separated by commas, semicolons or tabs, and pasted lists. No torch."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from gptcore.errors import InputError

_TEXT_NAMES = ("text", "sentence", "文本", "句子")
_PROMPT_NAMES = ("prompt", "提示", "提示文本", "提示词")
_TARGET_NAMES = ("target", "目标", "目标文本")


@dataclass(frozen=True)
class Table:
    """A table of text cells; every row has as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str


def read_table(text: str, *, delimiter: str | None = None, max_rows: int | None = None) -> Table:
    r"""The table in a text whose first line names the columns.

    Args:
        text: Comma, semicolon or tab separated values; a cell in double quotes may hold line breaks.
        delimiter: What separates the cells; None finds out from the first line.
        max_rows: The most rows that are accepted; None accepts any number.

    Returns:
        The table. Empty rows inside it are kept, as rows of empty cells.

    Raises:
        InputError: "empty_table"; "broken_quotes" (line); "ragged_row" (line, cells, columns), for a row that is
            longer than the first; "too_many_rows" (limit); "cell_too_long" (line, limit).

    >>> read_table("prompt;target\nevery effort; moves\n").rows
    (('every effort', ' moves'),)
    """
    delimiter = delimiter or find_delimiter(text)
    inner = text.strip("\r\n")  # a million line breaks around a table are told at once
    before = text[: text.find(inner)].splitlines()
    lines = io.StringIO(inner, newline="")
    records = read_records(lines, delimiter, lines_before=len(before), max_rows=max_rows)
    columns = tuple(next(records, []))
    if not any(map(str.strip, columns)):
        raise InputError("empty_table", "the table is empty: its first line must name the columns")
    return Table(columns, tuple(map(tuple, records)), delimiter)


def read_pasted_list(text: str, *, max_rows: int | None = None) -> Table:
    r"""A pasted list: a text a line, or a prompt and its target with a tab between them.

    Args:
        text: The list.
        max_rows: The most lines that are accepted; None accepts any number.

    Returns:
        A table with the column "text", or with "prompt" and "target". Empty lines inside it are kept.

    Raises:
        InputError: "empty_table"; "too_many_tabs" (line, cells); "too_many_rows" (limit).

    >>> read_pasted_list("Every effort\t moves you.\nShe sat\t down.\n").columns
    ('prompt', 'target')
    """
    lines = re.split(r"\r\n|[\r\n]", text.rstrip("\r\n"), maxsplit=max_rows or 0)
    if not any(map(str.strip, lines)):
        raise InputError("empty_table", "the list is empty")
    if max_rows is not None and len(lines) > max_rows:
        raise InputError("too_many_rows", f"more than {max_rows:,} rows", limit=max_rows)
    if "\t" not in text:
        return Table(("text",), tuple((line,) for line in lines), "\t")
    rows = []
    for number, line in enumerate(lines, start=1):
        cells = line.split("\t")
        if len(cells) > 2:
            raise InputError(
                "too_many_tabs",
                f"line {number} has {len(cells)} parts; a prompt and a target are meant, with one tab between them",
                line=number,
                cells=len(cells),
            )
        rows.append((cells[0], cells[1] if len(cells) == 2 else ""))
    return Table(("prompt", "target"), tuple(rows), "\t")


def find_delimiter(text: str) -> str:
    """What separates the cells of a table: the most frequent of comma, semicolon and tab in its first line."""
    bare = re.sub(r'"(?<![^,;\t\r\n]")(?:[^"]|"")*+"', "", text.lstrip("\r\n"))
    first_line = re.split(r"[\r\n]", bare, maxsplit=1)[0]
    return max(",;\t", key=first_line.count)


def read_records(
    lines: Iterable[str], delimiter: str, *, lines_before: int = 0, max_rows: int | None = None
) -> Iterator[list[str]]:
    """The records of a table, the names of the columns first; one record at a time, so that any file can be read.

    Args:
        lines: The lines, with their line breaks.
        delimiter: What separates the cells.
        lines_before: How many lines of the file come before these.
        max_rows: The most rows below the names that are accepted, empty ones at the end counted; None accepts any
            number.

    Yields:
        One list of cells for each record, as long as the first. Empty rows are kept, but for those at the end.

    Raises:
        InputError: "broken_quotes", "ragged_row", "cell_too_long", "too_many_rows".
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    width = empty = 0
    left = math.inf if max_rows is None else max_rows + 1  # the names are a record too
    while True:
        line = lines_before + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if "limit" in str(error):
                limit = csv.field_size_limit()
                raise InputError(
                    "cell_too_long", f"line {line}: a cell exceeds {limit:,} characters", line=line, limit=limit
                ) from None
            raise InputError(
                "broken_quotes", f"the row in line {line} has a double quote that is not closed", line=line
            ) from None
        if cells is None:
            return
        empty += bool(width and not cells)
        if empty + bool(cells) > left:
            raise InputError("too_many_rows", f"more than {max_rows:,} rows", limit=max_rows)
        if not cells:
            continue
        width = width or len(cells)
        if any(cells[width:]):
            raise InputError(
                "ragged_row",
                f"the row in line {line} has {len(cells)} cells, but there are {width} columns: "
                "put cells that hold the separator in double quotes",
                line=line,
                cells=len(cells),
                columns=width,
            )
        left -= empty + 1
        yield from ([""] * width for _ in range(empty))
        empty = 0
        yield cells[:width] + [""] * (width - len(cells))


def choose_columns(
    columns: Sequence[str], prompt_column: str | None = None, target_column: str | None = None
) -> tuple[int, int | None]:
    """Which columns hold the texts.

    Args:
        columns: The table's columns.
        prompt_column: The name of the column of prompts, or of whole texts where there is no target.
        target_column: The name of the column of targets.

    Returns:
        The index of the prompt's or text's column, and of the target's or None. Where no name is given: the columns
        called prompt and target, or text; a table's only column; the two of a table of two.

    Raises:
        InputError: "no_such_column" (column, columns); "which_columns" (columns), where they cannot be told.

    >>> choose_columns(["id", "Text"]), choose_columns(["a", "b"])
    ((1, None), (0, 1))
    """
    if prompt_column is not None or target_column is not None:
        target = None if target_column is None else _index(columns, target_column)
        if prompt_column is not None:
            return _index(columns, prompt_column), target
        prompt = _first(columns, _PROMPT_NAMES)
        if prompt is not None:
            return prompt, target
    else:
        prompt, target = _first(columns, _PROMPT_NAMES), _first(columns, _TARGET_NAMES)
        if prompt is not None and target is not None:
            return prompt, target
        text = _first(columns, _TEXT_NAMES)
        if text is not None or prompt is not None:
            return (text, None) if text is not None else (prompt or 0, None)
        if len(columns) <= 2:
            return 0, (1 if len(columns) == 2 else None)
    raise InputError(
        "which_columns",
        f"the table has {len(columns)} columns ({', '.join(columns)}): "
        "say which one holds the texts or prompts (prompt_column)",
        columns=", ".join(columns),
    )


def safe_cell(text: str) -> str:
    """A cell that a spreadsheet takes for text: what it would take for a formula gets an apostrophe.

    >>> safe_cell("=cmd|' /C calc'!A0"), safe_cell("-1.5"), safe_cell("every")
    ("'=cmd|' /C calc'!A0", '-1.5', 'every')
    """
    if text.startswith(("=", "+", "-", "@", "\t", "\r")) and not re.fullmatch(r"[+-]?[0-9.,]+([eE][+-]?[0-9]+)?", text):
        return f"'{text}"
    return text


def csv_bytes(frame: pd.DataFrame) -> bytes:
    r"""A table as CSV that spreadsheets open as it is.

    A byte-order mark stands before it where it holds more than ASCII, no cell is taken for a formula, and whole numbers
    stay whole where others of their column are missing.

    >>> csv_bytes(pd.DataFrame({"piece": ["=1+1", "a"], "rank": [1.0, None]}))
    b"piece,rank\n'=1+1,1\na,\n"
    """
    shown = frame.copy()
    for name in shown.columns:
        column = shown[name]
        if pd.api.types.is_float_dtype(column) and column.isna().any() and (column.dropna() % 1 == 0).all():
            shown[name] = column.astype("Int64")
        elif not pd.api.types.is_numeric_dtype(column):
            shown[name] = column.map(lambda cell: safe_cell(cell) if isinstance(cell, str) else cell)
    shown.columns = pd.Index([safe_cell(str(name)) for name in shown.columns])
    text = csv_text(shown)
    return text.encode("ascii" if text.isascii() else "utf-8-sig")


def csv_text(frame: pd.DataFrame) -> str:
    r"""A table as CSV: a line feed ends a row, and cells with a line feed or a carriage return are in quotes.

    >>> csv_text(pd.DataFrame({"piece": ["\r", "a"]}))
    'piece\n"\r"\na\n'
    """
    rows = _Rows()
    frame.to_csv(rows, index=False, lineterminator=_Rows.TERMINATOR)
    return rows.getvalue()


def csv_line(cells: Iterable[str]) -> str:
    r"""One row as CSV, as in `csv_text`.

    >>> csv_line(["a\r", "b"])
    '"a\r",b\n'
    """
    rows = _Rows()
    csv.writer(rows, lineterminator=_Rows.TERMINATOR).writerow(cells)
    return rows.getvalue()


class _Rows(io.StringIO):
    """Rows of a csv.writer, which quotes the characters of its line terminator alone: so this takes both of them."""

    TERMINATOR = "\r\n"

    def write(self, row: str) -> int:
        """Write a row: a writer calls this once for each."""
        return super().write(f"{row.removesuffix(self.TERMINATOR)}\n")


def _index(columns: Sequence[str], name: str) -> int:
    if name not in columns:
        raise InputError(
            "no_such_column",
            f"there is no column {name!r}; there are {', '.join(columns)}",
            column=name,
            columns=", ".join(columns),
        )
    return list(columns).index(name)


def _first(columns: Sequence[str], names: Sequence[str]) -> int | None:
    return next((i for i, column in enumerate(columns) if column.strip().lower() in names), None)
