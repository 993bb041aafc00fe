"""Token ids as people paste them, and what −100 among the targets means."""

import contextlib
import time

import numpy as np
import pytest

from gptcore import Example, InputError, parse_id_rows, parse_ids, score, trained_small_model

BOOK = [(16833, 3626, 6100), (40, 1107, 588)]


@pytest.mark.parametrize(
    "pasted",
    [
        "tensor([[16833, 3626, 6100], [40, 1107, 588]])",
        "tensor([[16833,  3626,  6100],\n        [   40,  1107,   588]])",
        "torch.tensor([[16833, 3626, 6100], [40, 1107, 588]], device='cuda:0', dtype=torch.int64)",
        "array([[16833,  3626,  6100],\n       [   40,  1107,   588]], dtype=int64)",
        "np.array([[16833, 3626, 6100], [40, 1107, 588]])",
        "[[16833 3626 6100]\n [40 1107 588]]",
        "[[16833, 3626, 6100], [40, 1107, 588]]",
        "[[[16833, 3626, 6100], [40, 1107, 588]]]",
        "((16833, 3626, 6100))\n40 1107 588",
        "16833 3626 6100\n40 1107 588",
        "16833，3626，6100\r\n40、1107、588",
        "【16833，3626，6100】，【40，1107，588】",
        "[16833, 3626, 6100],\n[40, 1107, 588],",
    ],
)
def test_two_rows(pasted: str) -> None:
    assert parse_id_rows(pasted) == BOOK


@pytest.mark.parametrize(
    "pasted",
    [
        "16833, 3626, 6100",
        "[16833, 3626,\n 6100]",
        "tensor([16833, 3626, 6100])",
        " 16833;3626 6100 ",
        "[16833, 3626, 6100",
    ],
)
def test_one_row(pasted: str) -> None:
    assert parse_id_rows(pasted) == [BOOK[0]]
    assert parse_ids(pasted) == BOOK[0]


@pytest.mark.parametrize("pasted", ["", "[]", "tensor([])", "[[], []]", " \n ", ",，"])
def test_nothing(pasted: str) -> None:
    assert parse_id_rows(pasted) == []
    assert parse_ids(pasted) == ()


@pytest.mark.parametrize(
    ("pasted", "word"),
    [
        ("40, four", "four"),
        ("1.5", "1.5"),
        ("1_0", "1_0"),
        ("١٢", "١٢"),
        ("[1, 2] x [3]", "x"),
        ("1e3", "1e3"),
        ("1" * 30, "1" * 30),
    ],
)
def test_what_is_no_id_is_named(pasted: str, word: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_id_rows(pasted)
    assert (raised.value.code, raised.value.details["word"]) == ("not_ids", word)


def test_several_rows_are_not_one() -> None:
    with pytest.raises(InputError) as raised:
        parse_ids("[[1, 2], [3, 4]]")
    assert raised.value.code == "several_rows"


@pytest.mark.parametrize("word", ["[", "]", ",", "1 ", "tensor(", ", dtype=", "[[1]", "\n", "，", ", "])
def test_no_text_of_the_longest_length_takes_long(word: str) -> None:
    pasted = (word * 20_000)[:20_000]
    start = time.process_time()
    with contextlib.suppress(InputError):
        parse_id_rows(pasted + "x")
    assert time.process_time() - start < 0.5


def test_a_target_of_minus_100_is_not_scored() -> None:
    model = trained_small_model()
    whole = score(model, [Example.from_ids([40, 1107, 588], [1107, 588, 11311])])
    part = score(model, [Example.from_ids([40, 1107, 588], [1107, -100, 11311])])
    np.testing.assert_array_equal(part.log_probability, whole.log_probability[[0, 2]])
    assert part.position.tolist() == [0, 2]
    assert part.cross_entropy == pytest.approx(float(-whole.log_probability[[0, 2]].mean()))


def test_minus_100_is_no_id_anywhere_else_and_not_everything() -> None:
    model = trained_small_model()
    for example in (
        Example.from_ids([40, -100], [1107, 588]),
        Example.from_ids([40], [-100, 588], "continuation"),
        Example.from_ids([40, -100, 588], alignment="shifted"),
    ):
        with pytest.raises(InputError) as raised:
            score(model, [example])
        assert raised.value.code == "id_out_of_range"
    with pytest.raises(InputError) as raised:
        score(model, [Example.from_ids([40, 588], [-100, -100])])
    assert raised.value.code == "id_out_of_range"
