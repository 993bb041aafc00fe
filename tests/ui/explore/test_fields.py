"""Explore's fields: pasted lines stay lines, and the first token can be scored after end-of-text."""

import pytest

from gptcore import Example
from gptcore.texts import LANGUAGES
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from tests.support.visiting import metrics, type_in, typed, visit
from tests.ui.explore.test_page import shown_numbers


def test_a_pasted_line_break_stays_and_is_a_token() -> None:
    text = "one line\nand two"
    at = type_in(visit(size="mini", alignment="shifted", prompt_1="one"), prompt_1=text)
    assert typed(at) == [(text, "")]
    assert metrics(at) == shown_numbers([Example(text, alignment="shifted")])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("alignment", "target"), [("shifted", ""), ("continuation", " moves you")])
def test_the_first_token_is_scored_after_end_of_text(language: str, alignment: str, target: str) -> None:
    fields = {"prompt_1": "every effort", "target_1": target, "alignment": alignment, "lang": language}
    at = visit(size="mini", first_token=1, **fields)
    expected = [Example("every effort", target, alignment, first_token=first) for first in (True, False)]  # type: ignore[arg-type]
    assert metrics(at) == shown_numbers(expected[:1])
    assert any("<|endoftext|>" in component.proto.json for component in at.get("bidi_component"))
    at.toggle(key="first_token").set_value(False).run()
    assert metrics(at) == shown_numbers(expected[1:])


def test_paired_rows_have_no_switch_for_the_first_token() -> None:
    at = visit(size="mini", first_token=1)
    assert not [toggle for toggle in at.toggle if toggle.key == "first_token"]
    assert not at.exception


def test_several_lines_can_be_taken_to_compare() -> None:
    several, single = (visit(size="mini", alignment="shifted", prompt_1=text) for text in ("one a\ntwo b", "one a"))
    assert several.button(key="to_many_texts_1")
    assert not [button for button in single.button if "many_texts" in str(button.key)]


@pytest.mark.parametrize("kind", ["text", "ids"])
def test_empty_fields_show_a_prompt_and_a_target_that_lines_up_with_it(kind: str) -> None:
    def shown(alignment: str) -> list[str]:
        at = visit(size="mini", alignment=alignment, input=kind, prompt_1="", target_1="")
        return [at.text_area(key=f"{field}_1").proto.placeholder for field in ("prompt", "target")]

    def ids(words: str) -> list[int]:
        return gpt2_tokenizer().encode(words) if kind == "text" else [int(number) for number in words.split(",")]

    prompt, target = map(ids, shown("paired"))
    assert target[:-1] == prompt[1:]
    prompt, target = map(ids, shown("continuation"))
    assert (prompt, target) == (ids(shown("paired")[0]), ids(shown("paired")[1])[-1:])


@pytest.mark.parametrize(("language", "dots"), [("en", "…"), ("zh", "……")])
def test_dots_stand_for_what_was_read_before_a_token_and_for_nothing_else(language: str, dots: str) -> None:
    at = visit(size="mini", lang=language, prompt_1="every effort moves", target_1=" effort moves you")
    assert at.selectbox(key="position").options == [
        "1. every → ␣effort",
        f"2. {dots}␣effort → ␣moves",
        f"3. {dots}␣moves → ␣you",
    ]
