"""How a model is trained: learning rate, optimizer, how long. No torch here."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from gptcore.config import MAX_SEED
from gptcore.errors import InputError

MAX_STEPS = 2_000
"""Every step is kept so that it can be looked at again, so there is an end to them."""

MAX_LEARNING_RATE = 1e6


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained. The same settings give the same run.

    Attributes:
        learning_rate: The largest step size, above 0 and at most 1,000,000.
        steps: Updates to make, from 1 to 2,000.
        optimizer: "adamw" (PyTorch's default betas) or "sgd" (no momentum).
        weight_decay: How strongly AdamW pulls weights to 0.
        warmup_steps: Updates over which the learning rate climbs to its value.
        cosine: Whether it then falls to a tenth, along half a cosine, until the last step.
        max_norm: Longer gradients are shortened to this length; None leaves them.
        drop_rate: Share of activations dropped while learning.
        measure_every: Steps between measurements of the whole text and of the held-out one.
        seed: Decides the order of the batches and what dropout drops.

    Raises:
        InputError: ("bad_learning_rate", "bad_steps", "bad_setting", "bad_seed").

    >>> TrainConfig(learning_rate=0.0)
    Traceback (most recent call last):
    gptcore.errors.InputError: a learning rate is above 0 and at most 1,000,000, not 0.0
    """

    learning_rate: float = 1e-5
    steps: int = 40
    optimizer: Literal["adamw", "sgd"] = "adamw"
    weight_decay: float = 0.01
    warmup_steps: int = 0
    cosine: bool = False
    max_norm: float | None = None
    drop_rate: float = 0.0
    measure_every: int = 10
    seed: int = 123

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate <= MAX_LEARNING_RATE:  # refuses nan too
            raise InputError(
                "bad_learning_rate",
                f"a learning rate is above 0 and at most {MAX_LEARNING_RATE:,.0f}, not {self.learning_rate!r}",
                learning_rate=self.learning_rate,
                limit=f"{MAX_LEARNING_RATE:,.0f}",
            )
        if not _is_whole(self.steps) or not 1 <= self.steps <= MAX_STEPS:
            raise InputError(
                "bad_steps",
                f"steps are a whole number from 1 to {MAX_STEPS:,}, not {self.steps!r}",
                steps=self.steps,
                limit=f"{MAX_STEPS:,}",
            )
        checks: dict[str, tuple[bool, str]] = {
            "optimizer": (self.optimizer in ("adamw", "sgd"), '"adamw" or "sgd"'),
            "weight_decay": (0 <= self.weight_decay < 1, "at least 0 and below 1"),
            "warmup_steps": (_is_whole(self.warmup_steps) and 0 <= self.warmup_steps <= self.steps, "from 0 to steps"),
            "max_norm": (self.max_norm is None or 0 < self.max_norm < math.inf, "None or above 0"),
            "drop_rate": (0 <= self.drop_rate < 1, "at least 0 and below 1"),
            "measure_every": (_is_whole(self.measure_every) and self.measure_every >= 1, "at least 1"),
            "seed": (_is_whole(self.seed) and 0 <= self.seed <= MAX_SEED, f"from 0 to {MAX_SEED:,}"),
        }
        for name, (is_right, allowed) in checks.items():
            if not is_right:
                given = getattr(self, name)
                raise InputError("bad_setting", f"{name} is {allowed}, not {given!r}", setting=name, allowed=allowed)

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of the update after `step` updates.

        >>> [TrainConfig(1.0, steps=4, warmup_steps=2).learning_rate_at(step) for step in range(4)]
        [0.5, 1.0, 1.0, 1.0]
        """
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        if not self.cosine:
            return self.learning_rate
        done = (step - self.warmup_steps) / max(1, self.steps - 1 - self.warmup_steps)
        return self.learning_rate * (0.1 + 0.45 * (1 + math.cos(math.pi * min(done, 1.0))))

    def to_dict(self) -> dict[str, Any]:
        """The settings by name, for export."""
        return asdict(self)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def diverged(step: int, config: TrainConfig) -> InputError:
    """The error of a run whose loss is no longer a number at this step."""
    return InputError(
        "diverged",
        f"at step {step} the loss was no longer a number: a learning rate of {config.learning_rate:g} is too large",
        step=step,
        kept=max(0, step - 1),
        learning_rate=f"{config.learning_rate:g}",
    )
