"""Which seeds to compare: so many from one on, or a list as a person types it. No torch here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gptcore.config import MAX_SEED
from gptcore.errors import InputError

MOST_SEEDS = 10_000
"""The most that are compared at once: hours of work on a laptop."""
MAX_LIST_CHARACTERS = MOST_SEEDS * len(f"{MAX_SEED}, ")
"""The longest list that is read: as long as the longest one that `write_seeds` writes."""


def seed_range(count: int, first: int = 0, most: int = MOST_SEEDS) -> range:
    """`count` seeds from `first` on.

    Raises:
        InputError: "no_seeds", "too_many_seeds", "bad_seed".

    >>> seed_range(40)
    range(0, 40)
    """
    if count < 1:
        raise InputError("no_seeds", "there are no seeds to compare: at least 1 is needed", count=count)
    seeds = range(first, first + count)
    for seed in (seeds[0], seeds[-1]):
        _check(seed)
    _check_count(count, most)
    return seeds


def parse_seeds(typed: str, most: int = MOST_SEEDS) -> tuple[int, ...]:
    """Seeds as a person types them: whole numbers and ranges, apart by commas or spaces.

    The time it takes grows with the length of the list alone, whatever is in it.

    Raises:
        InputError: "no_seeds", "not_seeds" (word), "backwards_seeds" (word), "bad_seed" (seed, limit),
            "repeated_seed" (seed; without_repeats is the list as it could be), "too_many_seeds" (count, limit),
            "long_seed_list" (characters, limit).

    >>> parse_seeds("3, 17 40-42")
    (3, 17, 40, 41, 42)
    """
    if len(typed) > MAX_LIST_CHARACTERS:
        raise InputError(
            "long_seed_list",
            f"the list has {len(typed):,} characters; at most {MAX_LIST_CHARACTERS:,} are read",
            characters=len(typed),
            limit=MAX_LIST_CHARACTERS,
        )
    parts: list[range] = []
    count = 0
    for word in _words(typed):
        part = _read_part(word)
        count += len(part)
        _check_count(count, most)
        parts.append(part)
    if not parts:
        raise InputError("no_seeds", "there are no seeds to compare: at least 1 is needed", count=0)
    seeds = [seed for part in parts for seed in part]
    _check_repeats(seeds)
    return tuple(seeds)


def _words(typed: str) -> list[str]:
    """The numbers and ranges of a list, each range as "first-last"."""
    spaced = " ".join(typed.split())  # so that no run of spaces is left for the pattern below to try again and again
    joined = re.sub(r" ?(?:[–~～]|\.\.|(?<=[0-9]) ?-) ?(?=[0-9])", "-", spaced)
    return [word for word in re.split(r"[ ,;，、；]+", joined) if word]


def _read_part(word: str) -> range:
    """The seeds of a number or a range."""
    match = re.fullmatch(r"([+-]?[0-9]{1,18})(?:-([0-9]{1,18}))?", word)
    if not match:
        raise InputError("not_seeds", f"{word[:40]!r} is no seed: a whole number, or a range as 0-39", word=word[:40])
    first = int(match[1])
    last = first if match[2] is None else int(match[2])
    for seed in (first, last):
        _check(seed)
    if last < first:
        raise InputError("backwards_seeds", f"{word!r} runs backwards: the smaller seed comes first", word=word)
    return range(first, last + 1)


def _check_repeats(seeds: Sequence[int]) -> None:
    """Raise InputError("repeated_seed") for the first seed that is there a second time."""
    seen: set[int] = set()
    for seed in seeds:
        if seed in seen:
            raise InputError(
                "repeated_seed",
                f"seed {seed} is there twice: the same model would be counted twice",
                seed=seed,
                without_repeats=write_seeds(list(dict.fromkeys(seeds))),
            )
        seen.add(seed)


def write_seeds(seeds: Sequence[int]) -> str:
    """The shortest list that `parse_seeds` reads as these seeds, in their order.

    >>> write_seeds([3, 17, 40, 41, 42])
    '3, 17, 40-42'
    """
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1][1:] = [seed]
        else:
            runs.append([seed])
    return ", ".join("-".join(map(str, run)) for run in runs)


def _check(seed: int) -> None:
    if not 0 <= seed <= MAX_SEED:
        raise InputError(
            "bad_seed", f"a seed is a whole number from 0 to {MAX_SEED:,}, not {seed}", seed=seed, limit=MAX_SEED
        )


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise InputError(
            "too_many_seeds", f"{count:,} seeds; at most {most:,} are compared at once", count=count, limit=most
        )
