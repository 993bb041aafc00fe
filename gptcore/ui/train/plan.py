"""What is trained, on what, and how; and what is left of it when its visitor is gone."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.examples import Example
from gptcore.results.training import TrainingRun
from gptcore.tokenizers.base import Tokenizer
from gptcore.training.config import TrainConfig
from gptcore.training.text_batches import LearningText, split_text
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.widgets.identity import Identity
from gptcore.weights.architecture import TransformersConfig

LARGEST = SIZES["124M"].parameters * 1.1
"""More weights are not trained here."""
MOST_KEPT = 400_000
"""Target probabilities that one run may keep: steps × watched targets."""


def what_decides(run: TrainingRun) -> tuple[Hashable, ...]:
    """What tells a run's figures from others: where it begins, how far it has come, and among what."""
    first, last = Identity(run.records[0]), Identity(run.records[-1])
    return first, last, len(run.records), run.vocab_size


@dataclass(frozen=True)
class Plan:
    """What is trained, on what, and how: the same plan gives the same run.

    Attributes:
        examples: The rows whose targets are fitted; empty where a text is learned.
        text: What is learned, its last `held_out` share excepted.
    """

    choice: ModelChoice
    config: TrainConfig
    examples: tuple[Example, ...] = ()
    text: str = ""
    held_out: float = 0.2

    def check(self, targets: int = 0) -> None:
        """Raise InputError where so large a model, or so many targets at so many steps, are too much to ask."""
        if isinstance(self.choice.config, TransformersConfig):
            name = self.choice.name
            raise InputError("not_trainable", f"{name} is run by transformers, and is not trained here", name=name)
        if self.choice.config.parameters > LARGEST:
            size = self.choice.size if self.choice.of_kind.seeded else self.choice.name
            raise InputError("too_large_to_train", f"training is offered up to 124M, not {size}", size=size)
        if targets * (self.config.steps + 1) > MOST_KEPT:
            most = max(1, MOST_KEPT // targets - 1)
            raise InputError(
                "too_many_kept",
                f"of {targets} targets at most {most} steps can be kept",
                targets=targets,
                limit=f"{most:,}",
            )

    def split(self, tokenizer: Tokenizer) -> LearningText:
        """The text in its two parts, in windows.

        Raises:
            InputError: As `split_text` does.
        """
        return split_text(self.text, tokenizer, held_out=self.held_out)
