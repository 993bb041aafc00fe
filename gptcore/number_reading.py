"""Reading numbers as people type them: one rule for every field and every link. `number_format` writes them."""

from __future__ import annotations

import re

LONGEST_NUMBER = 24
"""The most characters that are read as one number."""


def read_whole(words: str) -> int:
    """Read a whole number: ASCII digits with an optional sign, spaces around it ignored.

    Args:
        words: What was typed.

    Returns:
        The number, of at most 18 digits.

    Raises:
        ValueError: For anything else, such as "1_0", "1,000", "1.0" and digits of other scripts.

    >>> read_whole(" -12 ")
    -12
    """
    found = re.fullmatch(r"[+-]?[0-9]{1,18}", words.strip()) if len(words) <= LONGEST_NUMBER else None
    if found is None:
        raise ValueError(f"{words[:LONGEST_NUMBER]!r} is not a whole number")
    return int(found[0])


def read_decimal(words: str) -> float:
    """Read a decimal number, with or without an exponent: "0.002", "2e-3", "−1"; spaces around it ignored.

    Args:
        words: What was typed; the typographic minus counts as one.

    Returns:
        The number, which is finite.

    Raises:
        ValueError: For anything else, such as "1,000", "1_0", "nan", "inf", "1e999" and digits of other scripts.

    >>> read_decimal("2e-3"), read_decimal(".5")
    (0.002, 0.5)
    """
    pattern = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?"
    typed = words.strip().replace("−", "-")
    found = re.fullmatch(pattern, typed) if len(words) <= LONGEST_NUMBER else None
    number = float(found[0]) if found else float("inf")
    if abs(number) == float("inf"):
        raise ValueError(f"{words[:LONGEST_NUMBER]!r} is not a number")
    return number
