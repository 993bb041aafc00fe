"""Numbers as people type them: one rule, and nothing read that merely looks like a number to Python."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptcore.errors import InputError
from gptcore.examples import parse_ids
from gptcore.number_reading import read_decimal, read_whole
from gptcore.sweeps.seed_lists import parse_seeds
from gptcore.ui.state.url import number, whole_number

ODD = [
    "1_0",
    "١٢",
    "１２",
    "१२",
    "²",
    "0x1F",
    "1\u200b2",
    "1 2",
    "",
    " ",
    "+-1",
    "--1",
    "1e",
    "e5",
    ".",
    "NaN",
    "inf",
    "1e9999",
]


@pytest.mark.parametrize("typed", ODD)
def test_no_reader_takes_what_is_no_plain_number(typed: str) -> None:
    for read in (read_whole, read_decimal, whole_number(-(10**9), 10**9), number(-1e9, 1e9)):
        with pytest.raises(ValueError, match=r".*"):
            read(typed)
    if typed.strip() and typed != "1 2":
        for parse in (parse_ids, parse_seeds):
            with pytest.raises(InputError):
                parse(typed)


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_whole_numbers_come_back(value: int) -> None:
    assert read_whole(str(value)) == read_whole(f" {value:+d} ") == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_decimals_come_back(value: float) -> None:
    assert read_decimal(repr(value)) == value


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_refused(typed: str) -> None:
    for read in (read_whole, read_decimal):
        try:
            value = read(typed)
        except ValueError:
            continue
        assert math.isfinite(value)
        assert typed.replace("\u2212", "-").isascii() or typed.strip() != typed
