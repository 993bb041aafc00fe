"""Finished seeds, kept by what they were made with: in memory, and on disk where an environment variable says so."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from functools import cache
from pathlib import Path

from gptcore.config import GPTConfig
from gptcore.examples import Example
from gptcore.results.seeds import SeedRecord
from gptcore.scoring import versions
from gptcore.sweeps.record_json import record_from_json, record_to_json

FOLDER_VARIABLE = "GPT_EXPLORER_SWEEPS"
"""Names the environment variable that holds a folder; finished seeds then outlive the process."""
MOST_POSITIONS = 200_000
"""Scored positions kept in memory, some 300 bytes each; the seeds used longest ago go first."""
_FILE = "seeds.sqlite"
_TABLE = "CREATE TABLE IF NOT EXISTS seeds (key TEXT, seed INTEGER, record TEXT, PRIMARY KEY (key, seed))"
_RECORD_FORMAT = 2
"""Goes up when the records on disk are written in another way."""
_PACKAGE = Path(__file__).resolve().parents[1]
_NO_NUMBERS = ("charts", "classroom", "pretraining", "ui")
_LOCKED_SECONDS = 5.0
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_log = logging.getLogger(__name__)


def sweep_key(config: GPTConfig, examples: Sequence[Example], temperature: float) -> str:
    """Name all that decides a seed's numbers but the seed.

    That is: the model's shape, the examples, the temperature, and the versions and the code that compute it.
    """
    made_with = [
        _RECORD_FORMAT,
        code_digest(),
        versions(),
        config.to_dict(),
        [asdict(example) for example in examples],
        temperature,
    ]
    return hashlib.sha256(json.dumps(made_with).encode()).hexdigest()


@cache
def code_digest(package: Path = _PACKAGE) -> str:
    """A hash of the version and of the source of every module from which numbers could come."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package)
        if name.parts[0] not in _NO_NUMBERS:
            digest.update(f"{name.as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


class SweepCache:
    """Finished seeds, for any number of threads; several processes may share a folder.

    The folder is a convenience: where it cannot be used (no such path, a full disk, a broken database), seeds are kept
    in memory alone and `fault` says why. It is tried again after a minute.

    Attributes:
        fault: Why nothing is kept beyond this process at present; "" where all is well or no folder was named.
    """

    RETRY_SECONDS = 60.0

    def __init__(self, folder: Path | None = None, most_positions: int = MOST_POSITIONS) -> None:
        self.fault = ""
        self._lock = threading.Lock()
        self._records: OrderedDict[tuple[str, int], SeedRecord] = OrderedDict()
        self._positions = 0
        self._most_positions = most_positions
        self._folder = folder
        self._retry_at = 0.0

    def get(self, key: str, seed: int) -> SeedRecord | None:
        """The record of a finished seed, or None."""
        with self._lock:
            record = self._records.get((key, seed))
            if record is not None:
                self._records.move_to_end((key, seed))
                return record
        row = self._on_disk("SELECT record FROM seeds WHERE key = ? AND seed = ?", key, seed)
        if row is None:
            return None
        try:
            record = record_from_json(row[0])
        except _UNREADABLE:  # not by this version: computed again, written over
            return None
        self._remember(key, seed, record)
        return record

    def put(self, key: str, seed: int, record: SeedRecord) -> None:
        """Keep a finished seed; on disk it is whole or not at all, whenever the process is killed."""
        self._remember(key, seed, record)
        if self._folder is not None:
            self._on_disk("INSERT OR REPLACE INTO seeds VALUES (?, ?, ?)", key, seed, record_to_json(record))

    def __len__(self) -> int:
        """How many seeds are in memory."""
        return len(self._records)

    def _remember(self, key: str, seed: int, record: SeedRecord) -> None:
        with self._lock:
            replaced = self._records.pop((key, seed), None)
            self._positions -= replaced.report.positions if replaced else 0
            self._records[key, seed] = record
            self._positions += record.report.positions
            while self._positions > self._most_positions and len(self._records) > 1:
                self._positions -= self._records.popitem(last=False)[1].report.positions

    def _on_disk(self, statement: str, *values: object) -> tuple[str] | None:
        """The first row that a statement yields; None where there is none or the folder cannot be used."""
        if self._folder is None or time.monotonic() < self._retry_at:
            return None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._folder / _FILE, timeout=_LOCKED_SECONDS)) as database, database:
                database.execute(_TABLE)
                row: tuple[str] | None = database.execute(statement, values).fetchone()
        except (OSError, sqlite3.Error, ValueError) as error:  # ValueError: a path that holds a null character
            if not self.fault:
                _log.warning("finished seeds are not kept in %s: %s", self._folder, error)
            self.fault = str(error)
            self._retry_at = time.monotonic() + self.RETRY_SECONDS
            return None
        self.fault = ""
        return row


@cache
def shared_cache() -> SweepCache:
    """The process's own, in the folder that GPT_EXPLORER_SWEEPS names, if it does."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return SweepCache(Path(folder) if folder else None)
