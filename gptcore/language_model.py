"""What a model must have to be scored: a small protocol, so that a model from elsewhere needs no parent class here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeGuard, runtime_checkable

import torch
from torch import Tensor, nn

from gptcore import first_calls  # noqa: F401  # its import is its use
from gptcore.config import GPTConfig, ModelOrigin
from gptcore.tokenizers.base import Tokenizer


class LanguageModel(Protocol):
    """A causal language model: `GPTModel`, one that is drawn as it is used, or one of another library.

    Attributes:
        origin: Where its weights come from.
        training: True while it drops activations, if it does so at all; such a model is not scored.
    """

    origin: ModelOrigin
    training: bool

    @property
    def config(self) -> GPTConfig:
        """Its shape: the vocabulary's size and the context length are read."""
        ...

    @property
    def tokenizer(self) -> Tokenizer:
        """Its own vocabulary."""
        ...

    def hidden_states(self, in_idx: Tensor) -> Tensor:
        """Token ids (B, T), T at most the context length, to hidden states (B, T, C)."""
        ...

    def out_head(self, hidden: Tensor, /) -> Tensor:
        """Hidden states (n, C), or (C,), to logits (n, V), or (V,)."""
        ...


def is_model(source: object) -> TypeGuard[LanguageModel]:
    """Whether this is a model itself, and not a function that loads one."""
    return hasattr(source, "hidden_states") and hasattr(source, "out_head")


def device_of(model: LanguageModel) -> torch.device:
    """Where a model computes, so that its inputs can be put there."""
    parameters = model.parameters() if isinstance(model, nn.Module) else iter(())
    first = next(parameters, None)
    return torch.device("cpu") if first is None else first.device


@runtime_checkable
class LayeredModel(Protocol):
    """A model whose blocks can be looked between."""

    def layer_states(self, in_idx: Tensor) -> Iterator[Tensor]:
        """Token ids (B, T) to hidden states (B, T, C) after the embedding, then after each block.

        Each is normalized as the last one is before the output head; the last equals `hidden_states(in_idx)`.
        """
        ...
