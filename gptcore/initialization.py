"""Random weights from a seed, exact and private: bit for bit what PyTorch's defaults draw after `manual_seed(seed)`.

`torch.manual_seed` sets one generator for the whole process, which two visitors would share.
Here the same numbers come from a generator of the caller's own.
"""

from __future__ import annotations

import math
import operator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, SupportsIndex

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gptcore.config import MAX_SEED, SIZES, GPTConfig, ModelOrigin
from gptcore.errors import InputError
from gptcore.model import GPTModel, LayerNorm

NORMALS_AT_ONCE = 16
"""PyTorch draws normal numbers by sixteens; where fewer were left for a last piece, they would be drawn otherwise."""
_PASSED_AT_ONCE = 1 << 18
_WORTH_A_THREAD = 10_000_000


def untrained_model(config: GPTConfig, seed: int) -> GPTModel:
    """A model with random weights, in evaluation mode.

    The same (config, seed) gives the same weights, whoever else draws at the same time.

    Raises:
        InputError: "bad_seed" unless 0 ≤ seed ≤ 4,294,967,295.

    >>> untrained_model(SIZES["toy"], seed=123).origin
    ModelOrigin(kind='untrained', name='toy', seed=123)
    """
    check_seed(seed)  # before any memory is taken
    return initialize(empty_model(config), seed)


def initialize(model: GPTModel, seed: int) -> GPTModel:
    """Draw all weights anew, in place; nothing is allocated. Returns the model.

    Of a large model a second thread draws the output head: it passes over the numbers before, three quarters of all,
    in less time than it takes to draw them.
    """
    seed = check_seed(seed)
    generator = seeded_generator(seed)
    drawn = _drawn_modules(model)
    before = sum(weight.numel() for module in drawn[:-1] for weight in module.parameters())
    with torch.no_grad(), ThreadPoolExecutor(1) as second_thread:
        head = None
        if before >= _WORTH_A_THREAD and drawn[-1] is model.out_head and _can_be_skipped(drawn[:-1]):
            head = second_thread.submit(_draw_after, before, drawn.pop(), seeded_generator(seed))
        for module in drawn:
            _draw(module, generator)
        for module in model.modules():
            if isinstance(module, LayerNorm):
                module.scale.fill_(1.0)
                module.shift.fill_(0.0)
        if head is not None:
            head.result()
    model.origin = untrained_origin(model.config, seed)
    return model


def _drawn_modules(model: GPTModel) -> list[nn.Module]:
    """What has random weights, in the order in which it was constructed; a tied head's are the token table's."""
    return [
        module
        for module in model.modules()
        if isinstance(module, nn.Embedding)
        or (isinstance(module, nn.Linear) and module.weight is not model.tok_emb.weight)
    ]


def _can_be_skipped(modules: list[nn.Module]) -> bool:
    """Whether as many of the generator's numbers go into them as they have weights."""
    tables = [module.weight for module in modules if isinstance(module, nn.Embedding)]
    return all(table.numel() % NORMALS_AT_ONCE == 0 for table in tables)


def _draw(module: nn.Module, generator: torch.Generator) -> None:
    if isinstance(module, nn.Embedding):
        draw_embedding(module.weight, generator)
    elif isinstance(module, nn.Linear):
        draw_linear(module.weight, module.bias, generator)


def _draw_after(count: int, module: nn.Module, generator: torch.Generator) -> None:
    with torch.no_grad():  # which is each thread's own
        advance_generator(count, generator)
        _draw(module, generator)


def untrained_origin(config: GPTConfig, seed: int) -> ModelOrigin:
    """Where the weights of `untrained_model(config, seed)` come from."""
    name = next((name for name, size in SIZES.items() if _same_size(size, config)), "custom")
    return ModelOrigin("untrained", name, seed)


def seeded_generator(seed: int) -> torch.Generator:
    """A CPU generator of one's own.

    Raises:
        InputError: "bad_seed" for what is no seed.
    """
    return torch.Generator().manual_seed(check_seed(seed))


def check_seed(seed: SupportsIndex) -> int:
    """A seed as a plain int; NumPy's whole numbers are taken too.

    Raises:
        InputError: "bad_seed" unless 0 ≤ seed ≤ 4,294,967,295.
    """
    number = operator.index(seed) if isinstance(seed, SupportsIndex) and not isinstance(seed, bool) else -1
    if not 0 <= number <= MAX_SEED:
        raise InputError(
            "bad_seed", f"a seed is a whole number from 0 to {MAX_SEED:,}, not {seed!r}", seed=seed, limit=MAX_SEED
        )
    return number


def advance_generator(count: int, generator: torch.Generator) -> None:
    """Bring a generator to where drawing `count` numbers would, in two thirds of the time.

    A uniform number takes one of the generator's, and so do normal numbers by sixteens, and a random byte.
    """
    room = torch.empty(min(count, _PASSED_AT_ONCE), dtype=torch.uint8)
    for start in range(0, count, _PASSED_AT_ONCE):
        room[: count - start].random_(generator=generator)


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


class _WithoutDrawing(TorchFunctionMode):
    """Leave out the drawing of weights: other values follow, and on the meta device it imports a second of modules."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", None) == "torch.nn.init":
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


def shape_of_model(config: GPTConfig) -> GPTModel:
    """A model without memory: every parameter is a shape on the meta device, to be replaced by a tensor."""
    with torch.device("meta"), _WithoutDrawing():
        return GPTModel(config)


def empty_model(config: GPTConfig) -> GPTModel:
    """A model in evaluation mode whose memory is set aside and whose weights are still to be written.

    Nothing is drawn: the process-wide generator stays as it was.
    """
    with torch.device("cpu"), _WithoutDrawing():  # `Module.to_empty` would import sympy
        return GPTModel(config).eval()
