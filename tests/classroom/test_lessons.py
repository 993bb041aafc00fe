"""Lessons as files and as links, from hands that mean well and from others."""

import base64
import json
import zlib
from typing import Any

import pytest

from gptcore.classroom import Lesson, LessonQuestion, LessonView
from gptcore.classroom.lessons import MAX_VIEWS
from gptcore.errors import InputError

LESSON = Lesson(
    "Loss, 损失 & <b>",
    (
        LessonView("One", "explore", {"seed": "1", "prompt_1": "every \u201ceffort\u201d\n"}, "Say this.", None),
        LessonView("Two", "step_by_step", {"step": "3"}, question=LessonQuestion("top_token", 2)),
        LessonView("Three", "train", {}, question=LessonQuestion("free", text="Why?", options=("a", "b"))),
    ),
)


def test_a_file_and_a_link_bring_the_lesson_back() -> None:
    assert Lesson.from_json(LESSON.to_json()) == LESSON
    assert Lesson.from_json(LESSON.to_json().encode()) == LESSON
    assert Lesson.from_link(LESSON.to_link()) == LESSON
    assert Lesson.from_link(LESSON.to_link()).to_link() == LESSON.to_link()


def test_views_are_added_moved_changed_and_removed() -> None:
    one, two, three = LESSON.views
    assert LESSON.moved_view(0, 1).views == (two, one, three)
    assert LESSON.moved_view(2, -1).views == (one, three, two)
    assert LESSON.moved_view(0, -1) == LESSON.moved_view(2, 1) == LESSON
    assert LESSON.without_view(1).views == (one, three)
    assert LESSON.with_view(one).views == (one, two, three, one)
    assert LESSON.changed_view(1, one).views == (one, one, three)


def changed(**fields: Any) -> str:
    return json.dumps({**json.loads(LESSON.to_json()), **fields})


def with_view(**fields: Any) -> str:
    view: dict[str, Any] = {"title": "One", "page": "explore", "query": {}, "note": "", "question": None}
    return changed(views=[{**view, **fields}])


@pytest.mark.parametrize(
    "words",
    [
        "",
        "{",
        "[]",
        "null",
        '"lesson"',
        "NaN",
        "[" * 50_000,
        "\ud800",
        b"\xff\xfe\x00",
        b"PK\x03\x04",
        changed(format=2),
        changed(title=7),
        changed(title="x" * 301),
        changed(views={}),
        changed(views=["explore"]),
        changed(views=[{"title": "One", "page": "explore", "query": {}}] * (MAX_VIEWS + 1)),
        with_view(page="../secret"),
        with_view(page="https://example.org"),
        with_view(page=None),
        with_view(query=[["seed", "1"]]),
        with_view(query={"seed": 1}),
        with_view(query={"<b>": "1"}),
        with_view(query={"prompt_1": "x" * 4_001}),
        with_view(note="x" * 2_001),
        with_view(question="top_token"),
        with_view(question={"kind": "anything"}),
        with_view(question={"kind": "top_token", "position": -1}),
        with_view(question={"kind": "top_token", "position": 1.5}),
        with_view(question={"kind": "free", "text": "Why?", "options": ["a"]}),
        with_view(question={"kind": "free", "text": "Why?", "options": [1, 2]}),
        with_view(question={"kind": "free", "text": "Why?", "options": "ab"}),
        "x" * 200_000,
    ],
    ids=range(32),
)
def test_what_is_no_lesson_is_refused(words: str | bytes) -> None:
    with pytest.raises(InputError) as caught:
        Lesson.from_json(words)
    assert caught.value.code == "bad_lesson"


def packed(words: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(words, 9)).decode().rstrip("=")


@pytest.mark.parametrize(
    "link",
    ["", "x", "####", "=" * 10, "é", LESSON.to_link()[:-4], packed(b"{}"), packed(b"\0" * 5_000_000), "A" * 100_000],
    ids=range(9),
)
def test_what_is_no_link_to_a_lesson_is_refused(link: str) -> None:
    with pytest.raises(InputError) as caught:
        Lesson.from_link(link)
    assert caught.value.code == "bad_lesson"


def test_a_lesson_too_long_for_a_link_says_so() -> None:
    import random

    noise = random.Random(1)
    views = tuple(
        LessonView("x", "explore", {"prompt_1": "".join(chr(noise.randrange(33, 1000)) for _ in range(900))})
        for _ in range(8)
    )
    with pytest.raises(InputError) as caught:
        Lesson("long", views).to_link()
    assert caught.value.code == "lesson_too_long_for_a_link"
