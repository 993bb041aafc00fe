"""How well a model predicts whole documents, measured as the card reports it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gptcore.model import GPTModel
from gptcore.pretraining.corpus import Ids
from gptcore.pretraining.dataset import Prepared
from gptcore.pretraining.windows import evaluation_windows
from gptcore.tokenizers.gpt2 import gpt2_tokenizer


@dataclass(frozen=True)
class Measurement:
    """How well a model predicts one document, or several taken as one.

    Attributes:
        n_tokens: Scored, each once.
        n_bytes: Of their text in UTF-8.
        nats: −ln p of all of them together, over the full vocabulary.
        n_sharing: How many of them are tokens without a row of their own.
        expected_sharing: How many the model expected: its probability of such tokens, summed over the positions.
    """

    name: str
    n_tokens: int
    n_bytes: int
    nats: float
    n_sharing: int
    expected_sharing: float

    @property
    def cross_entropy(self) -> float:
        """Nats a token."""
        return self.nats / self.n_tokens

    @property
    def perplexity(self) -> float:
        """A token."""
        return math.exp(self.cross_entropy)

    @property
    def bits_per_byte(self) -> float:
        """Comparable across tokenizers."""
        return self.nats / math.log(2) / self.n_bytes


def together(name: str, parts: Sequence[Measurement]) -> Measurement:
    """Several documents as one: their tokens, bytes and nats are added, never their perplexities averaged."""
    return Measurement(
        name,
        sum(part.n_tokens for part in parts),
        sum(part.n_bytes for part in parts),
        math.fsum(part.nats for part in parts),
        sum(part.n_sharing for part in parts),
        math.fsum(part.expected_sharing for part in parts),
    )


@torch.inference_mode()
def document_log_probabilities(model: GPTModel, ids: Ids, separator: int, stride: int, some: Tensor) -> Tensor:
    """For every token of a document, ln p of it (column 0) and of any of the tokens `some` in its place (column 1).

    Args:
        model: The model, in evaluation mode.
        ids, some: (n,), (m,) token ids.
        ids: Token ids of the document.
        separator: The token that is put before the document.
        stride: By how many tokens the windows move.
        some: The tokens whose probability is wanted.

    Returns:
        (n, 2) from float32 logits over the full vocabulary, float64; each token is scored once.
    """
    parts: list[Tensor] = []
    for inputs, targets, new in evaluation_windows(ids, separator, model.config.context_length, stride):
        hidden = model.hidden_states(torch.from_numpy(inputs)[None])[0, -new:]  # (new, C)
        log_probabilities = model.out_head(hidden).log_softmax(-1)  # (new, V)
        of_target = log_probabilities.gather(1, torch.from_numpy(targets[-new:])[:, None])  # (new, 1)
        of_some = log_probabilities[:, some].logsumexp(-1, keepdim=True)  # (new, 1)
        parts.append(torch.cat((of_target, of_some), dim=1).double())
    return torch.cat(parts)


def measure_held_out(model: GPTModel, prepared: Prepared, stride: int) -> list[Measurement]:
    """One measurement for each held-out address, then all of them together."""
    vocabulary = prepared.vocabulary
    sharing = torch.from_numpy((vocabulary.row_of == vocabulary.n_rows - 1).nonzero()[0])
    each: list[Measurement] = []
    for document, ids in prepared.held_out:
        of_target, of_sharing = document_log_probabilities(model, ids, prepared.separator, stride, sharing).unbind(1)
        each.append(
            Measurement(
                name=str(document.year),
                n_tokens=len(ids),
                n_bytes=len(document.text.encode("utf-8")),
                nats=-of_target.sum().item(),
                n_sharing=int((vocabulary.row_of[ids] == vocabulary.n_rows - 1).sum()),
                expected_sharing=of_sharing.exp().sum().item(),
            )
        )
    return [*each, together("all four", each)]


@torch.inference_mode()
def likeliest_continuations(model: GPTModel, prompt: str, count: int = 3) -> list[tuple[str, float]]:
    """The most likely next tokens of a prompt, each with its probability."""
    tokenizer = gpt2_tokenizer()
    probabilities, ids = model(torch.tensor([tokenizer.encode(prompt)]))[0, -1].softmax(-1).topk(count)
    return [(tokenizer.piece(int(i)), float(p)) for i, p in zip(ids, probabilities, strict=True)]
