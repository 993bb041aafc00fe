"""What training yields: a record a step, the run of them, and the gradient of the loss with respect to the logits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gptcore.results.report import perplexity_of

Floats = NDArray[np.floating[Any]]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class StepRecord:
    """The model after `step` updates, and the update that it gets next. N watched positions in B rows.

    step                     updates made so far; 0 is the model as it was given
    cross_entropy            of the batch that it learns from next, in nats (with dropout, where there is some)
    learning_rate            of the next update; None on the last record, like
    gradient_norm            the length of the whole gradient, before clipping
    target_probability       (N,) softmax(logits)[target] at each watched position, without dropout
    log_probability          (N,) ln of it, in nats
    predicted_token_id       (N,) the model's top prediction there, and
    predicted_piece          its text, a position each
    training_cross_entropy   over the whole text that is learned, without dropout, where it was measured
    validation_cross_entropy over the text that is held out, where it was measured
    """

    step: int
    cross_entropy: float
    learning_rate: float | None
    gradient_norm: float | None
    target_probability: Floats
    log_probability: Floats
    predicted_token_id: Ids
    predicted_piece: tuple[str, ...]
    training_cross_entropy: float | None = None
    validation_cross_entropy: float | None = None

    @property
    def perplexity(self) -> float:
        """exp(cross_entropy)."""
        return perplexity_of(self.cross_entropy)


@dataclass(frozen=True)
class WatchedTargets:
    """The positions whose target probabilities a run records, in reading order; all of length N.

    Attributes:
        example, position: Row and place in the batch, from 0.
        prompt_piece: The last token that the model has read there.
        target_piece: The token that it should predict.
    """

    example: Ids
    position: Ids
    prompt_piece: tuple[str, ...]
    target_token_id: Ids
    target_piece: tuple[str, ...]


@dataclass(frozen=True)
class TrainingRun:
    """The steps of a run so far, oldest first, and what decides them.

    Attributes:
        vocab_size: V, for the uniform baseline ln V.
        settings: The TrainConfig as plain values.
        watched: The positions that were watched; None where none were.
    """

    records: tuple[StepRecord, ...]
    vocab_size: int
    settings: dict[str, Any]
    watched: WatchedTargets | None = None

    @property
    def uniform_cross_entropy(self) -> float:
        """Ln V: the cross-entropy of uniform guessing, in nats."""
        return math.log(self.vocab_size)

    @property
    def measured(self) -> tuple[StepRecord, ...]:
        """The records at which the held-out text was measured."""
        return tuple(record for record in self.records if record.validation_cross_entropy is not None)

    @property
    def overfitting_onset(self) -> StepRecord | None:
        """Where training and validation part: the measured step of the lowest validation cross-entropy.

        None while the latest measurement is the lowest: nothing has parted yet.
        """
        measured = self.measured
        if not measured:
            return None
        lowest = min(measured, key=lambda record: record.validation_cross_entropy or 0.0)
        return None if lowest is measured[-1] else lowest

    def to_frame(self) -> pd.DataFrame:
        """A row a step: cross-entropies in nats, perplexity, learning rate, gradient norm."""
        return pd.DataFrame(
            {
                "step": [record.step for record in self.records],
                "cross_entropy": [record.cross_entropy for record in self.records],
                "perplexity": [record.perplexity for record in self.records],
                "training_cross_entropy": _column(record.training_cross_entropy for record in self.records),
                "validation_cross_entropy": _column(record.validation_cross_entropy for record in self.records),
                "learning_rate": _column(record.learning_rate for record in self.records),
                "gradient_norm": _column(record.gradient_norm for record in self.records),
            }
        )

    def targets_frame(self) -> pd.DataFrame:
        """A row a step and watched position: the target's probability, and the model's top prediction there."""
        if self.watched is None:
            return pd.DataFrame()
        watched, N = self.watched, len(self.watched.target_piece)
        return pd.concat(
            [
                pd.DataFrame(
                    {
                        "step": np.full(N, record.step),
                        "example": watched.example,
                        "position": watched.position,
                        "target_token_id": watched.target_token_id,
                        "target_piece": list(watched.target_piece),
                        "target_probability": record.target_probability,
                        "log_probability": record.log_probability,
                        "predicted_token_id": record.predicted_token_id,
                        "predicted_piece": list(record.predicted_piece),
                    }
                )
                for record in self.records
            ],
            ignore_index=True,
        )

    def to_dict(self) -> dict[str, Any]:
        """The whole run as plain values: its settings, what was watched, and every record, a list an array."""
        watches = self.watched is not None
        return {
            "settings": self.settings,
            "vocab_size": self.vocab_size,
            "uniform_cross_entropy": self.uniform_cross_entropy,
            **({"watched": _plain(self.watched)} if watches else {}),
            "records": [
                {
                    name: value
                    for name, value in {**_plain(record), "perplexity": record.perplexity}.items()
                    if watches or not isinstance(value, list)
                }
                for record in self.records
            ],
        }


@dataclass(frozen=True)
class LogitGradient:
    """The gradient of the mean cross-entropy with respect to the logits at N scored positions.

    ∂(cross-entropy)/∂z = (softmax(z) − one-hot(target)) / N: negative for the target alone, so that going against
    it pushes the target's logit up, and every other down by its own probability.

    Attributes:
        step: Updates that the model has had.
        cross_entropy: In nats, over the N positions.
        target_token_id: (N,).
        shown_token_id: (N, k) tokens that are kept: all of a small vocabulary in its own order; of a large one the
            target, then the most likely others.
        probability: (N, k) their probabilities.
        gradient: (N, k) (probability − 1 if it is the target) / N.
        logit_change: (N, k) what the update that follows makes of these logits; None where none follows, like
        logit_change_by_target: (N, N, k) at [m, n] what a step for target m alone would make of the logits at n.
    """

    step: int
    cross_entropy: float
    prompt_piece: tuple[str, ...]
    target_token_id: Ids
    target_piece: tuple[str, ...]
    shown_token_id: Ids
    shown_piece: tuple[tuple[str, ...], ...]
    probability: Floats = field(repr=False)
    gradient: Floats = field(repr=False)
    logit_change: Floats | None = field(default=None, repr=False)
    logit_change_by_target: Floats | None = field(default=None, repr=False)

    @property
    def positions(self) -> int:
        """N, how many positions the mean is taken over."""
        return len(self.target_token_id)

    def at(self, index: int) -> pd.DataFrame:
        """One position's tokens: a row each."""
        ids = self.shown_token_id[index]
        return pd.DataFrame(
            {
                "token_id": ids,
                "piece": list(self.shown_piece[index]),
                "is_target": ids == self.target_token_id[index],
                "probability": self.probability[index],
                "gradient": self.gradient[index],
            }
        )


def _plain(result: Any) -> dict[str, Any]:
    values = {entry.name: getattr(result, entry.name) for entry in fields(result)}
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def _column(amounts: Any) -> NDArray[np.float64]:
    return np.array([np.nan if amount is None else amount for amount in amounts], dtype=np.float64)
