"""From logits to perplexity: the numbers that must come out, and the properties that they have."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gptcore import GPT_CONFIG_124M, Example, GPTConfig, GPTModel, InputError, Report, score, untrained_model
from gptcore.config import SIZES
from gptcore.examples import encode
from gptcore.initialization import initialize, seeded_generator
from gptcore.presets import PRESETS
from gptcore.scoring import POSITIONS_AT_ONCE, rank_curve
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.tokenizers.seven_words import seven_word_tokenizer
from tests.support.given import NumberedTokenizer, score_logits
from tests.support.plain import plain_model_sharing, plain_score

NOISE = 1e-6  # of float32 sums over 50,257 tokens, whose order differs between processors, relative
where_the_numbers_were_made = pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() != "AVX512",
    reason="another processor adds in another order, and the last printed digit may differ",
)

# p, ln p, rank, entropy, the model's own choice: in the digits in which they are printed
BOOK = [
    ("7.4540e-05", "-9.5042", "258", "10.6579", " Armed"),
    ("3.1061e-05", "-10.3796", "7,247", "10.6572", " he"),
    ("1.1563e-05", "-11.3677", "37,218", "10.6581", "Netflix"),
    ("1.0337e-05", "-11.4798", "40,358", "10.6592", " pressuring"),
    ("5.6776e-05", "-9.7764", "877", "10.6579", " empowered"),
    ("4.7559e-06", "-12.2561", "49,549", "10.6578", "faith"),
]


@pytest.fixture(scope="module")
def book(book_model: GPTModel) -> Report:
    return score(book_model, PRESETS["book"])


def to_print(printed: str, unit: float) -> Any:
    """The number that is printed so: within half a unit of its last digit, and the noise."""
    number = float(printed.replace(",", ""))
    return pytest.approx(number, abs=unit / 2 + abs(number) * NOISE)


def one_step(cross_entropy: float) -> float:
    """What one step of a float32 cross-entropy is worth in perplexity: 0.046 near 48,726."""
    return math.exp(cross_entropy) * float(np.spacing(np.float32(cross_entropy)))


# The numbers that must come out


@where_the_numbers_were_made
def test_the_book_s_two_texts_to_the_digits_printed(book: Report) -> None:
    printed = [
        (f"{p:.4e}", f"{log_p:.4f}", f"{rank:,}", f"{entropy:.4f}", choice)
        for p, log_p, rank, entropy, choice in zip(
            book.target_probability,
            book.log_probability,
            book.rank,
            book.entropy_nats,
            book.predicted_piece,
            strict=True,
        )
    ]
    assert printed == BOOK
    assert f"{book.mean_log_probability:.4f}" == "-10.7940"
    assert f"{book.cross_entropy:.4f}" == "10.7940"
    assert f"{book.perplexity:,.2f}" == "48,725.82"  # float32 throughout, as the book


def test_the_book_s_two_texts_on_any_processor(book: Report) -> None:
    for index, (p, log_p, rank, entropy, choice) in enumerate(BOOK):
        assert book.target_probability[index] == to_print(p, 10.0 ** (int(p[-3:]) - 4))
        assert book.log_probability[index] == to_print(log_p, 1e-4)
        assert book.rank[index] == pytest.approx(int(rank.replace(",", "")), abs=2)  # neighbours 2e-5 apart may swap
        assert book.entropy_nats[index] == to_print(entropy, 1e-4)
        assert book.predicted_piece[index] == choice
    assert book.mean_log_probability == to_print("-10.7940", 1e-4)
    assert book.cross_entropy == -book.mean_log_probability
    assert book.perplexity == pytest.approx(48_725.82, abs=0.005 + 2 * one_step(10.794))


def test_the_book_s_input_and_the_model_s_own_choice(book: Report) -> None:
    assert book.prompt_token_id.tolist() == [16833, 3626, 6100, 40, 1107, 588]
    assert book.target_token_id.tolist() == [3626, 6100, 345, 1107, 588, 11311]
    assert "".join(book.predicted_piece[:3]) == " Armed heNetflix"
    assert gpt2_tokenizer().decode(book.predicted_token_id[:3].tolist()) == " Armed heNetflix"


def test_the_slip(book_model: GPTModel) -> None:
    batch = encode(PRESETS["slip"], gpt2_tokenizer())
    report = score(book_model, batch)
    assert report.cross_entropy == to_print("10.7722", 1e-4)
    assert report.perplexity == pytest.approx(47_678.9, abs=0.05 + 2 * one_step(10.7722))
    assert "".join(report.target_piece[3:]) == " like this chocolate"
    assert [row.misaligned_positions for row in batch.rows] == [[], [0, 1]]


def test_each_text_by_itself(book: Report) -> None:
    """Their perplexities are not to be averaged: 52,226 is not 48,726.

    The means of logs rounded to 4 digits give 33,429 for the first; unrounded they give 33,428.14.
    """
    first, second = book.per_example()["perplexity"]
    assert first == pytest.approx(33_428.14, abs=0.005 + 2 * one_step(10.417))
    assert second == pytest.approx(71_024.23, abs=0.005 + 2 * one_step(11.171))
    assert f"{(first + second) / 2:,.0f}" == "52,226"
    assert math.sqrt(first * second) == pytest.approx(book.perplexity, rel=NOISE)  # the geometric mean is the one


def test_context_length_1024(book_model: GPTModel) -> None:
    """Another position table draws other random numbers after it. The book's seed is not touched: its own model."""
    report = score(untrained_model(GPT_CONFIG_124M.with_(context_length=1024), 123), PRESETS["book"])
    assert report.cross_entropy == to_print("10.8765", 1e-4)


# Other ways to the same numbers


@pytest.mark.parametrize("preset", ["book", "slip", "chinese", "repetitive"])
def test_the_same_as_cross_entropy(book_model: GPTModel, preset: str) -> None:
    batch = encode(PRESETS[preset], gpt2_tokenizer())
    report = score(book_model, batch)
    with torch.inference_mode():
        logits = book_model(torch.from_numpy(batch.inputs))  # (B, T, V)
        expected = F.cross_entropy(logits.flatten(0, 1), torch.from_numpy(batch.targets).flatten()).item()
    assert report.cross_entropy == pytest.approx(expected, rel=NOISE)
    assert report.torch_cross_entropy == pytest.approx(expected, rel=NOISE)


def test_the_same_as_a_notebook_s(book_model: GPTModel, book: Report) -> None:
    batch = encode(PRESETS["book"], gpt2_tokenizer())
    plain = plain_score(
        plain_model_sharing(book_model), torch.from_numpy(batch.inputs), torch.from_numpy(batch.targets)
    )
    # rounding of logits of about 1e-6, whose share of a log of 10 is less
    np.testing.assert_allclose(book.log_probability, plain.log_probas.flatten(), rtol=0, atol=1e-5)
    np.testing.assert_allclose(book.target_probability, plain.target_probas.flatten(), rtol=1e-5)
    assert book.cross_entropy == pytest.approx(plain.cross_entropy, rel=NOISE)
    assert book.perplexity == pytest.approx(plain.perplexity, rel=1e-5)
    assert book.predicted_token_id.tolist() == plain.probas.argmax(dim=-1).flatten().tolist()


def test_four_equal_choices_by_hand() -> None:
    report = score_logits(torch.zeros(1, 3, 4), [[2, 0, 1]])
    assert report.target_probability.tolist() == [0.25] * 3
    assert report.log_probability == pytest.approx([-math.log(4)] * 3)
    assert report.entropy_nats == pytest.approx([math.log(4)] * 3)
    assert report.cross_entropy == pytest.approx(math.log(4)) == pytest.approx(report.uniform_cross_entropy)
    assert report.perplexity == pytest.approx(4)
    assert report.rank.tolist() == [1, 1, 1]  # nothing is more likely


def test_one_half_a_quarter_and_two_eighths_by_hand() -> None:
    logits = torch.log(torch.tensor([[[4.0, 2.0, 1.0, 1.0]]])).expand(1, 4, 4)
    report = score_logits(logits, [[0, 1, 2, 3]])
    assert report.target_probability == pytest.approx([0.5, 0.25, 0.125, 0.125])
    assert report.log_probability / math.log(2) == pytest.approx([-1, -2, -3, -3])
    assert report.cross_entropy_bits == pytest.approx(9 / 4)
    assert report.perplexity == pytest.approx(2 ** (9 / 4))  # 2 to the bits; never 2 to the nats
    assert report.entropy_nats == pytest.approx([1.75 * math.log(2)] * 4)
    assert report.rank.tolist() == [1, 2, 3, 3]
    assert report.predicted_token_id.tolist() == [0] * 4


def test_certainty_costs_nothing_and_certainty_of_the_wrong_costs_more_than_guessing() -> None:
    sure = torch.tensor([[[200.0, 0.0, 0.0]]])
    right, wrong = score_logits(sure, [[0]]), score_logits(sure, [[1]])
    assert (right.cross_entropy, right.perplexity) == (0, 1)
    assert wrong.cross_entropy == 200
    assert wrong.perplexity > wrong.vocab_size  # never clamped


def test_the_mean_is_over_positions_and_not_over_rows() -> None:
    """A row of one certain token and a row of three even guesses: 3 ln 4 over 4, not ln 4 over 2."""
    logits = torch.zeros(2, 3, 4)
    logits[0, 0, 1] = 100.0
    report = score_logits(logits, [[1], [0, 1, 2]])
    assert report.cross_entropy == pytest.approx(3 / 4 * math.log(4))
    assert report.per_example()["perplexity"].tolist() == pytest.approx([1, 4])
    assert report.perplexity == pytest.approx(4**0.75)


def test_a_target_is_scored_by_the_logits_at_its_own_position() -> None:
    """Off by one would find nothing here: every row of logits is sure of its own target."""
    targets = [3, 1, 4, 1, 5]
    logits = 50.0 * F.one_hot(torch.tensor([targets]), 6).float()
    assert score_logits(logits, [targets]).perplexity == pytest.approx(1)
    moved = score_logits(logits, [[*targets[1:], 0]])
    assert moved.rank.min() > 1


def test_the_first_token_has_no_score(toy_model: GPTModel) -> None:
    report = score(toy_model, [Example("every effort moves you", alignment="shifted")])
    assert report.prompt_piece == ("every", "effort", "moves")
    assert report.target_piece == ("effort", "moves", "you")


def test_a_continuation_is_the_end_of_the_shifted_whole(toy_model: GPTModel) -> None:
    whole = score(toy_model, [Example("every effort moves you", alignment="shifted")])
    end = score(toy_model, [Example("every effort", "moves you", "continuation")])
    assert end.position.tolist() == [1, 2]
    assert np.array_equal(end.log_probability, whole.log_probability[1:])


# Properties


@st.composite
def logits_and_targets(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    B, T, V = draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.integers(2, 40))
    spread = draw(st.sampled_from([0.0, 0.1, 1.0, 10.0, 100.0]))
    generator = seeded_generator(draw(st.integers(0, 2**32 - 1)))
    return spread * torch.randn(B, T, V, generator=generator), torch.randint(V, (B, T), generator=generator)


@given(logits_and_targets())
def test_what_holds_for_any_logits(drawn: tuple[Tensor, Tensor]) -> None:
    logits, targets = drawn
    V = logits.shape[2]
    report = score_logits(logits, targets, top_k=V)
    exact = logits.double().log_softmax(dim=-1).flatten(0, 1)  # (N, V)

    assert report.probability_sum == pytest.approx(np.ones(report.positions), abs=1e-5)  # V roundings of 6e-8 each
    assert (report.log_probability <= 0).all()
    assert (report.entropy_nats >= -1e-5).all()
    assert (report.entropy_nats <= math.log(V) + 1e-5).all()
    assert report.perplexity >= 1

    # float32 keeps 24 bits of logits up to 400: 3e-5
    expected = exact.gather(1, targets.flatten()[:, None]).squeeze(1)
    np.testing.assert_allclose(report.log_probability, expected, rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(report.entropy_nats, -(exact.exp() * exact).sum(-1), rtol=0, atol=1e-4)
    assert report.cross_entropy == pytest.approx(-expected.mean().item(), rel=1e-5, abs=1e-4)
    assert report.cross_entropy == pytest.approx(report.torch_cross_entropy, rel=1e-5, abs=1e-4)
    assert np.array_equal(report.target_logit, logits.flatten(0, 1).gather(1, targets.flatten()[:, None]).squeeze(1))
    assert np.array_equal(report.log_probability, report.target_logit - report.log_normalizer_nats)

    # rank 1 says the same as the model's own choice, but for ties
    tied = (logits.flatten(0, 1) == logits.flatten(0, 1).max(-1, keepdim=True).values).sum(-1).numpy() > 1
    chosen = report.predicted_token_id == report.target_token_id
    assert (((report.rank == 1) == chosen) | tied).all()
    assert (report.predicted_probability >= report.target_probability).all()
    assert np.array_equal(report.predicted_token_id, report.top_token_ids[:, 0])

    # the whole list of choices is the whole distribution
    assert (np.diff(report.top_probabilities, axis=1) <= 0).all()
    assert report.top_probabilities.sum(axis=1) == pytest.approx(report.probability_sum, abs=1e-5)
    assert np.array_equal(np.sort(report.top_token_ids, axis=1), np.tile(np.arange(V), (report.positions, 1)))


@given(logits_and_targets(), st.floats(-1000, 1000))
def test_a_shift_of_all_logits_changes_nothing(drawn: tuple[Tensor, Tensor], shift: float) -> None:
    logits, targets = drawn
    plain, shifted = score_logits(logits, targets), score_logits(logits + shift, targets)
    # the sum loses digits: half a unit of float32 near 1,400 is 6e-5, in the logit and in the normalizer
    np.testing.assert_allclose(shifted.log_probability, plain.log_probability, rtol=0, atol=5e-4)
    np.testing.assert_allclose(shifted.entropy_nats, plain.entropy_nats, rtol=0, atol=5e-3)


@given(logits_and_targets(), st.floats(0.05, 20))
def test_temperature_divides_the_logits(drawn: tuple[Tensor, Tensor], temperature: float) -> None:
    logits, targets = drawn
    report = score_logits(logits, targets, temperature=temperature)
    divided = score_logits(logits / temperature, targets)
    assert np.array_equal(report.log_probability, divided.log_probability)
    assert report.perplexity == divided.perplexity
    assert report.provenance.temperature == temperature


@given(logits_and_targets())
def test_heat_ends_in_guessing_evenly_and_cold_in_certainty(drawn: tuple[Tensor, Tensor]) -> None:
    logits, targets = drawn
    V = logits.shape[2]
    hot = score_logits(logits, targets, temperature=1e9)
    assert hot.perplexity == pytest.approx(V, rel=1e-4)
    cold = score_logits(logits, targets, temperature=1e-6)
    most = logits.flatten(0, 1) == logits.flatten(0, 1).max(-1, keepdim=True).values  # (N, V)
    tied = most.sum(-1).numpy()
    np.testing.assert_allclose(cold.predicted_probability, 1 / tied, rtol=1e-5)
    np.testing.assert_allclose(cold.entropy_nats, np.log(tied), atol=1e-5)
    assert cold.rank.tolist() == score_logits(logits, targets).rank.tolist()  # heat changes no order


def test_the_hotter_the_more_even() -> None:
    logits, targets = torch.tensor([[[2.0, 1.0, 0.0]]]), [[0]]
    entropies = [score_logits(logits, targets, temperature=t).entropy_nats[0] for t in (0.1, 0.5, 1, 2, 10)]
    assert entropies == sorted(entropies)


@pytest.mark.parametrize("temperature", [0, -1, 1e-7, math.inf, -math.inf, math.nan])
def test_what_is_no_temperature_is_refused(toy_model: GPTModel, temperature: float) -> None:
    batch = encode([Example((1,), (2,))], seven_word_tokenizer())
    with pytest.raises(InputError, match=r"temperature must be a number from 0\.000001") as caught:
        score(toy_model, batch, temperature=temperature)
    assert caught.value.code == "bad_temperature"
    with pytest.raises(InputError, match=r"temperature must be a number from 0\.000001"):
        rank_curve(toy_model, batch, 0, temperature=temperature)


# Rows, lengths, padding

seven_ids = st.integers(0, 6)
rows = st.lists(
    st.integers(1, 16).flatmap(
        lambda length: st.tuples(
            st.lists(seven_ids, min_size=length, max_size=length), st.lists(seven_ids, min_size=length, max_size=length)
        )
    ),
    min_size=1,
    max_size=8,
)


@given(rows)
def test_a_row_alone_has_the_numbers_that_it_has_among_others(
    toy_model: GPTModel, pairs: list[tuple[list[int], list[int]]]
) -> None:
    """Padding is never scored and changes no number. The products of a larger batch add in another order: 1e-5."""
    examples = [Example.from_ids(prompt, target) for prompt, target in pairs]
    together = score(toy_model, examples)
    assert together.positions == sum(len(target) for _, target in pairs)
    for row, example in enumerate(examples):
        alone = score(toy_model, [example])
        here = together.example == row
        np.testing.assert_allclose(together.log_probability[here], alone.log_probability, rtol=0, atol=1e-5)
        np.testing.assert_allclose(together.entropy_nats[here], alone.entropy_nats, rtol=0, atol=1e-5)
        assert together.position[here].tolist() == list(range(len(example.target)))
        assert together.target_token_id[here].tolist() == list(example.target)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    toy_model: GPTModel, pairs: list[tuple[list[int], list[int]]], random: Any
) -> None:
    examples = [Example.from_ids(prompt, target) for prompt, target in pairs]
    order = random.sample(range(len(examples)), len(examples))
    straight, mixed = score(toy_model, examples), score(toy_model, [examples[row] for row in order])
    assert mixed.perplexity == pytest.approx(straight.perplexity, rel=1e-5)
    for place, row in enumerate(order):
        np.testing.assert_allclose(
            mixed.log_probability[mixed.example == place],
            straight.log_probability[straight.example == row],
            rtol=0,
            atol=1e-5,
        )


def test_what_stands_in_the_padding_does_not_matter(toy_model: GPTModel) -> None:
    batch = encode([Example.from_ids([1, 2, 3, 4], [2, 3, 4, 5]), Example((6,), (5,))], seven_word_tokenizer())
    other = replace(batch, inputs=np.where(batch.scored, batch.inputs, 4))
    assert not np.array_equal(batch.inputs, other.inputs)
    assert np.array_equal(score(toy_model, batch).log_probability, score(toy_model, other).log_probability)


def test_more_positions_than_are_scored_at_once() -> None:
    """Each is scored once, and by the logits of the whole batch."""
    config = GPTConfig(vocab_size=31, context_length=50, emb_dim=8, n_heads=2, n_layers=1)
    model = untrained_model(config, 3)
    ids = torch.randint(31, (4, 48), generator=seeded_generator(0))
    examples = [Example.from_ids(row.tolist(), alignment="shifted") for row in ids]
    report = score(model, examples, tokenizer=NumberedTokenizer(31))
    assert report.positions == 4 * 47 > 2 * POSITIONS_AT_ONCE
    assert report.flat_logits_shape == (188, 31)
    with torch.inference_mode():
        expected = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    np.testing.assert_allclose(report.surprisal_nats, expected, rtol=0, atol=1e-5)
    assert report.cross_entropy == pytest.approx(expected.mean().item(), rel=NOISE)
    assert report.torch_cross_entropy == pytest.approx(expected.mean().item(), rel=NOISE)
    batch = encode(examples, NumberedTokenizer(31))
    for index in (0, 63, 64, 187):
        curve = rank_curve(model, batch, index)
        assert (curve.target_rank, curve.target_probability) == (report.rank[index], report.target_probability[index])


def test_a_row_longer_than_the_context_is_refused_before_it_is_run(toy_model: GPTModel) -> None:
    examples = [Example((1,), (2,)), Example.from_ids([1] * 17, [2] * 17)]
    with pytest.raises(InputError) as caught:
        score(toy_model, examples)
    assert (caught.value.code, caught.value.example) == ("too_many_tokens", 1)
    assert caught.value.details == {"tokens": 17, "limit": 16}


# Dropout, threads, bits


def test_a_model_that_would_drop_activations_is_refused() -> None:
    model = untrained_model(SIZES["toy"].with_(drop_rate=0.5), 123)
    examples = [Example("every effort moves", "effort moves you")]
    evaluated = score(model, examples)
    assert evaluated.perplexity == score(untrained_model(SIZES["toy"], 123), examples).perplexity
    with pytest.raises(ValueError, match=r"call model.eval\(\) first"):
        score(model.train(), examples)
    assert score(model.eval(), examples).perplexity == evaluated.perplexity


def test_scoring_keeps_nothing_and_changes_nothing(toy_model: GPTModel) -> None:
    before = {name: weight.clone() for name, weight in toy_model.state_dict().items()}
    examples = [Example("every effort moves", "effort moves you")]
    first, second = score(toy_model, examples), score(toy_model, examples)
    assert np.array_equal(first.log_probability, second.log_probability)
    assert all(torch.equal(weight, before[name]) for name, weight in toy_model.state_dict().items())
    assert all(weight.grad is None for weight in toy_model.parameters())


def test_eight_visitors_at_once_get_what_each_would_alone() -> None:
    """Different models and inputs, and each draws its weights while the others score."""
    words = ["every", "effort", "moves", "you", "forward", "a", "zoo", "every"]
    examples = [[Example(f"every {word} moves", f"{word} moves you")] for word in words]
    alone = [score(untrained_model(SIZES["toy"], seed), examples[seed]) for seed in range(8)]
    ready = Barrier(8)

    def visit(seed: int) -> list[Report]:
        ready.wait()
        model = untrained_model(SIZES["toy"], seed)
        return [score(initialize(model, seed), examples[seed]) for _ in range(25)]

    with ThreadPoolExecutor(8) as threads:
        for seed, reports in enumerate(threads.map(visit, range(8))):
            for report in reports:
                assert np.array_equal(report.log_probability, alone[seed].log_probability)
                assert report.perplexity == alone[seed].perplexity
                assert report.provenance == alone[seed].provenance


# One position's whole distribution


def test_rank_curve_has_the_report_s_own_numbers(book_model: GPTModel, book: Report) -> None:
    batch = encode(PRESETS["book"], gpt2_tokenizer())
    for index in (0, 2, 5):
        curve = rank_curve(book_model, batch, index)
        assert curve.target_rank == book.rank[index]
        assert curve.target_probability == book.target_probability[index]
        assert curve.probability[0] == book.predicted_probability[index]
        assert curve.probability[curve.rank == curve.target_rank] == curve.target_probability
        assert (curve.rank[0], curve.rank[-1]) == (1, 50_257)
        assert (np.diff(curve.rank) > 0).all()
        assert (np.diff(curve.probability) <= 0).all()
        kept = curve.rank <= book.top_probabilities.shape[1]
        assert np.array_equal(curve.probability[kept], book.top_probabilities[index, curve.rank[kept] - 1])


@given(rows, st.data())
def test_rank_curve_of_seven_words_is_the_whole_distribution(
    toy_model: GPTModel, pairs: list[tuple[list[int], list[int]]], data: st.DataObject
) -> None:
    batch = encode([Example.from_ids(prompt, target) for prompt, target in pairs], seven_word_tokenizer())
    report = score(toy_model, batch, temperature=0.7)
    index = data.draw(st.integers(0, report.positions - 1))
    curve = rank_curve(toy_model, batch, index, temperature=0.7)
    assert curve.rank.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert np.array_equal(curve.probability, report.top_probabilities[index])
    assert curve.target_rank == report.rank[index]
    assert curve.uniform_probability == 1 / 7
    with pytest.raises(IndexError):
        rank_curve(toy_model, batch, report.positions)


def test_top_k_must_be_at_least_one(toy_model: GPTModel) -> None:
    with pytest.raises(ValueError, match="top_k must be at least 1, not 0"):
        score(toy_model, [Example("every", "effort")], top_k=0)
    assert score(toy_model, [Example("every", "effort")], top_k=99).top_token_ids.shape == (1, 7)
