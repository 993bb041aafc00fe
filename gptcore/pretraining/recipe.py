"""What the training is told, and the learning rate that follows from it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from gptcore.config import GPTConfig

SMALL = GPTConfig(
    vocab_size=50_257,
    context_length=256,
    emb_dim=256,
    n_heads=4,
    n_layers=4,
    drop_rate=0.15,
    tie_output_head=True,
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out, but for the text.

    Attributes:
        config: Of the model as it is used, with the full vocabulary.
        minutes, steps: How long: exactly one of them. By minutes the schedule follows the clock (time while stopped
            does not count), which fits a busy machine; by steps two runs give the same numbers.
        batch_size: Windows a step, of context_length tokens each.
        peak_rate: AdamW's learning rate after the warm-up.
        final_rate: … at the end of the cosine.
        warmup_share: Of the whole, rising from 0.
        weight_decay: On matrices and embeddings, not on biases and normalisations.
        betas: AdamW's.
        clip_norm: The longest gradient.
        validate_every: Steps.
        seed: Of the weights, the order of the text and the dropout.
    """

    config: GPTConfig = field(default=SMALL)
    minutes: float | None = None
    steps: int | None = None
    batch_size: int = 8
    peak_rate: float = 1e-3
    final_rate: float = 1e-5
    warmup_share: float = 0.02
    weight_decay: float = 0.2
    betas: tuple[float, float] = (0.9, 0.98)
    clip_norm: float = 1.0
    validate_every: int = 200
    seed: int = 123

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise ValueError(f"give minutes or steps, not both or neither: {self.minutes!r} and {self.steps!r}")
        if not (self.minutes or 0) + (self.steps or 0) > 0:
            raise ValueError(
                f"minutes or steps must be above 0, not {self.minutes if self.steps is None else self.steps}"
            )
        if not 0.0 <= self.warmup_share < 1.0:
            raise ValueError(f"warmup_share must be at least 0 and below 1, not {self.warmup_share!r}")
        if self.batch_size < 1 or self.validate_every < 1:
            raise ValueError(
                f"batch_size {self.batch_size} and validate_every {self.validate_every} must be at least 1"
            )

    def progress(self, steps: int, seconds: float) -> float:
        """The share of the training that is done, from 0 to 1."""
        done = steps / self.steps if self.steps else seconds / (60.0 * (self.minutes or 1.0))
        return min(1.0, done)

    def learning_rate(self, progress: float) -> float:
        """Warm-up, then half a cosine from the peak to the final rate.

        >>> recipe = Recipe(steps=100, peak_rate=1.0, final_rate=0.0, warmup_share=0.5)
        >>> [round(recipe.learning_rate(p), 2) for p in (0.25, 0.5, 0.75, 1.0)]
        [0.5, 1.0, 0.5, 0.0]
        """
        if progress < self.warmup_share:
            return self.peak_rate * progress / self.warmup_share
        along = (progress - self.warmup_share) / (1.0 - self.warmup_share)
        return self.final_rate + (self.peak_rate - self.final_rate) * 0.5 * (1.0 + math.cos(math.pi * along))

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """The recipe that `to_dict` wrote."""
        return cls(**{**values, "config": GPTConfig(**values["config"]), "betas": tuple(values["betas"])})
