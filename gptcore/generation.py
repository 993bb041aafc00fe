"""Continuing a text token by token: greedily, or drawn by temperature from the likeliest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gptcore.errors import InputError
from gptcore.initialization import seeded_generator
from gptcore.language_model import LanguageModel
from gptcore.scoring import check_finite


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
        chance: With which this token was drawn: after temperature and top_k; 1 where the likeliest is taken.
    """

    token_id: int
    probability: float
    rank: int
    chance: float


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


def _next_token(model: LanguageModel, ids: Sequence[int], sampling: Sampling, generator: torch.Generator) -> NewToken:
    with torch.inference_mode():
        read = torch.tensor([ids[-model.config.context_length :]])  # (1, T)
        logits = model.out_head(model.hidden_states(read)[0, -1])  # (V,)
        check_finite(logits)
        probabilities = logits.softmax(dim=-1)  # (V,)
        if sampling.temperature == 0.0:
            chosen, chance = int(logits.argmax()), 1.0
        else:
            chances = _chances(logits, sampling)  # (V,)
            chosen = int(torch.multinomial(chances, 1, generator=generator))
            chance = float(chances[chosen])
        rank = 1 + int((logits > logits[chosen]).sum())
        return NewToken(chosen, float(probabilities[chosen]), rank, chance)


def _chances(logits: Tensor, sampling: Sampling) -> Tensor:
    """(V,) with which chance each token is drawn: softmax(logits / temperature) over the top_k likeliest."""
    logits = (logits.double() - logits.max().double()) / sampling.temperature
    if sampling.top_k is not None and sampling.top_k < len(logits):
        likeliest = logits.topk(sampling.top_k)
        logits = torch.full_like(logits, float("-inf")).scatter(0, likeliest.indices, likeliest.values)
    return logits.softmax(dim=-1)
