"""What a reader turns by hand, against PyTorch and against plain arithmetic."""

import math
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from gptcore.exercises import ChosenLogits, Sureness, averages, loss_of_leads, may_compare

LOGITS = st.lists(st.floats(-10, 10), min_size=7, max_size=7)


@given(LOGITS, st.integers(0, 6))
def test_seven_logits_are_what_torch_makes_of_them(logits: list[float], target: int) -> None:
    chosen, row = ChosenLogits(tuple(logits), target), torch.tensor(logits, dtype=torch.float64)
    assert chosen.log_probability == pytest.approx(row.log_softmax(-1).numpy(), abs=1e-12)
    assert chosen.probability == pytest.approx(row.softmax(-1).numpy(), abs=1e-12)
    loss = F.cross_entropy(row[None], torch.tensor([target])).item()
    assert chosen.loss == pytest.approx(loss, abs=1e-12)
    assert chosen.perplexity == pytest.approx(math.exp(loss), rel=1e-12)


def test_adding_the_same_to_all_changes_nothing_and_large_logits_do_not_overflow() -> None:
    logits = (1.0, -2.0, 0.5)
    moved = ChosenLogits(tuple(logit + 5_000 for logit in logits), 1)
    assert moved.loss == pytest.approx(ChosenLogits(logits, 1).loss, abs=1e-9)


@pytest.mark.parametrize("vocab_size", [7, 50_257])
@pytest.mark.parametrize("share", [-0.9, 0.0, 0.5, 0.9999])
def test_sure_and_wrong_is_the_loss_of_such_a_distribution(vocab_size: int, share: float) -> None:
    chosen = Sureness(vocab_size, share)
    p = np.full(vocab_size, 1 / vocab_size)
    if share:
        p[:] = (1 - abs(share)) / (vocab_size - 1)
        p[0 if share < 0 else 1] = abs(share)  # token 0 is the target
    loss = F.nll_loss(torch.tensor(p).log()[None], torch.tensor([0])).item()
    assert chosen.loss == pytest.approx(loss, abs=1e-9)
    assert (chosen.perplexity > vocab_size * (1 + 1e-9)) is (share > 0)
    row = torch.zeros(vocab_size, dtype=torch.float64)
    row[0 if share < 0 else 1] = abs(chosen.lead)
    by_logits = F.cross_entropy(row[None], torch.tensor([0])).item()
    assert by_logits == pytest.approx(chosen.loss, abs=1e-9)
    assert loss_of_leads(vocab_size, np.array([chosen.lead]))[0] == pytest.approx(chosen.loss, abs=1e-9)


@given(st.integers(1, 200), st.integers(1, 200), st.floats(1, 50_257), st.floats(1, 50_257))
def test_the_average_over_tokens_is_that_of_the_flattened_losses(a: int, b: int, one: float, other: float) -> None:
    found = averages((a, b), (one, other))
    flattened = torch.tensor([math.log(one)] * a + [math.log(other)] * b, dtype=torch.float64)
    assert found.over_tokens == pytest.approx(flattened.mean().exp().item(), rel=1e-9)
    assert found.of_perplexities == pytest.approx((one + other) / 2)
    assert found.of_losses == pytest.approx(math.sqrt(one * other))
    if a == b:
        assert found.of_losses == pytest.approx(found.over_tokens)


@pytest.mark.parametrize("same", list(product((True, False), repeat=4)))
def test_what_may_be_compared(same: tuple[bool, bool, bool, bool]) -> None:
    text, tokenizer, unit, surroundings = same
    found = may_compare(text=text, tokenizer=tokenizer, unit=unit, context=surroundings)
    assert (found.verdict == "yes") is all(same)
    assert (found.verdict == "no") is (not text)
    assert ("text" in found.remedies, "context" in found.remedies) == (not text, not surroundings)
    assert ("tokenizer" in found.remedies) is (not tokenizer)
    assert ("unit" in found.remedies) is (tokenizer and not unit)  # bits per byte are a unit
    if text and surroundings and not tokenizer:
        assert found.verdict == "bits_per_byte"
