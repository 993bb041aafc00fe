"""Models whose numbers are huge, or none at all: every page shows numbers or a sentence, and never breaks."""

import math

import numpy as np
import pytest
import torch

from gptcore import Example, GPTModel, generate, score, untrained_model
from gptcore.batched_scoring import Row, log_probabilities, token_scores
from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.examples import encode
from gptcore.generation import Sampling
from gptcore.presets import PRESETS
from gptcore.scoring import rank_curve
from gptcore.step_by_step import run_steps
from gptcore.texts import text_in
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.tokenizers.seven_words import seven_word_tokenizer
from gptcore.training.config import TrainConfig
from gptcore.training.logit_gradients import follow_gradients
from gptcore.ui.models import cache, result_cache
from gptcore.ui.models.cache import ModelShelf
from tests.support.visiting import visit

MINI = SIZES["mini"].with_(emb_dim=16, n_heads=2, n_layers=1)
WORDS = [Example("every effort moves", "effort moves you")]
PAGES = ["", "step_by_step", "perplexity", "compare", "train"]
NONE = {"nan": math.nan, "infinite": math.inf, "beyond float32": 1e39}


def scaled(model: GPTModel, by: float) -> GPTModel:
    """Multiply the output head's weights; nan and inf take the place of one weight."""
    with torch.no_grad():
        if math.isfinite(by):
            model.out_head.weight.mul_(by)
        else:
            model.out_head.weight[5 % len(model.out_head.weight), 0] = by
    return model


@pytest.fixture
def shown(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """Let every model of the app be a small one, scaled."""
    factor: float = request.param
    monkeypatch.setattr(cache, "_SHELF", ModelShelf())
    monkeypatch.setattr(ModelShelf, "_make", lambda _, choice: scaled(untrained_model(MINI, choice.seed), factor))
    monkeypatch.setattr(result_cache, "_KEPT", result_cache.LRUCache(most=8))
    return factor


@pytest.mark.parametrize("shown", [60.0, 3e3, 1e7, 1e25], indirect=True)
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("query", [{}, {"temperature": "0.1", "compare": "inputs"}], ids=["", "cold"])
def test_huge_losses_are_numbers_on_every_page(shown: float, name: str, query: dict[str, str]) -> None:
    at = visit(name, vocabulary="gpt2", step="11", **query)
    words = [metric.value for metric in at.metric] + [caption.value for caption in at.caption]
    assert not any("nan" in word.split() or "not a number" in word for word in words)
    if name == "":
        perplexity = at.metric[2].value
        if shown > 1e3:
            assert perplexity.startswith("∞ (log10 = ")
        assert len(perplexity) < 24


@pytest.mark.parametrize("shown", NONE.values(), ids=NONE.keys(), indirect=True)
@pytest.mark.parametrize("name", ["", "step_by_step", "perplexity"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_output_that_is_no_number_is_a_sentence_on_every_page(shown: float, name: str, language: str) -> None:
    at = visit(name, vocabulary="gpt2", lang=language)
    assert text_in(language, "errors")("not_finite") in [warning.value for warning in at.warning]


@pytest.mark.parametrize("factor", NONE.values(), ids=NONE.keys())
def test_every_calculation_refuses_an_output_that_is_no_number(factor: float) -> None:
    model = scaled(untrained_model(MINI, 1), factor)
    row = Row(np.array(gpt2_tokenizer().encode("every effort moves you")), 1)
    batch = encode(PRESETS["book"], gpt2_tokenizer())
    for calculate in (
        lambda: score(model, PRESETS["book"]),
        lambda: rank_curve(model, batch, 0),
        lambda: run_steps(model, PRESETS["book"]),
        lambda: log_probabilities(model, [row]),
        lambda: token_scores(model, [row], 3),
        lambda: list(generate(model, gpt2_tokenizer().encode("every"), 3, Sampling())),
    ):
        with pytest.raises(InputError) as caught:
            calculate()
        assert caught.value.code == "not_finite"


def test_a_curve_below_what_float32_holds_has_its_digits(toy_model: GPTModel) -> None:
    batch = encode(WORDS, seven_word_tokenizer())
    for temperature in (1.0, 0.01, 0.002):
        curve = rank_curve(toy_model, batch, 0, temperature=temperature)
        logits = toy_model(torch.from_numpy(batch.inputs))[0, 0].double() / temperature
        expected = logits.softmax(dim=-1).sort(descending=True).values
        assert curve.probability.tolist() == pytest.approx(expected.tolist(), rel=2e-2)
        assert curve.probability.sum() == pytest.approx(1.0)


def test_training_that_runs_away_can_still_be_scored() -> None:
    """SGD at a learning rate of a million: the last record's weights may be huge; they are scored or refused."""
    model = untrained_model(SIZES["toy"], 123)
    batch = encode(WORDS, seven_word_tokenizer())
    with pytest.raises(InputError) as caught:
        list(follow_gradients(model, batch, TrainConfig(1e6, steps=30, optimizer="sgd")))
    assert caught.value.code in {"diverged", "not_finite"}
    try:
        report = score(model, WORDS)
    except InputError as error:
        assert error.code == "not_finite"  # noqa: PT017  # either is right
    else:
        assert report.perplexity >= 1
