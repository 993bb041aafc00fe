"""First come, first served: one calculation at a time, and everyone who waits knows their place."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK_AGAIN_SECONDS = 0.1
_TELL_AGAIN_SECONDS = 1.0


class FairGate:
    """A lock that is passed on in the order of arrival (`threading.Semaphore` is unfair).

    >>> gate = FairGate()
    >>> with gate.turn():
    ...     gate.waiting
    0
    """

    def __init__(self) -> None:
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many wait behind the one whose turn it is."""
        return max(0, len(self._queue) - 1)

    @contextmanager
    def turn(self, tell_place: Callable[[int], None] | None = None) -> Iterator[None]:
        """Wait for one's turn, hold it, pass it on.

        Args:
            tell_place: Called with how many are ahead, while there are any, at least every second; it may raise to
                leave the queue (any Streamlit call does when the visitor has moved on).
        """
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
        try:
            told, when = 0, 0.0
            while True:
                with self._changed:
                    ahead = self._queue.index(ticket)
                    if ahead and ahead == told:
                        self._changed.wait(_LOOK_AGAIN_SECONDS)
                        ahead = self._queue.index(ticket)
                if not ahead:
                    break
                if tell_place is not None and (ahead != told or time.monotonic() > when + _TELL_AGAIN_SECONDS):
                    tell_place(ahead)
                    when = time.monotonic()
                told = ahead
            yield
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()
