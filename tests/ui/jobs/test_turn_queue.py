"""The gate: one at a time, in order of arrival, with one's place said, and a way out of the queue."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from gptcore.ui.jobs.turn_queue import FairGate

SECONDS = 30.0  # far more than any of this takes: a test that hangs ends with it


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for other threads; fail rather than hang."""
    ticker = threading.Event()
    for _ in range(int(SECONDS / 0.005)):
        if happened():
            return
        ticker.wait(0.005)
    pytest.fail("the other threads never came so far")


class Visitors:
    """Threads that queue at a gate in a known order."""

    def __init__(self, gate: FairGate) -> None:
        self.gate = gate
        self.threads: list[threading.Thread] = []

    def arrive(self, visit: Callable[[], None]) -> None:
        """Start a visitor, and wait until it stands in the queue."""
        before = self.gate.waiting
        thread = threading.Thread(target=visit, daemon=True)
        thread.start()
        self.threads.append(thread)
        wait_until(lambda: self.gate.waiting == before + 1 or not thread.is_alive())

    def leave(self) -> None:
        """Wait for all of them."""
        for thread in self.threads:
            thread.join(SECONDS)
        assert not any(thread.is_alive() for thread in self.threads)


def test_turns_go_by_in_the_order_of_arrival_and_never_overlap() -> None:
    gate, order, inside, most = FairGate(), list[int](), 0, 0
    visitors = Visitors(gate)

    def visit(number: int) -> None:
        nonlocal inside, most
        with gate.turn():
            inside += 1
            most = max(most, inside)
            order.append(number)
            inside -= 1

    with gate.turn():
        for number in range(12):
            visitors.arrive(partial(visit, number))
        assert (gate.waiting, order) == (12, [])
    visitors.leave()
    assert order == list(range(12))
    assert most == 1
    assert gate.waiting == 0


def test_who_waits_is_told_how_many_are_ahead() -> None:
    gate = FairGate()
    visitors, told = Visitors(gate), list[int]()
    go_on = threading.Event()

    def hold() -> None:
        with gate.turn():
            go_on.wait(SECONDS)

    def wait() -> None:
        with gate.turn(told.append):
            pass

    with gate.turn():
        visitors.arrive(hold)
        visitors.arrive(wait)
        wait_until(lambda: told[:1] == [2])
    wait_until(lambda: told[-1] == 1)
    go_on.set()
    visitors.leave()
    assert sorted(set(told), reverse=True) == [2, 1]
    assert told == sorted(told, reverse=True)


def test_nobody_is_told_anything_when_the_gate_is_free() -> None:
    told: list[int] = []
    with FairGate().turn(told.append):
        assert told == []


def test_who_leaves_the_queue_holds_nobody_up() -> None:
    gate, order = FairGate(), list[str]()
    visitors = Visitors(gate)

    class MovedOnError(Exception):
        pass

    def give_up(_: int) -> None:
        raise MovedOnError

    def visit() -> None:
        with gate.turn():
            order.append("served")

    with gate.turn():
        with pytest.raises(MovedOnError), gate.turn(give_up):
            order.append("never")
        visitors.arrive(visit)
        assert gate.waiting == 1
    visitors.leave()
    assert order == ["served"]


def test_a_turn_that_fails_is_passed_on() -> None:
    gate = FairGate()
    with pytest.raises(ZeroDivisionError), gate.turn():
        raise ZeroDivisionError
    with gate.turn():
        assert gate.waiting == 0


def test_a_visitor_who_waits_is_asked_again_and_again_whether_they_are_still_there() -> None:
    """A thread whose visitor has moved on learns of it only from a Streamlit call: it must get one while it waits."""
    gate, told = FairGate(), list[int]()
    visitors = Visitors(gate)

    def wait() -> None:
        with gate.turn(told.append):
            pass

    with gate.turn():
        visitors.arrive(wait)
        wait_until(lambda: len(told) >= 2)
    visitors.leave()
    assert set(told) == {1}
