"""Rooms without a page: who may do what, what is refused, and that nothing is lost."""

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gptcore.classroom import (
    ASKED,
    CLOSED,
    MAX_PEOPLE,
    MAX_ROOMS,
    REQUESTS_A_MINUTE,
    REVEALED,
    ROOM_SECONDS,
    Lesson,
    LessonView,
    OpenedRoom,
    Question,
    Rooms,
    View,
    codes,
)
from gptcore.errors import InputError
from tests import ROOT

PERPLEXITY = Question("perplexity", "log", 48_725.82, low=1.0, high=100_514.0, mark=50_257.0)
OPTIONS = Question("top_token", "options", 1.0, options=(" a", " b", " c", " d", " e"))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rooms(tmp_path: Path, clock: Clock) -> Rooms:
    return Rooms(tmp_path / "rooms.sqlite", clock)


@pytest.fixture
def room(rooms: Rooms) -> OpenedRoom:
    return rooms.open()


def refusal(call: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return caught.value.code


def joined(rooms: Rooms, room: OpenedRoom, people: int = 1) -> list[str]:
    tokens = [codes.new_token() for _ in range(people)]
    for token in tokens:
        rooms.join(room.code, token)
    return tokens


def test_a_code_is_one_of_twenty_million_and_can_be_read_out() -> None:
    assert codes.COMBINATIONS >= 20_000_000
    assert not set("0O1ILUZ") & set(codes.ALPHABET)
    drawn = {codes.new_code() for _ in range(2_000)}
    assert len(drawn) > 1_990
    assert all(codes.read_code(f" {code.lower()}\t") == code for code in drawn)


@pytest.mark.parametrize(
    "typed", ["", "ABCD", "ABCDEF", "AB0DE", "<b>AB", "ＡＢＣＤＥ", "' OR 1=1", "A" * 10_000, "ABC\0D"]
)
def test_what_is_no_code_is_refused(rooms: Rooms, typed: str) -> None:
    assert refusal(rooms.find, typed, codes.new_token()) == "bad_code"


def test_a_lesson_from_opening_to_closing(rooms: Rooms, room: OpenedRoom) -> None:
    ada, bob = joined(rooms, room, 2)
    assert rooms.find(room.code.lower(), ada) == room.code
    assert rooms.room(room.code).people == 2
    question = rooms.ask(room.code, room.key, PERPLEXITY)
    assert rooms.guess(room.code, ada, question, 100.0) == 100.0
    rooms.guess(room.code, ada, question, 30_000.0)  # the last counts
    rooms.guess(room.code, bob, question, 7)
    assert sorted(rooms.tally(room.code, question).guesses) == [7.0, 30_000.0]
    assert rooms.guess_of(room.code, ada, question) == 30_000.0
    rooms.set_state(room.code, room.key, question, CLOSED)
    assert refusal(rooms.guess, room.code, bob, question, 8.0) == "answers_closed"
    rooms.set_state(room.code, room.key, question, REVEALED)
    rooms.set_state(room.code, room.key, question, CLOSED)  # no way back
    asked = rooms.room(room.code).asked
    assert asked is not None
    assert (asked.question, asked.state) == (PERPLEXITY, REVEALED)
    rooms.leave(room.code, bob)
    assert rooms.room(room.code).people == 1
    assert rooms.tally(room.code, question).count == 2  # the guess stays
    rooms.close(room.code, room.key)
    assert refusal(rooms.room, room.code) == "no_room"
    assert refusal(rooms.guess, room.code, ada, question, 8.0) == "no_room"


def test_a_new_question_closes_the_one_before(rooms: Rooms, room: OpenedRoom) -> None:
    (ada,) = joined(rooms, room)
    first = rooms.ask(room.code, room.key, PERPLEXITY)
    second = rooms.ask(room.code, room.key, OPTIONS)
    assert [asked.state for asked in rooms.questions(room.code)] == [CLOSED, ASKED]
    assert refusal(rooms.guess, room.code, ada, first, 2.0) == "answers_closed"
    assert rooms.guess(room.code, ada, second, 4) == 4.0


@pytest.mark.parametrize(
    "given",
    [
        math.nan, math.inf, -math.inf, float("1e400"), 10**400, -(10**400), 0.5, -3.0, 100_515.0, True, None,
        "12", "<script>alert(1)</script>", "NaN", b"12", [12.0], {"guess": 12}, object(), 3 + 4j,
    ],
)  # fmt: skip
def test_what_is_no_number_of_the_range_is_no_guess(rooms: Rooms, room: OpenedRoom, given: object) -> None:
    (ada,) = joined(rooms, room)
    question = rooms.ask(room.code, room.key, PERPLEXITY)
    assert refusal(rooms.guess, room.code, ada, question, given) == "bad_guess"
    assert rooms.tally(room.code, question).guesses == ()


@pytest.mark.parametrize("given", [-1, 5, 1.5, math.nan, True, "1", None, 10**400])
def test_what_is_no_option_is_no_guess(rooms: Rooms, room: OpenedRoom, given: object) -> None:
    (ada,) = joined(rooms, room)
    question = rooms.ask(room.code, room.key, OPTIONS)
    assert refusal(rooms.guess, room.code, ada, question, given) == "bad_guess"


def test_nobody_guesses_at_another_rooms_question(rooms: Rooms, room: OpenedRoom) -> None:
    other = rooms.open()
    theirs = rooms.ask(other.code, other.key, PERPLEXITY)
    (ada,) = joined(rooms, room)
    assert refusal(rooms.guess, room.code, ada, theirs, 2.0) == "no_question"
    assert refusal(rooms.guess, other.code, ada, theirs, 2.0) == "not_in_room"
    assert refusal(rooms.tally, room.code, theirs) == "no_question"
    assert refusal(rooms.set_state, room.code, room.key, theirs, REVEALED) == "no_question"
    assert refusal(rooms.guess, room.code, ada, 999, 2.0) == "no_question"


def test_only_the_key_of_the_room_teaches(rooms: Rooms, room: OpenedRoom) -> None:
    other = rooms.open()
    (ada,) = joined(rooms, room)
    question = rooms.ask(room.code, room.key, PERPLEXITY)
    for key in (other.key, ada, "", room.code, room.key[:-1], room.key + "A", "' OR 1=1 --", "\ud800"):
        assert not rooms.teaches(room.code, key)
        for action, arguments in (
            (rooms.ask, (OPTIONS,)),
            (rooms.set_state, (question, REVEALED)),
            (rooms.follow, (True,)),
            (rooms.show, (View("train", {}),)),
            (rooms.teach, (Lesson("x"),)),
            (rooms.close, ()),
        ):
            assert refusal(action, room.code, key, *arguments) == "not_the_teacher"
    assert rooms.teaches(room.code, room.key)
    asked = rooms.room(room.code).asked
    assert asked is not None
    assert asked.state == ASKED


def test_neither_keys_nor_people_can_be_read_from_the_file(rooms: Rooms, room: OpenedRoom, tmp_path: Path) -> None:
    (ada,) = joined(rooms, room)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert room.code.encode() in written
    assert room.key.encode() not in written
    assert ada.encode() not in written


def test_a_room_ends_after_four_hours(rooms: Rooms, room: OpenedRoom, clock: Clock) -> None:
    clock.now += ROOM_SECONDS - 1
    assert rooms.room(room.code).code == room.code
    clock.now += 1
    assert refusal(rooms.room, room.code) == "no_room"
    assert not rooms.teaches(room.code, room.key)
    assert refusal(rooms.join, room.code, codes.new_token()) == "no_room"


def test_two_hundred_rooms_until_one_ends(rooms: Rooms, clock: Clock) -> None:
    opened = [rooms.open() for _ in range(MAX_ROOMS)]
    assert len({room.code for room in opened}) == MAX_ROOMS
    assert refusal(rooms.open) == "too_many_rooms"
    rooms.close(opened[0].code, opened[0].key)
    rooms.open()
    assert refusal(rooms.open) == "too_many_rooms"
    clock.now += ROOM_SECONDS
    rooms.open()


def test_three_hundred_people_until_one_leaves(rooms: Rooms, room: OpenedRoom) -> None:
    people = joined(rooms, room, MAX_PEOPLE)
    late = codes.new_token()
    assert refusal(rooms.join, room.code, late) == "room_full"
    rooms.join(room.code, people[0])  # a reload
    rooms.leave(room.code, people[1])
    rooms.join(room.code, late)
    assert rooms.room(room.code).people == MAX_PEOPLE


def test_sixty_requests_a_minute(rooms: Rooms, room: OpenedRoom, clock: Clock) -> None:
    ada, bob = joined(rooms, room, 2)
    question = rooms.ask(room.code, room.key, PERPLEXITY)
    for number in range(REQUESTS_A_MINUTE - 1):  # joining was one
        rooms.guess(room.code, ada, question, number + 1.0)
    assert refusal(rooms.guess, room.code, ada, question, 2.0) == "too_many_requests"
    assert rooms.guess_of(room.code, ada, question) == REQUESTS_A_MINUTE - 1
    rooms.guess(room.code, bob, question, 2.0)  # the others go on
    clock.now += 61
    rooms.guess(room.code, ada, question, 2.0)


def test_codes_cannot_be_found_by_trying(rooms: Rooms, room: OpenedRoom, clock: Clock) -> None:
    person, outcomes = codes.new_token(), []
    for number in range(10_000):
        if number % 40 == 0:
            person = codes.new_token()  # a visitor who is somebody else every forty tries
        wrong = codes.new_code()
        if wrong != room.code:
            outcomes.append(refusal(rooms.find, wrong, person, "192.0.2.1"))
    assert set(outcomes) == {"no_room", "too_many_requests"}
    assert outcomes.count("no_room") <= 300
    assert refusal(rooms.find, room.code, codes.new_token(), "192.0.2.1") == "too_many_requests"
    assert rooms.find(room.code, codes.new_token(), "192.0.2.2") == room.code
    clock.now += 61
    assert rooms.find(room.code, codes.new_token(), "192.0.2.1") == room.code


@pytest.mark.parametrize("person", ["", "x", "<b>", "a" * 10_000, "' OR 1=1 --", "\ud800" * 22])
def test_a_person_is_a_token(rooms: Rooms, room: OpenedRoom, person: str) -> None:
    assert refusal(rooms.join, room.code, person) == "not_in_room"
    assert rooms.room(room.code).people == 0


def test_students_hear_of_what_is_new_to_them_and_the_teacher_of_everything(rooms: Rooms, room: OpenedRoom) -> None:
    def numbers() -> tuple[int, int]:
        now = rooms.room(room.code)
        written = (rooms.signals.folder / now.signal).read_text()
        assert written == f"{now.version} {now.activity}"
        return now.version, now.activity

    assert numbers() == (1, 1)
    (ada,) = joined(rooms, room)
    assert numbers() == (1, 2)
    question = rooms.ask(room.code, room.key, PERPLEXITY)
    assert numbers() == (2, 2)
    rooms.guess(room.code, ada, question, 5.0)
    assert numbers() == (2, 3)
    rooms.set_state(room.code, room.key, question, REVEALED)
    assert numbers() == (3, 3)
    rooms.show(room.code, room.key, View("train", {"step": "3"}))  # nobody follows
    assert numbers() == (3, 3)
    rooms.follow(room.code, room.key, True)
    rooms.follow(room.code, room.key, True)
    assert numbers() == (4, 3)
    for _ in range(2):
        rooms.show(room.code, room.key, View("train", {"step": "3", "seed": "1"}))
    assert numbers() == (5, 3)
    assert rooms.room(room.code).following == View("train", {"step": "3", "seed": "1"})
    rooms.follow(room.code, room.key, False)
    assert rooms.room(room.code).following is None


def test_a_room_keeps_its_lesson(rooms: Rooms, room: OpenedRoom) -> None:
    lesson = Lesson("Loss", (LessonView("One", "explore", {"seed": "1"}), LessonView("Two", "train", {})))
    rooms.teach(room.code, room.key, lesson, 1)
    assert (rooms.room(room.code).lesson, rooms.room(room.code).lesson_place) == (lesson, 1)
    rooms.teach(room.code, room.key, lesson, 7)
    assert rooms.room(room.code).lesson_place == 1
    rooms.teach(room.code, room.key, None)
    assert (rooms.room(room.code).lesson, rooms.room(room.code).lesson_place) == (None, -1)


def test_threads_and_processes_share_a_room_and_lose_nothing(tmp_path: Path) -> None:
    rooms = Rooms(tmp_path / "rooms.sqlite")
    room = rooms.open()
    question = rooms.ask(room.code, room.key, PERPLEXITY)
    others = [guesser(rooms.path, room.code, question, people=20) for _ in range(2)]

    def take_part(number: int) -> None:
        (person,) = joined(rooms, room)
        rooms.guess(room.code, person, question, number + 1.0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take_part, range(40)))
    for process in others:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert rooms.room(room.code).people == 80
    assert rooms.tally(room.code, question).count == 80
    now = rooms.room(room.code)
    assert (rooms.signals.folder / now.signal).read_text() == f"{now.version} {now.activity}"


def test_processes_that_start_at_once_make_one_file(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from gptcore.classroom import Rooms\n"
        "while not Path(sys.argv[2]).exists():\n"
        "    time.sleep(0.001)\n"
        "Rooms(sys.argv[1]).open()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "rooms.sqlite"), str(tmp_path / "go")]
    processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
    time.sleep(1.0)
    (tmp_path / "go").touch()
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]


def test_a_process_that_is_killed_loses_no_guess(tmp_path: Path) -> None:
    rooms = Rooms(tmp_path / "rooms.sqlite")
    room = rooms.open()
    question = rooms.ask(room.code, room.key, PERPLEXITY)
    noted = 0
    with guesser(rooms.path, room.code, question, people=100_000) as process:
        assert process.stdout is not None
        for line in process.stdout:  # one line a guess that was noted
            noted = int(line)
            if noted == 25:
                process.kill()
    again = Rooms(rooms.path)
    assert noted <= again.tally(room.code, question).count <= noted + 1
    (ada,) = joined(again, room)
    assert again.guess(room.code, ada, question, 5.0) == 5.0
    assert again.teaches(room.code, room.key)


def guesser(path: Path, code: str, question: int, people: int) -> "subprocess.Popen[str]":
    """Start another process whose people join and guess, a line each."""
    script = (
        "import sys\n"
        "from gptcore.classroom import Rooms\n"
        "from gptcore.classroom.codes import new_token\n"
        "rooms = Rooms(sys.argv[1])\n"
        f"for number in range({people}):\n"
        "    person = new_token()\n"
        f"    rooms.join({code!r}, person)\n"
        f"    rooms.guess({code!r}, person, {question}, 2.0 + number % 1000)\n"
        "    print(number + 1, flush=True)\n"
    )
    return subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_files_of_rooms_that_ended_go(rooms: Rooms, room: OpenedRoom, clock: Clock) -> None:
    name = rooms.room(room.code).signal
    rooms.close(room.code, room.key)
    rooms.open()
    assert (rooms.signals.folder / name).exists()  # phones still ask for it
    long_ago = time.time() - 2 * 3600
    os.utime(rooms.signals.folder / name, (long_ago, long_ago))
    rooms.open()
    assert not (rooms.signals.folder / name).exists()


def test_a_file_that_cannot_be_written_is_said(rooms: Rooms, room: OpenedRoom) -> None:
    rooms._database.close()
    assert refusal(rooms.room, room.code) == "rooms_unavailable"
    assert refusal(rooms.open) == "rooms_unavailable"


def test_two_hundred_questions(rooms: Rooms, room: OpenedRoom) -> None:
    for _ in range(200):
        rooms.ask(room.code, room.key, OPTIONS)
    assert refusal(rooms.ask, room.code, room.key, OPTIONS) == "too_many_questions"
