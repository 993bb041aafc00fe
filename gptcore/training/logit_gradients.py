"""The first link of backpropagation: the gradient of the loss with respect to the logits, written out.

    ∂(−ln softmax(z)[target]) / ∂z = softmax(z) − one-hot(target)

(Goodfellow, Bengio & Courville, Deep Learning, §6.2.2.3). The mean over N positions divides it by N.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.func import functional_call

from gptcore.examples import TokenBatch
from gptcore.model import GPTModel
from gptcore.results.training import Floats, Ids, LogitGradient
from gptcore.scoring import check_finite
from gptcore.training.config import TrainConfig
from gptcore.training.loop import train, watched_targets

SMALL_VOCABULARY = 16
"""Up to so many tokens, all are shown, in the vocabulary's own order."""


def logit_gradient(logits: Tensor, targets: Tensor) -> Tensor:
    """The gradient of the mean cross-entropy with respect to the logits.

    Args:
        logits: (N, V).
        targets: (N,) token ids.

    Returns:
        (N, V) (softmax(logits) − one-hot(targets)) / N; every row sums to 0.

    >>> logit_gradient(torch.zeros(1, 4), torch.tensor([2]))  # four equal choices
    tensor([[ 0.2500,  0.2500, -0.7500,  0.2500]])
    """
    gradient = logits.softmax(dim=-1)  # (N, V)
    gradient[torch.arange(len(targets)), targets] -= 1.0
    return gradient / len(targets)


def logit_gradients(
    model: GPTModel, batch: TokenBatch, *, step: int = 0, shown: int = 12, kept: Ids | None = None
) -> LogitGradient:
    """The gradient at every scored position of a batch.

    Args:
        model: The model, in evaluation mode.
        batch: The encoded examples.
        step: How many updates the model has had, for the result to say.
        shown: Tokens kept of a large vocabulary: the target and the `shown − 1` most likely others.
        kept: (N, k) the tokens to show instead.
    """
    with torch.inference_mode():
        hidden = model.hidden_states(torch.from_numpy(batch.inputs))  # (B, T, C)
        logits = model.out_head(hidden[torch.from_numpy(batch.scored)])  # (N, V)
        targets = torch.from_numpy(batch.targets[batch.scored])  # (N,)
        check_finite(logits)
        probability = logits.softmax(dim=-1)  # (N, V)
        gradient = logit_gradient(logits, targets)  # (N, V)
        N, V = logits.shape
        if kept is not None:
            tokens = torch.from_numpy(kept)  # (N, k)
        elif V <= SMALL_VOCABULARY:
            tokens = torch.arange(V).repeat(N, 1)  # (N, V)
        else:
            others = probability.scatter(-1, targets[:, None], -1.0).topk(shown - 1, dim=-1).indices
            tokens = torch.cat([targets[:, None], others], dim=-1)  # (N, shown)
        cross_entropy = -logits.log_softmax(dim=-1)[torch.arange(N), targets].mean().item()
    watched = watched_targets(batch)
    return LogitGradient(
        step=step,
        cross_entropy=cross_entropy,
        prompt_piece=watched.prompt_piece,
        target_token_id=watched.target_token_id,
        target_piece=watched.target_piece,
        shown_token_id=tokens.numpy(),
        shown_piece=tuple(tuple(batch.tokenizer.piece(int(i)) for i in row) for row in tokens),
        probability=probability.gather(-1, tokens).numpy(),
        gradient=gradient.gather(-1, tokens).numpy(),
    )


def logit_changes(model: GPTModel, batch: TokenBatch, shown: Ids, learning_rate: float) -> tuple[Floats, Floats]:
    """What one plain gradient step makes of the logits, and what a step for each target alone would make of them.

    All positions share the weights, so a step for one target moves the logits at the other positions too.

    Args:
        model: The model, in evaluation mode; its weights stay as they are.
        batch: The encoded examples, with N targets.
        shown: (N, k) the tokens whose logits are wanted.
        learning_rate: How far the step goes against the gradient of the mean cross-entropy.

    Returns:
        (N, k) the change by the whole step, and (N, N, k) at [m, n] the change at position n by target m's part of
        it. The parts add up to the whole but for what curves: less than in proportion for small learning rates.
    """
    inputs, scored = torch.from_numpy(batch.inputs), torch.from_numpy(batch.scored)
    targets, tokens = torch.from_numpy(batch.targets[batch.scored]), torch.from_numpy(shown)
    weights = dict(model.named_parameters())
    with torch.enable_grad():
        logits = model(inputs)[scored]  # (N, V)
        losses = -logits.log_softmax(dim=-1)[torch.arange(len(targets)), targets] / len(targets)  # (N,)
        parts = [torch.autograd.grad(loss, list(weights.values()), retain_graph=True) for loss in losses]

    def change(gradient: Sequence[Tensor]) -> Tensor:
        moved = {name: weight - learning_rate * g for (name, weight), g in zip(weights.items(), gradient, strict=True)}
        after: Tensor = functional_call(model, moved, (inputs,))[scored]  # (N, V)
        change_of_shown: Tensor = (after - logits).gather(-1, tokens)  # (N, k)
        return change_of_shown

    with torch.no_grad():
        whole = change([torch.stack(tensors).sum(dim=0) for tensors in zip(*parts, strict=True)])
        by_target = torch.stack([change(part) for part in parts])  # (N, N, k)
    return whole.numpy(), by_target.numpy()


def follow_gradients(model: GPTModel, batch: TokenBatch, config: TrainConfig) -> Iterator[LogitGradient]:
    """Train on one batch, yielding the gradient on its logits before every update and after the last.

    The bars and what an update makes of them: through all layers, not on the logits alone. The tokens that are
    shown at first stay, so that the bars of two steps are of the same tokens. With each plain gradient
    step (SGD, not clipped) comes what it makes of the logits.
    """
    kept: Ids | None = None
    for record in train(model, [batch], config):
        gradient = logit_gradients(model, batch, step=record.step, kept=kept)
        kept = gradient.shown_token_id
        if record.learning_rate is not None and config.optimizer == "sgd" and config.max_norm is None:
            whole, by_target = logit_changes(model, batch, kept, record.learning_rate)
            gradient = replace(gradient, logit_change=whole, logit_change_by_target=by_target)
        yield gradient
