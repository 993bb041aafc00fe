"""What a caller got wrong, in a form that survives the way to the page."""

import copy
import pickle

import pytest

from gptcore import InputError

ERROR = InputError("too_many_tokens", "300 tokens; the context holds 256", field="prompt", tokens=300, limit=256)


@pytest.mark.parametrize("carried", [ERROR, pickle.loads(pickle.dumps(ERROR)), copy.copy(ERROR), copy.deepcopy(ERROR)])
def test_it_keeps_its_code_its_place_and_its_values(carried: InputError) -> None:
    assert str(carried) == "300 tokens; the context holds 256"
    assert (carried.code, carried.example, carried.field) == ("too_many_tokens", None, "prompt")
    assert carried.details == {"tokens": 300, "limit": 256}


def test_the_same_mistake_in_a_row() -> None:
    placed = ERROR.at(2)
    assert placed.example == 2
    assert ERROR.example is None
    assert (str(placed), placed.code, placed.field, placed.details) == (
        str(ERROR),
        ERROR.code,
        ERROR.field,
        ERROR.details,
    )


def test_it_is_a_value_error() -> None:
    """So that a notebook needs to know no other."""
    with pytest.raises(ValueError, match="the context holds 256"):
        raise ERROR
