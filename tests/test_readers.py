"""Every reader of what visitors type or upload: an answer or a sentence, at once, whatever it is given."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gptcore.errors import InputError
from gptcore.example_fixes import joins_differently, suggest_fixes
from gptcore.examples import Example, parse_ids
from gptcore.number_reading import read_decimal, read_whole
from gptcore.sweeps.seed_lists import parse_seeds
from gptcore.tables import read_pasted_list, read_table
from gptcore.text_files import MAX_TEXT_BYTES, read_text_file
from gptcore.texts import text_in
from gptcore.token_display import visible
from gptcore.tokenizers.base import MAX_CHARACTERS
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.tokenizers.seven_words import seven_word_tokenizer

MOST_SECONDS = 0.2
MOST_ROWS = 10_000
Reader = Callable[[str], object]


def fixes(typed: str) -> object:
    """What the page offers for a row."""
    example = Example(typed, typed, "continuation")
    return [*suggest_fixes(example, gpt2_tokenizer()), joins_differently(example, gpt2_tokenizer())]


FIELDS: dict[str, Reader] = {
    "text": lambda typed: gpt2_tokenizer().encode(typed),
    "words": lambda typed: seven_word_tokenizer().encode(typed),
    "ids": parse_ids,
    "seeds": parse_seeds,
    "whole": read_whole,
    "decimal": read_decimal,
    "visible": visible,
    "fixes": fixes,
}
FILES: dict[str, Reader] = {
    "table": lambda typed: read_table(typed, max_rows=MOST_ROWS),
    "list": lambda typed: read_pasted_list(typed, max_rows=MOST_ROWS),
}
UNITS = [
    "a", " ", "\n", "1", "1,", "1 - ", "-", "今", "👩\u200d👩\u200d👧", "'", '"', 'a,"b\n', "\t",
    "⟨aa", "e\u0301", "\u200d", " a", "0-9 ",
]  # fmt: skip


def said(reader: Reader, typed: str) -> str:
    """The code of the sentence, "" for an answer; any other exception comes through."""
    try:
        reader(typed)
    except InputError as error:
        return error.code
    except ValueError as error:  # the readers of numbers, whose pages have a sentence of their own
        assert reader in (read_whole, read_decimal), error  # noqa: PT017
        return "number"
    return ""


@pytest.mark.parametrize("unit", UNITS, ids=repr)
@pytest.mark.parametrize("name", [*FIELDS, *FILES])
def test_no_input_of_an_allowed_length_takes_long(name: str, unit: str) -> None:
    longest = MAX_CHARACTERS if name in FIELDS else MAX_TEXT_BYTES // len(unit.encode())
    typed = (unit * (longest // len(unit) + 1))[:longest]
    reader = (FIELDS | FILES)[name]
    said(reader, "a b")  # what is loaded once is loaded
    start = time.thread_time()  # other tests' threads may still be busy
    said(reader, f"{typed[:-1]}x")
    assert time.thread_time() - start < MOST_SECONDS * (2 if name == "fixes" else 1)  # two fields in one


odd = st.text(st.characters() | st.sampled_from("0123456789 ,-–~[]()\n\t\"'⟨⟩_.eE+−１١"), max_size=60)


@settings(max_examples=300)
@given(odd)
def test_any_text_is_an_answer_or_a_sentence(typed: str) -> None:
    for reader in (FIELDS | FILES).values():
        if reader is not fixes or typed:
            code = said(reader, typed)
            assert code in {"", "number"} or any(text_in("zh", section).has(code) for section in ("errors", "compare"))


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_file_is_an_answer_or_a_sentence(data: bytes) -> None:
    assert said(lambda _: read_text_file(data), "") in {"", "binary_file", "unknown_encoding"}


@pytest.mark.parametrize("name", ["text", "words", "ids"])
def test_longer_ones_are_refused_before_they_are_read(name: str) -> None:
    assert said(FIELDS[name], "1 " * MAX_CHARACTERS) == "too_many_characters"
