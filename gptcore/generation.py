"""Continuing a text token by token: greedily, drawn by temperature from the likeliest, or taken by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from gptcore.errors import InputError
from gptcore.initialization import seeded_generator
from gptcore.language_model import LanguageModel, device_of
from gptcore.results.report import perplexity_of
from gptcore.scoring import POSITIONS_AT_ONCE, check_finite, comparable
from gptcore.tokenizers.base import check_ids


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen.

    Attributes:
        temperature: The logits are divided by it before one is drawn; 0 takes the likeliest, as
            `generate_text_simple`.
        top_k: Only so many of the likeliest can be drawn; None is all of them.
        seed: Of the draws, which are nobody else's.

    Raises:
        InputError: "bad_temperature", "bad_top_k", "bad_seed".
    """

    temperature: float = 0.0
    top_k: int | None = None
    seed: int = 123

    def __post_init__(self) -> None:
        if not 0.0 <= self.temperature < math.inf:
            raise InputError(
                "bad_temperature",
                f"temperature must be a number from 0, not {self.temperature}",
                temperature=self.temperature,
                limit=0.0,
            )
        if self.top_k is not None and self.top_k < 1:
            raise InputError("bad_top_k", f"top_k must be at least 1, not {self.top_k}", top_k=self.top_k)
        seeded_generator(self.seed)


@dataclass(frozen=True)
class NewToken:
    """One token that was added to a text.

    Attributes:
        probability: The model's own, at temperature 1, of all its tokens.
        rank: Among all tokens; 1 is the likeliest.
        chance: With which this token was drawn: after temperature and top_k; 1 where it is taken without a draw.
        log_probability: The natural log of `probability`, which is finite also where float32 holds 0.
    """

    token_id: int
    probability: float
    rank: int
    chance: float
    log_probability: float


@dataclass(frozen=True)
class ContinuationStep:
    """One step of a continued text.

    Attributes:
        likeliest: The tokens that could come here, the likeliest first.
        taken: The token that came here; None at the end of the text.
    """

    likeliest: tuple[NewToken, ...]
    taken: NewToken | None


@dataclass(frozen=True)
class Continuation:
    """A prompt's continuation as a model sees it: a step for each of its tokens, and one for the token to come."""

    steps: tuple[ContinuationStep, ...]

    @cached_property
    def tokens(self) -> tuple[NewToken, ...]:
        """The tokens that were taken."""
        return tuple(step.taken for step in self.steps if step.taken is not None)

    @property
    def cross_entropy(self) -> float | None:
        """Mean −ln p of the tokens that were taken, in nats; None where there are none."""
        if not self.tokens:
            return None
        return 0.0 - math.fsum(token.log_probability for token in self.tokens) / len(self.tokens)

    @property
    def perplexity(self) -> float | None:
        """exp(cross-entropy); None where no token was taken."""
        return None if self.cross_entropy is None else perplexity_of(self.cross_entropy)


def generate(
    model: LanguageModel,
    token_ids: Sequence[int],
    max_new_tokens: int,
    sampling: Sampling = Sampling(),
) -> Iterator[NewToken]:
    """Continue a text: one token after the other is chosen, yielded, and read by the model for the next.

    What exceeds the context length is forgotten from the front, as `generate_text_simple` does.

    Raises:
        InputError: "empty_prompt", "not_finite", or as `Sampling` does.

    >>> from gptcore import SIZES
    >>> from gptcore.initialization import untrained_model
    >>> from gptcore.model import generate_text_simple
    >>> model = untrained_model(SIZES["toy"], seed=123)
    >>> [token.token_id for token in generate(model, [2, 1, 4], 3)]
    [5, 6, 6]
    >>> generate_text_simple(model, torch.tensor([[2, 1, 4]]), 3, 16).tolist()
    [[2, 1, 4, 5, 6, 6]]
    """
    return steps(lambda ids, choose: choose(model, ids), token_ids, max_new_tokens, sampling)


Chooser = Callable[[LanguageModel, Sequence[int]], NewToken]


def steps(
    with_model: Callable[[Sequence[int], Chooser], NewToken],
    token_ids: Sequence[int],
    max_new_tokens: int,
    sampling: Sampling,
) -> Iterator[NewToken]:
    """`generate` for a model that is had for one step at a time: with_model(ids, choose) calls choose(model, ids)."""
    if not token_ids:
        raise InputError("empty_prompt", "there is no prompt to continue", field="prompt")
    generator = seeded_generator(sampling.seed)
    ids = list(token_ids)
    for _ in range(max_new_tokens):
        token = with_model(ids, lambda model, read: _next_token(model, read, sampling, generator))
        ids.append(token.token_id)
        yield token


def score_continuation(
    model: LanguageModel, token_ids: Sequence[int], taken: Sequence[int] = (), k: int = 10
) -> Continuation:
    """What a model says of a continuation that somebody chose: each token's probability, and what else was likely.

    Each token is predicted from the prompt and the tokens before it, the last `context_length` of them.

    Args:
        model: The model, in evaluation mode.
        token_ids: The prompt.
        taken: The tokens that follow it, one after the other.
        k: How many of the likeliest tokens each step has.

    Raises:
        InputError: "empty_prompt", "id_out_of_range", "not_finite".
        ValueError: For k below 1.

    >>> from gptcore import SIZES
    >>> from gptcore.initialization import untrained_model
    >>> model = untrained_model(SIZES["toy"], seed=123)
    >>> continued = score_continuation(model, [2, 1, 4], [5, 3], k=2)
    >>> [[token.token_id for token in step.likeliest] for step in continued.steps]
    [[5, 3], [6, 1], [6, 5]]
    >>> [token.rank for token in continued.tokens], round(continued.cross_entropy, 4)
    ([1, 7], 1.9943)
    """
    if not token_ids:
        raise InputError("empty_prompt", "there is no prompt to continue", field="prompt")
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    ids = [*token_ids, *taken]
    check_ids(ids, model.config.vocab_size)
    wanted: list[int | None] = [*taken, None]
    with torch.inference_mode():
        return Continuation(
            tuple(
                _step(logits, token_id, k)
                for logits, token_id in zip(_logits_after(model, ids, len(token_ids)), wanted, strict=True)
            )
        )


def _logits_after(model: LanguageModel, ids: Sequence[int], first: int) -> Iterator[Tensor]:
    """Logits (V,) after the first `first` ids, after one more, and so on to the end; all at once while they fit."""
    length = min(len(ids), model.config.context_length)
    if first <= length:
        hidden = _hidden_states(model, ids[:length])[first - 1 :]  # (n, C)
        for start in range(0, len(hidden), POSITIONS_AT_ONCE):
            yield from comparable(model.out_head(hidden[start : start + POSITIONS_AT_ONCE]))
    for count in range(max(first, length + 1), len(ids) + 1):  # what is read moves on with each token
        yield _logits(model, ids[:count])


def _hidden_states(model: LanguageModel, ids: Sequence[int]) -> Tensor:
    """(T, C) of the last tokens that the model can read."""
    read = torch.tensor([ids[-model.config.context_length :]], device=device_of(model))  # (1, T)
    return model.hidden_states(read)[0]


def _logits(model: LanguageModel, ids: Sequence[int]) -> Tensor:
    """(V,) of the token that follows."""
    return comparable(model.out_head(_hidden_states(model, ids)[-1]))


def _step(logits: Tensor, token_id: int | None, k: int) -> ContinuationStep:
    check_finite(logits)
    log_probabilities = logits.double().log_softmax(dim=-1)  # (V,)
    likeliest = logits.topk(min(k, len(logits))).indices.tolist()
    tokens = tuple(_token(logits, log_probabilities, each) for each in likeliest)
    return ContinuationStep(tokens, None if token_id is None else _token(logits, log_probabilities, token_id))


def _token(logits: Tensor, log_probabilities: Tensor, token_id: int, chance: float = 1.0) -> NewToken:
    log_probability = float(log_probabilities[token_id])
    rank = 1 + int((logits > logits[token_id]).sum())
    return NewToken(token_id, math.exp(log_probability), rank, chance, log_probability)


def _next_token(model: LanguageModel, ids: Sequence[int], sampling: Sampling, generator: torch.Generator) -> NewToken:
    with torch.inference_mode():
        logits = _logits(model, ids)  # (V,)
        check_finite(logits)
        if sampling.temperature == 0.0:
            chosen, chance = int(logits.argmax()), 1.0
        else:
            chances = _chances(logits, sampling)  # (V,)
            chosen = int(torch.multinomial(chances, 1, generator=generator))
            chance = float(chances[chosen])
        return _token(logits, logits.double().log_softmax(dim=-1), chosen, chance)


def _chances(logits: Tensor, sampling: Sampling) -> Tensor:
    """(V,) with which chance each token is drawn: softmax(logits / temperature) over the top_k likeliest."""
    logits = (logits.double() - logits.max().double()) / sampling.temperature
    if sampling.top_k is not None and sampling.top_k < len(logits):
        likeliest = logits.topk(sampling.top_k)
        logits = torch.full_like(logits, float("-inf")).scatter(0, likeliest.indices, likeliest.values)
    return logits.softmax(dim=-1)
