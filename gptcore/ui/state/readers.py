"""Readers of what an address says: words in, a value out, ValueError for words that are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gptcore.number_reading import read_decimal, read_whole


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers from low to high."""

    def read(words: str) -> int:
        number = read_whole(words)
        if not low <= number <= high:
            raise ValueError(f"{number} is not from {low} to {high}")
        return number

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """A reader of numbers from low to high."""

    def read(words: str) -> float:
        amount = read_decimal(words)
        if not low <= amount <= high:
            raise ValueError(f"{amount} is not from {low} to {high}")
        return amount

    return read


def on_or_off(words: str) -> bool:
    """A reader of a switch: 1 or 0."""
    if words not in ("0", "1"):
        raise ValueError(words[:20])
    return words == "1"


def one_of(*options: Any) -> Callable[[str], Any]:
    """A reader of one of some options, by how each is written."""

    def read(words: str) -> Any:
        for option in options:
            if str(option) == words:
                return option
        raise ValueError(words[:20])

    return read
