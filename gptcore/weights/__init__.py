"""Stored weights: the small trained model, checkpoints, and GPT-2 as it is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptcore._lazy import lazy_exports

if TYPE_CHECKING:
    from gptcore.weights.checkpoints import load_checkpoint as load_checkpoint
    from gptcore.weights.checkpoints import save_checkpoint as save_checkpoint
    from gptcore.weights.checkpoints import trained_small_model as trained_small_model
    from gptcore.weights.description import ModelDescription as ModelDescription
    from gptcore.weights.description import describe_model as describe_model
    from gptcore.weights.gpt2 import load_gpt2 as load_gpt2
    from gptcore.weights.gpt2_search import find_gpt2 as find_gpt2
    from gptcore.weights.loading import load_model as load_model
    from gptcore.weights.model_search import find_models as find_models

_HOME = {
    "load_checkpoint": "checkpoints",
    "save_checkpoint": "checkpoints",
    "trained_small_model": "checkpoints",
    "ModelDescription": "description",
    "describe_model": "description",
    "load_gpt2": "gpt2",
    "find_gpt2": "gpt2_search",
    "load_model": "loading",
    "find_models": "model_search",
}
__all__ = sorted(_HOME)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, _HOME)
