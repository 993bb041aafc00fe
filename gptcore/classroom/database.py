"""The SQLite file behind the rooms: its tables, one transaction a write, and how often somebody may ask."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gptcore.errors import InputError

BUSY_SECONDS = 10.0
"""How long a write waits for that of another process."""
WINDOW_SECONDS = 60.0

_TABLES = """
CREATE TABLE IF NOT EXISTS rooms (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    key_digest TEXT NOT NULL,
    signal TEXT NOT NULL UNIQUE,
    ends REAL NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    activity INTEGER NOT NULL DEFAULT 1,
    following INTEGER NOT NULL DEFAULT 0,
    page TEXT NOT NULL DEFAULT '',
    query TEXT NOT NULL DEFAULT '{}',
    lesson TEXT NOT NULL DEFAULT '',
    lesson_place INTEGER NOT NULL DEFAULT -1
);
CREATE TABLE IF NOT EXISTS people (
    room INTEGER NOT NULL REFERENCES rooms(id) ON DELETE CASCADE,
    person TEXT NOT NULL,
    PRIMARY KEY (room, person)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS questions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room INTEGER NOT NULL REFERENCES rooms(id) ON DELETE CASCADE,
    question TEXT NOT NULL,
    state TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS questions_of_room ON questions(room);
CREATE TABLE IF NOT EXISTS guesses (
    question INTEGER NOT NULL REFERENCES questions(id) ON DELETE CASCADE,
    person TEXT NOT NULL,
    guess REAL NOT NULL,
    PRIMARY KEY (question, person)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS requests (
    who TEXT PRIMARY KEY,
    since REAL NOT NULL,
    count INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Database:
    """One connection, shared by the threads of a process; other processes open the same file.

    Args:
        path: The file, made where it is missing.
        clock: Seconds since 1970; another one in tests.
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        for setting in ("synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {setting}")
        self._prepare()

    def _prepare(self) -> None:
        """Make the tables. Where other processes start at the same moment, the change to WAL fails: try it again."""
        give_up = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.executescript(_TABLES)
                return
            except sqlite3.OperationalError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.05)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read from one state of the file.

        Raises:
            InputError: "rooms_unavailable" where the file cannot be read.
        """
        with self._transaction("BEGIN"):
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction: all of it, or nothing where an exception ends it.

        Raises:
            InputError: "rooms_unavailable" where the file cannot be written.
        """
        with self._transaction("BEGIN IMMEDIATE"):
            yield self._connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self._lock:
            try:
                self._connection.execute(begin)
                try:
                    yield
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except (sqlite3.Error, OSError) as error:
                raise InputError("rooms_unavailable", f"the rooms cannot be read or written: {error}") from error

    def count_request(self, who: str, limit: int) -> None:
        """Count a request, and refuse it where there were `limit` within the last minute.

        A request is counted in a transaction of its own: what is refused afterwards has counted too.

        Raises:
            InputError: "too_many_requests".
        """
        now = self.clock()
        with self.writing() as connection:
            connection.execute("DELETE FROM requests WHERE since <= ?", (now - WINDOW_SECONDS,))
            [(count,)] = connection.execute(
                "INSERT INTO requests VALUES (?, ?, 1) ON CONFLICT (who) DO UPDATE SET count = count + 1"
                " RETURNING count",
                (who, now),
            ).fetchall()
        if count > limit:
            raise InputError("too_many_requests", f"more than {limit} requests in a minute", limit=limit)

    def requests_of(self, who: str) -> int:
        """Count somebody's requests within the current minute."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT count FROM requests WHERE who = ? AND since > ?", (who, self.clock() - WINDOW_SECONDS)
            ).fetchone()
        return int(row["count"]) if row else 0

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()
