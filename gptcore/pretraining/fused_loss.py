"""Cross-entropy from hidden states, without ever holding all logits: the dearest part of a small model, made cheap."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gptcore import first_calls  # noqa: F401  # its import is its use

CHUNK = 256
"""Positions at a time: their logits (256 × 23,000 in bfloat16, 12 MB) stay in the processor's cache."""


class _FusedCrossEntropy(torch.autograd.Function):
    """Loss and gradients together, chunk by chunk, with bfloat16 products and float32 sums."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, rows: Tensor, targets: Tensor, n_sharing: int) -> Tensor:
        N = len(hidden)
        hidden16, rows16 = hidden.detach().bfloat16(), rows.detach().bfloat16()  # (N, C), (R, C)
        targets16 = rows16[targets].float()  # (N, C)
        target_logits = (hidden16.float() * targets16).sum(-1)  # (N,)
        log_totals = torch.empty(N)
        hidden_gradient = torch.empty_like(hidden, dtype=torch.float32)
        rows_gradient = torch.zeros_like(rows, dtype=torch.float32)
        space = torch.empty(min(CHUNK, N), len(rows16), dtype=torch.bfloat16)
        for start in range(0, N, CHUNK):
            chunk = hidden16[start : start + CHUNK]  # (n, C)
            weights = torch.mm(chunk, rows16.t(), out=space[: len(chunk)]).exp_()  # (n, R); logits stay far below 88
            weights[:, -1] *= n_sharing
            totals = weights.sum(-1, dtype=None).float()  # (n,); summed in float32, rounded once
            log_totals[start : start + CHUNK] = totals.log()
            hidden_gradient[start : start + CHUNK] = (weights @ rows16).float() / totals[:, None]
            rows_gradient += weights.t() @ (chunk.float() / totals[:, None]).bfloat16()
        hidden_gradient -= targets16
        rows_gradient.index_add_(0, targets, hidden16.float(), alpha=-1.0)
        ctx.dtypes = hidden.dtype, rows.dtype
        ctx.save_for_backward(hidden_gradient, rows_gradient)
        return (log_totals - target_logits).mean()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        hidden_gradient, rows_gradient = ctx.saved_tensors
        scale = gradients[0] / len(hidden_gradient)
        return (hidden_gradient * scale).to(ctx.dtypes[0]), rows_gradient.mul_(scale).to(ctx.dtypes[1]), None, None


def fused_cross_entropy(hidden: Tensor, rows: Tensor, targets: Tensor, n_sharing: int) -> Tensor:
    """Mean cross-entropy over the full vocabulary, in nats, of tokens of which many share one row.

    Args:
        hidden: (N, C) final hidden states.
        rows: (R, C) output rows; the last is shared by `n_sharing` tokens, each of which gets its probability.
        targets: (N,) row of each target.
        n_sharing: How many tokens share the last row.

    Returns:
        () the same as float32 cross-entropy over all R − 1 + n_sharing tokens, to bfloat16's precision.
    """
    loss: Tensor = _FusedCrossEntropy.apply(hidden, rows, targets, n_sharing)  # type: ignore[no-untyped-call]
    return loss


def cross_entropies(hidden: Tensor, rows: Tensor, targets: Tensor, n_sharing: int) -> Tensor:
    """(N,) cross-entropies in nats of the same arrangement, with bfloat16 products; for validation."""
    logits = (hidden.bfloat16() @ rows.bfloat16().t()).float()  # (N, R)
    target_logits = logits.gather(1, targets[:, None])[:, 0]
    logits[:, -1] += math.log(max(n_sharing, 1))
    return logits.logsumexp(-1) - target_logits
