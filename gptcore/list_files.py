"""A table of texts in, the same table with scores out: row by row, so that no finished row is lost to a kill."""

from __future__ import annotations

import csv
import errno
import math
import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO

from gptcore.errors import InputError
from gptcore.language_model import is_model
from gptcore.lists import ModelSource, score_list
from gptcore.results.lists import ListRecord, ListRow
from gptcore.table_files import TableFile
from gptcore.tables import csv_line, safe_cell
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
_SYNC_SECONDS = 1.0


@dataclass(frozen=True)
class ListFileJob:
    """A table that is being scored into a file.

    Attributes:
        table: The table.
        target: The file of results.
        finished: How many rows it already held.
        settings: The last cells of each of its rows.
        header: What the file begins with where it is begun anew, else None.
    """

    table: TableFile
    target: Path
    finished: int
    settings: tuple[str, ...]
    header: str | None
    _score: Callable[[Iterator[ListRow]], Iterator[ListRecord]]

    def run(self) -> Iterator[ListRecord]:
        """Score what is not finished; yields each record once its row is in the file, past a kill of this process."""
        waiting: deque[list[str]] = deque()

        def rows() -> Iterator[ListRow]:
            for cells in islice(self.table.records(), self.finished, None):
                waiting.append(cells)
                yield self.table.row(cells)

        records = self._score(rows())  # a stride or a model that is none is told before the file is touched
        first = next(records, None)
        if first is None:
            return
        synced = time.monotonic()
        mode = "a" if self.header is None else "w"
        with self.target.open(mode, encoding="utf-8", newline="", buffering=1) as file:  # every line goes to the system
            file.write(self.header or "")
            for record in chain([first], records):
                cells = [*map(safe_cell, waiting.popleft()), *_result_cells(record), *self.settings]
                file.write(csv_line(cells))
                if time.monotonic() - synced > _SYNC_SECONDS:  # and now and then to the disk
                    _sync(file)
                    synced = time.monotonic()
                yield record
            _sync(file)


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
        OSError: The file cannot be written.
    """
    if target.exists() and target.samefile(table.path):
        raise InputError("same_file", "the results would overwrite the table: name another file")
    if not target.parent.is_dir():
        raise InputError("no_folder", f"there is no folder {target.parent}", path=str(target.parent))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    settings = (
        safe_cell(model_name or source_name(model)),
        "half" if stride is None else str(stride),
        str(first_token),
    )
    header = csv_line([*map(safe_cell, table.columns), *_new_names(table.columns)])
    finished, begin = 0, None
    if overwrite or not target.exists() or not target.stat().st_size:
        mark = "" if (table.encoding.name, table.encoding.bom) == ("UTF-8", False) else "\ufeff"  # for a spreadsheet
        begin = mark + header
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
    return ListFileJob(table, target, finished, settings, begin, score)


def _sync(file: IO[str]) -> None:
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # a pipe or /dev/null has no disk
        os.fsync(file.fileno())


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
    """(cells, offset after them) of every record that ends with its line break; no cells where one cannot be read."""
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
    except (csv.Error, UnicodeDecodeError):  # a kill cuts the last row inside a cell or a character
        if offset < path.stat().st_size:
            yield [], offset  # but this is no end: nothing that a run of this project wrote


def _new_names(columns: Sequence[str]) -> list[str]:
    """The names of the results' columns, none of which is one of the table's: of this project's own, results too."""
    names: list[str] = []
    for name in RESULTS:
        while name in columns:
            name += "_scored"
        names.append(name)
    return names


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
