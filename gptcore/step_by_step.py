"""From text to perplexity in eleven steps, a short function each: a page shows their source as the code that ran.

B examples, T positions, V tokens in the vocabulary, C numbers a token, N scored positions.
Raschka, Build a Large Language Model (From Scratch), §5.1; the same numbers as `gptcore.scoring`, one link at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gptcore.examples import IGNORED, Example, TokenBatch, check_context, encode
from gptcore.language_model import LanguageModel as Model
from gptcore.results.steps import HEAD, WHOLE_VOCABULARY, Steps
from gptcore.scoring import check_finite
from gptcore.tokenizers.base import Tokenizer

POSITIONS_AT_ONCE = 64
"""Logits are held for so many positions at a time: 13 MB for GPT-2's vocabulary, whatever the length of the texts."""

MOST_SHOWN = 8
"""Of so many positions the logits are excerpted."""


def text_to_token_ids(examples: Sequence[Example], tokenizer: Tokenizer) -> tuple[Tensor, Tensor]:
    """Each prompt's ids, and beside each the id it should predict."""
    batch = encode(examples, tokenizer)
    inputs = torch.from_numpy(batch.inputs)  # (B, T)
    targets = torch.from_numpy(batch.targets)  # (B, T)
    return inputs, targets


def hidden_states(model: Model, inputs: Tensor) -> Tensor:
    """What the model makes of each token."""
    return model.hidden_states(inputs)  # (B, T, C)


def vocabulary_logits(model: Model, hidden: Tensor) -> Tensor:
    """A score for every token of the vocabulary."""
    logits: Tensor = model.out_head(hidden)  # (B, T, V)
    return logits


def softmax(logits: Tensor) -> Tensor:
    """Scores become probabilities: e^z over the sum of all e^z."""
    return torch.softmax(logits, dim=-1)  # (B, T, V)


def argmax(logits: Tensor) -> Tensor:
    """The most likely token's id; softmax does not change the order."""
    return torch.argmax(logits, dim=-1)  # (B, T)


def token_ids_to_text(ids: Tensor, tokenizer: Tokenizer) -> str:
    """Back to something a person can read."""
    return tokenizer.decode(ids.tolist())


def pick_targets(probabilities: Tensor, targets: Tensor) -> Tensor:
    """From each row of probabilities, the one of its target."""
    scored = targets != IGNORED  # (B, T) padding is left out
    rows = torch.arange(int(scored.sum()))  # (N,)
    return probabilities[scored][rows, targets[scored]]  # (N,)


def log(target_probabilities: Tensor) -> Tensor:
    """The natural log: products of probabilities become sums."""
    return torch.log(target_probabilities)  # (N,) nats


def mean(log_probabilities: Tensor) -> Tensor:
    """Over all positions of all texts, not text by text."""
    return torch.mean(log_probabilities)  # ()


def negate(mean_log_probability: Tensor) -> Tensor:
    """Now less is better: this is the loss."""
    return mean_log_probability * -1  # ()


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Steps 3 and 6 to 9 in one call, on flattened tensors."""
    logits_flat = logits.flatten(0, 1)  # (B · T, V)
    targets_flat = targets.flatten()  # (B · T,)
    return F.cross_entropy(logits_flat, targets_flat)  # ()


def exp(cross_entropy_nats: Tensor) -> Tensor:
    """Undo the log: perplexity."""
    return torch.exp(cross_entropy_nats.double())  # () float64, since float32 ends at exp(88.7)


def run_steps(model: Model, examples: Sequence[Example]) -> Steps:
    """All eleven steps on 1 to 8 examples, in float32, with what a page shows of each.

    Raises:
        InputError: For examples that cannot be lined up or exceed the context length.

    >>> from gptcore import SIZES
    >>> from gptcore.initialization import untrained_model
    >>> steps = run_steps(untrained_model(SIZES["toy"], seed=123), [Example("every effort moves", "effort moves you")])
    >>> steps.predicted_text, steps.cross_entropy, steps.torch_cross_entropy, steps.perplexity
    (('forward you you',), 1.7744, 1.7744, 5.8967)
    """
    tokenizer = model.tokenizer
    batch = encode(examples, tokenizer)
    check_context(batch, model.config.context_length)
    with torch.inference_mode():
        inputs, targets = text_to_token_ids(examples, tokenizer)
        hidden = hidden_states(model, inputs)
        parts: list[dict[str, Tensor]] = []
        for rows, columns in _pieces(*inputs.shape):
            left = MOST_SHOWN - sum(len(part["target_logit"]) for part in parts)
            if (targets[rows, columns] != IGNORED).any():
                parts.append(_steps_of(model, hidden[rows, columns], targets[rows, columns], left))
        curve_rank = parts[0].pop("curve_rank").numpy()
        together = {name: torch.cat([part[name] for part in parts if name in part]) for name in parts[0]}
        log_probabilities = log(together["target_probability"])
        mean_log_probability = mean(log_probabilities)
        cross_entropy_nats = negate(mean_log_probability)
        torch_cross_entropy = together.pop("summed_cross_entropy").sum() / len(log_probabilities)
    arrays = {name: tensor.numpy() for name, tensor in together.items()}
    piece = cache(tokenizer.piece)
    return Steps(
        config=model.config,
        inputs=batch.inputs,
        targets=batch.targets,
        predicted_text=_texts(together["predicted_id"], batch),
        target_text=_texts(targets[targets != IGNORED], batch),
        mean_log_probability=mean_log_probability.item(),
        cross_entropy=cross_entropy_nats.item(),
        torch_cross_entropy=torch_cross_entropy.item(),
        perplexity=exp(cross_entropy_nats).item(),
        example=np.nonzero(batch.scored)[0],
        prompt_piece=tuple(piece(int(i)) for i in batch.inputs[batch.scored]),
        target_id=batch.targets[batch.scored],
        target_piece=tuple(piece(int(i)) for i in batch.targets[batch.scored]),
        log_probability=log_probabilities.numpy(),
        predicted_piece=tuple(piece(int(i)) for i in arrays["predicted_id"]),
        cell_pieces=tuple(tuple(piece(int(i)) for i in row) for row in arrays["cell_ids"]),
        curve_rank=curve_rank,
        **arrays,
    )


def _pieces(B: int, T: int) -> Iterator[tuple[slice, slice]]:
    """The batch in pieces of a bounded number of positions, in reading order; a small one in a single piece."""
    if B * T <= POSITIONS_AT_ONCE:
        yield slice(None), slice(None)
        return
    for b in range(B):
        for start in range(0, T, POSITIONS_AT_ONCE):
            yield slice(b, b + 1), slice(start, start + POSITIONS_AT_ONCE)


def _steps_of(model: Model, hidden: Tensor, targets: Tensor, shown: int) -> dict[str, Tensor]:
    """Steps 2 to 4, 6 and 10 on one piece, with the excerpts of its first `shown` positions. hidden (B, T, C)."""
    logits = vocabulary_logits(model, hidden)  # (B, T, V)
    probabilities = softmax(logits)  # (B, T, V)
    scored = targets != IGNORED
    check_finite(logits[scored].logsumexp(dim=-1))
    excerpt = {}
    if shown > 0:
        excerpt = _excerpt(logits[scored][:shown], probabilities[scored][:shown], targets[scored][:shown])
    else:
        excerpt = {"target_logit": logits.new_empty(0)}
    return {
        "target_probability": pick_targets(probabilities, targets),
        "predicted_id": argmax(logits)[scored],
        "summed_cross_entropy": cross_entropy(logits, targets)[None] * scored.sum(),
        **excerpt,
    }


def _excerpt(logits: Tensor, probabilities: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """What is shown of some rows. logits, probabilities (m, V), targets (m,)."""
    V = logits.shape[-1]
    target_logit = logits.gather(-1, targets[:, None])  # (m, 1)
    ordered = logits.sort(dim=-1, descending=True)  # (m, V)
    if V <= WHOLE_VOCABULARY:
        cells = torch.arange(V).expand(len(logits), V)
        edges = list(range(V))
    else:
        cells = torch.cat([ordered.indices[:, :HEAD], targets[:, None], ordered.indices[:, -1:]], dim=-1)
        edges = [0, 1, 2, V - 3, V - 2, V - 1]
    cell_logits = logits.gather(-1, cells)
    ranks = torch.from_numpy(np.unique(np.geomspace(1, V, 200).round().astype(np.int64)))
    return {
        "curve_rank": ranks,
        "target_logit": target_logit.squeeze(-1),
        "log_normalizer_nats": logits.logsumexp(dim=-1),
        "target_rank": 1 + (logits > target_logit).sum(dim=-1),
        "predicted_probability": probabilities.amax(dim=-1),
        "probability_sum": probabilities.sum(dim=-1),
        "cell_ids": cells,
        "cell_rank": 1 + (logits[:, None, :] > cell_logits[:, :, None]).sum(dim=-1),
        "cell_logits": cell_logits,
        "cell_probabilities": probabilities.gather(-1, cells),
        "edge_logits": logits[:, edges],
        "edge_probabilities": probabilities[:, edges],
        "curve_logits": ordered.values[:, ranks - 1],
        "curve_probabilities": probabilities.gather(-1, ordered.indices[:, ranks - 1]),
    }


def _texts(ids: Tensor, batch: TokenBatch) -> tuple[str, ...]:
    """The text of each example's share of ids (N,)."""
    parts = ids.split([int(row.scored.sum()) for row in batch.rows])
    return tuple(token_ids_to_text(part, batch.tokenizer) for part in parts)
