"""A model that answers with logits given beforehand, and a tokenizer of any size: scoring by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from gptcore import Example, GPTConfig, GPTModel, Report, score
from gptcore.config import ModelOrigin
from gptcore.tokenizers.base import check_ids


@dataclass(frozen=True)
class NumberedTokenizer:
    """Tokens called t0, t1, …"""

    vocab_size: int
    name: str = "numbered"
    end_of_text_id: int | None = None

    def encode(self, text: str, *, max_characters: int | None = None) -> list[int]:
        return [int(word[1:]) for word in text.split()]

    def decode(self, ids: Sequence[int]) -> str:
        return " ".join(map(self.piece, ids))

    def token_bytes(self, token_id: int) -> bytes:
        return self.piece(token_id).encode()

    def piece(self, token_id: int) -> str:
        check_ids([token_id], self.vocab_size)
        return f"t{token_id}"


class _AsItIs(nn.Module):
    weight = torch.empty(0)  # says the dtype

    def forward(self, x: Tensor) -> Tensor:
        return x


class GivenLogits(nn.Module):
    """Answers every batch of the logits' shape with the logits (B, T, V)."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits
        self.config = GPTConfig(logits.shape[2], logits.shape[1], emb_dim=1, n_heads=1, n_layers=1)
        self.origin = ModelOrigin()
        self.out_head = _AsItIs()

    def hidden_states(self, in_idx: Tensor) -> Tensor:
        assert in_idx.shape == self.logits.shape[:2]
        return self.logits


def score_logits(logits: Tensor, targets: Tensor | Sequence[Sequence[int]], **settings: Any) -> Report:
    """The report of targets (B, T) under given logits (B, T, V)."""
    rows = targets.tolist() if isinstance(targets, Tensor) else targets
    examples = [Example.from_ids([0] * len(row), row) for row in rows]
    model = cast(GPTModel, GivenLogits(logits))
    return score(model, examples, tokenizer=NumberedTokenizer(logits.shape[2]), **settings)
