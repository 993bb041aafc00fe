"""Lists of seeds as people type them: any text of an allowed length is read, or refused, at once."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptcore.config import MAX_SEED
from gptcore.errors import InputError
from gptcore.sweeps.seed_lists import MAX_LIST_CHARACTERS, MOST_SEEDS, parse_seeds, write_seeds

MOST_SECONDS = 0.2
DIGITS_OF_OTHERS = ["１２", "١٢", "१२", "²", "Ⅻ", "1_0", "1e3", "0x1F", "1.0", "−1", "１-２", "1-２"]


def repeated(unit: str) -> str:
    return (unit * (MAX_LIST_CHARACTERS // len(unit) + 1))[:MAX_LIST_CHARACTERS]


def code_of(typed: str) -> str:
    """The code of the sentence that refuses a list; "" for a list that is read. Any other exception comes through."""
    try:
        parse_seeds(typed)
    except InputError as error:
        return error.code
    return ""


HARD = {
    "spaces between two numbers": f"1{' ' * 20_000}2",
    "as many spaces as fit": f"1{' ' * (MAX_LIST_CHARACTERS - 2)}2",
    "spaces before a dash": f"1{' ' * (MAX_LIST_CHARACTERS - 3)}-x",
    "spaces after a dash": f"1-{' ' * (MAX_LIST_CHARACTERS - 3)}x",
    "spaces and dashes": repeated("1 - "),
    "dashes": repeated("-"),
    "dots": repeated("."),
    "tabs and breaks": repeated("1\t\n- "),
    "one digit": repeated("9"),
    "single seeds, each twice": ",".join(map(str, [*range(5_000), *range(5_000)])),
    "all but the last unlike": ",".join(map(str, [*range(1, 20_000, 2), 19_997])),
    "the longest list": write_seeds(range(MAX_SEED - 3 * MOST_SEEDS + 3, MAX_SEED + 1, 3)),
    "one too many": ",".join(map(str, range(0, 2 * MOST_SEEDS + 2, 2))),
    "huge ranges": repeated("0-4294967295 "),
    "commas": repeated(","),
    "full-width": repeated("，、；"),
    "ideographic spaces": "1" + repeated("\u3000")[2:] + "2",
}


@pytest.mark.parametrize("typed", HARD.values(), ids=HARD.keys())
def test_no_list_of_an_allowed_length_takes_long(typed: str) -> None:
    assert len(typed) <= MAX_LIST_CHARACTERS
    start = time.process_time()
    code_of(typed)
    assert time.process_time() - start < MOST_SECONDS


@given(st.lists(st.sampled_from(["1", "23", " ", "   ", "-", "–", "..", ",", "，", "\t", "x", "~", "+"]), max_size=60))
def test_any_mixture_is_read_or_refused_with_a_sentence(parts: list[str]) -> None:
    typed = "".join(parts)
    if not code_of(typed):
        seeds = parse_seeds(typed)
        assert len(seeds) == len(set(seeds)) >= 1
        assert all(0 <= seed <= MAX_SEED for seed in seeds)


def test_a_longer_list_is_refused_before_it_is_read() -> None:
    with pytest.raises(InputError) as caught:
        parse_seeds("1," * MAX_LIST_CHARACTERS)
    assert caught.value.code == "long_seed_list"
    assert caught.value.details == {"characters": 2 * MAX_LIST_CHARACTERS, "limit": MAX_LIST_CHARACTERS}


def test_the_longest_list_that_is_written_can_be_read() -> None:
    seeds = range(MAX_SEED - 2 * MOST_SEEDS + 2, MAX_SEED + 1, 2)
    assert len(write_seeds(seeds)) <= MAX_LIST_CHARACTERS
    assert parse_seeds(write_seeds(seeds)) == tuple(seeds)


@pytest.mark.parametrize("typed", DIGITS_OF_OTHERS)
def test_only_plain_digits_are_seeds(typed: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_seeds(typed)
    assert caught.value.code == "not_seeds"


@pytest.mark.parametrize(
    ("typed", "seeds"),
    [
        ("1  -  3", (1, 2, 3)),
        ("1\n2\t3", (1, 2, 3)),
        ("3 - 5,7 –9", (3, 4, 5, 7, 8, 9)),
        ("0 .. 2", (0, 1, 2)),
        ("4~5；9", (4, 5, 9)),
        ("+7", (7,)),
        ("007", (7,)),
    ],
)
def test_ways_to_write_a_list(typed: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(typed) == seeds


def test_the_first_repeat_is_named() -> None:
    with pytest.raises(InputError) as caught:
        parse_seeds("4, 9, 2-6, 9")
    assert caught.value.details == {"seed": 4, "without_repeats": "4, 9, 2-3, 5-6"}
