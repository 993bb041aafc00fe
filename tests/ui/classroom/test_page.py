"""A room without a browser: a teacher and students in sessions of their own, in both languages."""

from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from gptcore import score
from gptcore.classroom import REVEALED, Rooms
from gptcore.config import SIZES
from gptcore.initialization import untrained_model
from gptcore.presets import PRESETS
from gptcore.texts import LANGUAGES, text_in
from gptcore.ui.room import presence
from gptcore.ui.room.session import rooms
from gptcore.ui.state import url
from tests.support.visiting import address_of, choose, metrics, open_part, press, settled, visit, warnings

MARKUP = "<script>alert(1)</script> **bold** [x](http://x) $a$"


@pytest.fixture(autouse=True)
def shared() -> Rooms:
    """Give each test a file of its own."""
    rooms.clear()
    return rooms()


def teacher(page: str = "classroom", **query: Any) -> tuple[AppTest, str]:
    at = press(visit("classroom", **query), "room_open")
    if page != "classroom":
        settled(at.switch_page(f"pages/{page}.py").run())
    return at, address_of(at)["room"]


def student(code: str, page: str = "classroom", language: str = "en-US", **query: Any) -> AppTest:
    return visit(page, browser_language=language, room=code, **query)


def words(at: AppTest) -> str:
    """Return everything that is written on the page."""
    elements = [*at.title, *at.header, *at.subheader, *at.markdown, *at.caption, *at.info, *at.success, *at.warning]
    return "\n".join(element.value for element in elements)


def send(at: AppTest, guess: float) -> AppTest:
    at.select_slider(key="guess").set_value(guess)
    return press(settled(at.run()), "send_guess")


def asked(at: AppTest) -> bool:
    return any(button.key == "send_guess" for button in at.button)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_from_asking_to_the_answer(language: str, shared: Rooms) -> None:
    text, locale = text_in(language, "classroom"), {"en": "en-US", "zh": "zh-CN"}[language]
    report = score(untrained_model(SIZES["mini"].with_(context_length=256), 123), PRESETS["book"])
    answer = f"{report.perplexity:,.2f}"
    at, code = teacher()
    ada, bob = student(code, language=locale), student(code, language=locale)
    assert text("waiting") in words(ada)
    press(at, "ask")
    for each in (ada, bob):
        settled(each.run())
        assert text("questions.perplexity") in words(each)
        assert asked(each)
    points = list(ada.select_slider(key="guess").options)
    assert (points[0], points[-1]) == ("1", "100,514")
    assert "50,257" in points
    send(ada, 1.0)
    send(ada, 50_257.0)  # the last one counts
    assert text("sent", guess="50,257") in words(ada)
    send(bob, 100_514.0)
    settled(at.run())
    assert text_in("en", "classroom")("answered", count=2, people=2) in words(at)
    for each in (at, ada, bob):
        assert answer not in words(each)
    press(at, "close_answers")
    settled(bob.run())
    assert not asked(bob)
    assert text("closed") in words(bob)
    press(at, "reveal")
    for each in (at, ada, bob):
        settled(each.run())
        assert answer in words(each)
    within = sum(report.perplexity / 2 <= guess <= report.perplexity * 2 for guess in (50_257.0, 100_514.0))
    assert f"{within} of 2 were within a factor of two" in words(at)
    assert text("close_to") in words(ada)
    question = shared.questions(code)[0]
    assert question.state == REVEALED
    assert question.question.answer == pytest.approx(report.perplexity, rel=1e-6)


def test_a_class_can_be_asked_after_an_answer_was_looked_up() -> None:
    at, _ = teacher("perplexity")
    press(open_part(at, "questions"), "question_exceed")
    press(at, "ask")
    press(at, "reveal")
    assert any(button.key == "room_done" for button in at.button)


def test_the_page_behind_stays_away_until_the_answer_is_revealed() -> None:
    at, code = teacher("explore")
    ada = student(code)
    assert len(metrics(at)) == 3
    before = address_of(at)
    press(at, "ask")
    assert metrics(at) == {}
    assert address_of(at) == before
    send(settled(ada.run()), 7.31)
    press(at, "reveal")
    assert len(metrics(at)) == 3
    press(at, "room_done")
    assert not any(button.key == "room_done" for button in at.button)


@pytest.mark.parametrize(
    ("kind", "position"),
    [
        ("target_probability", 2),
        ("top_token", 1),
        ("minus_log", 5),
        ("most_surprising", None),
        ("harder_text", None),
        ("below_uniform", None),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_asked_answered_and_revealed(
    kind: str, position: int | None, language: str, shared: Rooms
) -> None:
    at, code = teacher(lang=language)
    choose(at, "ask_kind", kind)
    if position is not None:
        choose(at, "ask_position", position)
    press(at, "ask")
    ada = settled(student(code).run())
    question = shared.questions(code)[0].question
    assert question.answer is not None
    if question.scale == "options":
        assert ada.radio(key="guess").value is None
        ada.radio(key="guess").set_value(int(question.answer))
    else:
        answer = question.answer
        ada.select_slider(key="guess").set_value(min(question.points(), key=lambda point: abs(point - answer)))
    press(settled(ada.run()), "send_guess")
    press(at, "reveal")
    settled(ada.run())
    assert shared.tally(code, shared.questions(code)[0].id).close() == 1
    text = text_in("en", "classroom")
    assert (text("right") if question.scale == "options" else text("close_to")) in words(ada)
    settled(at.run())


def test_a_question_of_ones_own_is_never_markup(shared: Rooms) -> None:
    at, code = teacher()
    choose(at, "ask_kind", "free")
    at.text_input(key="ask_text").set_value(MARKUP).run()
    at.text_area(key="ask_options").set_value(f"{MARKUP}\n`code`\n\n{MARKUP}").run()
    press(at, "ask")
    question = shared.questions(code)[0].question
    assert (question.text, question.options) == (MARKUP, (MARKUP, "`code`"))
    ada = student(code)
    assert MARKUP not in words(ada)
    assert "\\<script\\>" in words(ada)
    assert all(MARKUP not in option for option in ada.radio(key="guess").options)
    ada.radio(key="guess").set_value(1)
    press(settled(ada.run()), "send_guess")
    press(at, "reveal")
    assert MARKUP not in words(at)


def test_a_question_that_cannot_be_asked_says_why(shared: Rooms) -> None:
    at, code = teacher()
    choose(at, "ask_kind", "free")
    press(at, "ask")
    assert warnings(at) == [text_in("en", "classroom_errors")("bad_free_question", limit=8)]
    assert shared.questions(code) == ()
    broken, _ = teacher(prompt_1="", target_1="x")
    assert broken.selectbox(key="ask_kind").options == [text_in("en", "classroom")("kinds.free")]
    assert text_in("en", "classroom")("texts_first") in words(broken)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("typed", ["", "ABCDE", "A<b>", "12345678", MARKUP[:20]])
def test_a_wrong_code_gets_a_sentence_and_stays_in_its_field(language: str, typed: str) -> None:
    at = visit("classroom", lang=language)
    at.text_input(key="room_code").set_value(typed).run()
    press(at, "room_join")
    assert len(warnings(at)) == 1
    assert at.text_input(key="room_code").value == typed
    assert "room" not in address_of(at)
    assert len(warnings(visit("classroom", room=typed or "x", lang=language))) == 1


def test_a_closed_tab_is_counted_out_and_back_in_with_a_guess(shared: Rooms) -> None:
    """The last of a person's tabs counts: `_gone` is what Streamlit calls where a connection is lost."""
    at, code = teacher()
    phone = student(code)
    assert shared.room(code).people == 1
    tab = presence._Tab(code, phone.session_state["_room_person"])
    press(at, "ask")
    phone = settled(phone.run())
    presence._gone(tab)
    assert shared.room(code).people == 0
    send(phone, 1_000.0)
    assert shared.room(code).people == 1
    assert shared.tally(code, shared.questions(code)[0].id).count == 1


def test_a_code_is_typed_in_any_form(shared: Rooms) -> None:
    code = shared.open().code
    at = visit("classroom")
    at.text_input(key="room_code").set_value(f" {code.lower()} ").run()
    press(at, "room_join")
    assert address_of(at)["room"] == code
    assert shared.room(code).people == 1
    press(at, "room_leave")
    assert "room" not in address_of(at)
    assert shared.room(code).people == 0
    assert any(button.key == "room_join" for button in at.button)


def test_the_private_link_makes_a_teacher_and_leaves_the_address(shared: Rooms) -> None:
    room = shared.open()
    at = visit("classroom", room=room.code, key=room.key)
    assert any(button.key == "ask" for button in at.button)
    assert "key" not in address_of(at)
    other = shared.open()
    for wrong in (other.key, "", "x", room.key[:-1] + "-"):
        stranger = visit("classroom", room=room.code, key=wrong)
        assert not any(button.key == "ask" for button in stranger.button)
    assert shared.room(room.code).people == 4


def test_a_room_that_ends_says_so_everywhere(shared: Rooms) -> None:
    at, code = teacher()
    ada, bob = student(code), student(code, "explore")
    press(at, "room_close")
    assert any(button.key == "room_open" for button in at.button)
    for each in (ada, bob):
        settled(each.run())
        assert warnings(each) == [text_in("en", "classroom_errors")("no_room", typed=f"`{code}`")]
        assert "room" not in address_of(each)
    assert len(metrics(bob)) == 3


def test_students_follow_the_teacher_leave_and_come_back() -> None:
    at, code = teacher()
    ada = student(code, "explore", lang="zh")  # AppTest goes back to its page after a switch
    settled(at.switch_page("pages/explore.py").run())
    at.toggle(key="follow").set_value(True).run()
    choose(at, "seed", 7)
    settled(ada.run())
    assert metrics(ada) == metrics(at)
    query = address_of(ada)
    assert (query["seed"], query["room"], query["lang"]) == ("7", code, "zh")
    press(ada, "room_alone")
    choose(at, "seed", 8)
    settled(ada.run())
    assert address_of(ada)["seed"] == "7"
    press(ada, "room_back")
    assert address_of(ada)["seed"] == "8"
    assert metrics(ada) == metrics(at)
    press(at, "ask")
    settled(ada.run())
    assert metrics(ada) == {}  # the answer is on the page behind
    press(at, "reveal")
    settled(ada.run())
    assert metrics(ada) == metrics(at)


def test_the_results_are_a_list_and_a_table(shared: Rooms) -> None:
    at, code = teacher()
    ada = student(code)
    for kind in ("perplexity", "below_uniform"):
        choose(at, "ask_kind", kind)
        press(at, "ask")
        settled(ada.run())
    press(at, "reveal")
    press(at, "room_done")
    labels = [expander.label for expander in at.expander if expander.label[0].isdigit()]
    assert [label[:2] for label in labels] == ["1.", "2."]
    assert any(
        element.proto.label == text_in("en", "classroom")("save_results") for element in at.get("download_button")
    )


@pytest.mark.parametrize(("losses", "answer"), [((2.0, 1.5), "lower"), ((1.5, 1.7), "higher")])
def test_a_step_of_the_training_on_the_screen_is_asked_about(
    losses: tuple[float, float], answer: str, shared: Rooms
) -> None:
    at, code = teacher("train")
    assert "training_step" not in kinds_of(at)  # nothing is trained yet
    at.session_state["_room_training_step"] = (*losses, 3)
    settled(at.run())
    choose(at, "ask_kind", "training_step")
    press(at, "ask")
    question = shared.questions(code)[0].question
    assert question.answer is not None
    assert question.options[int(question.answer)] == answer
    text = text_in("en", "classroom")
    assert text("questions.training_step", loss=f"{losses[0]:.4f}", step=3) in words(at)
    assert list(student(code).radio(key="guess").options) == [text("options.higher"), text("options.lower")]


def kinds_of(at: AppTest) -> list[str]:
    """Return which kinds of question can be asked."""
    kinds = text_in("en", "classroom").group("kinds")
    shown = {words: kind for kind, words in kinds.items()}
    return [shown[option] for option in at.selectbox(key="ask_kind").options]


def test_who_opens_a_room_before_the_first_run_has_ended_is_its_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run still has the link to read, to a room that there is not."""
    with monkeypatch.context() as context:
        context.setattr(url, "finish", st.stop)
        at = student("ZZZZ")
        assert len(warnings(at)) == 1
        press(at, "room_open")
        assert warnings(at) == []
    assert address_of(settled(at.run()))["room"] != "ZZZZ"
