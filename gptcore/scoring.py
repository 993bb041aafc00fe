"""From logits to the report: target probabilities, their logs, the mean, its negation, the perplexity.

The chain (Jurafsky & Martin, Speech and Language Processing, §3.3; Raschka, Build a LLM, ch. 5):

    p = softmax(z)[target]      ln p = z[target] − ln Σ exp(z)
    cross-entropy = −mean ln p  perplexity = exp(cross-entropy)
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gptcore.errors import InputError
from gptcore.examples import Example, TokenBatch, check_context, encode
from gptcore.model import GPTModel
from gptcore.results import Provenance, RankCurve, Report
from gptcore.tokenizer import Tokenizer, tokenizer_for

POSITIONS_AT_ONCE = 64
"""Logits are made for so many positions at a time: 13 MB for GPT-2's vocabulary, whatever the length of the text."""


def score(
    model: GPTModel,
    examples: Sequence[Example] | TokenBatch,
    *,
    temperature: float = 1.0,
    top_k: int = 20,
    tokenizer: Tokenizer | None = None,
) -> Report:
    """The report of 1 to 8 examples, in float32 throughout, as the model computes.

    temperature  the logits are divided by it; it must be above 0, and 1 is the model itself
    top_k        how many of the most likely tokens are kept of each position

    Raises InputError for examples that cannot be lined up or exceed the context length, and for a bad temperature.
    """
    if not (temperature > 0 and np.isfinite(temperature)):
        raise InputError("bad_temperature", f"temperature must be above 0, not {temperature}", temperature=temperature)
    if isinstance(examples, TokenBatch):
        batch = examples
    else:
        batch = encode(examples, tokenizer or tokenizer_for(model.config.vocab_size))
    check_context(batch, model.config.context_length)

    with torch.inference_mode():
        targets = torch.from_numpy(batch.targets[batch.scored])  # (N,)
        parts = [
            _score_positions(logits / temperature if temperature != 1.0 else logits, targets[start:stop], top_k)
            for start, stop, logits in _scored_logits(model, batch)
        ]
        columns = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        mean_log_probability = columns["log_probability"].mean()  # over positions, never over rows
        cross_entropy = -mean_log_probability
        perplexity = cross_entropy.exp()
        torch_cross_entropy = columns.pop("torch_cross_entropy").sum() / len(targets)

    arrays = {name: column.numpy() for name, column in columns.items()}
    example, position = np.nonzero(batch.scored)
    piece = cache(batch.tokenizer.piece)
    prompt_token_id = batch.inputs[batch.scored]
    return Report(
        provenance=Provenance(model.config, model.origin, temperature, _dtype_name(model), versions()),
        texts=tuple((row.prompt, row.target, row.alignment) for row in batch.examples),
        example=example,
        position=position,
        prompt_token_id=prompt_token_id,
        prompt_piece=tuple(piece(int(i)) for i in prompt_token_id),
        target_token_id=targets.numpy(),
        target_piece=tuple(piece(int(i)) for i in targets),
        predicted_piece=tuple(piece(int(i)) for i in arrays["predicted_token_id"]),
        top_pieces=tuple(tuple(piece(int(i)) for i in row) for row in arrays["top_token_ids"]),
        mean_log_probability=mean_log_probability.item(),
        cross_entropy=cross_entropy.item(),
        perplexity=perplexity.item(),
        torch_cross_entropy=torch_cross_entropy.item(),
        input_shape=(batch.inputs.shape[0], batch.inputs.shape[1]),
        **arrays,
    )


def rank_curve(
    model: GPTModel, batch: TokenBatch, index: int, *, temperature: float = 1.0, points: int = 240
) -> RankCurve:
    """The whole distribution at scored position `index` of a batch, as at most about `points` points.

    Raises IndexError when there is no such position.
    """
    b, t = (int(places[index]) for places in np.nonzero(batch.scored))
    target = int(batch.targets[b, t])
    with torch.inference_mode():
        hidden = model.hidden_states(torch.from_numpy(batch.inputs[b : b + 1, : t + 1]))  # (1, t + 1, C)
        probabilities = (model.out_head(hidden[0, -1]) / temperature).softmax(dim=-1)  # (V,)
        target_rank = 1 + int((probabilities > probabilities[target]).sum())
        ordered = probabilities.sort(descending=True).values.numpy()  # (V,)
    V = len(ordered)
    ranks = np.unique(np.append(np.geomspace(1, V, points).round().astype(np.int64), target_rank))
    return RankCurve(ranks, ordered[ranks - 1], target_rank, float(probabilities[target]), 1.0 / V)


@cache
def versions() -> dict[str, str]:
    """The versions that decide the last digits."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("torch", "tiktoken", "numpy")}}


def _scored_logits(model: GPTModel, batch: TokenBatch) -> Iterator[tuple[int, int, Tensor]]:
    """(start, stop, logits (stop − start, V)) of the scored positions: no logits are made for any other."""
    hidden = model.hidden_states(torch.from_numpy(batch.inputs))  # (B, T, C)
    scored = hidden[torch.from_numpy(batch.scored)]  # (N, C)
    for start in range(0, len(scored), POSITIONS_AT_ONCE):
        stop = min(start + POSITIONS_AT_ONCE, len(scored))
        yield start, stop, model.out_head(scored[start:stop])


def _score_positions(logits: Tensor, targets: Tensor, top_k: int) -> dict[str, Tensor]:
    """The columns of the report for some positions. logits (n, V), targets (n,)."""
    normalizer = logits.logsumexp(dim=-1)  # (n,)
    target_logit = logits.gather(-1, targets[:, None]).squeeze(-1)  # (n,) the logits AT a position score its target
    log_probability = target_logit - normalizer  # (n,)
    probabilities = logits.softmax(dim=-1)  # (n, V)
    top = probabilities.topk(min(top_k, logits.shape[-1]), dim=-1)
    return {
        "target_logit": target_logit,
        "log_normalizer_nats": normalizer,
        "target_probability": probabilities.gather(-1, targets[:, None]).squeeze(-1),
        "log_probability": log_probability,
        "rank": 1 + (logits > target_logit[:, None]).sum(dim=-1),
        "entropy_nats": normalizer - (probabilities * logits).sum(dim=-1),  # −Σ p ln p, from the full distribution
        "probability_sum": probabilities.sum(dim=-1),
        "predicted_token_id": top.indices[:, 0],
        "predicted_probability": top.values[:, 0],
        "top_token_ids": top.indices,
        "top_probabilities": top.values,
        "torch_cross_entropy": F.cross_entropy(logits, targets, reduction="sum")[None],
    }


def _dtype_name(model: GPTModel) -> str:
    return str(model.out_head.weight.dtype).removeprefix("torch.")
