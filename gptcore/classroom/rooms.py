"""Rooms: opened by a teacher, joined by a class, ended after four hours."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from gptcore.classroom import codes
from gptcore.classroom.database import Database
from gptcore.classroom.lessons import Lesson
from gptcore.classroom.questions import Question
from gptcore.classroom.records import ASKED, CLOSED, REVEALED, Asked, OpenedRoom, Room, View
from gptcore.classroom.signals import Signals
from gptcore.classroom.tallies import Tally
from gptcore.errors import InputError

ROOM_SECONDS = 4 * 3600.0
MAX_ROOMS = 200
MAX_PEOPLE = 300
MAX_QUESTIONS = 200
REQUESTS_A_MINUTE = 60
WRONG_CODES_A_MINUTE = 300
"""From one internet address, behind which a whole class may sit."""
MAX_QUERY = 8_000


class Rooms:
    """All rooms of a server. Each method is one transaction; a refusal is an InputError.

    Args:
        path: The SQLite file.
        clock: Seconds since 1970; another one in tests.
    """

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time) -> None:
        self.path = Path(path)
        self._database = Database(self.path, clock)
        self.signals = Signals(self.path.with_name(self.path.name + ".signals"))

    def open(self) -> OpenedRoom:
        """Open a room.

        Raises:
            InputError: "too_many_rooms".
        """
        key = codes.new_token()
        with self._database.writing() as connection:
            now = self._database.clock()
            self._end_old_rooms(connection, now)
            if connection.execute("SELECT count(*) FROM rooms").fetchone()[0] >= MAX_ROOMS:
                raise InputError("too_many_rooms", f"{MAX_ROOMS} rooms are open", limit=MAX_ROOMS)
            while True:
                code, signal = codes.new_code(), codes.new_token()
                values = (code, codes.digest(code, key), signal, now + ROOM_SECONDS)
                added = connection.execute(
                    "INSERT OR IGNORE INTO rooms (code, key_digest, signal, ends) VALUES (?, ?, ?, ?)", values
                )
                if added.rowcount:
                    break
            self.signals.write(signal, 1, 1)
        return OpenedRoom(code, key)

    def close(self, code: str, key: str) -> None:
        """End a room: everything in it is deleted."""
        with self._database.writing() as connection:
            room = self._taught(connection, code, key)
            connection.execute("DELETE FROM rooms WHERE id = ?", (room["id"],))
            self.signals.write(room["signal"], room["version"] + 1, room["activity"] + 1)

    def find(self, typed: str, person: str, address: str = "") -> str:
        """Return the code of the room that somebody typed, or whose link they opened.

        Codes cannot be found by trying: sixty a minute for a person, and few wrong ones for an internet address.

        Raises:
            InputError: "bad_code", "no_room" or "too_many_requests".
        """
        self._count(person)
        if self._database.requests_of(f"wrong codes {address}") >= WRONG_CODES_A_MINUTE:
            raise InputError("too_many_requests", "too many wrong codes", limit=WRONG_CODES_A_MINUTE)
        code = codes.read_code(typed)
        with self._database.reading() as connection:
            found = self._row(connection, code)
        if found is None:
            self._database.count_request(f"wrong codes {address}", WRONG_CODES_A_MINUTE)
            raise no_room(code)
        return code

    def room(self, code: str) -> Room:
        """Return a room as it stands.

        Raises:
            InputError: "no_room" where it has ended.
        """
        with self._database.reading() as connection:
            room = self._existing(connection, code)
            people = connection.execute("SELECT count(*) FROM people WHERE room = ?", (room["id"],)).fetchone()[0]
            last = connection.execute(
                "SELECT * FROM questions WHERE room = ? ORDER BY id DESC LIMIT 1", (room["id"],)
            ).fetchone()
        view = View(room["page"], json.loads(room["query"])) if room["following"] and room["page"] else None
        lesson = Lesson.from_json(room["lesson"]) if room["lesson"] else None
        return Room(
            room["code"], room["signal"], room["version"], room["activity"], people, room["ends"],
            view, bool(room["following"]), _asked(last) if last else None, lesson, room["lesson_place"],
        )  # fmt: skip

    def teaches(self, code: str, key: str) -> bool:
        """Tell whether a key is that of a room."""
        with self._database.reading() as connection:
            row = self._row(connection, code)
        return row is not None and codes.same(row["key_digest"], codes.digest(code, key))

    def join(self, code: str, person: str) -> None:
        """Count a person in; again is as good as once.

        Raises:
            InputError: "no_room", "room_full" or "too_many_requests".
        """
        self._count(person)
        with self._database.writing() as connection:
            room = self._existing(connection, code)
            who = (room["id"], codes.digest(code, person))
            if connection.execute("SELECT 1 FROM people WHERE room = ? AND person = ?", who).fetchone():
                return
            people = connection.execute("SELECT count(*) FROM people WHERE room = ?", (room["id"],)).fetchone()[0]
            if people >= MAX_PEOPLE:
                raise InputError("room_full", f"{MAX_PEOPLE} people are in this room", limit=MAX_PEOPLE)
            connection.execute("INSERT INTO people VALUES (?, ?)", who)
            self._tell(connection, room["id"], "activity")

    def leave(self, code: str, person: str) -> None:
        """Count a person out; their guesses stay."""
        self._count(person)
        with self._database.writing() as connection:
            room = self._existing(connection, code)
            who = (room["id"], codes.digest(code, person))
            connection.execute("DELETE FROM people WHERE room = ? AND person = ?", who)
            self._tell(connection, room["id"], "activity")

    def ask(self, code: str, key: str, question: Question) -> int:
        """Ask a question; the one before it can no longer be guessed. Returns its number in the file."""
        with self._database.writing() as connection:
            room = self._taught(connection, code, key)
            count = connection.execute("SELECT count(*) FROM questions WHERE room = ?", (room["id"],)).fetchone()[0]
            if count >= MAX_QUESTIONS:
                raise InputError("too_many_questions", f"{MAX_QUESTIONS} questions were asked", limit=MAX_QUESTIONS)
            connection.execute(
                "UPDATE questions SET state = ? WHERE room = ? AND state = ?", (CLOSED, room["id"], ASKED)
            )
            added = connection.execute(
                "INSERT INTO questions (room, question, state) VALUES (?, ?, ?)",
                (room["id"], question.to_json(), ASKED),
            )
            self._tell(connection, room["id"], "version")
        return int(added.lastrowid or 0)

    def set_state(self, code: str, key: str, question: int, state: str) -> None:
        """Close the answers of one of this room's questions, or reveal it; there is no way back."""
        allowed = {CLOSED: (ASKED,), REVEALED: (ASKED, CLOSED)}[state]
        with self._database.writing() as connection:
            room = self._taught(connection, code, key)
            row = self._question(connection, room["id"], question)
            if row["state"] not in allowed:
                return
            connection.execute("UPDATE questions SET state = ? WHERE id = ?", (state, question))
            self._tell(connection, room["id"], "version")

    def guess(self, code: str, person: str, question: int, given: object) -> float:
        """Note a person's guess; the last one counts. Returns it as it was read.

        Raises:
            InputError: "not_in_room", "no_question" (another room's too), "answers_closed", "bad_guess",
                "too_many_requests" or "no_room".
        """
        self._count(person)
        with self._database.writing() as connection:
            room = self._existing(connection, code)
            who = codes.digest(code, person)
            if not connection.execute(
                "SELECT 1 FROM people WHERE room = ? AND person = ?", (room["id"], who)
            ).fetchone():
                raise InputError("not_in_room", "only who has joined can guess")
            row = self._question(connection, room["id"], question)
            if row["state"] != ASKED:
                raise InputError("answers_closed", "the answers are closed")
            guess = Question.from_json(row["question"]).read_guess(given)
            connection.execute("INSERT OR REPLACE INTO guesses VALUES (?, ?, ?)", (question, who, guess))
            self._tell(connection, room["id"], "activity")
        return guess

    def guess_of(self, code: str, person: str, question: int) -> float | None:
        """Return what a person guessed, or None."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT guess FROM guesses WHERE question = ? AND person = ?", (question, codes.digest(code, person))
            ).fetchone()
        return float(row["guess"]) if row else None

    def tally(self, code: str, question: int) -> Tally:
        """Return the guesses at one of a room's questions."""
        with self._database.reading() as connection:
            row = self._question(connection, self._existing(connection, code)["id"], question)
            guesses = connection.execute("SELECT guess FROM guesses WHERE question = ?", (question,)).fetchall()
        return Tally(Question.from_json(row["question"]), tuple(float(guess["guess"]) for guess in guesses))

    def questions(self, code: str) -> tuple[Asked, ...]:
        """Return everything that was asked in a room, in order."""
        with self._database.reading() as connection:
            room = self._existing(connection, code)
            rows = connection.execute("SELECT * FROM questions WHERE room = ? ORDER BY id", (room["id"],)).fetchall()
        return tuple(_asked(row) for row in rows)

    def follow(self, code: str, key: str, on: bool) -> None:
        """Let the class follow the teacher's views, or no longer."""
        self._update(code, key, {"following": int(on)})

    def show(self, code: str, key: str, view: View) -> None:
        """Note where the teacher is, if the class follows; it goes there."""
        query = json.dumps(dict(view.query), ensure_ascii=False, sort_keys=True)
        if len(query) <= MAX_QUERY:
            self._update(code, key, {"page": view.page, "query": query}, only_if="following")

    def teach(self, code: str, key: str, lesson: Lesson | None, place: int = -1) -> None:
        """Keep the lesson that is taught in this room, and at which of its views one is."""
        last = len(lesson.views) - 1 if lesson else -1
        words = lesson.to_json() if lesson else ""
        self._update(code, key, {"lesson": words, "lesson_place": max(-1, min(place, last))})

    def _update(self, code: str, key: str, values: Mapping[str, str | int], only_if: str = "") -> None:
        """Change columns of a room that its teacher asks for; where nothing changes, nobody is told."""
        with self._database.writing() as connection:
            room = self._taught(connection, code, key)
            if (only_if and not room[only_if]) or all(room[name] == value for name, value in values.items()):
                return
            columns = ", ".join(f"{name} = ?" for name in values)
            connection.execute(f"UPDATE rooms SET {columns} WHERE id = ?", (*values.values(), room["id"]))
            self._tell(connection, room["id"], "version")

    def _count(self, person: str) -> None:
        if not codes.is_token(person):
            raise InputError("not_in_room", "this is not a person's token")
        self._database.count_request(codes.digest("requests", person), REQUESTS_A_MINUTE)

    def _end_old_rooms(self, connection: sqlite3.Connection, now: float) -> None:
        connection.execute("DELETE FROM rooms WHERE ends <= ?", (now,))
        self.signals.sweep({row["signal"] for row in connection.execute("SELECT signal FROM rooms")})

    def _row(self, connection: sqlite3.Connection, code: str) -> sqlite3.Row | None:
        query = "SELECT * FROM rooms WHERE code = ? AND ends > ?"
        row: sqlite3.Row | None = connection.execute(query, (code, self._database.clock())).fetchone()
        return row

    def _existing(self, connection: sqlite3.Connection, code: str) -> sqlite3.Row:
        row = self._row(connection, code)
        if row is None:
            raise no_room(code)
        return row

    def _taught(self, connection: sqlite3.Connection, code: str, key: str) -> sqlite3.Row:
        room = self._existing(connection, code)
        if not codes.same(room["key_digest"], codes.digest(code, key)):
            raise InputError("not_the_teacher", "only the teacher of this room can do that")
        return room

    def _question(self, connection: sqlite3.Connection, room: int, question: int) -> sqlite3.Row:
        row: sqlite3.Row | None = connection.execute(
            "SELECT * FROM questions WHERE id = ? AND room = ?", (question, room)
        ).fetchone()
        if row is None:
            raise InputError("no_question", "there is no such question in this room")
        return row

    def _tell(self, connection: sqlite3.Connection, room: int, number: str) -> None:
        """Raise a room's version or activity, in its row and in its signal: within the transaction, so in order."""
        query = f"UPDATE rooms SET {number} = {number} + 1 WHERE id = ? RETURNING signal, version, activity"
        row = connection.execute(query, (room,)).fetchall()[0]
        self.signals.write(row["signal"], row["version"], row["activity"])


def no_room(code: str) -> InputError:
    """What somebody hears whose room is not there, or no longer."""
    return InputError("no_room", f"there is no room {code}", typed=code[:20])


def _asked(row: sqlite3.Row) -> Asked:
    return Asked(row["id"], Question.from_json(row["question"]), row["state"])
