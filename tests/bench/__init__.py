"""Benchmarks: numbers that are measured and shown beside their bounds, never asserted.

Every module `tests/bench/bench_*.py` has a function `run() -> list[Result]`; `python -m tests.bench`
runs them all, `python -m tests.bench score memory` runs bench_score and bench_memory.
"""

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests import ROOT


@dataclass(frozen=True)
class Result:
    """One measured number.

    unit   what `measured` counts: "s", "MB", "× the plain way"
    bound  the most that it may be, in the same unit; None where there is nothing to hold it to
    note   what the reader needs beside it: "median of 15, 0.049 s against 0.053 s"
    """

    name: str
    measured: float
    unit: str = ""
    bound: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """PASS or MISS; nothing where there is no bound.

        >>> Result("score", 0.92, "× the plain way", bound=0.95).verdict
        'PASS'
        """
        if self.bound is None:
            return ""
        return "PASS" if self.measured <= self.bound else "MISS"


@dataclass(frozen=True)
class Ratio:
    """How long one way takes beside another: medians, in seconds, of as many runs of each."""

    fast_seconds: float
    plain_seconds: float
    rounds: int

    @property
    def value(self) -> float:
        """The fast way's median over the plain way's."""
        return self.fast_seconds / self.plain_seconds

    def result(self, name: str, bound: float | None = None) -> Result:
        """Return the ratio as a row of the table, with both medians in its note."""
        note = f"{self.fast_seconds:.3g} s against {self.plain_seconds:.3g} s, medians of {self.rounds}"
        return Result(name, self.value, "× the plain way", bound, note)


def seconds(way: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def ratio(fast: Callable[[], object], plain: Callable[[], object], *, rounds: int = 15) -> Ratio:
    """Time two ways in turn, in one run, so that a machine that slows down slows both down.

    Each is called once before the clock starts. Who goes first changes from round to round.
    Garbage is collected between the rounds, not inside them.
    """
    fast()
    plain()
    ways: list[tuple[Callable[[], object], list[float]]] = [(fast, []), (plain, [])]
    collecting = gc.isenabled()
    gc.disable()
    try:
        for number in range(rounds):
            gc.collect()
            for way, times in ways if number % 2 == 0 else reversed(ways):
                times.append(seconds(way))
    finally:
        if collecting:
            gc.enable()
    fast_seconds, plain_seconds = (statistics.median(times) for _, times in ways)
    return Ratio(fast_seconds, plain_seconds, rounds)


_IN_A_FRESH_PROCESS = """
{prepare}
import gc, threading
import psutil
from gptcore.ui.memory import give_memory_back

gc.collect()
give_memory_back()
process, peak, done = psutil.Process(), [0], threading.Event()
before = process.memory_info().rss

def watch():
    while not done.wait(0.005):
        peak[0] = max(peak[0], process.memory_info().rss)

threading.Thread(target=watch, daemon=True).start()
{work}
done.set()
gc.collect()
give_memory_back()
print(peak[0] - before, process.memory_info().rss - before)
"""


def memory_added(prepare: str, work: str) -> tuple[int, int]:
    """Return the most bytes that some work adds to a process, and how many stay, as Python source.

    In a process of its own: in this one, what other measurements gave back would be taken again unseen.
    prepare  loads what any such work loads
    """
    script = _IN_A_FRESH_PROCESS.format(prepare=prepare, work=work)
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    peak, kept = map(int, answer.stdout.split())
    return peak, kept


def table(results: Sequence[Result]) -> str:
    """Lay results out in aligned columns, under a heading.

    >>> print(table([Result("score", 0.92, "×", 0.95), Result("memory", 1300, "MB")]))
    what    measured     bound
    score     0.92 ×  at most 0.95  PASS
    memory   1,300 MB  –
    """
    rows = [("what", "measured", "bound", "", "")]
    for result in results:
        bound = "–" if result.bound is None else f"at most {result.bound:,.4g}"
        measured = f"{result.measured:,.4g} {result.unit}".rstrip()
        rows.append((result.name, measured, bound, result.verdict, result.note))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ("  ".join([*map(str.ljust, row, widths), row[4]]).rstrip() for row in rows)
    return "\n".join(lines)
