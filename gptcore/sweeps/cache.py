"""Finished seeds, kept by what they were made with: in memory, and on disk where an environment variable says so."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gptcore.config import GPTConfig, ModelOrigin
from gptcore.examples import Example
from gptcore.results.report import Provenance, Report
from gptcore.results.seeds import SeedRecord
from gptcore.scoring import versions

FOLDER_VARIABLE = "GPT_EXPLORER_SWEEPS"
"""Names the environment variable that holds a folder; finished seeds then outlive the process."""
MOST_POSITIONS = 200_000
"""Scored positions kept in memory, some 300 bytes each; the seeds used longest ago go first."""


def sweep_key(config: GPTConfig, examples: Sequence[Example], temperature: float) -> str:
    """Names all that decides a seed's numbers, the libraries' versions among it, but for the seed."""
    made_with = [config.to_dict(), [asdict(example) for example in examples], temperature, versions()]
    return hashlib.sha256(json.dumps(made_with).encode()).hexdigest()


class SweepCache:
    """Finished seeds. For any number of threads; several processes may share a folder.

    Attributes:
        folder: Where they are kept beyond this process; None keeps them in memory alone.
    """

    def __init__(self, folder: Path | None = None, most_positions: int = MOST_POSITIONS) -> None:
        self._lock = threading.Lock()
        self._records: OrderedDict[tuple[str, int], SeedRecord] = OrderedDict()
        self._positions = 0
        self._most_positions = most_positions
        self._file = None if folder is None else folder / "seeds.sqlite"
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            with closing(self._connected()) as database, database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS seeds (key TEXT, seed INTEGER, record TEXT, PRIMARY KEY (key, seed))"
                )

    def get(self, key: str, seed: int) -> SeedRecord | None:
        """The record of a finished seed, or None."""
        with self._lock:
            record = self._records.get((key, seed))
            if record is not None:
                self._records.move_to_end((key, seed))
                return record
        if self._file is None:
            return None
        with closing(self._connected()) as database:
            row = database.execute("SELECT record FROM seeds WHERE key = ? AND seed = ?", (key, seed)).fetchone()
        if row is None:
            return None
        record = _record_from_json(row[0])
        self._remember(key, seed, record)
        return record

    def put(self, key: str, seed: int, record: SeedRecord) -> None:
        """Keep a finished seed; on disk it is whole or not at all, whenever the process is killed."""
        self._remember(key, seed, record)
        if self._file is not None:
            with closing(self._connected()) as database, database:
                database.execute("INSERT OR REPLACE INTO seeds VALUES (?, ?, ?)", (key, seed, _record_to_json(record)))

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

    def _connected(self) -> sqlite3.Connection:
        assert self._file is not None
        return sqlite3.connect(self._file, timeout=30)


@cache
def shared_cache() -> SweepCache:
    """The process's own, in the folder that GPT_EXPLORER_SWEEPS names, if it does."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return SweepCache(Path(folder) if folder else None)


def _record_to_json(record: SeedRecord) -> str:
    def array(value: object) -> Any:
        if isinstance(value, np.ndarray):
            return {"array": value.tolist(), "dtype": value.dtype.str}
        return asdict(value)  # type: ignore[call-overload]  # Provenance

    return json.dumps([vars(record.report), record.logit_std], default=array)


def _record_from_json(written: str) -> SeedRecord:
    def array(value: dict[str, Any]) -> Any:
        return np.array(value["array"], dtype=value["dtype"]) if "array" in value else value

    columns, logit_std = json.loads(written, object_hook=array)
    made_with = columns.pop("provenance")
    provenance = Provenance(
        **{**made_with, "config": GPTConfig(**made_with["config"]), "origin": ModelOrigin(**made_with["origin"])}
    )
    known = {field.name for field in fields(Report)}
    texts = {name: _tuples(value) for name, value in columns.items() if name in known}
    return SeedRecord(Report(provenance=provenance, **texts), logit_std)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
