"""How targets line up with prompts, and what cannot be lined up."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptcore import Example, InputError
from gptcore.example_fixes import joins_differently, lacks_leading_space, suggest_fixes
from gptcore.examples import ALIGNMENTS, IGNORED, check_context, encode, encode_example, parse_ids
from gptcore.presets import PRESETS
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.tokenizers.seven_words import seven_word_tokenizer

GPT2 = gpt2_tokenizer()
SEVEN = seven_word_tokenizer()
token_ids = st.integers(0, 50_256)


@st.composite
def sound_examples(draw: st.DrawFn) -> Example:
    """Any example of token ids that lines up."""
    alignment = draw(st.sampled_from(ALIGNMENTS))
    prompt = draw(st.lists(token_ids, min_size=2, max_size=9))
    lengths = {"paired": (len(prompt), len(prompt)), "shifted": (0, 0), "continuation": (1, 9)}[alignment]
    target = draw(st.lists(token_ids, min_size=lengths[0], max_size=lengths[1]))
    return Example.from_ids(prompt, target, alignment)


def test_paired() -> None:
    row = encode_example(Example("every effort moves", " effort moves you"), GPT2)
    assert row.inputs.tolist() == [16833, 3626, 6100]
    assert row.targets.tolist() == [3626, 6100, 345]


def test_shifted_scores_all_but_the_first_token() -> None:
    """Nothing stands before the first token, so nothing predicts it: it has no score."""
    row = encode_example(Example("every effort moves you", alignment="shifted"), GPT2)
    assert row.inputs.tolist() == [16833, 3626, 6100]
    assert row.targets.tolist() == [3626, 6100, 345]


def test_continuation_scores_the_target_alone() -> None:
    row = encode_example(Example("every effort", " moves you", "continuation"), GPT2)
    assert row.inputs.tolist() == [16833, 3626, 6100]
    assert row.targets.tolist() == [IGNORED, 6100, 345]
    assert row.scored.tolist() == [False, True, True]


@given(sound_examples())
def test_every_token_that_should_be_is_scored_once_after_what_precedes_it(example: Example) -> None:
    prompt, target = list(example.prompt), list(example.target)
    row = encode_example(example, GPT2)
    scored = [(row.inputs[: t + 1].tolist(), int(row.targets[t])) for t in np.flatnonzero(row.scored)]
    expected = {
        "paired": [(prompt[: t + 1], target[t]) for t in range(len(target))],
        "shifted": [(prompt[:t], prompt[t]) for t in range(1, len(prompt))],
        "continuation": [(prompt + target[:t], target[t]) for t in range(len(target))],
    }
    assert scored == expected[example.alignment]


@given(st.lists(sound_examples(), min_size=1, max_size=8))
def test_a_batch_holds_its_rows_and_scores_nothing_else(examples: list[Example]) -> None:
    batch = encode(examples, GPT2)
    assert batch.inputs.shape == batch.targets.shape == batch.scored.shape
    assert batch.examples == tuple(examples)
    for row, inputs, targets in zip(batch.rows, batch.inputs, batch.targets, strict=True):
        T = len(row.inputs)
        assert inputs[:T].tolist() == row.inputs.tolist()
        assert targets[:T].tolist() == row.targets.tolist()
        assert (targets[T:] == IGNORED).all()  # padding is never scored


def refusal(call: Callable[..., object], *arguments: object) -> InputError:
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("prompt", "target", "alignment", "code", "field"),
    [
        ("", " a", "paired", "empty_prompt", "prompt"),
        ((), (1,), "paired", "empty_prompt", "prompt"),
        ("", "", "shifted", "empty_prompt", "prompt"),
        ("a", "", "paired", "empty_target", "target"),
        ((1,), (), "continuation", "empty_target", "target"),
        ("a", " b", "shifted", "shifted_has_target", "target"),
        ("a", " b", "backwards", "bad_alignment", None),
    ],
)
def test_an_example_that_cannot_be_is_refused(
    prompt: Any, target: Any, alignment: Any, code: str, field: str | None
) -> None:
    error = refusal(Example, prompt, target, alignment)
    assert (error.code, error.field, error.example) == (code, field, None)


TOO_LONG = "x" * 20_001


@pytest.mark.parametrize(
    ("example", "code", "field", "details"),
    [
        (
            Example("every effort moves", "effort moves you"),
            "count_mismatch",
            "target",
            {"prompt_tokens": 3, "target_tokens": 4},
        ),
        (Example("every", alignment="shifted"), "too_few_tokens", "prompt", {"tokens": 1}),
        (Example(TOO_LONG, "a"), "too_many_characters", "prompt", {"characters": 20_001, "limit": 20_000}),
        (Example("a", TOO_LONG), "too_many_characters", "target", {"characters": 20_001, "limit": 20_000}),
        (Example((-1,), (1,)), "id_out_of_range", "prompt", {"id": -1, "limit": 50_256}),
        (Example((1,), (50_257,)), "id_out_of_range", "target", {"id": 50_257, "limit": 50_256}),
        (Example((1,), (IGNORED,)), "id_out_of_range", "target", {"id": -100, "limit": 50_256}),
        (Example((10**30,), (1,)), "id_out_of_range", "prompt", {"id": 10**30, "limit": 50_256}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_row_that_cannot_be_lined_up_is_refused_by_number(
    example: Example, code: str, field: str, details: dict[str, int]
) -> None:
    error = refusal(encode, [Example("every", " effort"), example], GPT2)
    assert (error.code, error.example, error.field, error.details) == (code, 1, field, details)


def test_a_text_of_no_words_is_empty() -> None:
    for field, example in (("prompt", Example("  ", "a")), ("target", Example("a", "\n"))):
        error = refusal(encode, [example], SEVEN)
        assert (error.code, error.example, error.field) == (f"empty_{field}", 0, field)


def test_an_unknown_word_says_where_it_stands() -> None:
    error = refusal(encode, [Example("every", "effort"), Example("every", "chocolate")], SEVEN)
    assert (error.code, error.example, error.field) == ("unknown_word", 1, "target")
    assert error.details["word"] == "chocolate"


@pytest.mark.parametrize("count", [0, 9])
def test_one_to_eight_examples_go_together(count: int) -> None:
    error = refusal(encode, [Example((1,), (2,))] * count, GPT2)
    assert (error.code, error.details) == ("example_count", {"limit": 8})


def test_the_context_is_checked_row_by_row() -> None:
    batch = encode([Example.from_ids([1] * 16, [2] * 16), Example.from_ids([1] * 10, [2] * 8, "continuation")], GPT2)
    check_context(batch, 17)
    error = refusal(check_context, batch, 16)
    assert (error.code, error.example, error.field) == ("too_many_tokens", 1, "prompt")
    assert error.details == {"tokens": 17, "limit": 16}


def test_from_ids_takes_whole_numbers_only() -> None:
    assert Example.from_ids(list(np.array([1, 2])), list(np.array([3, 4]))) == Example((1, 2), (3, 4))
    with pytest.raises(TypeError):
        Example.from_ids([1.9], [2])  # type: ignore[list-item]


def test_a_slip_is_noticed() -> None:
    """The second row of the slip decodes to " like this chocolate", not to its prompt moved by one."""
    book, slip = (encode(PRESETS[name], GPT2) for name in ("book", "slip"))
    assert [row.misaligned_positions for row in book.rows] == [[], []]
    assert [row.misaligned_positions for row in slip.rows] == [[], [0, 1]]
    assert GPT2.decode([588, 428, 11311]) == " like this chocolate"
    assert slip.inputs.tolist() == book.inputs.tolist() == [[16833, 3626, 6100], [40, 1107, 588]]
    assert slip.targets.tolist() == [[3626, 6100, 345], [588, 428, 11311]]


@given(sound_examples())
def test_only_paired_rows_can_slip_and_never_at_their_end(example: Example) -> None:
    row = encode_example(example, GPT2)
    if example.alignment == "paired":
        assert row.misaligned_positions == [
            t for t in range(len(row.inputs) - 1) if row.targets[t] != row.inputs[t + 1]
        ]
    else:
        assert row.misaligned_positions == []


def test_presets() -> None:
    for name, examples in PRESETS.items():
        if name == "forgotten_space":
            assert refusal(encode, examples, GPT2).code == "count_mismatch"
        else:
            assert encode(examples, GPT2).scored.any()
    batch = encode(PRESETS["book"], GPT2)
    assert batch.targets.tolist() == [[3626, 6100, 345], [1107, 588, 11311]]


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("16833 3626", (16833, 3626)),
        ("[16833, 3626, 6100]", (16833, 3626, 6100)),
        ("1，2、3；".replace("；", ";"), (1, 2, 3)),
        ("(7,)", (7,)),
        ("-1 +2", (-1, 2)),
        (" \n ", ()),
        ("", ()),
        ("[]", ()),
    ],
)
def test_ids_as_they_are_typed(typed: str, ids: tuple[int, ...]) -> None:
    assert parse_ids(typed) == ids


@pytest.mark.parametrize(
    ("typed", "word"),
    [("1 two 3", "two"), ("1.5", "1.5"), ("1e5", "1e5"), ("0x10", "0x10"), ("１２", "１２"), ("9" * 5000, "9" * 40)],
)
def test_what_is_no_id_is_quoted(typed: str, word: str) -> None:
    error = refusal(parse_ids, typed)
    assert (error.code, error.details) == ("not_ids", {"word": word})


@given(st.text())
def test_whatever_is_typed_for_ids_is_ids_or_refused(typed: str) -> None:
    try:
        ids = parse_ids(typed)
    except InputError:
        ids = ()
    assert all(type(token_id) is int for token_id in ids)


@pytest.mark.parametrize(
    ("example", "offered"),
    [
        (Example("every effort moves", "effort moves you"), ["leading_space", "continuation", "shifted"]),
        (Example("every effort moves", " you"), ["continuation", "shifted"]),
        (Example("every", " effort moves"), ["continuation"]),  # one token cannot be shifted
        (Example("every effort", "moves", "continuation"), ["leading_space"]),
        (Example("every effort", " moves", "continuation"), []),
        (Example((16833, 3626), (6100,)), ["continuation", "shifted"]),
        (Example((16833,), (50_257,)), []),
        (Example("every effort", alignment="shifted"), []),
    ],
)
def test_mends(example: Example, offered: list[str]) -> None:
    assert [mend.code for mend in suggest_fixes(example, GPT2)] == offered


def test_the_first_mend_of_the_forgotten_space_is_the_book_s_row() -> None:
    (example,) = PRESETS["forgotten_space"]
    mend = next(suggest_fixes(example, GPT2))
    assert mend.example == PRESETS["book"][0]


def test_no_space_is_put_before_chinese() -> None:
    continuation = next(suggest_fixes(Example("今天天气", "很好"), GPT2))
    assert continuation.example == Example("今天天气", "很好", "continuation")


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20), st.sampled_from(["paired", "continuation"]))
def test_every_mend_lines_up(prompt: str, target: str, alignment: Any) -> None:
    for mend in suggest_fixes(Example(prompt, target, alignment), GPT2):
        assert encode_example(mend.example, GPT2).scored.any()


@pytest.mark.parametrize(
    ("prompt", "target", "lacks"),
    [
        ("every effort", "moves", True),
        ("every effort", " moves", False),
        ("every effort ", "moves", False),
        ("every effort", ", and", False),
        ("今天", "天气", False),
        ("今天", "GPT", False),
    ],
)
def test_a_forgotten_space_is_noticed(prompt: str, target: str, lacks: bool) -> None:
    assert lacks_leading_space(Example(prompt, target)) is lacks


@pytest.mark.parametrize(
    ("example", "differently"),
    [
        (Example("every eff", "ort moves", "continuation"), True),
        (Example("every effort", " moves", "continuation"), False),
        (Example("every eff", "ort moves"), False),  # it matters to a continuation only
        (Example("=" * 15_000, "=" * 15_000, "continuation"), False),  # too long to be encoded as one
    ],
)
def test_two_texts_that_join_into_other_tokens(example: Example, differently: bool) -> None:
    assert joins_differently(example, GPT2) is differently


def test_seven_words_that_would_run_together() -> None:
    assert joins_differently(Example("every effort", "moves", "continuation"), SEVEN) is False


# The first token, after end-of-text.
@pytest.mark.parametrize(
    ("example", "inputs", "targets"),
    [
        (Example("every effort", alignment="shifted", first_token=True), [50256, 16833], [16833, 3626]),
        (Example("every", alignment="shifted", first_token=True), [50256], [16833]),
        (Example("every", " effort", "continuation", first_token=True), [50256, 16833], [-100, 3626]),
        (Example.from_ids([16833], [3626], "continuation", first_token=True), [50256, 16833], [-100, 3626]),
    ],
)
def test_end_of_text_stands_before_the_first_token(example: Example, inputs: list[int], targets: list[int]) -> None:
    encoded = encode_example(example, gpt2_tokenizer())
    assert encoded.inputs.tolist() == inputs
    assert encoded.targets.tolist() == targets


def test_a_paired_example_takes_no_first_token() -> None:
    with pytest.raises(ValueError, match="paired"):
        Example("every", " effort", first_token=True)


def test_seven_words_have_no_end_of_text() -> None:
    with pytest.raises(InputError) as wrong:
        encode_example(Example("every effort", alignment="shifted", first_token=True), seven_word_tokenizer())
    assert wrong.value.code == "no_end_of_text"


@pytest.mark.parametrize(
    ("arguments", "field", "kind"),
    [
        (("a", 1), "target", "int"),
        ((None, "b"), "prompt", "NoneType"),
        ((np.array([1, 2]), "b"), "prompt", "ndarray"),
        ((b"a", "b"), "prompt", "bytes"),
    ],
)
def test_what_is_neither_text_nor_ids_is_refused_at_once(arguments: tuple[Any, Any], field: str, kind: str) -> None:
    with pytest.raises(TypeError, match=f"{field} is a str, or a tuple of token ids, not {kind}"):
        Example(*arguments)
