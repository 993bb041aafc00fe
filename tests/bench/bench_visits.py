"""Two thousand visits one after the other: what the server holds levels off."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench import Result
from tests.bench.visitors import Visitor
from tests.support.serving import serving

VISITS = 2_000
PAGES = ("", "step_by_step", "perplexity", "train")
STORED_SESSIONS = 128
"""So many sessions of visitors who left does Streamlit keep."""


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    descriptors: int
    threads: int
    megabytes: float


def held_by(process: psutil.Process) -> Held:
    """Look at a process."""
    return Held(process.num_fds(), process.num_threads(), process.memory_info().rss / 2**20)


def after_visits(total: int, pages: Sequence[str] = PAGES) -> tuple[Held, Held]:
    """Let visitors come one after the other, each to look at a page and leave.

    Args:
        total: How many, at least twice as many as sessions are stored.
        pages: Which they look at, in turn.

    Returns:
        What the server holds when half of them were there, and when all were.
    """
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "log.txt", "gptcore/ui/server.py") as server:
        process = psutil.Process(server.pid)
        half = held_by(process)
        for number in range(total):
            with Visitor(server.url, f"size=mini&seed={number % 7}", page=pages[number % len(pages)]) as visitor:
                visitor.run()
            if number + 1 == total // 2:
                half = held_by(process)
        return half, held_by(process)


def added(half: Held, end: Held) -> list[Result]:
    """Return what the second half of the visits added, beside what it may."""
    return [
        Result("descriptors added", end.descriptors - half.descriptors, "", 20, f"{end.descriptors} in all"),
        Result("threads added", end.threads - half.threads, "", 4, f"{end.threads} in all"),
        Result("memory added", end.megabytes - half.megabytes, "MB", 80, f"{end.megabytes:.0f} MB in all"),
    ]


def run() -> list[Result]:
    """Return what the second thousand of visits added."""
    return added(*after_visits(VISITS))
