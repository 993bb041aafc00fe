"""What a fix does to the loss, and the way from eight rows to a list, in both languages."""

from __future__ import annotations

import pytest

from gptcore import Example, number_format, score, score_list, trained_small_model
from gptcore.texts import LANGUAGES, text_in
from tests.support.visiting import press, settled, visit

MISSING = Example("Fellow citizens of", "the Senate", "continuation")
FIXED = Example("Fellow citizens of", " the Senate", "continuation")
ENDS = Example("Fellow citizens of ", "the Senate", "continuation")


def effect(language: str, before: Example, after: Example) -> str:
    losses = [number_format.nats(score(trained_small_model(), [each]).cross_entropy) for each in (before, after)]
    return text_in(language, "examples")("fix_effect", before=losses[0], after=losses[1])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("example", [MISSING, ENDS])
def test_a_fix_says_what_it_does_to_the_loss_of_its_row(example: Example, language: str) -> None:
    rows = {"prompt_1": "I like", "target_1": " the sea"}
    rows |= {"prompt_2": str(example.prompt), "target_2": str(example.target)}
    at = visit(model="trained_small", alignment="continuation", lang=language, **rows)
    assert effect(language, example, FIXED) in [caption.value for caption in at.caption]
    (fix,) = [button.key for button in at.button if str(button.key).startswith("mend_")]
    press(at, str(fix))
    assert at.session_state["prompt_2"] + at.session_state["target_2"] == "Fellow citizens of the Senate"
    assert not [caption for caption in at.caption if "→" in caption.value]
    assert score(trained_small_model(), [FIXED]).cross_entropy < score(trained_small_model(), [example]).cross_entropy


@pytest.mark.parametrize(
    ("alignment", "prompt", "target", "line"),
    [
        ("shifted", " like the sea", "", " like the sea"),
        ("continuation", " like", " the sea", " like\t the sea"),
        ("paired", " like the", " like the sea", " like the sea"),
    ],
)
def test_eight_rows_lead_to_a_list_that_has_them(alignment: str, prompt: str, target: str, line: str) -> None:
    names = ["I", "You", "We", "They", "He", "She", "It", "One"]
    rows = {f"prompt_{n}": f"{name}{prompt}" for n, name in enumerate(names, start=1)}
    if target:
        rows |= {f"target_{n}": target for n in range(1, 9)}
    at = visit(model="trained_small", alignment=alignment, **rows)
    press(at, "rows_to_many_texts")
    settled(at.run())
    assert at.session_state["list_text"].split("\n") == [f"{name}{line}" for name in names]
    assert at.session_state["compare"] == "list"


def test_a_pair_that_goes_to_a_list_has_the_same_loss_there() -> None:
    report = score(trained_small_model(), [Example("We like the", " like the sea")])
    (record,) = score_list(trained_small_model(), ["We like the sea"])
    assert -record.total_log_probability / record.tokens == pytest.approx(report.cross_entropy, abs=1e-5)


def test_seven_rows_and_rows_of_several_lines_stay() -> None:
    rows = {f"prompt_{n}": "I like" for n in range(1, 9)}
    for changed in ({"prompt_8": "one\ntwo"}, {}):
        asked = rows | changed if changed else dict(list(rows.items())[:7])
        at = visit(model="trained_small", alignment="shifted", **asked)
        assert "rows_to_many_texts" not in [button.key for button in at.button]
