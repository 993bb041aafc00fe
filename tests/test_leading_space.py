"""The space between prompt and target: advice in both directions, and only where it changes the ids."""

import pytest

from gptcore import Example, suggest_fixes, tokenizer_for
from gptcore.example_fixes import ends_in_space, lacks_leading_space

GPT2 = tokenizer_for(50_257)


def codes(prompt: str, target: str, alignment: str = "continuation") -> list[str]:
    return [fix.code for fix in suggest_fixes(Example(prompt, target, alignment), GPT2)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("prompt", "target"),
    [
        ("every effort moves", "you forward"),
        ("I like it.", "It is good"),
        ("He said “yes”", "and left"),
        ('He said "yes"', "and left"),
        ("(see above)", "it is"),
        ("the café", "is open"),
        ("it costs 5", "euros"),
        ("in chapter", "7"),
        ("Well,", "no"),
        ("100%", "sure"),
        ("Привет", "мир"),
        ("the dogs of ‘yes’", "and no"),
        ("she said ‘yes’", "and left"),
        ("J.", "Smith"),
        ("plan B.", "Next"),
    ],
)
def test_a_space_is_advised_between_words(prompt: str, target: str) -> None:
    assert lacks_leading_space(Example(prompt, target, "continuation"))
    assert codes(prompt, target)[0] == "leading_space"


@pytest.mark.parametrize(
    ("prompt", "target"),
    [
        ("it costs $", "5"),
        ("it costs €", "5"),
        ("a well-", "known"),
        ("(", "see above"),
        ("[", "1"),
        ('He said "', "yes"),
        ("He said “", "yes"),
        ("‘", "tis"),
        ("and/", "or"),
        ("mail@", "example"),
        ("#", "tag"),
        ("the year 19", "84"),
        ("3.", "14"),
        ("12:", "30"),
        ("今天天气", "很好"),
        ("今天", "good"),
        ("good", "今天"),
        ("ประเทศ", "ไทย"),
        ("snake_", "case"),
        ("don'", "t"),
        ("don’", "t"),
        ("the U.", "S."),
        ("see e.", "g. this"),
        ("at www.", "example.org"),
        ("at https://example.", "org"),
        ("look:\nhttps:", "x"),
        ("every effort", " moves"),
        ("every effort\n", "moves"),
        ("every effort", ", moves"),
    ],
)
def test_no_space_is_advised_where_the_two_are_written_as_one(prompt: str, target: str) -> None:
    assert "leading_space" not in codes(prompt, target)


@pytest.mark.parametrize(
    ("prompt", "target", "fixed"),
    [
        ("I like ", "the sea", ("I like", " the sea")),
        ("I like ", " the sea", ("I like", " the sea")),
        ("I like  ", "the sea", ("I like", " the sea")),
    ],
)
def test_a_prompt_that_ends_in_a_space_gets_its_fix(prompt: str, target: str, fixed: tuple[str, str]) -> None:
    fixes = list(suggest_fixes(Example(prompt, target, "continuation"), GPT2))
    assert [fix.code for fix in fixes] == ["move_space"]
    assert (fixes[0].example.prompt, fixes[0].example.target) == fixed


@pytest.mark.parametrize(
    ("prompt", "target"), [("I like\n ", "x"), ("今天 ", "很好"), ("I like\n", "x"), (" ", "x"), ("a", " b")]
)
def test_no_fix_where_the_space_is_meant(prompt: str, target: str) -> None:
    assert not ends_in_space(Example(prompt, target, "continuation"))


def test_a_fix_that_changes_nothing_is_not_offered() -> None:
    from gptcore.tokenizers import seven_word_tokenizer

    example = Example("every effort", "moves", "continuation")
    assert lacks_leading_space(example)
    assert list(suggest_fixes(example, seven_word_tokenizer())) == []
