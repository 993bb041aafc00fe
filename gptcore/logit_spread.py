"""Why an untrained model gives every token about 1/V: random weights, logits near 0, an even softmax."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from gptcore.examples import TokenBatch
from gptcore.language_model import LanguageModel, device_of
from gptcore.results.logit_spread import Histogram, LogitSpread
from gptcore.scoring import check_finite, comparable

BINS = 60
_MOST_WEIGHTS = 200_000


def logit_spread(model: LanguageModel, batch: TokenBatch, index: int = 0) -> LogitSpread:
    """All logits of the scored position `index`, their spread, and the probabilities that softmax makes of them.

    Raises:
        IndexError: When there is no such position.
        InputError: "not_finite" where the model's output is not a finite number.
    """
    places = np.argwhere(batch.scored)  # (N, 2)
    row, column = places[range(len(places))[index]].tolist()
    read = torch.from_numpy(batch.inputs[row : row + 1, : column + 1]).to(device_of(model))  # (1, T)
    with torch.inference_mode():
        logits = comparable(model.out_head(model.hidden_states(read)[0, -1])).double()  # (V,)
        check_finite(logits)
        log_probability = logits.log_softmax(-1)
    V, target = len(logits), int(batch.targets[row, column])
    probability = log_probability.exp()
    return LogitSpread(
        weights=_weights(model),
        logits=_histogram(logits),
        shares=_histogram((log_probability + math.log(V)) / math.log(10)),
        vocab_size=V,
        mean=float(logits.mean()),
        deviation=float(logits.std(correction=0)),
        lowest_probability=float(probability.min()),
        highest_probability=float(probability.max()),
        target_probability=float(probability[target]),
        prompt_piece=batch.tokenizer.piece(int(batch.inputs[row, column])),
        target_piece=batch.tokenizer.piece(target),
    )


def _weights(model: LanguageModel) -> Histogram | None:
    """Some of the output layer's weights, evenly spaced over its rows."""
    weight = getattr(model.out_head, "weight", None)
    if not isinstance(weight, Tensor):
        return None
    rows = weight.detach()[:: max(1, weight.numel() // _MOST_WEIGHTS)]
    return _histogram(rows.float().flatten())


def _histogram(values: Tensor) -> Histogram:
    counts, edges = np.histogram(values.cpu().numpy(), bins=BINS)
    return Histogram(edges, counts.astype(np.int64))
