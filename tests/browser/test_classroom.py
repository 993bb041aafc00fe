"""A lesson with a teacher and a student in Chromium, thirty raw visitors, and a server that is killed in the middle."""

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gptcore import number_format, score, untrained_model
from gptcore.classroom import Rooms
from gptcore.config import SIZES
from gptcore.presets import PRESETS
from gptcore.ui.room.session import ROOMS_VARIABLE
from tests.support.browsing import axe_violations, keyed, open_page, overflows, wait_until_idle
from tests.support.room_visitors import RoomVisitor
from tests.support.serving import Serving, free_port, serving
from tests.support.watching import metric, query_of

RAW_VISITORS = 30
SECONDS = 60_000


@cache
def answer() -> str:
    """Return the perplexity that is asked for, as this machine computes it: its last digits depend on the processor."""
    model = untrained_model(SIZES["mini"].with_(context_length=256), 123)
    return number_format.perplexity(score(model, PRESETS["book"]).perplexity)


def started(folder: Path, port: int) -> AbstractContextManager[Serving]:
    return serving(folder / "log.txt", environment={ROOMS_VARIABLE: str(folder / "rooms.sqlite")}, port=port)


def teacher_page(browser: Browser, *, dark: bool = False, language: str = "en-US") -> Page:
    """Return a page as on a projector."""
    return opened(browser, 1280, 720, dark, language)


def phone_page(browser: Browser, *, dark: bool = False, language: str = "en-US") -> Page:
    """Return a page as on a phone."""
    return opened(browser, 390, 844, dark, language)


def opened(browser: Browser, width: int, height: int, dark: bool, language: str) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=language,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    return context.new_page()


def open_room(page: Page, url: str) -> str:
    open_page(page, f"{url}/classroom?size=mini")
    keyed(page, "room_open").get_by_role("button").click()
    expect(keyed(page, "room_board").locator("img")).to_be_visible(timeout=SECONDS)
    return keyed(page, "room_code").inner_text().strip()


def press(page: Page, key: str) -> None:
    keyed(page, key).get_by_role("button").click()


def is_on_the_screen(page: Page, key: str) -> bool:
    """Tell whether something is seen without scrolling."""
    box, size = keyed(page, key).bounding_box(), page.viewport_size
    return box is not None and size is not None and box["y"] >= 0 and box["y"] + box["height"] <= size["height"]


def test_a_lesson_outlives_a_server_that_is_killed(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    url, rooms = f"http://127.0.0.1:{port}", Rooms(tmp_path / "rooms.sqlite")
    with ExitStack() as visitors:
        teacher, student = teacher_page(browser), phone_page(browser, language="zh-CN", dark=True)
        with started(tmp_path, port) as server:
            code = open_room(teacher, url)
            open_page(student, f"{url}/classroom?room={code}")
            raw = [visitors.enter_context(RoomVisitor(url, f"room={code}")) for _ in range(RAW_VISITORS)]
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(RoomVisitor.run, raw))
            expect(keyed(teacher, "room_people")).to_contain_text(f"{RAW_VISITORS + 1} people", timeout=SECONDS)
            press(teacher, "ask")
            expect(keyed(student, "send_guess")).to_be_visible(timeout=SECONDS)
            assert is_on_the_screen(student, "send_guess")
            assert overflows(student) == []
            press(student, "send_guess")
            expect(student.get_by_test_id("stAlert")).to_contain_text("333", timeout=SECONDS)
            wait_until_idle(student)
            student.get_by_role("slider").press("End")  # another guess: the last one counts
            wait_until_idle(student)
            press(student, "send_guess")
            expect(student.get_by_test_id("stAlert")).to_contain_text("100,514", timeout=SECONDS)
            for number, visitor in enumerate(raw):
                assert visitor.news()
                visitor.look()
                visitor.send(visitor.places[number])
            all_of_them = f"{RAW_VISITORS + 1} of {RAW_VISITORS + 1} have answered"
            expect(keyed(teacher, "room_question")).to_contain_text(all_of_them, timeout=SECONDS)
            os.kill(server.pid, signal.SIGKILL)
        with started(tmp_path, port):
            asked = rooms.questions(code)[0].id
            assert rooms.tally(code, asked).count == RAW_VISITORS + 1
            for page in (teacher, student):
                page.reload()
                wait_until_idle(page)
            expect(keyed(teacher, "room_question")).to_contain_text(all_of_them, timeout=SECONDS)
            expect(student.get_by_test_id("stAlert")).to_contain_text("100,514", timeout=SECONDS)
            assert rooms.room(code).people == RAW_VISITORS + 1  # a reload is the same person
            press(teacher, "close_answers")
            expect(keyed(student, "send_guess")).to_have_count(0, timeout=SECONDS)
            press(teacher, "reveal")
            expect(keyed(student, "room_question")).to_contain_text(answer(), timeout=SECONDS)
            expect(keyed(teacher, "chart_guesses")).to_contain_text(answer(), timeout=SECONDS)
            assert overflows(student) == []
            follow_and_leave(teacher, student, rooms, code)


def follow_and_leave(teacher: Page, student: Page, rooms: Rooms, code: str) -> None:
    """Let the student follow the teacher to another page, go away, come back, and leave the room."""
    keyed(teacher, "follow").locator("label").click()
    wait_until_idle(teacher)
    teacher.get_by_role("link", name="Explore").click()
    expect(metric(teacher, "perplexity")).to_have_text(answer(), timeout=SECONDS)
    expect(metric(student, "perplexity")).to_have_text(answer(), timeout=SECONDS)
    assert query_of(student) == {"room": code}
    press(student, "room_alone")
    expect(keyed(student, "room_back")).to_be_visible(timeout=SECONDS)
    teacher.get_by_role("link", name="Step by step").click()
    wait_until_idle(teacher)
    press(student, "room_back")
    expect(student).to_have_url(re.compile("/step_by_step"), timeout=SECONDS)
    keyed(teacher, "follow").locator("label").click()
    expect(keyed(student, "room_following")).to_have_count(0, timeout=SECONDS)
    open_page(student, student.url.replace("/step_by_step", "/classroom"))
    press(student, "room_leave")
    expect(keyed(student, "room_join")).to_be_visible(timeout=SECONDS)
    assert rooms.room(code).people == RAW_VISITORS


def test_no_student_acts_as_the_teacher_and_no_value_breaks_the_room(tmp_path: Path) -> None:
    with started(tmp_path, free_port()) as server:
        rooms = Rooms(tmp_path / "rooms.sqlite")
        room, other = rooms.open(), rooms.open()
        with (
            RoomVisitor(server.url, f"room={room.code}&key={room.key}&size=mini") as teacher,
            RoomVisitor(server.url, f"room={room.code}&key={other.key}&size=mini") as student,
        ):
            for visitor in (teacher, student):
                visitor.run()
            assert (teacher.poll["teaches"], student.poll["teaches"]) == (True, False)
            teacher.press_anywhere("ask")
            asked = rooms.questions(room.code)[0]
            teacher.run()
            student.run()
            for key in ("reveal", "close_answers", "ask", "follow", "room_close"):
                if key in teacher.ids:
                    student.ids[key] = teacher.ids[key]
                    student.press_anywhere(key)
                    student.press(key)
            assert rooms.questions(room.code) == (asked,)
            assert not rooms.room(room.code).is_followed
            for place in ("NaN", "1e400", "-1", "", "<script>alert(1)</script>", "' OR 1=1 --", "9" * 5_000):
                student.send(place)
                assert not any("script" in words for words in student.strip)
            student.send_numbers("guess", float("nan"), float("inf"), -1e300)
            guesses = rooms.tally(room.code, asked.id).guesses
            assert all(1.0 <= guess <= 100_514.0 for guess in guesses)
            student.run()
            student.send(student.places[5])
            assert rooms.tally(room.code, asked.id).guesses == (asked.question.points()[5],)
            teacher.look()
            assert any("1 of 1 have answered" in words for words in teacher.strip)


@pytest.mark.parametrize(("language", "dark"), [("en-US", False), ("zh-CN", True)])
def test_phone_and_projector_are_accessible(browser: Browser, tmp_path: Path, language: str, dark: bool) -> None:
    with started(tmp_path, free_port()) as server:
        teacher = teacher_page(browser, dark=dark, language=language)
        student = phone_page(browser, dark=dark, language=language)
        code = open_room(teacher, server.url)
        assert axe_violations(teacher) == []
        assert overflows(teacher) == []
        open_page(student, f"{server.url}/classroom?room={code}")
        press(teacher, "ask")
        expect(keyed(student, "send_guess")).to_be_visible(timeout=SECONDS)
        assert axe_violations(student) == []
        press(student, "send_guess")
        expect(student.get_by_test_id("stAlert")).to_be_visible(timeout=SECONDS)
        press(teacher, "reveal")
        expect(keyed(student, "room_question")).to_contain_text(answer(), timeout=SECONDS)
        for page in (teacher, student):
            assert axe_violations(page) == []
            assert overflows(page) == []
