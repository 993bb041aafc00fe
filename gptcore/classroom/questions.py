"""Questions to a class. The right answer of each is a number that was computed, or one of its options."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from gptcore.errors import InputError

Kind = Literal[
    "perplexity",
    "target_probability",
    "top_token",
    "most_surprising",
    "harder_text",
    "below_uniform",
    "training_step",
    "minus_log",
    "free",
]
Scale = Literal["log", "linear", "options"]

MAX_OPTIONS = 8
MAX_CHARACTERS = 300
"""Longest text of a question, and of each of its options and details."""
_LARGEST = 1e300
_PLACES = 240


@dataclass(frozen=True)
class Question:
    """One question, without its words: those are in each reader's own language.

    Attributes:
        kind: What is asked.
        scale: How it is guessed: by a number from `low` to `high` (on a log or a linear axis), or by an option.
        answer: What the computation gives: the number, or the index of the right option. None for a free question,
            which has no right answer.
        low, high: The smallest and largest number that can be guessed.
        mark: A number to compare with, drawn on the axis: V for a perplexity, 1/V for a probability.
        options: Texts to choose from. Tokens are shown with their spaces, a free question's options as typed.
        details: Values that the question's words name, such as the text that is scored.
        text: A free question's own words.
    """

    kind: Kind
    scale: Scale
    answer: float | None
    low: float = 0.0
    high: float = 0.0
    mark: float | None = None
    options: tuple[str, ...] = ()
    details: dict[str, str] | None = None
    text: str = ""

    def __post_init__(self) -> None:
        if not self._is_well_formed():
            raise InputError("bad_question", f"this is not a question: {self.kind!s:.40}")

    def _is_well_formed(self) -> bool:
        words = (self.text, *self.options, *(self.details or {}).values(), *(self.details or {}))
        if self.kind not in get_args(Kind) or self.scale not in get_args(Scale):
            return False
        if not all(isinstance(word, str) and len(word) <= MAX_CHARACTERS for word in words):
            return False
        numbers = [self.low, self.high, *(n for n in (self.mark, self.answer) if n is not None)]
        if not all(type(n) in (int, float) and not math.isnan(n) for n in numbers):
            return False
        if self.scale == "options":
            if not (2 <= len(self.options) <= MAX_OPTIONS and all(option.strip() for option in self.options)):
                return False
            return self.answer is None or self.answer in range(len(self.options))
        least = 0.0 if self.scale == "log" else -math.inf
        return least < self.low < self.high < math.inf and self.answer is not None

    def points(self) -> list[float]:
        """The places of a slider from `low` to `high`: evenly spaced on the axis, to three digits, with the mark.

        >>> Question("perplexity", "log", 5.0, low=1.0, high=14.0, mark=7.0).points()[::24]
        [1.0, 1.3, 1.7, 2.21, 2.87, 3.74, 4.87, 6.34, 8.26, 10.8, 14.0]
        """
        if self.scale == "linear":
            places = [self.low + (self.high - self.low) * step / _PLACES for step in range(1, _PLACES)]
        else:
            places = [self.low * (self.high / self.low) ** (step / _PLACES) for step in range(1, _PLACES)]
        rounded = {min(max(float(f"{place:.3g}"), self.low), self.high) for place in places}
        return sorted({self.low, *rounded, self.high, *([self.mark] if self.mark is not None else [])})

    def read_guess(self, given: object) -> float:
        """Read a guess: a number within the question's range, or the index of an option.

        Raises:
            InputError: "bad_guess" for anything else: text, NaN, what lies beyond the range, an option that is none.

        >>> Question("minus_log", "linear", 9.5, low=0.0, high=22.0).read_guess(10)
        10.0
        """
        if isinstance(given, int | float) and not isinstance(given, bool) and abs(given) <= _LARGEST:
            if self.scale == "options":
                if given in range(len(self.options)):
                    return float(given)
            elif self.low <= given <= self.high:
                return float(given)
        raise InputError("bad_guess", "this cannot be guessed here")

    def is_close(self, guess: float) -> bool:
        """Tell whether a guess is right: within a factor of two of the answer, or the right option.

        >>> Question("perplexity", "log", 48_725.82, low=1.0, high=100_514.0).is_close(24_363.0)
        True
        """
        if self.answer is None:
            return False
        if self.scale == "options":
            return guess == self.answer
        return self.answer / 2.0 <= guess <= self.answer * 2.0

    def to_json(self) -> str:
        """Write it for the file. A perplexity may be infinite, which Python's JSON writes and reads."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, words: str) -> Question:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = json.loads(words)
        return cls(**{**fields, "options": tuple(fields["options"])})


def free_question(text: str, options: list[str]) -> Question:
    """Make a question with options that the teacher typed; there is no right answer.

    Raises:
        InputError: "bad_free_question" without words, or with fewer than two or more than eight options.
    """
    text, chosen = text.strip(), tuple(dict.fromkeys(option.strip() for option in options if option.strip()))
    within = len(text) <= MAX_CHARACTERS and all(len(option) <= MAX_CHARACTERS for option in chosen)
    if not text or not 2 <= len(chosen) <= MAX_OPTIONS or not within:
        raise InputError("bad_free_question", "a question needs words and from two to eight options", limit=MAX_OPTIONS)
    return Question("free", "options", None, options=chosen, text=text)
