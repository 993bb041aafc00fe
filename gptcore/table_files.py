"""A table of texts on disk: its encoding, its separator and its columns, found out before any row is scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from gptcore.errors import InputError
from gptcore.results.lists import ListRow
from gptcore.tables import choose_columns, find_delimiter, read_records
from gptcore.text_files import Encoding, detect_encoding

_SAMPLE_BYTES, _SAMPLE_LINES = 256_000, 100


@dataclass(frozen=True)
class TableFile:
    """A table of texts on disk, checked as a whole.

    Attributes:
        path: The file.
        encoding: How its bytes are text.
        delimiter: What separates its cells.
        columns: The names in its first line.
        prompt: Index of the column of texts, or of prompts.
        target: Index of the column of targets, or None.
        row_count: How many rows it has, empty ones included.
    """

    path: Path
    encoding: Encoding
    delimiter: str
    columns: tuple[str, ...]
    prompt: int
    target: int | None
    row_count: int

    def records(self) -> Iterator[list[str]]:
        """Every row's cells, in order."""
        with self.path.open(encoding=self.encoding.codec, newline="") as file:
            records = read_records(file, self.delimiter)
            next(records)
            yield from records

    def row(self, cells: Sequence[str]) -> ListRow:
        """What is scored of a row."""
        return cells[self.prompt] if self.target is None else (cells[self.prompt], cells[self.target])


def open_table(path: Path, prompt_column: str | None = None, target_column: str | None = None) -> TableFile:
    """Read a table of any size once, a row at a time, to find what is wrong with it before hours are spent on it.

    Args:
        path: A file of comma, semicolon or tab separated values.
        prompt_column: As in `choose_columns`.
        target_column: As in `choose_columns`.

    Returns:
        The table, ready to be read row by row.

    Raises:
        InputError: "no_such_file"; and those of `detect_encoding`, `read_records` and `choose_columns`.
    """
    if not path.is_file():
        why = " on disk, and a table is read twice" if path.exists() else ""
        raise InputError("no_such_file", f"there is no file {path}{why}", path=str(path))
    encoding = _find_encoding(path)
    try:
        with path.open(encoding=encoding.codec, newline="") as file_:
            delimiter = find_delimiter("".join(islice(file_, _SAMPLE_LINES)))
            file_.seek(0)
            records = read_records(file_, delimiter)
            columns = tuple(next(records, []))
            prompt, target = choose_columns(columns, prompt_column, target_column)
            row_count = sum(1 for _ in records)
    except UnicodeDecodeError:
        raise InputError(
            "unknown_encoding", f"{path.name} begins as {encoding.name}, but not all of it is", guess=encoding.name
        ) from None
    if not row_count:
        raise InputError("empty_table", f"{path.name} has no row under its first line, which names the columns")
    return TableFile(path, encoding, delimiter, columns, prompt, target, row_count)


def _find_encoding(path: Path) -> Encoding:
    """The encoding of a file of any size: told by its beginning, or from its first line beyond ASCII on."""
    with path.open("rb") as file:
        sample = _whole_lines(file.read(_SAMPLE_BYTES))
        encoding = detect_encoding(sample)
        if not sample.isascii() or b"\0" in sample:  # ASCII in UTF-16 has zeros
            return encoding
        file.seek(len(sample))
        for line in file:
            if not line.isascii():
                return detect_encoding(line + _whole_lines(file.read(_SAMPLE_BYTES)))
    return encoding


def _whole_lines(sample: bytes) -> bytes:
    """A file's beginning, cut after its last line break if it is not the whole file."""
    if len(sample) < _SAMPLE_BYTES:
        return sample
    if b"\0" not in sample:
        return sample[: sample.rfind(b"\n") + 1] or sample
    units = np.frombuffer(sample, dtype="<u2", count=len(sample) // 2)  # of UTF-16, in either byte order
    breaks = np.flatnonzero((units == 0x000A) | (units == 0x0A00))
    return sample[: 2 * (int(breaks[-1]) + 1)] if len(breaks) else sample
