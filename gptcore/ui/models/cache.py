"""Models kept in memory: shared by all visitors, bounded in bytes."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gptcore.ui.jobs.turn_queue import FairGate
from gptcore.ui.memory import check_memory, fits, give_memory_back, memory_errors_as_sentences
from gptcore.ui.models.choice import DEFAULT_SEED, ModelChoice

if TYPE_CHECKING:
    from gptcore.language_model import LanguageModel
    from gptcore.model import GPTModel


MODEL_BYTES = int(os.environ.get("GPT_EXPLORER_MODEL_MEMORY_MB", "1400")) * 2**20
"""How much memory kept models may take together: two of GPT-2's smallest size. One is always kept."""
SHARED_WEIGHTS = os.environ.get("GPT_EXPLORER_SHARED_WEIGHTS", "")
"""A folder where several processes share the default model's weights; each draws its own where there is none."""


class ModelShelf:
    """LRUCache models, least recently used first out. One visitor's calculation at a time, in order of arrival.

    Since turns do not overlap, the memory of the least recently used model can be drawn over for the next seed.
    """

    def __init__(self, max_bytes: int = MODEL_BYTES) -> None:
        self.max_bytes = max_bytes
        self.gate = FairGate()
        self._models: OrderedDict[ModelChoice, LanguageModel] = OrderedDict()

    def holds(self, choice: ModelChoice) -> bool:
        """Whether a model is ready."""
        return not choice.of_kind.shared or choice in self._models

    @property
    def bytes_held(self) -> int:
        """Memory of all kept weights, in bytes."""
        return sum(model.config.weight_bytes for model in list(self._models.values()))

    @contextmanager
    def turn(self, choice: ModelChoice, tell_place: Callable[[int], None] | None = None) -> Iterator[LanguageModel]:
        """Wait for one's turn and have the model for its length; do not keep it."""
        with self.gate.turn(tell_place), memory_errors_as_sentences():
            if not choice.of_kind.shared:  # one visitor's own: kept in their session, not among everyone's
                yield choice.of_kind.load(choice)
                return
            model = self._models.pop(choice, None)
            if model is None:
                model = self._make(choice)
            self._models[choice] = model
            yield model

    def forget(self, choice: ModelChoice) -> None:
        """Let go of a model that will not be asked for again."""
        self._models.pop(choice, None)

    def _make(self, choice: ModelChoice) -> LanguageModel:
        from gptcore.initialization import initialize

        if SHARED_WEIGHTS and choice.of_kind.seeded and choice.seed == DEFAULT_SEED:
            from gptcore.weights.mapped import mapped_untrained_model

            self._make_room(choice.config.weight_bytes)
            return mapped_untrained_model(choice.config, choice.seed, Path(SHARED_WEIGHTS))
        reused = self._make_room(choice.config.weight_bytes, like=choice if choice.of_kind.seeded else None)
        if reused is not None:
            return initialize(cast("GPTModel", reused), choice.seed)
        check_memory(choice.config.weight_bytes)
        return choice.of_kind.load(choice)

    def _make_room(self, wanted: int, like: ModelChoice | None = None) -> LanguageModel | None:
        """Drop the least recently used until `wanted` bytes fit; the last one dropped of the same shape, if any."""
        reusable = None
        while self._models and (self.bytes_held + wanted > self.max_bytes or not fits(wanted)):
            choice, model = self._models.popitem(last=False)
            if like is not None and choice.of_kind.seeded and choice.config == like.config:
                reusable = model
                break
            del model
            give_memory_back()
        return reusable


_SHELF = ModelShelf()


def shelf() -> ModelShelf:
    """The process's one shelf."""
    return _SHELF
