"""Lessons: an ordered list of views, each with a title, a note for the teacher and perhaps a question."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

from gptcore.classroom.questions import MAX_CHARACTERS, MAX_OPTIONS, Kind
from gptcore.errors import InputError

MAX_VIEWS = 60
MAX_BYTES = 100_000
MAX_NOTE = 2_000
MAX_VALUE = 4_000
MAX_LINK = 6_000
"""Longest link form, in characters: proxies allow about 8 KB for an address."""
SHIPPED = ("what_is_a_loss", "what_does_a_perplexity_mean")
_FOLDER = Path(__file__).parents[1] / "data" / "lessons"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FORMAT = 1


@dataclass(frozen=True)
class LessonQuestion:
    """What a view asks. The right answer is computed when it is asked.

    Attributes:
        kind: What is asked.
        position: Which scored position it is about, from 0, where it is about one.
        text, options: The words of a free question.
    """

    kind: Kind
    position: int = 0
    text: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class LessonView:
    """One view of a lesson.

    Attributes:
        title: What it shows.
        page: A page of the app, by its address.
        query: What the address says besides: the model, the texts, the step, …
        note: For the teacher alone.
        question: What the class is asked there, or None.
    """

    title: str
    page: str
    query: Mapping[str, str]
    note: str = ""
    question: LessonQuestion | None = None


@dataclass(frozen=True)
class Lesson:
    """An ordered list of views."""

    title: str
    views: tuple[LessonView, ...] = ()

    def with_view(self, view: LessonView) -> Lesson:
        """Return the lesson with one more view at its end.

        Raises:
            InputError: "bad_lesson" where it would be too long.
        """
        return _checked(replace(self, views=(*self.views, view)))

    def without_view(self, place: int) -> Lesson:
        """Return the lesson without one of its views."""
        return replace(self, views=tuple(view for n, view in enumerate(self.views) if n != place))

    def changed_view(self, place: int, view: LessonView) -> Lesson:
        """Return the lesson with another view at a place."""
        return _checked(replace(self, views=tuple(view if n == place else old for n, old in enumerate(self.views))))

    def moved_view(self, place: int, by: int) -> Lesson:
        """Return the lesson with a view moved by some places; the same lesson at either end."""
        views = list(self.views)
        if not 0 <= place + by < len(views):
            return self
        views.insert(place + by, views.pop(place))
        return replace(self, views=tuple(views))

    def to_json(self) -> str:
        """Write the lesson as one JSON file."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, words: str | bytes) -> Lesson:
        """Read a lesson from a file that anybody may have written.

        Raises:
            InputError: "bad_lesson", with what is wrong with it.
        """
        if len(words) > MAX_BYTES:
            raise bad_lesson("too long")
        try:
            given = json.loads(words)
        except (ValueError, RecursionError) as error:
            raise bad_lesson("no JSON") from error
        if not isinstance(given, dict) or given.get("format") != _FORMAT or not isinstance(given.get("views"), list):
            raise bad_lesson("no lesson")
        return _checked(cls(given.get("title", ""), tuple(_read_view(view) for view in given["views"])))

    def to_link(self) -> str:
        """Write the lesson as the value of `?lesson=`.

        Raises:
            InputError: "lesson_too_long_for_a_link".
        """
        packed = json.dumps({"format": _FORMAT, **asdict(self)}, ensure_ascii=False, separators=(",", ":"))
        link = base64.urlsafe_b64encode(zlib.compress(packed.encode("utf-8", "surrogatepass"), 9)).decode()
        if len(link) > MAX_LINK:
            raise InputError("lesson_too_long_for_a_link", "this lesson is too long for a link: save it as a file")
        return link.rstrip("=")

    @classmethod
    def from_link(cls, link: str) -> Lesson:
        """Read what `to_link` wrote.

        Raises:
            InputError: "bad_lesson".
        """
        if len(link) > MAX_LINK:
            raise bad_lesson("too long")
        try:
            packed = base64.b64decode(link + "=" * (-len(link) % 4), altchars=b"-_", validate=True)
            unpacking = zlib.decompressobj()
            words = unpacking.decompress(packed, MAX_BYTES + 1)  # a small link may unpack to a very large text
        except (ValueError, binascii.Error, zlib.error) as error:
            raise bad_lesson("no link to a lesson") from error
        if not unpacking.eof:
            raise bad_lesson("cut short, or too long")
        return cls.from_json(words)


def shipped_lesson(name: str, language: str) -> Lesson:
    """Return one of the lessons that ship, in a language."""
    return Lesson.from_json((_FOLDER / f"{name}.{language}.json").read_bytes())


def bad_lesson(reason: str) -> InputError:
    """What somebody hears whose file or link holds no lesson."""
    return InputError("bad_lesson", f"this is not a lesson: {reason}")


def _read_view(given: Any) -> LessonView:
    if not isinstance(given, dict):
        raise bad_lesson("a view is no view")
    question = given.get("question")
    if question is not None:
        if not isinstance(question, dict) or not isinstance(question.get("options", []), list):
            raise bad_lesson("a question is no question")
        options = tuple(question.get("options", []))
        question = LessonQuestion(
            question.get("kind", ""), question.get("position", 0), question.get("text", ""), options
        )
    return LessonView(
        given.get("title", ""), given.get("page", ""), given.get("query", {}), given.get("note", ""), question
    )


def _checked(lesson: Lesson) -> Lesson:
    """Return a lesson whose every part is of its kind and not too long."""
    if not _is_text(lesson.title, MAX_CHARACTERS) or len(lesson.views) > MAX_VIEWS:
        raise bad_lesson("its title, or too many views")
    for number, view in enumerate(lesson.views, start=1):
        if not (
            _is_text(view.title, MAX_CHARACTERS)
            and _is_text(view.note, MAX_NOTE)
            and isinstance(view.page, str)
            and _NAME.fullmatch(view.page)
            and isinstance(view.query, dict)
            and all(isinstance(key, str) and _NAME.fullmatch(key) for key in view.query)
            and all(_is_text(words, MAX_VALUE) for words in view.query.values())
            and (view.question is None or _is_question(view.question))
        ):
            raise bad_lesson(f"view {number}")
    if len(lesson.to_json().encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise bad_lesson("too long")
    return lesson


def _is_question(question: LessonQuestion) -> bool:
    return (
        question.kind in get_args(Kind)
        and type(question.position) is int
        and 0 <= question.position < 100_000
        and _is_text(question.text, MAX_CHARACTERS)
        and len(question.options) <= MAX_OPTIONS
        and all(_is_text(option, MAX_CHARACTERS) for option in question.options)
        and (question.kind != "free" or (bool(question.text.strip()) and len(question.options) >= 2))
    )


def _is_text(words: object, longest: int) -> bool:
    return isinstance(words, str) and len(words) <= longest
