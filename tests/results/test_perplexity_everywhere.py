"""One exact perplexity everywhere, and bytes that are the tokens' own."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gptcore import Example, GPTModel, number_format, score
from gptcore.interpretation import bits_per_byte_of_tokens, units
from gptcore.results.comparison import ExampleRecord
from gptcore.results.report import NATS_PER_BIT, perplexity_of
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from tests.support.given import score_logits


@pytest.mark.parametrize("loss", [1.5, 80.0, 88.8, 97.0, 300.0, 709.0])
def test_it_is_exp_of_the_mean_in_float64_beyond_float32_too(loss: float) -> None:
    report = score_logits(torch.tensor([[[0.0, loss], [0.0, loss]]]), [[0, 0]])
    assert report.perplexity == math.exp(report.cross_entropy)
    assert report.to_dict()["perplexity"] == report.perplexity
    assert report.per_example()["perplexity"].tolist() == [report.perplexity]
    assert math.prod(report.perplexity_factor.tolist()) == pytest.approx(report.perplexity, rel=1e-4)
    assert report.log10_perplexity == pytest.approx(math.log10(report.perplexity))
    shown = number_format.perplexity(report.perplexity, report.cross_entropy)
    assert float(shown.replace(",", "")) == pytest.approx(report.perplexity, rel=1e-2)
    assert len(shown) <= 14


def test_beyond_float64_it_is_infinite_and_its_log10_is_said() -> None:
    report = score_logits(torch.tensor([[[0.0, 1000.0]], [[0.0, 3000.0]]]), [[0], [0]])
    assert report.perplexity == math.inf
    assert number_format.perplexity(report.perplexity, report.cross_entropy) == "∞ (log10 = 868.59)"
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert plain["perplexity"] is None
    assert [part["perplexity"] for part in plain["per_example"]] == [None, None]
    assert plain["log10_perplexity"] == pytest.approx(868.589, abs=1e-3)
    assert units(report).two_to_the_nats == math.inf


@given(st.floats(-50, 1e12))
def test_no_loss_is_too_large_for_exp(loss: float) -> None:
    expected = math.exp(loss) if loss < 709.78 else math.inf
    assert perplexity_of(loss) == pytest.approx(expected, rel=1e-12)


def test_a_certain_target_costs_nothing_and_has_no_minus() -> None:
    report = score_logits(torch.tensor([[[500.0, 0.0]]]), [[0]])
    assert (report.perplexity, str(report.cross_entropy)) == (1.0, "0.0")
    assert number_format.nats(report.mean_log_probability) == "0.0000"


def test_the_end_of_text_has_no_bytes(book_model: GPTModel) -> None:
    report = score(book_model, [Example.from_ids([16833, 3626, 50256], [3626, 50256, 345])])
    assert report.target_byte_count.tolist() == [len(" effort"), 0, len(" you")]
    assert report.target_bytes == len(" effort you")
    bits = -report.log_probability.sum(dtype=np.float64) / NATS_PER_BIT
    assert report.bits_per_byte == units(report).bits_per_byte == pytest.approx(bits / len(" effort you"))
    assert ExampleRecord(0, report).bits_per_byte == report.bits_per_byte
    lengths, per_byte = bits_per_byte_of_tokens(report)
    assert lengths.tolist() == report.target_byte_count.tolist()
    assert np.isnan(per_byte).tolist() == [False, True, False]
    alone = score(book_model, [Example.from_ids([40], [50256])])
    assert math.isnan(alone.bits_per_byte)
    json.dumps(alone.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    "text", ["⟨e4 b8⟩", " ⟨ff⟩ ⟨e4 b8 ad⟩", "今天天气很好", "👩‍👩‍👧 naïve", "<|endoftext|>", "a\n\n\tb"]
)
def test_bytes_are_those_of_the_text_whatever_it_looks_like(book_model: GPTModel, text: str) -> None:
    report = score(book_model, [Example("every", text, "continuation")])
    assert report.target_bytes == len(text.encode())


def test_every_token_has_the_bytes_that_it_decodes_to() -> None:
    tokenizer = gpt2_tokenizer()
    for token_id in [*range(0, 50_256, 97), 50_255]:
        assert len(tokenizer.token_bytes(token_id)) == len(tokenizer._encoding.decode_single_token_bytes(token_id)) > 0
    assert tokenizer.token_bytes(50_256) == b""
