"""Eleven steps walked one at a time: the report's numbers, in pieces or at once, and the tensors' own values."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from gptcore import Example, GPTModel, score, step_by_step
from gptcore.config import SIZES
from gptcore.initialization import untrained_model
from gptcore.interpretation import bits_per_byte_of_tokens, mean_of_perplexities, underflow, units
from gptcore.presets import PRESETS, SEVEN_WORD_EXAMPLES
from gptcore.results.steps import HEAD
from gptcore.tokenizers.gpt2 import gpt2_tokenizer

MIXED = (
    Example("every effort moves", " effort moves you"),
    Example("the cat and the cat", " and the", "continuation"),
    Example("one " * 90, alignment="shifted"),  # longer than a piece: walked in several
)


@pytest.fixture(scope="module")
def mini_model() -> GPTModel:
    return untrained_model(SIZES["mini"], seed=123)


def test_the_books_numbers_come_out_link_by_link(book_model: GPTModel) -> None:
    walked = step_by_step.run_steps(book_model, PRESETS["book"])
    assert walked.predicted_text[0] == " Armed heNetflix"
    assert [f"{p:.4e}" for p in walked.target_probability] == [
        "7.4540e-05", "3.1061e-05", "1.1563e-05", "1.0337e-05", "5.6776e-05", "4.7559e-06",
    ]  # fmt: skip
    assert walked.target_rank.tolist() == [258, 7247, 37218, 40358, 877, 49549]
    assert f"{walked.mean_log_probability:.4f}" == "-10.7940"
    assert f"{walked.torch_cross_entropy:.4f}" == "10.7940"
    assert f"{walked.perplexity:,.2f}" == "48,725.82"


@pytest.mark.parametrize("examples", [PRESETS["book"], PRESETS["slip"], PRESETS["chinese"], MIXED])
def test_the_walk_equals_the_report(mini_model: GPTModel, examples: tuple[Example, ...]) -> None:
    walked, report = step_by_step.run_steps(mini_model, examples), score(mini_model, examples)
    # both in float32, but the products and sums run in another order: a few units in the last place
    assert walked.target_probability == pytest.approx(report.target_probability, rel=1e-5)
    assert walked.log_probability == pytest.approx(report.log_probability, abs=5e-6)
    assert walked.predicted_id.tolist() == report.predicted_token_id.tolist()
    assert walked.predicted_piece == report.predicted_piece
    assert walked.prompt_piece == report.prompt_piece
    assert walked.example.tolist() == report.example.tolist()
    assert walked.cross_entropy == pytest.approx(report.cross_entropy, abs=5e-6)
    assert walked.torch_cross_entropy == pytest.approx(report.torch_cross_entropy, abs=5e-6)
    assert walked.perplexity == pytest.approx(report.perplexity, rel=1e-5)
    shown = slice(0, walked.shown)
    assert walked.target_rank.tolist() == report.rank[shown].tolist()
    assert walked.probability_sum == pytest.approx(np.ones(walked.shown), abs=1e-5)


def test_excerpts_are_the_tensors_own_values(mini_model: GPTModel) -> None:
    walked = step_by_step.run_steps(mini_model, PRESETS["book"])
    with torch.inference_mode():
        logits = mini_model(torch.tensor([[16833, 3626, 6100], [40, 1107, 588]]))
    flat = logits.flatten(0, 1)
    ends = [0, 1, 2, -3, -2, -1]
    assert walked.edge_logits == pytest.approx(flat[:, ends].numpy(), abs=1e-5)
    assert walked.edge_probabilities == pytest.approx(flat.softmax(-1)[:, ends].numpy(), rel=1e-4)
    assert walked.cell_ids[:, 0].tolist() == flat.argmax(-1).tolist()
    assert walked.cell_ids[:, HEAD].tolist() == walked.target_id.tolist()
    assert walked.cell_ids[:, -1].tolist() == flat.argmin(-1).tolist()
    assert walked.cell_rank[:, 0].tolist() == [1] * 6
    assert walked.cell_rank[:, -1].tolist() == [50_257] * 6
    assert walked.curve_rank[[0, -1]].tolist() == [1, 50_257]
    assert (np.diff(walked.curve_logits) <= 0).all()
    assert walked.logits_shape == (2, 3, 50_257)
    assert walked.flat_shape == (6, 50_257)
    assert sum(array.nbytes for array in vars(walked).values() if isinstance(array, np.ndarray)) < 100_000


def test_seven_words_show_every_column(toy_model: GPTModel) -> None:
    walked = step_by_step.run_steps(toy_model, SEVEN_WORD_EXAMPLES)
    assert walked.whole
    assert walked.cell_pieces[0] == ("a", "effort", "every", "forward", "moves", "you", "zoo")
    assert walked.cell_probabilities.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-6)
    rows = np.arange(6)
    assert walked.cell_probabilities[rows, walked.target_id].tolist() == walked.target_probability.tolist()
    assert walked.cell_probabilities.argmax(axis=1).tolist() == walked.predicted_id.tolist()


def test_each_function_does_what_its_name_says(toy_model: GPTModel) -> None:
    logits = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(1))
    targets = torch.tensor([[1, 4, 5], [6, -100, -100]])
    probabilities = step_by_step.softmax(logits)
    assert torch.equal(probabilities, logits.softmax(-1))
    assert torch.equal(step_by_step.argmax(logits), probabilities.argmax(-1))
    picked = step_by_step.pick_targets(probabilities, targets)
    assert picked.tolist() == [
        probabilities[0, 0, 1],
        probabilities[0, 1, 4],
        probabilities[0, 2, 5],
        probabilities[1, 0, 6],
    ]
    by_hand = step_by_step.negate(step_by_step.mean(step_by_step.log(picked)))
    assert by_hand == pytest.approx(step_by_step.cross_entropy(logits, targets).item(), abs=1e-6)
    assert by_hand == pytest.approx(F.cross_entropy(logits.view(-1, 7), targets.view(-1)).item(), abs=1e-6)
    assert step_by_step.exp(by_hand).item() == pytest.approx(math.exp(by_hand), rel=1e-6)
    assert step_by_step.token_ids_to_text(torch.tensor([16833, 3626]), gpt2_tokenizer()) == "every effort"
    ids = torch.tensor([[2, 1, 4]])
    through = step_by_step.vocabulary_logits(toy_model, step_by_step.hidden_states(toy_model, ids))
    assert torch.equal(through, toy_model(ids))


def test_a_probability_that_underflows_is_told() -> None:
    model = untrained_model(SIZES["toy"], seed=123)
    with torch.no_grad():
        model.out_head.weight.mul_(400)  # so sure of itself that float32 has no number for the rest
    walked = step_by_step.run_steps(model, SEVEN_WORD_EXAMPLES)
    assert walked.underflows
    assert walked.perplexity == math.inf
    assert math.isfinite(walked.torch_cross_entropy)


def test_perplexities_of_parts_and_units_are_the_books(book_model: GPTModel) -> None:
    report = score(book_model, PRESETS["book"])
    parts = report.per_example()["perplexity"].tolist()
    assert parts == pytest.approx([33_428.14, 71_024.23], rel=2e-6)  # processors differ in float32's last digit
    assert f"{mean_of_perplexities(report):,.0f}" == "52,226"
    found = units(report)
    assert found.bits_per_token == pytest.approx(10.793964 / math.log(2), abs=1e-5)
    assert 2**found.bits_per_token == pytest.approx(report.perplexity, rel=1e-5)
    assert found.two_to_the_nats == pytest.approx(2**10.793964, rel=1e-5)
    lengths, per_byte = bits_per_byte_of_tokens(report)
    assert lengths.sum() == report.target_bytes == len(" effort moves you really like chocolate")
    assert (lengths * per_byte).sum() / lengths.sum() == pytest.approx(found.bits_per_byte, rel=1e-6)


def test_a_product_underflows_where_its_sum_of_logs_passes_the_smallest_number() -> None:
    logs = np.array([-9.5042, -10.3796, -11.3677, -11.4798, -9.7764, -12.2561])
    found = underflow(logs, 30)
    product, expected = np.float32(1), None
    for n, value in enumerate(np.resize(logs, 30), start=1):
        product = np.float32(product * np.float32(math.exp(value)))
        if product == 0:
            expected = n
            break
    assert found.zero_float32 == expected == 10
    assert found.summed_logs[-1] == pytest.approx(5 * logs.sum())
    assert np.isneginf(found.product_logs[9:]).all()
    assert found.product_logs[:5] == pytest.approx(found.summed_logs[:5], rel=1e-6)
    assert underflow(np.array([-1e-9]), 5).zero_float32 is None
