"""Lessons on the page: those that ship, those that are made here, and those that come from elsewhere."""

import math

import pytest

from gptcore import Example, score
from gptcore.classroom import Lesson, LessonQuestion, LessonView, Rooms
from gptcore.classroom.lessons import SHIPPED, shipped_lesson
from gptcore.classroom.report_questions import question_of
from gptcore.errors import InputError
from gptcore.texts import LANGUAGES, text_in
from gptcore.ui.frame import PAGES
from gptcore.ui.room.handout import handout
from gptcore.ui.room.session import rooms
from gptcore.weights import trained_small_model
from tests.support.visiting import address_of, choose, metrics, notices, press, settled, visit, warnings
from tests.ui.classroom.test_page import student, teacher, words


@pytest.fixture(autouse=True)
def shared() -> Rooms:
    """Give each test a file of its own."""
    rooms.clear()
    return rooms()


@pytest.mark.parametrize("name", SHIPPED)
def test_the_languages_teach_the_same(name: str) -> None:
    english, chinese = (shipped_lesson(name, language) for language in LANGUAGES)
    assert [(view.page, view.query) for view in english.views] == [(view.page, view.query) for view in chinese.views]
    for one, other in zip(english.views, chinese.views, strict=True):
        assert one.page in PAGES
        assert one.title != other.title
        assert one.note
        assert other.note
        kinds = [view.question and (view.question.kind, view.question.position) for view in (one, other)]
        assert kinds[0] == kinds[1]
    assert Lesson.from_link(english.to_link()) == english


def test_what_the_lesson_says_of_its_texts_is_so() -> None:
    model = trained_small_model()
    views = shipped_lesson("what_does_a_perplexity_mean", "en").views
    (hard,) = [view for view in views if view.question and view.question.kind == "harder_text"]
    pair = [Example(hard.query[f"prompt_{n}"], alignment="shifted") for n in (1, 2)]
    in_order, out_of_order = (hard.query[f"prompt_{n}"].lower().replace(".", "").split() for n in (1, 2))
    assert sorted(in_order) == sorted(out_of_order)
    assert question_of(score(model, pair), "harder_text").answer == 1.0  # out of order is harder
    (repeated,) = [view for view in views if view.title == "A text that repeats itself"]
    report = score(model, [Example(repeated.query["prompt_1"], alignment="shifted")])
    half = report.positions // 2
    assert report.surprisal_nats[:half].mean() > report.surprisal_nats[half:].mean() + math.log(2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lesson_is_run_with_next_and_back(language: str, shared: Rooms) -> None:
    at, code = teacher(lang=language)
    lesson = shipped_lesson(SHIPPED[0], language)
    press(at, "lesson_start")
    assert shared.room(code).lesson == lesson
    for place in (0, 1):
        press(at, "lesson_next")
        assert shared.room(code).lesson_place == place
    assert address_of(at) == {"room": code, "vocabulary": "seven"} | ({"lang": "zh"} if language == "zh" else {})
    assert lesson.views[1].query == {"step": "1", "vocabulary": "seven"}  # the first step needs no words of its own
    press(at, "lesson_back")
    question = lesson.views[0].question
    assert question is not None
    assert at.selectbox(key="ask_kind").value == question.kind
    assert at.selectbox(key="ask_position").value == question.position
    assert lesson.views[0].note not in words(student(code))


def test_a_lesson_is_made_from_views_and_edited(shared: Rooms) -> None:
    at, code = teacher("explore")
    at.text_input(key="lesson_title").set_value("<b>One</b>").run()
    press(at, "lesson_add")
    choose(at, "seed", 7)
    press(at, "lesson_add")
    lesson = shared.room(code).lesson
    assert lesson is not None
    assert [view.title for view in lesson.views] == ["<b>One</b>", text_in("en", "app")("pages.explore")]
    assert [view.query for view in lesson.views] == [{"size": "mini"}, {"size": "mini", "seed": "7"}]
    link = lesson.to_link()
    other = visit("classroom", lesson=link)
    assert any("New lesson" in notice and "2 views" in notice for notice in notices(other))
    press(other, "room_open")
    press(other, "lesson_start")
    assert shared.room(address_of(other)["room"]).lesson == lesson
    assert warnings(visit("classroom", lesson=link[:-5])) == [text_in("en", "classroom_errors")("bad_lesson")]


def test_a_view_that_leads_nowhere_stays_where_it_is(shared: Rooms) -> None:
    at, code = teacher()
    room = shared.room(code)
    lesson = Lesson(
        "Elsewhere", (LessonView("Nowhere", "no_such_page", {}), LessonView("Two", "explore", {"seed": "x"}))
    )
    shared.teach(code, at.session_state["_room_key"], lesson)
    settled(at.run())
    press(at, "lesson_next")
    press(at, "lesson_next")
    assert shared.room(code).lesson_place == 1
    assert room.code == code
    with pytest.raises(InputError):
        Lesson.from_json('{"format": 1, "views": [{"page": "../x"}]}')
    assert len(metrics(at)) in (0, 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_handout_has_space_first_and_the_answers_last(language: str) -> None:
    lesson = shipped_lesson("what_does_a_perplexity_mean", language)
    page = handout(lesson, text_in(language, "lessons"), text_in(language, "classroom"), "http://127.0.0.1")
    questions, _, answers = page.partition("class='answers'")
    assert all(view.title in questions for view in lesson.views)
    assert "48,725.8" in answers
    assert "48,725.8" not in questions
    assert "<script" not in page
    assert "src=" not in page  # nothing to be fetched


def test_a_handout_of_a_hostile_lesson_is_text() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    query = {"size": "nothing", "seed": hostile, "prompt_1": hostile, "alignment": hostile}
    asked = LessonQuestion("free", text=hostile, options=(hostile, "b"))
    views = (
        LessonView(hostile, "explore", query, hostile, LessonQuestion("top_token", 99)),
        LessonView("x", "x", {}, "", asked),
    )
    page = handout(Lesson(hostile, views), text_in("en", "lessons"), text_in("en", "classroom"), "")
    assert hostile not in page
    assert "&lt;img" in page


def test_one_view_leaves_as_a_handout_from_any_page() -> None:
    at, _ = teacher("explore")
    assert [button.proto.label for button in at.get("download_button") if "handout" in button.proto.id] == [
        text_in("en", "lessons")("handout_view")
    ]
