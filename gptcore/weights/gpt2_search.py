"""Finds GPT-2 models on this machine: those of all models that say they are one."""

from __future__ import annotations

from collections.abc import Mapping

from gptcore.errors import InputError
from gptcore.regular_files import read_json
from gptcore.weights.description import ModelDescription
from gptcore.weights.gpt2_layout import CONFIG, WEIGHTS
from gptcore.weights.model_search import find_models


def find_gpt2(environment: Mapping[str, str] | None = None) -> dict[str, ModelDescription]:
    """GPT-2 models in the local Hugging Face cache and in the folder GPT_EXPLORER_MODELS, by name.

    Only what calls itself a GPT-2 is listed; what is wrong with one is in its `error`. `find_models` lists everything.
    """
    return {name: model for name, model in find_models(environment).items() if _says_gpt2(model)}


def _says_gpt2(model: ModelDescription) -> bool:
    if not (model.path / WEIGHTS).exists():  # a download that was not finished
        return False
    try:
        return read_json(model.path / CONFIG).get("model_type") == "gpt2"
    except InputError:
        return False
