"""Which model a visitor chose, and the models that are kept: shared by all visitors, bounded in memory.

torch is imported inside functions: a page shows its tokens before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from gptcore.config import SIZES, GPTConfig
from gptcore.errors import InputError
from gptcore.ui.memory import give_memory_back

if TYPE_CHECKING:
    from gptcore.model import GPTModel

DEFAULT_SEED = 123


@dataclass(frozen=True)
class ModelChoice:
    """A model by what decides its weights; the key under which it is kept.

    Attributes:
        kind: "untrained" (size, context_length, seed decide it) or one of LOADERS (kind and name decide it).
    """

    kind: str = "untrained"
    size: str = "124M"
    context_length: int = 256
    seed: int = DEFAULT_SEED
    name: str = ""

    @property
    def config(self) -> GPTConfig:
        """The model's shape, known before it is loaded.

        Raises:
            InputError: "model_gone" for one that is not here.
        """
        if self.kind == "untrained":
            return SIZES[self.size].with_(context_length=self.context_length)
        if self.kind == "trained_here":
            return own_model(self).config
        return CONFIGS[self.kind](self)

    @property
    def vocab_size(self) -> int:
        """V, the number of tokens in its vocabulary."""
        return self.config.vocab_size

    @property
    def id(self) -> str:
        """The model in one word, as in a URL: "trained_small", "gpt2/openai-community/gpt2", and so on."""
        return f"{self.kind}/{self.name}" if self.name else self.kind


Loader = Callable[[ModelChoice], "GPTModel"]
LOADERS: dict[str, Loader] = {}
"""How each kind of model that is not drawn from a seed is loaded; a module that offers one adds itself here."""
CONFIGS: dict[str, Callable[[ModelChoice], GPTConfig]] = {}
"""How the shape of each such kind is known without loading it."""


def own_model(choice: ModelChoice) -> GPTModel:
    """One of this visitor's own models.

    Raises:
        InputError: "model_gone" where it was freed.
    """
    model = own_models().get(choice.name)
    if model is None:
        raise model_gone(choice.name)
    return model


def model_gone(name: str) -> InputError:
    """What a reader hears of a model that was here and is not."""
    return InputError("model_gone", f"the model {name} is no longer here", name=name)


def _free(models: dict[str, GPTModel]) -> None:
    models.clear()
    give_memory_back()


@st.cache_resource(scope="session", on_release=_free, show_spinner=False)
def own_models() -> dict[str, GPTModel]:
    """Models that this visitor made, by name; freed when they leave."""
    return {}
