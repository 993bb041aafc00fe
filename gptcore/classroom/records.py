"""What a room consists of, as it is read from the file: frozen, without the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gptcore.classroom.lessons import Lesson
from gptcore.classroom.questions import Question

ASKED, CLOSED, REVEALED = "asked", "closed", "revealed"
"""The states of a question: it can be guessed; it cannot any longer; its answer is shown."""


@dataclass(frozen=True)
class OpenedRoom:
    """A room's code, for everybody, and the key that makes whoever has it its teacher."""

    code: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class View:
    """A page of the app, and what its address says: the model, the texts, the step and so on."""

    page: str
    query: Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """A question that was asked in a room.

    Attributes:
        id: Its number in the file.
        question: What was asked, with its answer: not for a student before it is revealed.
        state: "asked", "closed" or "revealed".
    """

    id: int
    question: Question
    state: str


@dataclass(frozen=True)
class Room:
    """A room as it stands.

    Attributes:
        code: What joins it.
        signal: The name of the small file whose two numbers change with the room (see `Signals`).
        version: Goes up when students have something new to see.
        activity: Goes up when only the teacher has: somebody joined, left or guessed.
        people: How many have joined and not left.
        ends: When it ends by itself, in seconds since 1970.
        following: The view that the class follows, or None while it follows nobody.
        is_followed: Whether the class follows the teacher.
        asked: The last question, or None.
        lesson: The lesson that is taught, or None.
        lesson_place: The index of its current view; -1 before the first.
    """

    code: str
    signal: str
    version: int
    activity: int
    people: int
    ends: float
    following: View | None
    is_followed: bool
    asked: Asked | None
    lesson: Lesson | None = field(repr=False)
    lesson_place: int
