"""Background jobs: they take turns, tell where they stand, stop when asked, and keep what they reached."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from gptcore.errors import InputError
from gptcore.ui.jobs.job import Job, Jobs
from gptcore.ui.jobs.turn_queue import FairGate

SOON = 5.0  # seconds; generous, since another test may have the cores


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def counting(to: int, pause: float = 0.0) -> Callable[[Callable[[], bool]], Iterator[int]]:
    def make(stopped: Callable[[], bool]) -> Iterator[int]:
        for number in range(to):
            yield number
            time.sleep(pause)

    return make


def test_a_job_runs_to_its_end() -> None:
    job = Job("k", counting(5), 5, gate=FairGate()).start()
    assert job.wait(SOON)
    assert job.records == [0, 1, 2, 3, 4]
    assert (job.finished, job.active, job.cancelled, job.error) == (True, False, False, None)
    assert job.seconds_left in (0, None)


def test_a_stopped_job_keeps_what_it_reached_and_closes_its_generator() -> None:
    closed = threading.Event()

    def make(stopped: Callable[[], bool]) -> Iterator[int]:
        try:
            while True:
                yield 1
                time.sleep(0.01)
        finally:
            closed.set()

    job = Job("k", make, gate=FairGate()).start()
    until(lambda: job.done >= 3)
    job.cancel()
    assert not job.active
    assert job.wait(SOON)
    assert closed.is_set()
    reached = job.done
    assert reached >= 3
    assert not job.finished


def test_a_generator_is_told_that_nobody_wants_more() -> None:
    def make(stopped: Callable[[], bool]) -> Iterator[int]:
        while not stopped():
            time.sleep(0.005)
        yield from ()

    job = Job("k", make, gate=FairGate()).start()
    job.cancel()
    assert job.wait(SOON)


def test_jobs_take_turns_in_order_and_know_their_place() -> None:
    gate, order, go = FairGate(), [], threading.Event()

    def named(name: str) -> Callable[[Callable[[], bool]], Iterator[str]]:
        def make(stopped: Callable[[], bool]) -> Iterator[str]:
            order.append(name)
            go.wait(SOON)
            yield name

        return make

    jobs = []
    for place, name in enumerate("abcd"):
        jobs.append(Job(name, named(name), gate=gate).start())
        until(lambda place=place: jobs[place].ahead == place and gate.waiting == place)  # type: ignore[misc]
    assert jobs[3].queued
    jobs[1].cancel()  # leaves the queue at once
    until(lambda: jobs[3].ahead == 2)
    go.set()
    for job in jobs:
        assert job.wait(SOON)
    assert order == ["a", "c", "d"]
    assert jobs[1].records == []


def test_a_paused_job_waits_and_goes_on() -> None:
    job = Job("k", counting(1000, 0.002), gate=FairGate()).start()
    until(lambda: job.done > 0)
    job.pause()
    time.sleep(0.05)
    reached = job.done
    time.sleep(0.1)
    assert job.done == reached
    assert job.paused
    assert not job.going
    job.step_once()
    until(lambda: job.done == reached + 1)
    until(lambda: not job.going)
    assert job.done == reached + 1
    job.play()
    until(lambda: job.done > reached + 2)
    job.pause()
    job.cancel()  # also out of a pause
    assert job.wait(SOON)


def test_a_job_can_begin_paused_and_keeps_its_pace() -> None:
    job = Job("k", counting(4), 4, gate=FairGate(), paused=True).start()
    until(lambda: job.done == 1 and not job.going)
    job.seconds_per_record = 0.1
    began = time.monotonic()
    job.play()
    assert job.wait(SOON)
    assert time.monotonic() - began >= 0.2  # three records, each at least a tenth after the one before
    assert job.finished


def test_a_paused_job_gives_way_to_those_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gptcore.ui.jobs.job.PATIENCE_SECONDS", 0.1)
    gate = FairGate()
    paused = Job("k", counting(10), 10, gate=gate, paused=True).start()
    until(lambda: paused.done == 1)
    other = Job("o", counting(3), 3, gate=gate).start()
    assert other.wait(SOON)
    assert other.finished
    assert (paused.preempted, paused.finished, paused.records) == (True, False, [0])


@pytest.mark.parametrize("error", [InputError("bad_seed", "no seed"), ZeroDivisionError("oh")])
def test_a_mistake_is_kept_for_the_page(error: Exception) -> None:
    def make(stopped: Callable[[], bool]) -> Iterator[int]:
        yield 1
        raise error

    job = Job("k", make, gate=FairGate()).start()
    assert job.wait(SOON)
    assert job.error is error
    assert job.records == [1]
    assert not job.finished


def test_a_new_job_of_a_name_ends_the_one_before() -> None:
    jobs = Jobs()
    first = jobs.start("seeds", "one", counting(10_000, 0.001))
    second = jobs.start("seeds", "two", counting(2))
    assert first.cancelled
    assert second.wait(SOON)
    assert jobs.get("seeds", "two") is second
    assert jobs.get("seeds", "one") is None
    jobs.cancel_all()
    assert second.finished  # it had ended before
