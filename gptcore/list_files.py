"""A table of texts in, the same table with scores out: row by row, so that no finished row is lost to a kill."""

from __future__ import annotations

import csv
import io
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from gptcore.errors import InputError
from gptcore.language_model import is_model
from gptcore.lists import ModelSource, score_list
from gptcore.results.lists import ListRecord, ListRow
from gptcore.tables import choose_columns, find_delimiter, read_records, safe_cell
from gptcore.text_files import Encoding, detect_encoding
from gptcore.tokenizers.base import Tokenizer

RESULTS = (
    "tokens",
    "log_probability",
    "cross_entropy",
    "perplexity",
    "bits_per_byte",
    "most_surprising_token",
    "most_surprising_nats",
    "error",
    "model",
    "stride",
    "first_token",
)
"""The columns after the table's own; the last three say what a row was scored with."""
_SETTINGS = 3
_SAMPLE_BYTES = 256_000
_SYNC_SECONDS = 1.0


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
        raise InputError("no_such_file", f"there is no file {path}", path=str(path))
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    whole_lines = sample if len(sample) < _SAMPLE_BYTES else sample[: sample.rfind(b"\n") + 1] or sample
    encoding = detect_encoding(whole_lines)
    try:
        with path.open(encoding=encoding.codec, newline="") as file_:
            delimiter = find_delimiter("".join(islice(file_, 1)))
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


@dataclass(frozen=True)
class ListFileJob:
    """A table that is being scored into a file.

    Attributes:
        table: The table.
        target: The file of results.
        finished: How many rows it already held.
        settings: The last cells of each of its rows.
    """

    table: TableFile
    target: Path
    finished: int
    settings: tuple[str, ...]
    _score: Callable[[Iterator[ListRow]], Iterator[ListRecord]]

    def run(self) -> Iterator[ListRecord]:
        """Score what is not finished; yields each record once its row is in the file, past a kill of this process."""
        waiting: deque[list[str]] = deque()

        def rows() -> Iterator[ListRow]:
            for cells in islice(self.table.records(), self.finished, None):
                waiting.append(cells)
                yield self.table.row(cells)

        synced = time.monotonic()
        with self.target.open("a", encoding="utf-8", newline="", buffering=1) as file:  # every line goes to the system
            for record in self._score(rows()):
                file.write(_line([*map(safe_cell, waiting.popleft()), *_result_cells(record), *self.settings]))
                if time.monotonic() - synced > _SYNC_SECONDS:  # and now and then to the disk
                    os.fsync(file.fileno())
                    synced = time.monotonic()
                yield record
            os.fsync(file.fileno())


def score_list_file(
    model: ModelSource,
    table: TableFile,
    target: Path,
    *,
    model_name: str | None = None,
    stride: int | None = None,
    first_token: bool = False,
    tokenizer: Tokenizer | None = None,
    executor: Executor | None = None,
    overwrite: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> ListFileJob:
    """Prepare a table to be scored into a file, or what is left of it: the same call goes on after a kill.

    Args:
        model: As in `score_list`.
        table: From `open_table`.
        target: The file of results, in UTF-8; a row is there as soon as it is finished.
        model_name: What the results call the model; None is its own name.
        stride: As in `score_list`.
        first_token: As in `score_list`.
        tokenizer: As in `score_list`.
        executor: As in `score_list`.
        overwrite: Whether a file that is there is begun anew.
        stopped: As in `score_list`.

    Returns:
        The job; `run()` does the work.

    Raises:
        InputError: "same_file"; "no_folder"; "other_results", for a file that holds anything but results of this
            table, model and stride.
    """
    if target.exists() and target.samefile(table.path):
        raise InputError("same_file", "the results would overwrite the table: name another file")
    if not target.parent.is_dir():
        raise InputError("no_folder", f"there is no folder {target.parent}", path=str(target.parent))
    settings = (
        safe_cell(model_name or source_name(model)),
        "half" if stride is None else str(stride),
        str(first_token),
    )
    header = _line([*map(safe_cell, table.columns), *_new_names(table.columns)])
    finished = 0
    if overwrite or not target.exists() or not target.stat().st_size:
        mark = "" if (table.encoding.name, table.encoding.bom) == ("UTF-8", False) else "\ufeff"  # for a spreadsheet
        target.write_text(mark + header, encoding="utf-8", newline="")
    else:
        finished = _keep_finished(table, target, header, settings)
    score = partial(
        score_list,
        model,
        stride=stride,
        first_token=first_token,
        tokenizer=tokenizer,
        executor=executor,
        stopped=stopped,
    )
    return ListFileJob(table, target, finished, settings, score)


def source_name(model: ModelSource) -> str:
    """What to call a model that may not be loaded."""
    if is_model(model):
        origin = model.origin
        return " ".join(filter(None, (origin.kind, origin.name, "" if origin.seed is None else f"seed {origin.seed}")))
    if isinstance(model, partial):
        return f"{source_name(model.func)} {' '.join(map(str, model.args))}"
    return getattr(model, "__name__", type(model).__name__)


def _keep_finished(table: TableFile, target: Path, header: str, settings: tuple[str, ...]) -> int:
    """How many rows a file holds; a last row that a kill cut short is taken away."""
    finished = good = 0
    with closing(table.records()) as rows:  # type: ignore[type-var]  # a generator
        for cells, end in _whole_records(target):
            if not good:
                expected = next(csv.reader([header]))
                is_ours = cells == expected
            else:
                row = next(rows, None)
                is_ours = row is not None and cells[: len(row)] == [*map(safe_cell, row)]
                is_ours = is_ours and cells[-_SETTINGS:] == list(settings)
                finished += 1
            if not is_ours:
                where = f" from its row {finished} on" if finished else ""
                raise InputError(
                    "other_results",
                    f"{target.name} holds something else{where}: results of another table, model or stride, or no "
                    "results. Name another file, or have it overwritten",
                    row=finished,
                )
            good = end
    if not good:
        raise InputError("other_results", f"{target.name} holds something else: name another file", row=0)
    os.truncate(target, good)
    return finished


def _whole_records(path: Path) -> Iterator[tuple[list[str], int]]:
    """(cells, offset after them) of every record that ends with its line break."""
    offset = 0
    complete = True

    def lines() -> Iterator[str]:
        nonlocal offset, complete
        with path.open("rb") as file:
            for raw in file:
                offset += len(raw)
                complete = raw.endswith(b"\n")
                yield raw.decode("utf-8-sig" if offset == len(raw) else "utf-8")

    try:
        for cells in csv.reader(lines(), strict=True):
            if complete:
                yield cells, offset
    except (csv.Error, UnicodeDecodeError):  # the last row is cut short inside a cell or a character
        return


def _new_names(columns: Sequence[str]) -> list[str]:
    """The names of the results' columns, none of which is one of the table's."""
    return [name if name not in columns else f"{name}_scored" for name in RESULTS]


def _result_cells(record: ListRecord) -> list[str]:
    numbers = (record.total_log_probability, record.cross_entropy, record.perplexity, record.bits_per_byte)
    surprise = record.most_surprising_nats
    return [
        str(record.tokens),
        *map(_number, numbers),
        safe_cell(record.most_surprising_piece),
        _number(surprise),
        "" if record.error is None else str(record.error),
    ]


def _number(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
