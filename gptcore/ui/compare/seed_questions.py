"""Predict first, of many seeds: how many lie below uniform guessing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gptcore import number_format
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.predict import ask_first, compare_with_choice

if TYPE_CHECKING:
    from gptcore.results.seeds import SeedTable

_SHARES = ("none", "few", "most", "all")


def ask_about_seeds(subject: Sequence[object], count: int) -> None:
    """Ask how many of the seeds will lie below ln V."""
    text = page_text("predict")
    shares = text.group("shares")
    question = text("below", count=number_format.count(count))
    ask_first("seeds", subject, question, [shares[name] for name in _SHARES])


def compare_seeds(table: SeedTable, *, whole: bool) -> None:
    """Say what was chosen beside how many are; what is not finished has no answer yet."""
    summary = table.summary()
    below, count = summary.below_uniform, summary.count
    said = page_text("compare")("below.value", below=number_format.count(below), count=number_format.count(count))
    compare_with_choice("seeds", share_of(below, count) if whole else None, said)


def share_of(below: int, count: int) -> int:
    """Which of the choices holds so many of so many.

    >>> [share_of(below, 40) for below in (0, 12, 20, 40)]
    [0, 1, 2, 3]
    """
    return 0 if below == 0 else 3 if below == count else 1 if 2 * below < count else 2
