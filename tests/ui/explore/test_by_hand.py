"""Continuing the prompt by hand: tokens are picked, replaced and taken back, and the loss so far is theirs."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from gptcore import gpt2_tokenizer, number_format, score_continuation, trained_small_model
from gptcore.texts import LANGUAGES, text_in
from tests.support.visiting import address_of, choose, press, settled, visit, warnings

PROMPT = "Fellow citizens of"


def by_hand(**query: str) -> AppTest:
    asked = {"model": "trained_small", "alignment": "shifted", "prompt_1": PROMPT, "generate_by": "by_hand"}
    return visit(**{**asked, **query})


def offered(at: AppTest) -> list[str]:
    return [str(button.key) for button in at.button if str(button.key).startswith("take_")]


def loss_so_far(at: AppTest) -> tuple[str, ...]:
    """Return what the last two metrics say; the first three are the chain's."""
    return tuple(metric.value for metric in at.metric[3:])


def expected(taken: list[int]) -> tuple[str, str]:
    continued = score_continuation(trained_small_model(), gpt2_tokenizer().encode(PROMPT), taken)
    assert continued.cross_entropy is not None
    assert continued.perplexity is not None
    return number_format.nats(continued.cross_entropy), number_format.perplexity(continued.perplexity)


@pytest.mark.parametrize("language", LANGUAGES)
def test_tokens_are_picked_replaced_and_taken_back_and_the_loss_follows(language: str) -> None:
    at = by_hand(lang=language)
    first, second = offered(at)[0], offered(at)[3]
    assert loss_so_far(at) == ()
    press(at, first)
    press(at, offered(at)[2])
    taken = [int(token_id) for token_id in address_of(at)["generate_hand"].split(",")]
    assert taken[0] == int(first.rpartition("_")[2])
    assert loss_so_far(at) == expected(taken)
    assert at.code[0].value == PROMPT + gpt2_tokenizer().decode(taken)

    choose(at, "hand_step", 0)  # back to the first one, and another one there
    assert first in offered(at)
    press(at, second)
    replaced = [int(second.rpartition("_")[2])]
    assert address_of(at)["generate_hand"] == str(replaced[0])
    assert loss_so_far(at) == expected(replaced)
    frame = next(frame.value for frame in at.dataframe if "loss_so_far" in frame.value)
    assert frame["rank"].tolist() == [4]

    press(at, "hand_undo")
    assert "generate_hand" not in address_of(at)
    assert loss_so_far(at) == ()
    assert offered(at)[0] == first


def test_what_the_model_wrote_can_be_changed_by_hand() -> None:
    at = by_hand(generate_by="greedy", generate_length="3")
    press(at, "generate")
    while not any(button.key == "go_on_by_hand" for button in at.button):
        settled(at.run())
    press(at, "go_on_by_hand")
    taken = [int(token_id) for token_id in address_of(at)["generate_hand"].split(",")]
    greedy: list[int] = []
    for _ in range(3):
        step = score_continuation(trained_small_model(), [*gpt2_tokenizer().encode(PROMPT), *greedy]).steps[0]
        greedy.append(step.likeliest[0].token_id)
    assert taken == greedy
    assert loss_so_far(at) == expected(greedy)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", ["50257", "1,x", "-1", ",".join(["1"] * 101)])
def test_what_is_no_list_of_tokens_is_said(words: str, language: str) -> None:
    at = by_hand(generate_hand=words, lang=language)
    assert len(warnings(at)) == 1
    assert text_in(language, "generation")("hand_refused", given="")[-20:] in warnings(at)[0]
    assert loss_so_far(at) == ()
