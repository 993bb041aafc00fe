"""Work that outlasts a rerun: a generator run by a thread of its own, paused and stopped at any time.

`progress` shows it.

A visitor's jobs end with their visit. Heavy jobs of all visitors take turns in order of arrival, at low priority, so
that everyone else's page stays quick.
"""

from __future__ import annotations

import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from typing import Any, Generic, TypeVar

import streamlit as st

from gptcore.errors import CancelCheck, Cancelled, InputError
from gptcore.ui.jobs.turn_queue import FairGate
from gptcore.ui.memory import memory_errors_as_sentences

Record = TypeVar("Record")
_RECENT = 20
_BURST_SECONDS = 0.002
_NICENESS = 10
PATIENCE_SECONDS = 60.0
"""How long a paused job may keep others waiting."""
_GATE = FairGate()
_log = logging.getLogger(__name__)


class Job(Generic[Record]):
    """A generator's records as they come. Made by one thread, read by any.

    Attributes:
        key: What the job is about: the same key is the same job.
        make: Called with `stopped`, which turns True when nobody wants more; returns the generator. It runs on the
            job's thread: no Streamlit call in it.
        total: How many records there will be; None where that is open.
        urgent: Light work that someone watches: it does not come after everyone else's.
        paused: Whether it pauses after its first record, until `play` or `step_once`.
    """

    def __init__(
        self,
        key: Hashable,
        make: Callable[[CancelCheck], Iterator[Record]],
        total: int | None = None,
        *,
        gate: FairGate = _GATE,
        urgent: bool = False,
        paused: bool = False,
    ) -> None:
        self.key = key
        self.total = total
        self.error: Exception | None = None
        self.ahead = 0
        self.preempted = False
        self.seconds_per_record = 0.0  # at least; 0 is as fast as it goes
        self._make = make
        self._gate = gate
        self._urgent = urgent
        self._records: list[Record] = []
        self._times: list[float] = []
        self._cancelled = threading.Event()
        self._running = threading.Event()
        self._ended = threading.Event()
        self._allowed = 0.0 if paused else math.inf  # records that may be made before a pause
        self._resting = False  # a pause begins when the record that is being made is done
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="job", daemon=True)

    def start(self) -> Job[Record]:
        """Begin, or queue up. Returns itself."""
        self._thread.start()
        return self

    def cancel(self) -> None:
        """Want no more records. Returns at once; what was reached stays."""
        if not self._ended.is_set():
            self._cancelled.set()
            with self._changed:
                self._changed.notify_all()

    def play(self) -> None:
        """Go on until the end."""
        self._allow(math.inf)

    def step_once(self) -> None:
        """Make one more record, then pause."""
        self._allow(1.0)

    def pause(self) -> None:
        """Pause after the record that is being made.

        The job keeps its turn; where others wait for longer than PATIENCE_SECONDS, it ends, and is `preempted`.
        """
        self._allow(0.0)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end; whether it came."""
        return self._ended.wait(seconds)

    @property
    def records(self) -> list[Record]:
        """What there is so far, in order of arrival. A copy."""
        return self._records[:]

    @property
    def done(self) -> int:
        """How many records there are."""
        return len(self._records)

    @property
    def queued(self) -> bool:
        """Whether it still waits for its turn; `ahead` says behind how many."""
        return not (self._running.is_set() or self._ended.is_set() or self._cancelled.is_set())

    @property
    def active(self) -> bool:
        """Whether more may come."""
        return not (self._ended.is_set() or self._cancelled.is_set())

    @property
    def going(self) -> bool:
        """Whether another record is on its way."""
        return self.active and (self._allowed > 0 or not self._resting)

    @property
    def paused(self) -> bool:
        """Whether it pauses, or will after the record that is being made."""
        return self.active and self._allowed == 0

    @property
    def cancelled(self) -> bool:
        """Whether it was stopped before its end."""
        return self._cancelled.is_set()

    @property
    def finished(self) -> bool:
        """Whether it came to its own end."""
        return self._ended.is_set() and not (self._cancelled.is_set() or self.preempted) and self.error is None

    @property
    def per_second(self) -> float | None:
        """Records a second, over the last few; None before there are two, and for a burst that was kept ready."""
        times = self._times[-_RECENT:]
        if len(times) < 2 or times[-1] - times[0] < _BURST_SECONDS:
            return None
        return (len(times) - 1) / (times[-1] - times[0])

    @property
    def seconds_left(self) -> float | None:
        """About how long it will take yet; None where that cannot be said."""
        rate = self.per_second
        return None if self.total is None or rate is None else max(0, self.total - self.done) / rate

    def _work(self) -> None:
        try:
            if not self._urgent:
                _yield_to_others()
            with self._gate.turn(self._tell_place):
                self.ahead = 0
                if not self._cancelled.is_set():
                    self._running.set()
                    with memory_errors_as_sentences():
                        self._run(self._make(self._cancelled.is_set))
        except Cancelled:
            pass
        except Exception as error:  # shown on the page, whatever it is
            self.error = error
            if not isinstance(error, InputError):
                _log.exception("a job failed")
        finally:
            self._ended.set()

    def _run(self, records: Iterator[Record]) -> None:
        try:
            for record in records:
                if self._cancelled.is_set():
                    break  # what comes after a stop is not shown any more
                self._records.append(record)
                self._times.append(time.monotonic())
                if self.done != self.total and not self._may_go_on():
                    break
        finally:
            close = getattr(records, "close", None)
            if close is not None:
                close()

    def _allow(self, records: float) -> None:
        with self._changed:
            self._allowed = records
            self._changed.notify_all()

    def _may_go_on(self) -> bool:
        """Wait while it is paused, or ahead of its pace; False when it is over."""
        since = time.monotonic()
        while not self._cancelled.is_set():
            with self._changed:
                due = time.monotonic() - since >= self.seconds_per_record
                self._resting = self._allowed == 0
                if self._allowed > 0 and due:
                    self._allowed -= 1
                    return True
                self._changed.wait(0.05 if self._allowed > 0 else 0.2)
            if self._allowed == 0 and self._gate.waiting and time.monotonic() - since > PATIENCE_SECONDS:
                self.preempted = True
                return False
        return False

    def _tell_place(self, ahead: int) -> None:
        self.ahead = ahead
        if self._cancelled.is_set():
            raise Cancelled


def _yield_to_others() -> None:
    """Let this thread, and those that it starts, come after all others. Only Linux has priorities a thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


class Jobs:
    """One visitor's jobs, one a name."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job[Any]] = {}

    def get(self, name: str, key: Hashable) -> Job[Any] | None:
        """The job of this name if it is about `key`, or None."""
        job = self._jobs.get(name)
        return job if job is not None and job.key == key else None

    def start(
        self,
        name: str,
        key: Hashable,
        make: Callable[[CancelCheck], Iterator[Record]],
        total: int | None = None,
        *,
        gate: FairGate = _GATE,
        urgent: bool = False,
    ) -> Job[Record]:
        """Start a job in place of the one of this name, which is cancelled."""
        self.cancel(name)
        job = Job(key, make, total, gate=gate, urgent=urgent).start()
        self._jobs[name] = job
        return job

    def cancel(self, name: str) -> None:
        """Stop the job of this name, if there is one."""
        if name in self._jobs:
            self._jobs[name].cancel()

    def cancel_all(self) -> None:
        """Stop every job."""
        for job in list(self._jobs.values()):
            job.cancel()


@st.cache_resource(scope="session", on_release=Jobs.cancel_all, show_spinner=False)
def own_jobs() -> Jobs:
    """This visitor's jobs; all are stopped when they leave."""
    return Jobs()
