"""Questions, guesses and tallies, worked by hand."""

import csv
import io
import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptcore.classroom import Question, Tally, free_question
from gptcore.classroom.tallies import BINS, csv_of
from gptcore.errors import InputError

PERPLEXITY = Question("perplexity", "log", 1_000.0, low=1.0, high=100_514.0, mark=50_257.0)
CHOICE = Question("most_surprising", "options", 2.0, options=(" effort", " moves", " you"))


@pytest.mark.parametrize(
    ("guess", "close"), [(499.9, False), (500.0, True), (1_000.0, True), (2_000.0, True), (2_000.1, False)]
)
def test_close_is_within_a_factor_of_two(guess: float, close: bool) -> None:
    assert PERPLEXITY.is_close(guess) is close


def test_the_share_of_a_class_by_hand() -> None:
    tally = Tally(PERPLEXITY, (1.0, 499.0, 500.0, 1_500.0, 50_257.0, 100_514.0))
    assert (tally.count, tally.close(), tally.share_close()) == (6, 2, 2 / 6)
    assert tally.median() == pytest.approx(math.sqrt(500.0 * 1_500.0), rel=1e-15)
    options = Tally(CHOICE, (0.0, 2.0, 2.0))
    assert (options.option_counts(), options.close(), options.median()) == ([1, 0, 2], 2, None)
    assert Tally(PERPLEXITY, ()).share_close() is None
    free = Tally(free_question("Why?", ["a", "b"]), (0.0, 1.0))
    assert (free.close(), free.share_close()) == (0, None)


@given(st.lists(st.floats(1.0, 100_514.0), max_size=60))
def test_every_guess_is_in_one_bin_of_the_right_width(guesses: list[float]) -> None:
    tally = Tally(PERPLEXITY, tuple(guesses))
    edges, counts = tally.edges(), tally.histogram()
    assert (len(edges), len(counts), sum(counts)) == (BINS + 1, BINS, len(guesses))
    assert (edges[0], edges[-1]) == (1.0, 100_514.0)
    ratios = [high / low for low, high in itertools.pairwise(edges)]
    assert max(ratios) == pytest.approx(min(ratios), rel=1e-12)  # even on a log axis
    for low, high, count in zip(edges[:-2], edges[1:-1], counts[:-1], strict=True):
        assert count == sum(low <= guess < high for guess in guesses)


def test_a_perplexity_beyond_every_float_is_a_question_too() -> None:
    question = Question("perplexity", "log", math.inf, low=1.0, high=14.0)
    assert Question.from_json(question.to_json()) == question
    assert not question.is_close(14.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "anything"},
        {"scale": "cubic"},
        {"answer": math.nan},
        {"answer": None},
        {"low": 0.0},
        {"low": 200_000.0},
        {"high": math.inf},
        {"answer": "<b>"},
        {"details": {"text": "x" * 301}},
        {"scale": "options"},
        {"scale": "options", "options": ("a",), "answer": 0.0},
        {"scale": "options", "options": ("a", "b"), "answer": 2.0},
        {"scale": "options", "options": ("a", " "), "answer": 0.0},
        {"scale": "options", "options": tuple("abcdefghi"), "answer": 0.0},
    ],
)
def test_what_is_no_question_is_refused(wrong: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"kind": "perplexity", "scale": "log", "answer": 5.0, "low": 1.0, "high": 14.0, **wrong}
    with pytest.raises(InputError) as caught:
        Question(**fields)
    assert caught.value.code == "bad_question"


@pytest.mark.parametrize(
    ("text", "options"), [("", ["a", "b"]), ("  ", ["a", "b"]), ("Why?", ["a", "a", " "]), ("Why?", list("abcdefghi"))]
)
def test_a_free_question_needs_words_and_options(text: str, options: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        free_question(text, options)
    assert caught.value.code == "bad_free_question"


def test_the_table_has_a_row_a_guess_and_runs_nothing() -> None:
    hostile = free_question("=HYPERLINK(1)", ["+1", '"quoted",\nand so on'])
    table = csv_of([("Perplexity?", Tally(PERPLEXITY, (600.0, 2.5))), ("=HYPERLINK(1)", Tally(hostile, (0.0,)))])
    rows = list(csv.reader(io.StringIO(table)))
    assert rows == [
        ["number", "kind", "question", "guess", "answer", "close"],
        ["1", "perplexity", "Perplexity?", "2.5", "1000.0", "0"],
        ["1", "perplexity", "Perplexity?", "600.0", "1000.0", "1"],
        ["2", "free", "'=HYPERLINK(1)", "'+1", "", ""],
    ]
    assert len(list(csv.reader(io.StringIO(csv_of([("x", Tally(CHOICE, ()))]))))) == 2
    carriage_return = "is it\rtwo rows?"
    rows = list(csv.reader(io.StringIO(csv_of([(carriage_return, Tally(CHOICE, ()))]), newline="")))
    assert [row[2] for row in rows[1:]] == [carriage_return]
