"""Training: a generator that yields a record after every update, and stops when nobody asks for the next.

    logits → cross-entropy → gradient of every weight (backpropagation) → each weight a little against its gradient

AdamW is Loshchilov & Hutter 2019 as PyTorch has it; the learning rate warms up and falls as in nanoGPT.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from gptcore.config import GPTConfig
from gptcore.errors import CancelCheck, Cancelled, InputError, never_cancelled
from gptcore.examples import IGNORED, Example, TokenBatch, check_examples, encode
from gptcore.initialization import seeded_generator
from gptcore.model import Dropout, GPTModel
from gptcore.results.training import StepRecord, WatchedTargets
from gptcore.training.config import TrainConfig, diverged
from gptcore.training.optimizer import Updates

_POSITIONS_AT_ONCE = 256


class Batch(Protocol):
    """Rows of token ids as one rectangle; a TokenBatch is one.

    Attributes:
        inputs: (B, T) int64.
        targets: (B, T) int64 IGNORED where nothing is scored.
    """

    @property
    def inputs(self) -> NDArray[np.int64]:
        """(B, T) token ids."""
        ...

    @property
    def targets(self) -> NDArray[np.int64]:
        """(B, T) token ids; IGNORED where nothing is scored."""
        ...


def train(
    model: GPTModel,
    batches: Sequence[Batch] | Sequence[Example],
    config: TrainConfig,
    *,
    watched: TokenBatch | None = None,
    validation: Sequence[Batch] = (),
    stopped: CancelCheck = never_cancelled,
) -> Iterator[StepRecord]:
    """Train a model in place, yielding a record before every update and after the last: steps + 1 in all.

    Whenever it has yielded, the model is in evaluation mode and exactly the one that the record describes. Closing the
    generator frees the optimizer and the gradients.

    Args:
        model: The model, in evaluation mode.
        batches: What is learned, one a step; several come in a new order every time around. Or examples, which are
            one batch together, and watched.
        config: How many steps, how large, and with which optimizer.
        watched: The examples whose target probabilities every record has; they are free when they are the only
            batch.
        validation: What is never learned; with it, both texts are measured every `config.measure_every` steps.
        stopped: Asked between two layers; once it returns True the run ends within a layer's time, with no record
            more.

    Raises:
        InputError: "no_batches" for nothing to learn; "diverged" when a loss or a gradient is no
            longer a number; the model is then back at the last record's weights.

    >>> from gptcore import SIZES, Example, TrainConfig, train, untrained_model
    >>> example = Example("every effort moves", "effort moves you")
    >>> run = train(untrained_model(SIZES["toy"], seed=123), [example], TrainConfig(0.01, steps=20))
    >>> [record.predicted_piece for record in run][-1]
    ('effort', 'moves', 'you')
    """
    batches, watched = _encoded(model, batches, watched)
    if not any((batch.targets != IGNORED).any() for batch in batches):
        raise InputError("no_batches", "there is nothing to learn: no target is scored")
    generator = seeded_generator(config.seed)
    order = _order(len(batches), seeded_generator(config.seed))
    one_batch = len(batches) == 1 and batches[0] is watched and config.drop_rate == 0.0
    updates = Updates(model, config)
    with _prepared(model, config.drop_rate, generator, stopped):
        try:
            for step in range(config.steps + 1):
                updating = step < config.steps
                loss, norm, logits = _loss_and_gradient(
                    model, batches[next(order)], updates, backward=updating, keep_logits=one_batch
                )
                if not math.isfinite(loss):
                    updates.undo()
                    raise diverged(step, config)
                record = StepRecord(
                    step=step,
                    cross_entropy=loss,
                    learning_rate=config.learning_rate_at(step) if updating else None,
                    gradient_norm=norm,
                    **_watch(model, watched, logits),
                    **_measure(model, batches, validation, config, step),
                )
                del logits  # 206 MB for 1,024 positions of GPT-2's vocabulary
                yield record
                if norm is not None and not math.isfinite(norm):
                    raise diverged(step + 1, config)
                if updating and not updates.apply(config.learning_rate_at(step), norm or 0.0, stopped):
                    return
        except Cancelled:
            return
        finally:
            updates.undo_part()
            model.zero_grad(set_to_none=True)
            model.eval()


def _encoded(
    model: GPTModel, batches: Sequence[Batch] | Sequence[Example], watched: TokenBatch | None
) -> tuple[Sequence[Batch], TokenBatch | None]:
    """Batches as they are; examples as one batch, which is watched unless another is."""
    given: Any = batches
    are_batches = [hasattr(each, "targets") for each in given] if isinstance(given, Sequence) else []
    if are_batches and all(are_batches):
        return given, watched
    if any(are_batches):
        raise TypeError("train takes batches or examples, not both in one list")
    check_examples(given)
    batch = encode(given, model.tokenizer) if given else None
    return [batch] if batch else [], batch if watched is None else watched


def _loss_and_gradient(
    model: GPTModel, batch: Batch, updates: Updates, *, backward: bool, keep_logits: bool
) -> tuple[float, float | None, Tensor | None]:
    """One forward pass, and where it is asked for the backward pass.

    Args:
        model: In evaluation mode again afterwards; its weights have gradients after a backward pass.
        batch: What is learned in this step.
        updates: The run's optimizer.
        backward: Whether to backpropagate.
        keep_logits: Whether the logits (N, V) are wanted, without their graph.

    Returns:
        The cross-entropy in nats, the length of the gradient, and the logits.
    """
    model.train()
    with torch.enable_grad():
        logits, targets = _scored_logits(model, batch)  # (N, V), (N,)
        loss = F.cross_entropy(logits, targets)
    cross_entropy, norm = loss.item(), None
    if math.isfinite(cross_entropy):
        updates.forget()
        norm = updates.gradients(loss) if backward else None
    model.eval()
    return cross_entropy, norm, logits.detach() if keep_logits else None


def watched_targets(batch: TokenBatch) -> WatchedTargets:
    """Which positions of a batch a run records."""
    example, position = np.nonzero(batch.scored)
    targets = batch.targets[batch.scored]
    piece = batch.tokenizer.piece
    return WatchedTargets(
        example=example,
        position=position,
        prompt_piece=tuple(piece(int(i)) for i in batch.inputs[batch.scored]),
        target_token_id=targets,
        target_piece=tuple(piece(int(i)) for i in targets),
    )


def mean_cross_entropy(model: GPTModel, batches: Sequence[Batch]) -> float:
    """Cross-entropy in nats over all targets of some batches, each target counting once."""
    total, positions = 0.0, 0
    with torch.inference_mode():
        for batch in batches:
            scored = torch.from_numpy(batch.targets != IGNORED)
            hidden = model.hidden_states(torch.from_numpy(batch.inputs))[scored]  # (N, C)
            targets = torch.from_numpy(batch.targets)[scored]  # (N,)
            for start in range(0, len(targets), _POSITIONS_AT_ONCE):
                part = slice(start, start + _POSITIONS_AT_ONCE)
                total += F.cross_entropy(model.out_head(hidden[part]), targets[part], reduction="sum").item()
            positions += len(targets)
    return total / positions


def training_bytes(model: GPTConfig, config: TrainConfig, shape: tuple[int, int]) -> int:
    """Memory of training a model on batches of `shape` (B, T), weights included, in bytes.

    Weights, gradients (which share their room with the weights from before), AdamW's two averages; the activations of
    every layer and three copies of the logits, as autograd keeps them. An estimate, a little too high.

    >>> from gptcore import GPT_CONFIG_124M
    >>> round(training_bytes(GPT_CONFIG_124M, TrainConfig(), (2, 3)) / 1e9, 1)
    2.8
    """
    positions = shape[0] * shape[1]
    held = 4 if config.optimizer == "adamw" else 2
    tables = 4 * model.vocab_size * model.emb_dim  # one more table while it is updated
    activations = 4 * positions * (model.n_layers * 34 * model.emb_dim + 3 * model.vocab_size)
    attention = 4 * shape[0] * model.n_layers * model.n_heads * shape[1] ** 2 * 3 if config.drop_rate else 0
    return held * model.weight_bytes + tables + activations + attention


@contextmanager
def _prepared(model: GPTModel, drop_rate: float, generator: torch.Generator, stopped: CancelCheck) -> Iterator[None]:
    """The model with this run's dropout, asking `stopped` at every layer; as it was, afterwards."""
    dropouts = [module for module in model.modules() if isinstance(module, Dropout)]
    former = [(module.drop_rate, module.generator) for module in dropouts]

    def ask(*_: object) -> None:
        if stopped():
            raise Cancelled

    def ask_going_back(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        ask()
        if output.requires_grad:
            output.register_hook(ask)

    handles = [block.register_forward_hook(ask_going_back) for block in model.trf_blocks]
    for module in dropouts:
        module.drop_rate, module.generator = drop_rate, generator
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        for module, (rate, own) in zip(dropouts, former, strict=True):
            module.drop_rate, module.generator = rate, own


def _order(length: int, generator: torch.Generator) -> Iterator[int]:
    """Indices of the batches, every one once a time around, for ever."""
    while True:
        yield from torch.randperm(length, generator=generator).tolist() if length > 1 else (0,)


def _scored_logits(model: GPTModel, batch: Batch) -> tuple[Tensor, Tensor]:
    """Logits (N, V) and targets (N,) of the scored positions: no logits are made for any other."""
    targets = torch.from_numpy(batch.targets)
    scored = targets != IGNORED
    hidden = model.hidden_states(torch.from_numpy(batch.inputs))  # (B, T, C)
    return model.out_head(hidden[scored]), targets[scored]


def _watch(model: GPTModel, watched: TokenBatch | None, logits: Tensor | None) -> dict[str, Any]:
    """The watched columns of a record; `logits` (N, V) where they are known already."""
    if watched is None:
        empty = np.empty(0, dtype=np.float32)
        nothing = np.empty(0, dtype=np.int64)
        return {
            "target_probability": empty,
            "log_probability": empty,
            "predicted_token_id": nothing,
            "predicted_piece": (),
        }
    with torch.inference_mode():
        targets = torch.from_numpy(watched.targets[watched.scored])  # (N,)
        if logits is None:
            logits, targets = _scored_logits(model, watched)
        parts = [
            part.log_softmax(dim=-1).gather(-1, target[:, None]).squeeze(-1)
            for part, target in zip(logits.split(_POSITIONS_AT_ONCE), targets.split(_POSITIONS_AT_ONCE), strict=True)
        ]
        log_probability = torch.cat(parts)  # (N,)
        predicted = logits.argmax(dim=-1)  # (N,)
    return {
        "target_probability": log_probability.exp().numpy(),
        "log_probability": log_probability.numpy(),
        "predicted_token_id": predicted.numpy(),
        "predicted_piece": tuple(watched.tokenizer.piece(int(i)) for i in predicted),
    }


def _measure(
    model: GPTModel, batches: Sequence[Batch], validation: Sequence[Batch], config: TrainConfig, step: int
) -> dict[str, Any]:
    """The measured columns of a record, where this step has them."""
    if not validation or (step % config.measure_every and step != config.steps):
        return {}
    return {
        "training_cross_entropy": mean_cross_entropy(model, batches),
        "validation_cross_entropy": mean_cross_entropy(model, validation),
    }
