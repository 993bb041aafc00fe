"""Which model a visitor chose, and the models that are kept: shared by all visitors, bounded in memory.

torch is imported inside functions: a page shows its tokens before it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from gptcore.config import SIZES, GPTConfig
from gptcore.errors import InputError
from gptcore.ui.gate import FairGate

if TYPE_CHECKING:
    from gptcore.model import GPTModel

DEFAULT_SEED = 123
MODEL_BYTES = int(os.environ.get("GPT_EXPLORER_MODEL_MEMORY_MB", "1400")) * 2**20
"""How much memory kept models may take together: two of GPT-2's smallest size. One is always kept."""


@dataclass(frozen=True)
class ModelChoice:
    """A model by what decides its weights; the key under which it is kept.

    kind  "untrained" (size, context_length, seed decide it) or one of LOADERS (kind and name decide it)
    """

    kind: str = "untrained"
    size: str = "124M"
    context_length: int = 256
    seed: int = DEFAULT_SEED
    name: str = ""

    @property
    def config(self) -> GPTConfig:
        """The model's shape, known before it is loaded. Raises InputError("model_gone") for one that is not here."""
        if self.kind == "untrained":
            return SIZES[self.size].with_(context_length=self.context_length)
        if self.kind == "trained_here":
            return own_model(self).config
        return CONFIGS[self.kind](self)

    @property
    def vocab_size(self) -> int:
        return self.config.vocab_size

    @property
    def id(self) -> str:
        """The model in one word, as it stands in an address: "trained_small", "gpt2/openai-community/gpt2", …"""
        return f"{self.kind}/{self.name}" if self.name else self.kind


Loader = Callable[[ModelChoice], "GPTModel"]
LOADERS: dict[str, Loader] = {}
"""How each kind of model that is not drawn from a seed is loaded; a module that offers one adds itself here."""
CONFIGS: dict[str, Callable[[ModelChoice], GPTConfig]] = {}
"""How the shape of each such kind is known without loading it."""


class ModelShelf:
    """Kept models, least recently used first out. One visitor's calculation at a time, in order of arrival.

    Since turns do not overlap, the memory of the least recently used model can be drawn over for the next seed.
    """

    def __init__(self, max_bytes: int = MODEL_BYTES) -> None:
        self.max_bytes = max_bytes
        self.gate = FairGate()
        self._models: OrderedDict[ModelChoice, GPTModel] = OrderedDict()

    def holds(self, choice: ModelChoice) -> bool:
        """Whether a model is ready."""
        return choice.kind == "trained_here" or choice in self._models

    @property
    def bytes_held(self) -> int:
        """Memory of all kept weights, in bytes."""
        return sum(model.config.weight_bytes for model in list(self._models.values()))

    @contextmanager
    def turn(self, choice: ModelChoice, tell_place: Callable[[int], None] | None = None) -> Iterator[GPTModel]:
        """Wait for one's turn and have the model for its length; do not keep it."""
        with self.gate.turn(tell_place):
            if choice.kind == "trained_here":  # one visitor's own: kept in their session, not among everyone's
                yield own_model(choice)
                return
            model = self._models.pop(choice, None)
            if model is None:
                model = self._make(choice)
            self._models[choice] = model
            yield model

    def forget(self, choice: ModelChoice) -> None:
        """Let go of a model that will not be asked for again."""
        self._models.pop(choice, None)

    def _make(self, choice: ModelChoice) -> GPTModel:
        from gptcore.initialization import initialize, untrained_model

        if choice.kind != "untrained":
            self._make_room(choice.config.weight_bytes)
            check_memory(choice.config.weight_bytes)
            return LOADERS[choice.kind](choice)
        reused = self._make_room(choice.config.weight_bytes, like=choice)
        if reused is not None:
            return initialize(reused, choice.seed)
        check_memory(choice.config.weight_bytes)
        return untrained_model(choice.config, choice.seed)

    def _make_room(self, wanted: int, like: ModelChoice | None = None) -> GPTModel | None:
        """Drop the least recently used until `wanted` bytes fit; the last one dropped of the same shape, if any."""
        reusable = None
        while self._models and self.bytes_held + wanted > self.max_bytes:
            choice, model = self._models.popitem(last=False)
            if like is not None and choice.kind == "untrained" and choice.config == like.config:
                reusable = model
                break
        return reusable


def check_memory(wanted: int) -> None:
    """Raise InputError("no_memory") where the machine has not so many bytes free, with a tenth to spare."""
    free = available_bytes()
    if free is not None and wanted * 1.1 > free:
        raise InputError(
            "no_memory",
            f"this model needs {wanted / 2**30:.1f} GB, and {free / 2**30:.1f} GB are free",
            wanted=f"{wanted / 2**30:.1f}",
            free=f"{free / 2**30:.1f}",
        )


def available_bytes() -> int | None:
    """Free memory in bytes; None where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


_SHELF = ModelShelf()
_SETTLED = {"modules": 0}
_MANY_MODULES = 100


def shelf() -> ModelShelf:
    """The process's one shelf."""
    return _SHELF


def settle() -> None:
    """Take what has been imported out of garbage collection, which Streamlit runs after every rerun.

    Called at the end of runs; does something only after torch, or again as much as it, was imported meanwhile.
    """
    if "torch" in sys.modules and len(sys.modules) > _SETTLED["modules"] + _MANY_MODULES:
        _SETTLED["modules"] = len(sys.modules)
        gc.collect()
        gc.freeze()


def own_model(choice: ModelChoice) -> GPTModel:
    """One of this visitor's own models. Raises InputError("model_gone") where it was freed."""
    model = own_models().get(choice.name)
    if model is None:
        raise model_gone(choice.name)
    return model


def model_gone(name: str) -> InputError:
    """What a reader hears of a model that was here and is not."""
    return InputError("model_gone", f"the model {name} is no longer here", name=name)


@st.cache_resource(scope="session", show_spinner=False)
def own_models() -> dict[str, GPTModel]:
    """Models that this visitor made, by name; freed when they leave."""
    return {}
