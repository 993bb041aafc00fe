"""Continuing a text: greedily as `generate_text_simple`, drawn by a generator of its own, by hand; each with its p."""

import copy
import itertools
import math
from collections import Counter
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from gptcore import Example, GPTModel, InputError, generate_text_simple, score, trained_small_model
from gptcore.generation import NewToken, Sampling, generate, score_continuation, steps
from gptcore.tokenizers.gpt2 import gpt2_tokenizer

PROMPT = [2, 1, 4]


def ids_of(model: GPTModel, sampling: Sampling, count: int = 12) -> list[int]:
    return [token.token_id for token in generate(model, PROMPT, count, sampling)]


@pytest.mark.parametrize("length", [1, 3, 16, 20])
def test_greedily_it_is_generate_text_simple_past_the_context_too(toy_model: GPTModel, length: int) -> None:
    prompt = list(itertools.islice(itertools.cycle(range(7)), length))
    context = toy_model.config.context_length
    expected = generate_text_simple(toy_model, torch.tensor([prompt]), 10, context)[0, length:]
    assert [token.token_id for token in generate(toy_model, prompt, 10)] == expected.tolist()


def test_the_trained_model_goes_on_as_generate_text_simple_says() -> None:
    model, tokenizer = trained_small_model(), gpt2_tokenizer()
    prompt = tokenizer.encode("Fellow citizens of")
    tokens = list(generate(model, prompt, 8))
    expected = generate_text_simple(model, torch.tensor([prompt]), 8, 256)[0, len(prompt) :]
    assert [token.token_id for token in tokens] == expected.tolist()
    assert tokenizer.piece(tokens[0].token_id) == " the"
    assert tokens[0].probability > 0.3
    assert {(token.rank, token.chance) for token in tokens} == {(1, 1.0)}


def test_each_probability_is_the_models_own(toy_model: GPTModel) -> None:
    read = list(PROMPT)
    for token in generate(toy_model, PROMPT, 5, Sampling(temperature=2.0, top_k=3, seed=5)):
        with torch.inference_mode():
            logits = toy_model(torch.tensor([read]))[0, -1]
        probabilities, chances = logits.softmax(-1), (logits / 2.0).softmax(-1)
        likeliest = logits.topk(3).indices.tolist()
        assert token.probability == pytest.approx(float(probabilities[token.token_id]), rel=1e-5)
        assert token.chance == pytest.approx(float(chances[token.token_id] / chances[likeliest].sum()), rel=1e-5)
        assert token.rank == likeliest.index(token.token_id) + 1
        read.append(token.token_id)


def test_the_same_seed_draws_the_same_text_and_another_seed_another(toy_model: GPTModel) -> None:
    drawn = [ids_of(toy_model, Sampling(1.5, None, seed), 30) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_the_draws_come_as_often_as_their_chance(toy_model: GPTModel) -> None:
    firsts = [next(generate(toy_model, PROMPT, 1, Sampling(1.0, 2, seed))) for seed in range(400)]
    counts = Counter(token.token_id for token in firsts)
    chances = {token.token_id: token.chance for token in firsts}
    assert len(counts) == 2  # top_k
    assert sum(chances.values()) == pytest.approx(1.0)
    for token_id, count in counts.items():
        assert count / 400 == pytest.approx(chances[token_id], abs=0.1)  # four standard deviations of a half


@pytest.mark.parametrize("sampling", [Sampling(1e-5, None, 3), Sampling(1.0, 1, 3)])
def test_a_cold_draw_and_a_draw_of_one_are_greedy(toy_model: GPTModel, sampling: Sampling) -> None:
    assert ids_of(toy_model, sampling) == ids_of(toy_model, Sampling())


def test_more_of_the_likeliest_than_there_are_is_all_of_them(toy_model: GPTModel) -> None:
    assert ids_of(toy_model, Sampling(1.0, 99, 1)) == ids_of(toy_model, Sampling(1.0, None, 1))


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"temperature": -0.1}, "bad_temperature"),
        ({"temperature": float("nan")}, "bad_temperature"),
        ({"temperature": float("inf")}, "bad_temperature"),
        ({"top_k": 0}, "bad_top_k"),
        ({"seed": -1}, "bad_seed"),
    ],
)
def test_what_cannot_be_drawn_is_refused(settings: dict[str, float], code: str) -> None:
    with pytest.raises(InputError) as raised:
        Sampling(**settings)  # type: ignore[arg-type]
    assert raised.value.code == code


def test_nothing_cannot_be_continued(toy_model: GPTModel) -> None:
    with pytest.raises(InputError, match="no prompt"):
        next(generate(toy_model, [], 1))


def test_a_model_that_is_had_for_a_step_at_a_time_writes_the_same(toy_model: GPTModel) -> None:
    turns: list[int] = []

    def step(ids: object, choose: object) -> NewToken:
        turns.append(len(ids))  # type: ignore[arg-type]
        return choose(toy_model, ids)  # type: ignore[operator,no-any-return]

    tokens = [token.token_id for token in steps(step, PROMPT, 4, Sampling(1.0, None, 9))]
    assert tokens == ids_of(toy_model, Sampling(1.0, None, 9), 4)
    assert turns == [3, 4, 5, 6]


# By hand.
def windows_cross_entropy(model: GPTModel, prompt: list[int], taken: list[int]) -> float:
    """F.cross_entropy of the taken tokens, each after the last tokens that the context holds."""
    context, ids = model.config.context_length, prompt + taken
    with torch.inference_mode():
        logits = [model(torch.tensor([ids[max(0, n - context) : n]]))[0, -1] for n in range(len(prompt), len(ids))]
        return float(F.cross_entropy(torch.stack(logits), torch.tensor(taken)))


@pytest.mark.parametrize(("length", "count"), [(1, 1), (3, 5), (10, 6), (10, 7), (14, 9), (16, 3), (20, 4)])
def test_the_loss_so_far_is_cross_entropy_past_the_context_too(toy_model: GPTModel, length: int, count: int) -> None:
    prompt = list(itertools.islice(itertools.cycle(range(7)), length))
    taken = list(itertools.islice(itertools.cycle([3, 3, 0, 6, 1]), count))
    continued = score_continuation(toy_model, prompt, taken, k=3)
    expected = windows_cross_entropy(toy_model, prompt, taken)
    assert continued.cross_entropy == pytest.approx(expected, abs=1e-5)
    assert continued.perplexity == pytest.approx(math.exp(expected), rel=1e-5)
    assert [token.token_id for token in continued.tokens] == taken
    assert len(continued.steps) == count + 1
    assert continued.steps[-1].taken is None


def test_each_step_has_the_likeliest_tokens_of_the_model(toy_model: GPTModel) -> None:
    continued = score_continuation(toy_model, PROMPT, [5, 3], k=99)
    for read, step in zip(([2, 1, 4], [2, 1, 4, 5], [2, 1, 4, 5, 3]), continued.steps, strict=True):
        with torch.inference_mode():
            expected = toy_model(torch.tensor([read]))[0, -1].softmax(-1).sort(descending=True)
        assert [token.token_id for token in step.likeliest] == expected.indices.tolist()
        assert [token.probability for token in step.likeliest] == pytest.approx(expected.values.tolist(), rel=1e-5)
        assert [token.rank for token in step.likeliest] == [1, 2, 3, 4, 5, 6, 7]


def test_always_the_likeliest_is_greedy(toy_model: GPTModel) -> None:
    taken: list[int] = []
    for _ in range(20):
        taken.append(score_continuation(toy_model, PROMPT, taken, k=1).steps[-1].likeliest[0].token_id)
    assert taken == ids_of(toy_model, Sampling(), 20)


def test_of_the_trained_model_it_is_the_report_of_a_continuation() -> None:
    model = trained_small_model()
    prompt, target = "Fellow citizens of", " the House of Representatives: the whale"
    ids = gpt2_tokenizer().encode
    report = score(model, [Example(prompt, target, "continuation")])
    continued = score_continuation(model, ids(prompt), ids(target))
    assert continued.cross_entropy == pytest.approx(report.cross_entropy, abs=1e-5)
    assert [token.rank for token in continued.tokens] == report.rank.tolist()
    likeliest = [[token.token_id for token in step.likeliest] for step in continued.steps[:-1]]
    assert likeliest == report.top_token_ids[:, :10].tolist()


def test_nothing_taken_yet_has_no_loss(toy_model: GPTModel) -> None:
    continued = score_continuation(toy_model, PROMPT)
    assert (continued.cross_entropy, continued.perplexity, continued.tokens) == (None, None, ())
    assert len(continued.steps) == 1


@pytest.mark.parametrize(
    ("prompt", "taken", "code"),
    [([], [1], "empty_prompt"), ([7], [], "id_out_of_range"), ([1], [-1], "id_out_of_range")],
)
def test_what_cannot_be_continued_by_hand_is_refused(
    toy_model: GPTModel, prompt: list[int], taken: list[int], code: str
) -> None:
    with pytest.raises(InputError) as raised:
        score_continuation(toy_model, prompt, taken)
    assert raised.value.code == code


def test_half_precision_is_read_as_float32(toy_model: GPTModel) -> None:
    half = copy.deepcopy(toy_model).to(torch.bfloat16)
    tokens: list[Any] = [*generate(half, PROMPT, 3), *score_continuation(half, PROMPT, [5]).tokens]
    assert all(math.isfinite(token.log_probability) for token in tokens)
    with torch.inference_mode():
        logits = half(torch.tensor([PROMPT]))[0, -1].float()
    assert tokens[-1].log_probability == pytest.approx(float(logits.log_softmax(-1)[5]), abs=1e-6)
