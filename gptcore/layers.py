"""The target's probability after every layer: the "logit lens".

Each layer's output goes through the final norm and the output head, as if the model ended there. That is an
approximation: layers before the last were not trained to be read so (nostalgebraist, "interpreting GPT: the logit
lens", 2020, https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch

from gptcore.errors import InputError
from gptcore.examples import Example, TokenBatch, check_context, encode
from gptcore.language_model import LanguageModel, LayeredModel
from gptcore.results.layers import LayerReport
from gptcore.scoring import POSITIONS_AT_ONCE, check_temperature
from gptcore.tokenizers.base import Tokenizer


def layer_report(
    model: LanguageModel,
    examples: Sequence[Example] | TokenBatch,
    *,
    temperature: float = 1.0,
    tokenizer: Tokenizer | None = None,
    around: int | None = None,
) -> LayerReport:
    """The target's probability and rank after the embedding and after every block.

    Args:
        model: The model, in evaluation mode.
        examples: As for `score`.
        temperature: As for `score`.
        tokenizer: As for `score`.
        around: Only the block of 64 scored positions that holds this one, by its index; None for all.

    Returns:
        A row for each layer, a column for each scored position. The last layer's numbers are the report's, to the
        last bit: the same places go through the same products.

    Raises:
        InputError: As `score`; "no_layers" for a model whose layers cannot be read one by one.

    >>> from gptcore import SIZES, untrained_model
    >>> layers = layer_report(untrained_model(SIZES["toy"], seed=123), [Example("every effort", "effort moves")])
    >>> layers.target_probability.shape, [round(float(p), 4) for p in layers.target_probability[-1]]
    ((3, 2), [0.1062, 0.135])
    """
    check_temperature(temperature)
    batch = examples if isinstance(examples, TokenBatch) else encode(examples, tokenizer or model.tokenizer)
    check_context(batch, model.config.context_length)
    if not isinstance(model, LayeredModel):
        raise InputError("no_layers", "the layers of this model cannot be read one by one", name=model.origin.name)
    targets = torch.from_numpy(batch.targets[batch.scored])  # (N,)
    first, last = 0, len(targets)
    if around is not None:
        first = around - around % POSITIONS_AT_ONCE
        last = min(first + POSITIONS_AT_ONCE, last)
    blocks = [slice(start, start + POSITIONS_AT_ONCE) for start in range(first, last, POSITIONS_AT_ONCE)]
    scored = torch.from_numpy(batch.scored)
    rows = []
    with torch.inference_mode():
        for state in model.layer_states(torch.from_numpy(batch.inputs)):  # (B, T, C)
            hidden = state[scored]  # (N, C)
            parts = [_lens(model, hidden[part], targets[part], temperature) for part in blocks]
            rows.append([torch.cat(column) for column in zip(*parts, strict=True)])
    log_probability, probability, rank, predicted = (torch.stack(column).numpy() for column in zip(*rows, strict=True))
    piece = cache(batch.tokenizer.piece)
    example, position = (column[first:last] for column in np.nonzero(batch.scored))
    return LayerReport(
        origin=model.origin,
        first=first,
        example=example,
        position=position,
        target_piece=tuple(piece(int(i)) for i in targets[first:last]),
        target_probability=probability,
        log_probability=log_probability,
        rank=rank,
        predicted_piece=tuple(tuple(piece(int(i)) for i in row) for row in predicted),
    )


def _lens(
    model: LanguageModel, hidden: torch.Tensor, targets: torch.Tensor, temperature: float
) -> tuple[torch.Tensor, ...]:
    """(ln p, p, rank, most likely token) of each target, all (n,), as `score` computes them from hidden (n, C)."""
    logits = model.out_head(hidden)  # (n, V)
    logits = logits / temperature if temperature != 1.0 else logits
    target_logit = logits.gather(-1, targets[:, None]).squeeze(-1)  # (n,)
    log_probability = target_logit - logits.logsumexp(dim=-1)
    probability = logits.softmax(dim=-1).gather(-1, targets[:, None]).squeeze(-1)
    rank = 1 + (logits > target_logit[:, None]).sum(dim=-1)
    return log_probability, probability, rank, logits.topk(1, dim=-1).indices[:, 0]
