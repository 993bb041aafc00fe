"""Fourteen questions that learners asked: each has a plain answer one click away, and a place that shows it."""

import html
import re

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from gptcore import number_format
from gptcore.texts import LANGUAGES, prose_in, text_in
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.ui.questions import QUESTIONS
from tests.support.browsing import keyed, open_page
from tests.support.visiting import address_of, open_part, press, visit

LANGUAGE = {"en": "en-US", "zh": "zh-CN"}
SHOWN = {
    "alignment": [("explore", "lead"), ("examples", "predicts")],
    "space": [("examples", "no_leading_space")],
    "softmax": [("exercises", "logits.lead"), ("exercises", "logits.reading")],
    "tiny": [("exercises", "untrained.lead"), ("exercises", "untrained.spread")],
    "logs": [("perplexity", "why_logs"), ("perplexity", "chart_underflow.summary")],
    "negate": [("step_by_step", "sentences.9")],
    "flatten": [("step_by_step", "sentences.10"), ("step_by_step", "summaries.10")],
    "numbers": [("perplexity", "landmarks.1"), ("perplexity", "landmarks.47678"), ("perplexity", "readings.few")],
    "exceed": [("exercises", "sure.lead"), ("exercises", "chart_sure.summary")],
    "below": [("compare", "lead")],
    "step": [("train", "backpropagation.lead"), ("train", "backpropagation.after")],
    "goal": [("prose", "low_is_not_always_good"), ("perplexity", "by_heart")],
    "means": [("exercises", "lengths.lead"), ("exercises", "lengths.follows"), ("perplexity", "chart_means.summary")],
    "compare": [("exercises", "compare.lead"), ("exercises", "verdicts.yes")],
}
"""What stands in the open at the place that a question leads to, as (file, key)."""


def all_words(at: AppTest) -> str:
    """Return everything that the page says in the open: text, pictures' sentences, charts' alternative texts."""
    boxes = [*at.markdown, *at.caption, *at.info, *at.warning, *at.success, *at.header, *at.subheader]
    parts = [str(box.value) for box in boxes]
    parts += [element.proto.body for element in at.get("html")]
    parts += [chart.proto.alt for chart in at.get("plotly_chart")]
    parts += [element.proto.json for element in at.get("bidi_component")]
    return html.unescape(" ".join(parts)).replace("\\", "")


def pattern(words: str) -> str:
    """Return a regular expression for words in which any value may stand for a {field}."""
    return ".+?".join(re.escape(part) for part in re.split(r"\{\w+\}", words.replace("{{", "{").replace("}}", "}")))


def words_at(language: str, file: str, key: str) -> str:
    return prose_in(language, key).strip() if file == "prose" else text_in(language, file)(key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_has_a_plain_answer_on_every_page(language: str) -> None:
    assert len(QUESTIONS) == 14
    assert set(SHOWN) == set(QUESTIONS) == set(text_in(language, "questions").group("asked"))
    at = visit("step_by_step", browser_language=LANGUAGE[language])
    assert f"question_{next(iter(QUESTIONS))}" not in {button.key for button in at.button}  # closed: not built
    words = all_words(open_part(at, "questions"))
    said = {
        "vocabulary": "50,257",
        "tiny": "0.00002",
        "uniform": number_format.probability(1 / 50_257),
        "ln_vocabulary": "10.8249",
    }
    for name in QUESTIONS:
        for kind in ("asked", "answers"):
            assert text_in(language, "questions")(f"{kind}.{name}", **said) in words, (kind, name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_ids_in_an_answer_are_the_tokenizers(language: str) -> None:
    tokenizer, answer = gpt2_tokenizer(), text_in(language, "questions")("answers.space")
    assert tokenizer.encode(" effort") == [3626]
    assert [tokenizer.piece(i) for i in tokenizer.encode("effort")] == ["eff", "ort"]
    comma = {"en": ", ", "zh": "、"}[language]
    assert "3626" in answer
    assert comma.join(map(str, tokenizer.encode("effort"))) in answer


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_leads_to_where_its_answer_is_shown(language: str, name: str) -> None:
    page, query, _ = QUESTIONS[name]
    words = all_words(visit(page, browser_language=LANGUAGE[language], **query))
    for file, key in SHOWN[name]:
        found = re.search(pattern(words_at(language, file, key)), words, re.DOTALL) is not None
        assert found, (file, key)


def test_the_button_of_a_question_opens_its_place_and_keeps_the_rest() -> None:
    at = open_part(visit(seed=7), "questions")
    at = press(at, "question_exceed")
    assert at.header[0].value == text_in("en", "perplexity")("title")
    assert text_in("en", "exercises")("sure.lead") in all_words(at)
    assert (address_of(at)["seed"], address_of(at)["exercise"]) == ("7", "sure")


def test_an_answer_about_one_kind_of_model_is_shown_under_that_kind() -> None:
    at = press(open_part(visit(model="trained_small"), "questions"), "question_tiny")
    assert re.search(pattern(text_in("en", "exercises")("untrained.untrained")), all_words(at))
    at = press(open_part(visit(size="mini"), "questions"), "question_space")
    effect = pattern(text_in("en", "examples")("fix_effect")).replace(".+?", "([0-9.]+)")
    before, after = map(float, re.search(effect, all_words(at)).groups())  # type: ignore[union-attr]
    assert after < before - 3  # an untrained model's difference is luck


# In Chromium.


def test_the_place_that_a_question_leads_to_is_on_the_screen(page: Page, server: str) -> None:
    open_page(page, f"{server}/step_by_step?size=mini")
    keyed(page, "questions").locator("summary").click()
    keyed(page, "question_exceed").get_by_role("button").click()
    expect(page.get_by_text(text_in("en", "exercises")("sure.slider"))).to_be_in_viewport(timeout=60_000)
