"""The models that lie on this machine: the small trained one that ships, and GPT-2 where its weights are found."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

from gptcore.config import GPTConfig
from gptcore.errors import InputError
from gptcore.ui.models.choice import CONFIGS, LOADERS, ModelChoice, model_gone, own_models
from gptcore.weights.description import ModelDescription
from gptcore.weights.gpt2_search import find_gpt2
from gptcore.weights.safetensors_header import TRAINED_SMALL, checkpoint_config

if TYPE_CHECKING:
    from gptcore.model import GPTModel

_LOOK_AGAIN_SECONDS = 2.0
_LOOKED: dict[str, tuple[float, dict[str, ModelDescription]]] = {}


def offered_models() -> list[str]:
    """Every model that can be chosen, by its id: "untrained", "trained_small", "gpt2/<name>", "trained_here/<name>"."""
    shipped = ["trained_small"] if TRAINED_SMALL.exists() else []
    published = [f"gpt2/{name}" for name, folder in found_gpt2().items() if folder.config]
    return ["untrained", *shipped, *published, *(f"trained_here/{name}" for name in own_models())]


def found_gpt2() -> dict[str, ModelDescription]:
    """What `find_gpt2` finds; looked for again after two seconds, since every rerun asks several times."""
    since, found = _LOOKED.get("gpt2", (0.0, {}))
    if time.monotonic() - since > _LOOK_AGAIN_SECONDS or not since:
        found = find_gpt2()
        _LOOKED["gpt2"] = time.monotonic(), found
    return found


def look_again() -> None:
    """Forget what was found: something was fetched."""
    _LOOKED.clear()


def refusal(model: str) -> InputError | None:
    """Why a GPT-2 that was found cannot be used, by its id; None for one that can, and for what was not found."""
    family, _, name = model.partition("/")
    folder = found_gpt2().get(name) if family == "gpt2" else None
    return folder.error if folder is not None else None


def choice_of(model: str) -> ModelChoice:
    """The choice that an id of a model stands for; an untrained one has size, context length and seed besides."""
    kind, _, name = model.partition("/")
    return ModelChoice(kind=kind, name=name)


def _usable(choice: ModelChoice) -> tuple[ModelDescription, GPTConfig]:
    """A GPT-2 by its name among those found: a name is all that a visitor gives."""
    folder = found_gpt2().get(choice.name)
    if folder is None:
        raise model_gone(choice.name)
    if folder.config is None:
        raise folder.error or model_gone(choice.name)
    return folder, folder.config


def _load_gpt2(choice: ModelChoice) -> GPTModel:
    from gptcore.weights.gpt2 import load_gpt2

    return load_gpt2(_usable(choice)[0].path)


def _load_trained_small(_: ModelChoice) -> GPTModel:
    from gptcore.weights.checkpoints import trained_small_model

    return trained_small_model()


@cache
def _trained_small_config() -> GPTConfig:
    return checkpoint_config(TRAINED_SMALL)


LOADERS["gpt2"] = _load_gpt2
CONFIGS["gpt2"] = lambda choice: _usable(choice)[1]
LOADERS["trained_small"] = _load_trained_small
CONFIGS["trained_small"] = lambda _: _trained_small_config()
