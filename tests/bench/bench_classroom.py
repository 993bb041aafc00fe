"""A class of a hundred in one room: idle phones, guesses, the reveal, and who follows the teacher."""

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from gptcore.classroom import REVEALED, OpenedRoom, Question, Rooms, View
from gptcore.ui.room.poll import INTERVALS_MS
from tests.bench import Result
from tests.support.room_visitors import RoomVisitor
from tests.support.serving import Serving, serving

STUDENTS = 100
FOLLOWERS = 30
IDLE_SECONDS = 15.0
STUDENT_POLLS, TEACHER_POLLS = INTERVALS_MS["student"] / 1_000, INTERVALS_MS["teacher"] / 1_000
"""Seconds between two looks of a browser at the room's small file."""
QUESTION = Question("perplexity", "log", 48_725.82, low=1.0, high=100_514.0, mark=50_257.0)


def run() -> list[Result]:
    """Open a room with a hundred raw visitors on one server, and time what a lesson does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rooms.sqlite"
        environment = {"GPT_EXPLORER_ROOMS": str(path), "GPT_EXPLORER_WARM": "1"}
        log = Path(folder) / "log.txt"
        with serving(log, Path("gptcore/ui/server.py"), environment) as server:
            rooms = Rooms(path)
            room = rooms.open()
            with ExitStack() as stack:
                teacher = stack.enter_context(RoomVisitor(server.url, f"room={room.code}&key={room.key}&size=mini"))
                teacher.run()
                began = time.perf_counter()
                query = f"room={room.code}&size=mini"
                with ThreadPoolExecutor(8) as pool:
                    students = list(pool.map(lambda _: RoomVisitor(server.url, query), range(STUDENTS)))
                    for student in students:
                        stack.enter_context(student)
                    list(pool.map(RoomVisitor.run, students))
                joined = time.perf_counter() - began
                return [
                    Result("a hundred students join", joined, "s", note="eight at a time, whole pages"),
                    *lesson(server, rooms, room, teacher, students),
                ]


def lesson(
    server: Serving, rooms: Rooms, room: OpenedRoom, teacher: RoomVisitor, students: list[RoomVisitor]
) -> list[Result]:
    """Wait, ask, guess, reveal, follow."""
    with polling(students):
        time.sleep(1.0)
        idle = cores(server, IDLE_SECONDS)
    rooms.ask(room.code, room.key, QUESTION)
    asked = reaction(students, lambda student: "send_guess" in student.ids)
    seen = guesses_seen(teacher, students)
    question = rooms.questions(room.code)[-1].id
    began = time.perf_counter()
    rooms.set_state(room.code, room.key, question, REVEALED)
    revealed = reaction(students, lambda student: any("Answer" in words for words in student.strip), began)
    rooms.follow(room.code, room.key, True)
    began = time.perf_counter()
    rooms.show(room.code, room.key, View("explore", {"size": "mini"}))
    followed = reaction(
        students[:FOLLOWERS], lambda student: any(words.startswith("metric") for words in student.rest), began
    )
    return [
        Result(
            "a hundred idle phones",
            idle,
            "cores",
            bound=0.3,
            note=f"over {IDLE_SECONDS:.0f} s, asking every {STUDENT_POLLS:g} s",
        ),
        Result("a question on the last phone", max(asked), "s"),
        Result("a guess in the teacher's histogram (p95)", percentile(seen, 95), "s", bound=2.0),
        Result("the reveal on the last phone", max(revealed), "s", bound=3.0),
        Result("thirty followers on another page", max(followed), "s", bound=5.0),
    ]


@contextmanager
def polling(students: list[RoomVisitor]) -> Iterator[None]:
    """Let every phone ask for the small file once a second."""
    ended = threading.Event()

    def ask(student: RoomVisitor, number: int) -> None:
        ended.wait(number / len(students) * STUDENT_POLLS)
        while not ended.wait(STUDENT_POLLS):
            assert not student.news()

    threads = [threading.Thread(target=ask, args=(student, n)) for n, student in enumerate(students)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def reaction(
    students: list[RoomVisitor], done: Callable[[RoomVisitor], bool], began: float | None = None
) -> list[float]:
    """Let phones poll until each shows what is new; return the seconds that each took."""
    began = time.perf_counter() if began is None else began

    def wait(number: int) -> float:
        student = students[number]
        time.sleep(number / len(students) * STUDENT_POLLS)  # phones do not ask in step
        while True:
            if student.news():
                student.look()
            if done(student):
                return time.perf_counter() - began
            time.sleep(STUDENT_POLLS)

    with ThreadPoolExecutor(len(students)) as pool:
        return list(pool.map(wait, range(len(students))))


def guesses_seen(teacher: RoomVisitor, students: list[RoomVisitor]) -> list[float]:
    """Let every student send within ten seconds; return the seconds until the teacher's page had each guess."""
    sent: list[float] = []
    seen: list[tuple[float, int]] = []

    def guess(number: int) -> None:
        time.sleep(number * 10.0 / len(students))
        began = time.perf_counter()
        students[number].send(students[number].places[number])
        sent.append(began)

    def watch() -> None:
        while not seen or seen[-1][1] < len(students):
            if teacher.news():
                teacher.look()
                counts = [words for words in teacher.strip if "have answered" in words]
                seen.append((time.perf_counter(), int(counts[0].split("**")[1].split()[0]) if counts else 0))
            time.sleep(TEACHER_POLLS)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(len(students)) as pool:
        list(pool.map(guess, range(len(students))))
    watcher.join(30)
    return [
        next(when for when, count in seen if count >= number) - began
        for number, began in enumerate(sorted(sent), start=1)
    ]


def cores(server: Serving, seconds: float) -> float:
    """Return how much of a core the server uses."""
    process = psutil.Process(server.pid)
    before = process.cpu_times()
    time.sleep(seconds)
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system) / seconds


def percentile(values: list[float], percent: int) -> float:
    """Return a percentile of some values."""
    return statistics.quantiles(values, n=100)[percent - 1]
