"""Many rows of different lengths in one pass: logits for the scored positions only, and one pass over them.

Rows are padded at their end, where no earlier token can see it, and padding is never scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gptcore.language_model import LanguageModel, device_of
from gptcore.results.report import Floats, Ids

LOGIT_BYTES = 32_000_000
"""Logits are made for so many bytes at a time, whatever the length of the text."""


@dataclass(frozen=True, eq=False)
class Row:
    """Token ids (n,), of which those from index `scored_from` on are scored; the last one is not read."""

    token_ids: Ids
    scored_from: int

    @property
    def scored_count(self) -> int:
        """How many tokens are scored."""
        return len(self.token_ids) - self.scored_from


@dataclass(frozen=True, eq=False)
class TokenScores:
    """Scores of n tokens: log-probability and entropy in nats, rank from 1, and the k most likely tokens (n, k)."""

    log_probability: Floats
    rank: Ids
    entropy_nats: Floats
    top_token_ids: Ids
    top_probabilities: Floats


def log_probabilities(model: LanguageModel, rows: Sequence[Row]) -> list[Floats]:
    """The log-probability of every scored token, one array (n,) for each row, in nats."""
    with torch.inference_mode():
        parts = []
        for logits, targets in _scored_logits(model, rows):
            parts.append(_target_logits(logits, targets) - logits.logsumexp(dim=-1))
        return _split(torch.cat(parts), rows)


def token_scores(model: LanguageModel, rows: Sequence[Row], top_k: int) -> list[TokenScores]:
    """Everything that is known of every scored token, one TokenScores for each row.

    Args:
        model: The model, in evaluation mode.
        rows: Rows that fit the context.
        top_k: How many of the most likely tokens are kept of each position.

    Returns:
        One TokenScores for each row.
    """
    with torch.inference_mode():
        parts = [_scores(logits, targets, top_k) for logits, targets in _scored_logits(model, rows)]
        columns = [_split(torch.cat(column), rows) for column in zip(*parts, strict=True)]
    return [TokenScores(*row) for row in zip(*columns, strict=True)]


def _scored_logits(model: LanguageModel, rows: Sequence[Row]) -> Iterator[tuple[Tensor, Tensor]]:
    """(logits (n, V), targets (n,)) of all rows' scored positions in order, so many at a time."""
    hidden, targets = _scored_hidden_states(model, rows)
    step = max(1, LOGIT_BYTES // (hidden.element_size() * model.config.vocab_size))
    for start in range(0, len(targets), step):
        yield model.out_head(hidden[start : start + step]), targets[start : start + step]


def _scored_hidden_states(model: LanguageModel, rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
    """Hidden states (N, C) of all scored positions, and their targets (N,)."""
    if model.training and model.config.drop_rate:
        raise ValueError("the model is in training mode and would drop activations: call model.eval() first")
    B, T = len(rows), max(len(row.token_ids) for row in rows) - 1
    inputs = np.zeros((B, T), dtype=np.int64)
    scored = np.zeros((B, T), dtype=np.bool_)
    for b, row in enumerate(rows):
        read = len(row.token_ids) - 1
        inputs[b, :read] = row.token_ids[:-1]
        scored[b, row.scored_from - 1 : read] = True
    targets = np.concatenate([row.token_ids[row.scored_from :] for row in rows])
    device = device_of(model)
    hidden = model.hidden_states(torch.from_numpy(inputs).to(device))  # (B, T, C)
    return hidden[torch.from_numpy(scored).to(device)], torch.from_numpy(targets).to(device)


def _target_logits(logits: Tensor, targets: Tensor) -> Tensor:
    return logits.gather(-1, targets[:, None]).squeeze(-1)  # (n,) the logits AT a position score its target


def _scores(logits: Tensor, targets: Tensor, top_k: int) -> tuple[Tensor, ...]:
    """The columns of TokenScores for logits (n, V) and targets (n,)."""
    top = logits.topk(min(top_k, logits.shape[-1]), dim=-1)  # (n, k)
    target_logit = _target_logits(logits, targets)  # (n,)
    rank = 1 + (logits > target_logit[:, None]).sum(dim=-1)  # (n,)
    largest = top.values[:, :1]  # (n, 1)
    below = logits.sub_(largest)  # (n, V) at most 0, so that exp cannot overflow
    weights = below.exp()  # (n, V)
    total = weights.sum(dim=-1)  # (n,)
    normalizer = total.log()  # (n,) ln Σ exp(logits) − largest
    # −Σ p ln p = ln Σ exp(z) − Σ p z
    entropy = normalizer - torch.linalg.vecdot(weights, below) / total  # (n,)
    log_probability = target_logit - largest.squeeze(-1) - normalizer  # (n,)
    top_probabilities = (top.values - largest).exp() / total[:, None]  # (n, k) shares of the whole, not of the k
    return log_probability, rank, entropy, top.indices, top_probabilities


def _split(column: Tensor, rows: Sequence[Row]) -> list[np.ndarray]:
    """A column of all rows' scored tokens as one array for each row."""
    return np.split(column.cpu().numpy(), np.cumsum([row.scored_count for row in rows])[:-1])
