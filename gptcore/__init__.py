"""A GPT and the calculation of its loss, from text to perplexity.

    >>> from gptcore import Example, score, untrained_model
    >>> from gptcore.config import SIZES
    >>> report = score(untrained_model(SIZES["toy"], seed=123), [Example("every effort moves", "effort moves you")])
    >>> report.to_frame().shape[0]
    3

Names are imported when they are first used, so that what needs no torch does not wait for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gptcore.config import GPT_CONFIG_124M as GPT_CONFIG_124M
    from gptcore.config import GPTConfig as GPTConfig
    from gptcore.errors import InputError as InputError
    from gptcore.examples import Example as Example
    from gptcore.initialization import untrained_model as untrained_model
    from gptcore.model import GPTModel as GPTModel
    from gptcore.model import generate_text_simple as generate_text_simple
    from gptcore.results import Report as Report
    from gptcore.scoring import score as score
    from gptcore.sweeps import compare_examples as compare_examples
    from gptcore.sweeps import sweep_seeds as sweep_seeds
    from gptcore.training import train as train
    from gptcore.training_config import TrainConfig as TrainConfig
    from gptcore.weights import load_gpt2 as load_gpt2
    from gptcore.weights import trained_small_model as trained_small_model

_HOME = {
    "GPT_CONFIG_124M": "config",
    "GPTConfig": "config",
    "InputError": "errors",
    "Example": "examples",
    "untrained_model": "initialization",
    "GPTModel": "model",
    "generate_text_simple": "model",
    "Report": "results",
    "score": "scoring",
    "load_gpt2": "weights",
    "trained_small_model": "weights",
    "compare_examples": "sweeps",
    "sweep_seeds": "sweeps",
    "train": "training",
    "TrainConfig": "training_config",
}
__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gptcore' has no attribute {name!r}")
    return getattr(import_module(f"gptcore.{_HOME[name]}"), name)
