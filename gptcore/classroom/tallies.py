"""What a class guessed: counts, a histogram on the right axis, the share that came close, a table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from gptcore.classroom.questions import Question

BINS = 24


@dataclass(frozen=True)
class Tally:
    """The guesses at one question, without who made them.

    Attributes:
        question: What was asked.
        guesses: One number a person: a guess, or the index of an option.
    """

    question: Question
    guesses: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many have guessed."""
        return len(self.guesses)

    def option_counts(self) -> list[int]:
        """How many chose each option."""
        return [self.guesses.count(float(index)) for index in range(len(self.question.options))]

    def edges(self) -> list[float]:
        """The 25 edges of the histogram's bins: evenly spaced on the question's axis, from `low` to `high`."""
        low, high = self.question.low, self.question.high
        if self.question.scale == "log":
            width = math.log(high / low) / BINS
            return [low, *(low * math.exp(width * step) for step in range(1, BINS)), high]
        return [low, *(low + (high - low) * step / BINS for step in range(1, BINS)), high]

    def histogram(self) -> list[int]:
        """How many guesses each bin holds; a guess on an edge is in the bin above, one at `high` in the last.

        >>> question = Question("minus_log", "linear", 1.0, low=0.0, high=24.0)
        >>> Tally(question, (0.5, 23.5, 24.0)).histogram()[::23]
        [1, 2]
        """
        edges, counts = self.edges(), [0] * BINS
        for guess in self.guesses:
            counts[max(0, min(BINS - 1, sum(edge <= guess for edge in edges) - 1))] += 1
        return counts

    def close(self) -> int:
        """How many guesses are right: within a factor of two, or the right option."""
        return sum(self.question.is_close(guess) for guess in self.guesses)

    def share_close(self) -> float | None:
        """The share of the guesses that are right; None without guesses, and where there is no right answer."""
        if not self.guesses or self.question.answer is None:
            return None
        return self.close() / self.count

    def median(self) -> float | None:
        """The middle guess; of an even number, the mean of the middle two on the question's axis."""
        if not self.guesses or self.question.scale == "options":
            return None
        ordered = sorted(self.guesses)
        low, high = ordered[(self.count - 1) // 2], ordered[self.count // 2]
        return math.sqrt(low) * math.sqrt(high) if self.question.scale == "log" else (low + high) / 2.0


def csv_of(tallies: Sequence[tuple[str, Tally]]) -> str:
    """Write questions and guesses as CSV, a row a guess; a question without guesses has one row.

    Args:
        tallies: The words of each question, and its guesses.
    """
    file = io.StringIO()
    writer = csv.writer(file)  # its own line end, since it quotes the characters of no other
    writer.writerow(["number", "kind", "question", "guess", "answer", "close"])
    for number, (words, tally) in enumerate(tallies, start=1):
        question = tally.question
        answer = "" if question.answer is None else _written(question, question.answer)
        for guess in sorted(tally.guesses):
            close = "" if question.answer is None else int(question.is_close(guess))
            writer.writerow([number, question.kind, harmless(words), _written(question, guess), answer, close])
        if not tally.guesses:
            writer.writerow([number, question.kind, harmless(words), "", answer, ""])
    return file.getvalue()


def harmless(words: str) -> str:
    """Keep a spreadsheet from taking typed words for a formula.

    >>> harmless("=1+1"), harmless("which?")
    ("'=1+1", 'which?')
    """
    return f"'{words}" if words.startswith(("=", "+", "-", "@", "\t", "\r")) else words


def _written(question: Question, number: float) -> str:
    return harmless(question.options[int(number)]) if question.scale == "options" else repr(number)
