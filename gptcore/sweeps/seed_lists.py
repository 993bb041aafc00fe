"""Which seeds to compare: so many from one on, or a list as a person types it. No torch here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gptcore.config import MAX_SEED
from gptcore.errors import InputError

MOST_SEEDS = 10_000
"""The most that are compared at once: hours of work on a laptop."""


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

    Raises:
        InputError: "no_seeds", "not_seeds" (word), "backwards_seeds" (word), "bad_seed" (seed, limit),
            "repeated_seed" (seed; without_repeats is the list as it could be), "too_many_seeds" (count, limit).

    >>> parse_seeds("3, 17 40-42")
    (3, 17, 40, 41, 42)
    """
    parts: list[range] = []
    for word in re.split(r"[\s,;，、；]+", re.sub(r"\s*([–~～]|\.\.|(?<=\d)\s*-)\s*(?=\d)", "-", typed.strip())):
        if not word:
            continue
        match = re.fullmatch(r"([+-]?\d{1,18})(?:-(\d{1,18}))?", word, re.ASCII)
        if not match:
            raise InputError(
                "not_seeds", f"{word[:40]!r} is no seed: a whole number, or a range as 0-39", word=word[:40]
            )
        first = int(match[1])
        last = first if match[2] is None else int(match[2])
        for seed in (first, last):
            _check(seed)
        if last < first:
            raise InputError("backwards_seeds", f"{word!r} runs backwards: the smaller seed comes first", word=word)
        parts.append(range(first, last + 1))
        _check_count(sum(map(len, parts)), most)
    seeds = [seed for part in parts for seed in part]
    if not seeds:
        raise InputError("no_seeds", "there are no seeds to compare: at least 1 is needed", count=0)
    unique = list(dict.fromkeys(seeds))
    if len(unique) < len(seeds):
        repeated = next(seed for index, seed in enumerate(seeds) if seeds.index(seed) < index)
        raise InputError(
            "repeated_seed",
            f"seed {repeated} is there twice: the same model would be counted twice",
            seed=repeated,
            without_repeats=write_seeds(unique),
        )
    return tuple(seeds)


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
