"""What is trained, on what, and how; and what is left of it when its visitor is gone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.examples import Example
from gptcore.learning_text import LearningText, split_text
from gptcore.tokenizer import Tokenizer
from gptcore.training_config import TrainConfig
from gptcore.training_results import TrainingRun
from gptcore.ui.models import ModelChoice

LARGEST = SIZES["124M"].parameters * 1.1
"""More weights are not trained here."""
MOST_KEPT = 400_000
"""Target probabilities that one run may keep: steps × watched targets."""
_RECENT_RUNS = 24


@dataclass(frozen=True)
class Plan:
    """What is trained, on what, and how: the same plan gives the same run.

    examples  the rows whose targets are fitted, or
    text      what is learned, its last `held_out` share excepted
    """

    choice: ModelChoice
    config: TrainConfig
    examples: tuple[Example, ...] = ()
    text: str = ""
    held_out: float = 0.2

    def check(self, targets: int = 0) -> None:
        """Raise InputError where so large a model, or so many targets at so many steps, are too much to ask."""
        if self.choice.config.parameters > LARGEST:
            size = self.choice.size if self.choice.kind == "untrained" else self.choice.name
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
        """The text in its two parts, in windows. Raises InputError as `split_text` does."""
        return split_text(self.text, tokenizer, held_out=self.held_out)


@dataclass(frozen=True)
class KeptRun:
    """What is left of a training when its visitor is gone: its steps, not its model."""

    name: str
    plan: Plan
    run: TrainingRun


_KEPT: OrderedDict[str, KeptRun] = OrderedDict()
_KEPT_LOCK = threading.Lock()


def keep_run(run_id: str, kept: KeptRun) -> None:
    """Keep a training's steps under its id, for a page that is opened again; the oldest go."""
    with _KEPT_LOCK:
        _KEPT[run_id] = kept
        while len(_KEPT) > _RECENT_RUNS:
            _KEPT.popitem(last=False)


def kept_run(run_id: str) -> KeptRun | None:
    """The steps that are kept under an id."""
    with _KEPT_LOCK:
        return _KEPT.get(run_id)
