"""Many rows of different lengths in one pass: logits for the scored positions only, and one pass over them.

Rows are padded at their end, where no earlier token can see it, and padding is never scored. The logits are made and
used up a block of the vocabulary at a time, so that they never leave the processor's cache: for GPT-2's vocabulary that
takes half as long as making them all first. Sums of exponentials over blocks: Milakov & Gimelshein, "Online normalizer
calculation for softmax" (2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gptcore.language_model import LanguageModel, device_of
from gptcore.model import linear
from gptcore.results.report import Floats, Ids
from gptcore.scoring import check_finite

POSITIONS_TOGETHER, TOKENS_TOGETHER = 256, 4096
"""A block of logits: so many positions, so many tokens of the vocabulary; 4 MB. Of smaller ones there are more, and for
each the threads wait for one another, which takes long where other work keeps a processor busy."""

GROUP = 64
"""The likeliest tokens are looked for among the groups of so many neighbours in the vocabulary that hold them."""


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
        for hidden, targets in _scored_hidden_states(model, rows):
            target_logit = hidden.new_empty(len(targets))  # (n,)
            normalizers = []  # (n,) ln Σ exp(z) of each block; no entropy is wanted
            for block in _logit_blocks(model, hidden):
                block.copy_targets(targets, target_logit)
                largest = block.logits.amax(dim=-1)  # (n,)
                weights = (block.logits - largest[:, None]).exp_()  # (n, b) at most 1: exp cannot overflow
                normalizers.append(largest + weights.sum(dim=-1).log())
            parts.append(target_logit - torch.stack(normalizers).logsumexp(dim=0))
            check_finite(parts[-1])
        return _split(torch.cat(parts), rows)


def token_scores(model: LanguageModel, rows: Sequence[Row], top_k: int) -> list[TokenScores]:
    """Everything that is known of every scored token.

    Args:
        model: The model, in evaluation mode.
        rows: Rows that fit the context.
        top_k: How many of the most likely tokens are kept of each position.

    Returns:
        One TokenScores for each row.
    """
    with torch.inference_mode():
        parts = [
            _scores(model, hidden, targets, min(top_k, model.config.vocab_size))
            for hidden, targets in _scored_hidden_states(model, rows)
        ]
        columns = [_split(torch.cat(column), rows) for column in zip(*parts, strict=True)]
    return [TokenScores(*row) for row in zip(*columns, strict=True)]


def _scores(model: LanguageModel, hidden: Tensor, targets: Tensor, top_k: int) -> tuple[Tensor, ...]:
    """The columns of TokenScores for hidden states (n, C) and targets (n,)."""
    target_logit = hidden.new_empty(len(targets))  # (n,)
    sums = _ExponentialSums(hidden)
    blocks = []
    for block in _logit_blocks(model, hidden):
        block.copy_targets(targets, target_logit)
        sums.add(block.logits, block.group_largest.amax(dim=-1))
        blocks.append(block)
    normalizer = sums.normalizer()  # (n,)
    check_finite(target_logit - normalizer)
    rank = torch.ones_like(targets)
    for block in blocks:  # only now is the target's logit known, to the last bit: tokens may share it
        rank += torch.gt(block.logits, target_logit[:, None], out=sums.scratch(block.logits)).sum(dim=-1).long()
    top_logits, top_ids = _most_likely(blocks, top_k)
    top_probabilities = (top_logits - normalizer[:, None]).exp()  # (n, k) shares of the whole, not of the k
    return target_logit - normalizer, rank, sums.entropy(), top_ids, top_probabilities


class _ExponentialSums:
    """Σ exp(z) and Σ exp(z) z of rows of logits that come in blocks, relative to the largest so far."""

    def __init__(self, hidden: Tensor) -> None:
        n = len(hidden)
        self._largest = hidden.new_full((n,), torch.finfo(hidden.dtype).min / 2)  # finite: 0 × −∞ is not a number
        self._total = hidden.new_zeros(n)
        self._weighted = hidden.new_zeros(n)
        self._scratch: dict[int, tuple[Tensor, Tensor]] = {}

    def scratch(self, logits: Tensor) -> Tensor:
        """Memory of a block's shape, the same again and again."""
        return self._memory(logits)[0]

    def add(self, logits: Tensor, block_largest: Tensor) -> None:
        """Add a block (n, b) and its largest logits (n,)."""
        largest = torch.maximum(self._largest, block_largest)
        moved = self._largest - largest  # (n,) at most 0
        scale = moved.exp()
        first, second = self._memory(logits)
        below = torch.sub(logits, largest[:, None], out=first)  # (n, b) at most 0: exp cannot overflow
        weights = torch.exp(below, out=second)
        total = weights.sum(dim=-1)
        weighted = torch.mul(weights, below, out=first).sum(dim=-1)
        self._weighted = scale * (self._weighted + self._total * moved) + weighted
        self._total = scale * self._total + total
        self._largest = largest

    def normalizer(self) -> Tensor:
        """Shape (n,). ln Σ exp(z)."""
        return self._largest + self._total.log()

    def entropy(self) -> Tensor:
        """Shape (n,). −Σ p ln p = ln Σ exp(z) − Σ p z, in nats."""
        return self._total.log() - self._weighted / self._total

    def _memory(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        width = logits.shape[-1]
        if width not in self._scratch:
            self._scratch[width] = torch.empty_like(logits), torch.empty_like(logits)
        return self._scratch[width]


@dataclass(frozen=True, eq=False)
class _Block:
    """Logits (n, b) of the b tokens from `start` on."""

    start: int
    logits: Tensor

    def copy_targets(self, targets: Tensor, target_logit: Tensor) -> None:
        """Copy the logits of the targets (n,) that lie in this block: those AT a position score its target."""
        inside = ((targets >= self.start) & (targets < self.start + self.logits.shape[-1])).nonzero().squeeze(-1)
        target_logit[inside] = self.logits[inside, targets[inside] - self.start]

    @cached_property
    def group_largest(self) -> Tensor:
        """Shape (n, g). The largest logit of each group of tokens."""
        return self.groups.amax(dim=-1)

    @property
    def groups(self) -> Tensor:
        """Shape (n, g, GROUP). The logits in groups; the last is filled up with −∞."""
        missing = -self.logits.shape[-1] % GROUP
        logits = F.pad(self.logits, (0, missing), value=-torch.inf) if missing else self.logits
        return logits.reshape(len(logits), -1, GROUP)


def _most_likely(blocks: Sequence[_Block], top_k: int) -> tuple[Tensor, Tensor]:
    """The largest logits (n, k), the largest first, and their tokens' ids (n, k).

    They lie in the k groups whose largest logits are largest: so k groups are searched, not the vocabulary.
    """
    largest = torch.cat([block.group_largest for block in blocks], dim=-1)  # (n, G)
    groups = largest.topk(min(top_k, largest.shape[-1]), dim=-1).indices  # (n, k)
    logits = largest.new_empty((*groups.shape, GROUP))  # (n, k, GROUP)
    for block in blocks:
        first = block.start // GROUP
        inside = (groups >= first) & (groups < first + block.group_largest.shape[-1])
        row, place = inside.nonzero(as_tuple=True)
        logits[row, place] = block.groups[row, groups[row, place] - first]
    ids = groups[..., None] * GROUP + torch.arange(GROUP, device=groups.device)  # (n, k, GROUP)
    best = logits.flatten(1).topk(top_k, dim=-1)
    return best.values, ids.flatten(1).gather(-1, best.indices)


def _logit_blocks(model: LanguageModel, hidden: Tensor) -> Iterator[_Block]:
    """The logits of hidden states (n, C), a block of the vocabulary at a time; another head makes all at once."""
    head: object = model.out_head
    if not isinstance(head, nn.Linear):
        for block, logits in enumerate(model.out_head(hidden).split(TOKENS_TOGETHER, dim=-1)):
            yield _Block(block * TOKENS_TOGETHER, logits)
        return
    for start in range(0, head.out_features, TOKENS_TOGETHER):
        stop = start + TOKENS_TOGETHER
        bias = None if head.bias is None else head.bias[start:stop]
        yield _Block(start, linear(hidden, head.weight[start:stop], bias))  # (n, b)


def _scored_hidden_states(model: LanguageModel, rows: Sequence[Row]) -> Iterator[tuple[Tensor, Tensor]]:
    """Hidden states (n, C) of all rows' scored positions, and their targets (n,), so many at a time."""
    if model.training and model.config.drop_rate:
        raise ValueError("the model is in training mode and would drop activations: call model.eval() first")
    B, T = len(rows), max(len(row.token_ids) for row in rows) - 1
    inputs = np.zeros((B, T), dtype=np.int64)
    scored = np.zeros((B, T), dtype=np.bool_)
    for b, row in enumerate(rows):
        read = len(row.token_ids) - 1
        inputs[b, :read] = row.token_ids[:-1]
        scored[b, row.scored_from - 1 : read] = True
    targets = torch.from_numpy(np.concatenate([row.token_ids[row.scored_from :] for row in rows]))  # (N,)
    device = device_of(model)
    hidden = model.hidden_states(torch.from_numpy(inputs).to(device))[torch.from_numpy(scored).to(device)]  # (N, C)
    targets = targets.to(device)
    yield from zip(hidden.split(POSITIONS_TOGETHER), targets.split(POSITIONS_TOGETHER), strict=True)


def _split(column: Tensor, rows: Sequence[Row]) -> list[np.ndarray[Any, Any]]:
    """A column of all rows' scored tokens as one array for each row."""
    return np.split(column.cpu().numpy(), np.cumsum([row.scored_count for row in rows])[:-1])
