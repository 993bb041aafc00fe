"""The first link of backpropagation: the gradient of the loss with respect to the logits, written out.

    ∂(−ln softmax(z)[target]) / ∂z = softmax(z) − one-hot(target)

(Goodfellow, Bengio & Courville, Deep Learning, §6.2.2.3). The mean over N positions divides it by N.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from gptcore.examples import TokenBatch
from gptcore.model import GPTModel
from gptcore.results.training import Ids, LogitGradient
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


def follow_gradients(model: GPTModel, batch: TokenBatch, config: TrainConfig) -> Iterator[LogitGradient]:
    """Train on one batch, yielding the gradient on its logits before every update and after the last.

    The bars and what an update makes of them: through all layers, not on the logits alone. The tokens that are
    shown at first stay, so that the bars of two steps are of the same tokens.
    """
    kept: Ids | None = None
    for record in train(model, [batch], config):
        gradient = logit_gradients(model, batch, step=record.step, kept=kept)
        kept = gradient.shown_token_id
        yield gradient
