"""Training on a page: its settings, its loop, and what backpropagation tells of one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptcore._lazy import lazy_exports

if TYPE_CHECKING:
    from gptcore.training.config import TrainConfig as TrainConfig
    from gptcore.training.loop import train as train
    from gptcore.training.loop import watched_targets as watched_targets
    from gptcore.training.text_batches import split_text as split_text

_HOME = {
    "TrainConfig": "config",
    "train": "loop",
    "watched_targets": "loop",
    "split_text": "text_batches",
}
__all__ = sorted(_HOME)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, _HOME)
