"""Random weights from a seed, exact and private: bit for bit what PyTorch's defaults draw after `manual_seed(seed)`.

`torch.manual_seed` sets one generator for the whole process, which two visitors would share.
Here the same numbers come from a generator of the caller's own.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gptcore.config import MAX_SEED, SIZES, GPTConfig, ModelOrigin
from gptcore.errors import InputError
from gptcore.model import GPTModel, LayerNorm, empty_model


def untrained_model(config: GPTConfig, seed: int) -> GPTModel:
    """A model with random weights, in evaluation mode.

    The same (config, seed) gives the same weights, whoever else draws at the same time.
    Raises InputError("bad_seed") unless 0 ≤ seed ≤ 4,294,967,295.

    >>> untrained_model(SIZES["toy"], seed=123).origin
    ModelOrigin(kind='untrained', name='toy', seed=123)
    """
    check_seed(seed)
    return initialize(empty_model(config), seed)


def initialize(model: GPTModel, seed: int) -> GPTModel:
    """Draw all weights anew, in place; nothing is allocated. Returns the model."""
    generator = seeded_generator(seed)
    with torch.no_grad():
        for module in model.modules():  # in the order in which they were constructed
            if isinstance(module, nn.Embedding):
                draw_embedding(module.weight, generator)
            elif isinstance(module, LayerNorm):
                module.scale.fill_(1.0)
                module.shift.fill_(0.0)
            elif isinstance(module, nn.Linear) and module.weight is not model.tok_emb.weight:
                draw_linear(module.weight, module.bias, generator)
    model.origin = untrained_origin(model.config, seed)
    return model


def untrained_origin(config: GPTConfig, seed: int) -> ModelOrigin:
    """Where the weights of `untrained_model(config, seed)` come from."""
    name = next((name for name, size in SIZES.items() if _same_size(size, config)), "custom")
    return ModelOrigin("untrained", name, seed)


def seeded_generator(seed: int) -> torch.Generator:
    """A CPU generator of one's own. Raises InputError("bad_seed") for what is no seed."""
    check_seed(seed)
    return torch.Generator().manual_seed(seed)


def check_seed(seed: int) -> None:
    """Raise InputError("bad_seed") unless 0 ≤ seed ≤ 4,294,967,295."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise InputError(
            "bad_seed", f"a seed is a whole number from 0 to {MAX_SEED:,}, not {seed!r}", seed=seed, limit=MAX_SEED
        )


def draw_embedding(weight: Tensor, generator: torch.Generator) -> None:
    """Fill an embedding table as `nn.Embedding` does: normal(0, 1)."""
    nn.init.normal_(weight, generator=generator)


def draw_linear(weight: Tensor, bias: Tensor | None, generator: torch.Generator) -> None:
    """Fill a linear layer as `nn.Linear` does: the weight, then the bias, uniform within ±1/√fan_in."""
    nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
    if bias is not None:
        draw_bias(bias, weight.shape[1], generator)


def draw_bias(bias: Tensor, fan_in: int, generator: torch.Generator) -> None:
    """Fill a linear layer's bias as `nn.Linear` does, once its weight is drawn: uniform within ±1/√fan_in."""
    bound = 1 / math.sqrt(fan_in)
    nn.init.uniform_(bias, -bound, bound, generator=generator)


def _same_size(one: GPTConfig, other: GPTConfig) -> bool:
    return (one.vocab_size, one.emb_dim, one.n_heads, one.n_layers) == (
        other.vocab_size,
        other.emb_dim,
        other.n_heads,
        other.n_layers,
    )
