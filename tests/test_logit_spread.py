"""The spread of one position's logits, against the report and against PyTorch."""

import math

import numpy as np
import pytest
import torch

from gptcore import SIZES, Example, GPTModel, encode, score, seven_word_tokenizer, trained_small_model, untrained_model
from gptcore.logit_spread import logit_spread
from gptcore.presets import PRESETS
from gptcore.tokenizers.gpt2 import gpt2_tokenizer


def test_it_is_the_reports_own_position(toy_model: GPTModel) -> None:
    examples = [Example("every effort moves", "effort moves you")]
    report, batch = score(toy_model, examples), encode(examples, seven_word_tokenizer())
    for index in range(3):
        spread = logit_spread(toy_model, batch, index)
        assert spread.target_probability == pytest.approx(float(report.target_probability[index]), rel=1e-5)
        assert spread.highest_probability == pytest.approx(float(report.predicted_probability[index]), rel=1e-5)
        assert (spread.prompt_piece, spread.target_piece) == (report.prompt_piece[index], report.target_piece[index])
        assert spread.logits.counts.sum() == spread.shares.counts.sum() == 7
    with torch.inference_mode():
        logits = toy_model(torch.from_numpy(batch.inputs))[0, 2]
    assert spread.deviation == pytest.approx(logits.std(correction=0).item(), rel=1e-5)
    assert spread.mean == pytest.approx(logits.mean().item(), abs=1e-6)
    with pytest.raises(IndexError):
        logit_spread(toy_model, batch, 3)


def test_an_untrained_model_is_near_1_in_v_and_a_trained_one_is_not() -> None:
    batch = encode(PRESETS["book"], gpt2_tokenizer())
    spread = logit_spread(untrained_model(SIZES["mini"], seed=123), batch)
    # Weights are uniform within ±1/√C, so σ² = C · 1/(3C) = 1/3 for hidden states of size 1.
    assert spread.deviation == pytest.approx(math.sqrt(1 / 3), rel=0.1)
    assert abs(spread.mean) < 0.1
    assert spread.weights is not None
    width = SIZES["mini"].emb_dim
    assert np.abs(spread.weights.edges).max() <= 1 / math.sqrt(width)
    assert 50_257 * spread.highest_probability < 20
    assert spread.expected_loss == pytest.approx(math.log(50_257) + spread.deviation**2 / 2)
    trained = logit_spread(trained_small_model(), batch)
    assert 50_257 * trained.highest_probability > 100
    assert trained.deviation > 2 * spread.deviation
