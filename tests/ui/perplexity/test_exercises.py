"""The exercises of the page Perplexity: their numbers are the library's, and the address keeps what was chosen."""

import math

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from gptcore import number_format
from gptcore.config import SIZES
from gptcore.examples import encode
from gptcore.exercises import ChosenLogits, Sureness, averages, may_compare
from gptcore.initialization import untrained_model
from gptcore.logit_spread import logit_spread
from gptcore.presets import PRESETS
from gptcore.texts import LANGUAGES, text_in
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.tokenizers.seven_words import SEVEN_WORDS
from gptcore.ui.perplexity.exercises import EXERCISES
from tests.support.browsing import axe_violations, keyed, open_page, overflows, wait_until_idle
from tests.support.visiting import address_of, alt_texts, choose, press, visit

LANGUAGE = {"en": "en-US", "zh": "zh-CN"}


def opened(exercise: str, language: str = "en", **query: str) -> AppTest:
    return visit("perplexity", browser_language=LANGUAGE[language], exercise=exercise, **query)


def said(at: AppTest) -> str:
    html = " ".join(element.proto.body for element in at.get("html"))
    return " ".join([*(element.value for element in [*at.markdown, *at.caption]), html])


def reading(language: str, chosen: ChosenLogits) -> str:
    return text_in(language, "exercises")(
        "logits.reading",
        target=SEVEN_WORDS[chosen.target],
        p=number_format.probability(float(chosen.probability[chosen.target])),
        loss=number_format.nats(chosen.loss),
        perplexity=number_format.perplexity(chosen.perplexity),
        uniform=number_format.nats(math.log(7)),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_seven_logits_answer_to_sliders_and_buttons(language: str) -> None:
    at = opened("logits", language)
    assert reading(language, ChosenLogits((0.0,) * 7, 1)) in said(at)
    at = press(choose(at, "logit_zoo", 4.5), "plus_logit_effort")
    assert reading(language, ChosenLogits((0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 4.5), 1)) in said(at)
    assert {key: address_of(at)[key] for key in ("logit_effort", "logit_zoo")} == {
        "logit_effort": "1",
        "logit_zoo": "4.5",
    }
    at = press(choose(at, "logit_target", "zoo"), "logits_double")
    assert reading(language, ChosenLogits((0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 9.0), 6)) in said(at)
    at = press(at, "logits_shift")
    assert at.session_state["logit_zoo"] == 10.0
    assert "logit_zoo" not in address_of(press(at, "logits_equal"))


def test_a_logit_from_an_address_is_within_the_slider() -> None:
    at = opened("logits", logit_a="99", logit_you="-2.5", logit_target="nothing")
    assert (at.session_state["logit_a"], at.session_state["logit_you"]) == (0.0, -2.5)
    assert at.session_state["logit_target"] == "effort"
    assert at.button(key="minus_logit_a").disabled is False
    assert choose(at, "logit_a", -10.0).button(key="minus_logit_a").disabled is True


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("sure", "side"), [("-0.99", "right"), ("0.0", "uniform"), ("0.9", "wrong")])
def test_sure_and_wrong_passes_the_vocabulary(language: str, sure: str, side: str) -> None:
    at, chosen, text = (
        opened("sure", language, sure=sure),
        Sureness(50_257, float(sure)),
        text_in(language, "exercises"),
    )
    assert text("sure.lead") in said(at)
    written = number_format.perplexity(chosen.perplexity)
    answer = text(
        f"sure.answer_{side}",
        p=number_format.probability(math.exp(chosen.log_probability)),
        loss=number_format.nats(chosen.loss),
        uniform=number_format.nats(math.log(50_257)),
        perplexity=written,
        vocabulary="50,257",
        others="50,256",
        share="90%",
        factor=number_format.factor(chosen.perplexity / 50_257),
    )
    assert answer in said(at)
    assert any(written in alt and number_format.nats(math.log(50_257)) in alt for alt in alt_texts(at))
    assert (chosen.perplexity > 50_257 * (1 + 1e-9)) is (side == "wrong")


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_lengths_show_the_right_average_beside_the_wrong_ones(language: str) -> None:
    at = choose(opened("lengths", language, length_a="90"), "length_b", 10)
    found, table = averages((90, 10), (10, 1000)), at.table[0].value.astype(str).to_string()
    for amount in (found.over_tokens, found.of_perplexities, found.of_losses):
        assert number_format.perplexity(amount) in table
    chart = next(alt for alt in alt_texts(at) if number_format.perplexity(found.of_perplexities) in alt)
    assert number_format.perplexity(found.over_tokens) in chart
    assert (address_of(at)["length_a"], address_of(at)["length_b"]) == ("90", "10")


@pytest.mark.parametrize("language", LANGUAGES)
def test_may_i_compare_answers_from_the_four_questions(language: str) -> None:
    text, at = text_in(language, "exercises"), opened("compare", language)
    assert [box.value for box in at.success] == [text("verdicts.yes")]
    at = choose(choose(at, "same_tokenizer", False), "same_context", False)
    found = may_compare(text=True, tokenizer=False, unit=True, context=False)
    assert [box.value for box in at.warning] == [text(f"verdicts.{found.verdict}")]
    assert all(text(f"remedies.{remedy}") in said(at) for remedy in found.remedies)
    assert (address_of(at)["same_tokenizer"], address_of(at)["same_context"]) == ("0", "0")
    assert [box.value for box in choose(at, "same_text", False).error] == [text("verdicts.no")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_untrained_models_logits_are_near_0_and_a_trained_ones_are_not(language: str) -> None:
    text = text_in(language, "exercises")
    spread = logit_spread(untrained_model(SIZES["mini"], 123), encode(PRESETS["book"], gpt2_tokenizer()))
    at = opened("untrained", language)
    for amount in (spread.deviation, spread.expected_loss, spread.mean):
        assert number_format.nats(amount) in said(at)
    assert text("untrained.trained") not in said(at)
    trained = opened("untrained", language, model="trained_small")
    assert text("untrained.trained") in said(trained)
    assert not trained.exception


def test_without_texts_the_picture_of_logits_says_what_to_do() -> None:
    at = opened("untrained", prompt_1="every effort moves", target_1=" you")
    assert text_in("en", "exercises")("untrained.need") in [info.value for info in at.info]


def test_the_address_chooses_the_exercise() -> None:
    assert opened("nonsense").session_state["exercise"] == "logits"
    at = choose(opened("logits"), "exercise", "lengths")
    assert address_of(at)["exercise"] == "lengths"


# In Chromium.


def test_a_slider_answers_to_the_keyboard_without_the_rest_of_the_page(page: Page, server: str) -> None:
    open_page(page, f"{server}/perplexity?size=mini")
    keyed(page, "logit_effort").get_by_role("slider").press("ArrowRight")
    expected = reading("en", ChosenLogits((0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0), 1))
    expect(page.get_by_text(expected)).to_be_visible(timeout=20_000)
    page.wait_for_url("**logit_effort=0.1**")
    keyed(page, "plus_logit_effort").get_by_role("button").click()
    page.wait_for_url("**logit_effort=1.1**")
    page.reload()
    wait_until_idle(page)
    expect(keyed(page, "logit_effort").get_by_role("slider")).to_have_value("1.1")


@pytest.mark.parametrize("exercise", list(EXERCISES))
@pytest.mark.browser_context_args(viewport={"width": 390, "height": 844})
def test_exercises_fit_a_phone_and_assistive_technology(page: Page, server: str, exercise: str) -> None:
    open_page(page, f"{server}/perplexity?size=mini&exercise={exercise}")
    expect(keyed(page, "part_exercise")).to_be_visible(timeout=60_000)
    wait_until_idle(page, steady_ms=1_000)
    assert overflows(page) == []
    assert axe_violations(page) == []
