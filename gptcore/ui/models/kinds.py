"""The kinds of models, an object each: all that differs between them stands here.

torch is imported inside functions: a page shows its tokens before it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakValueDictionary

import streamlit as st

from gptcore.config import SIZES, GPTConfig
from gptcore.tokenizers.base import Tokenizer
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.tokenizers.model_rows import fit_tokenizer
from gptcore.ui.memory import give_memory_back
from gptcore.ui.models.found import found_models, model_gone
from gptcore.weights.description import ModelDescription, describe_model
from gptcore.weights.safetensors_header import TRAINED_SMALL, checkpoint_config

if TYPE_CHECKING:
    from gptcore.language_model import LanguageModel
    from gptcore.model import GPTModel
    from gptcore.ui.models.choice import ModelChoice


@dataclass(frozen=True)
class ModelKind:
    """A kind of model; each function takes a choice of that kind.

    Attributes:
        label: The key of its name in the file of words `models`.
        config: Its shape, known without loading it.
        tokenizer: Its vocabulary, known without loading it.
        load: The model.
        code: The imports, and the expression of Python that makes it.
        shared: Whether it is kept among everyone's; one visitor's own may change under the same name.
        seeded: Whether size and seed decide its weights, so that its memory can be drawn over for another seed.
    """

    label: str
    config: Callable[[ModelChoice], GPTConfig]
    tokenizer: Callable[[ModelChoice], Tokenizer]
    load: Callable[[ModelChoice], LanguageModel]
    code: Callable[[ModelChoice], tuple[str, str]]
    shared: bool = True
    seeded: bool = False


def _free(models: dict[str, GPTModel]) -> None:
    models.clear()
    give_memory_back()


@st.cache_resource(scope="session", on_release=_free, show_spinner=False)
def own_models() -> dict[str, GPTModel]:
    """Models that this visitor made, by name; freed when they leave."""
    return {}


_BY_MARKS: WeakValueDictionary[str, GPTModel] = WeakValueDictionary()
_MARKS: WeakKeyDictionary[GPTModel, str] = WeakKeyDictionary()


def own_marks(name: str) -> str:
    """What tells one of this visitor's own models from every other, also of the same name; "" for none."""
    model = own_models().get(name)
    if model is None:
        return ""
    marks = _MARKS.setdefault(model, secrets.token_hex(8))
    _BY_MARKS[marks] = model
    return marks


def own_model(choice: ModelChoice) -> GPTModel:
    """One of a visitor's own models: by its marks, since a job's thread is no visitor's.

    Raises:
        InputError: "model_gone" where it was freed.
    """
    model = _BY_MARKS.get(choice.marks) if choice.marks else own_models().get(choice.name)
    if model is None:
        raise model_gone(choice.name)
    return model


def _untrained_config(choice: ModelChoice) -> GPTConfig:
    return SIZES[choice.size].with_(context_length=choice.context_length)


def _untrained(choice: ModelChoice) -> GPTModel:
    from gptcore.initialization import untrained_model

    return untrained_model(choice.config, choice.seed)


def size_code(choice: ModelChoice) -> str:
    """The expression of Python that makes an untrained model's configuration out of SIZES."""
    config = f'SIZES["{choice.size}"]'
    if choice.context_length != SIZES[choice.size].context_length:
        config += f".with_(context_length={choice.context_length})"
    return config


def _untrained_code(choice: ModelChoice) -> tuple[str, str]:
    imports = "from gptcore import untrained_model\nfrom gptcore import SIZES"
    return imports, f"untrained_model({size_code(choice)}, seed={choice.seed})"


@cache
def _trained_small_config() -> GPTConfig:
    return checkpoint_config(TRAINED_SMALL)


def _trained_small() -> GPTModel:
    from gptcore.weights.checkpoints import trained_small_model

    return trained_small_model()


def _description(choice: ModelChoice) -> ModelDescription:
    """What a stored model is; where it lies was settled when it was chosen, since a job's thread is no visitor's.

    Raises:
        InputError: "model_gone" for one that is not here, or why it cannot be used.
    """
    found = describe_model(choice.path, n_heads=choice.n_heads) if choice.path else found_models().get(choice.name)
    if found is None:
        raise model_gone(choice.name)
    if found.error is not None:
        raise found.error
    return found


def _stored_config(choice: ModelChoice) -> GPTConfig:
    config = _description(choice).config
    assert config is not None  # a usable one
    return config


def _stored_tokenizer(choice: ModelChoice) -> Tokenizer:
    tokenizer = _description(choice).tokenizer
    assert tokenizer is not None  # a usable one
    return tokenizer


def _load_stored(choice: ModelChoice) -> LanguageModel:
    from gptcore.weights.loading import load_model

    found = _description(choice)
    if choice.marks and found.marks != choice.marks:
        raise model_gone(choice.name)  # other weights under the same name: the next rerun chooses them
    return load_model(found.path, n_heads=choice.n_heads)


def _stored_code(choice: ModelChoice) -> tuple[str, str]:
    if choice.kind == "opened":
        heads = f", n_heads={choice.n_heads}" if choice.n_heads else ""
        return "from gptcore import load_model", f"load_model({choice.path!r}{heads})"
    found = found_models().get(choice.name)
    if choice.kind == "gpt2" and (found is None or found.vocabulary == "gpt2"):
        return "from gptcore import find_gpt2, load_gpt2", f"load_gpt2(find_gpt2()[{choice.name!r}].path)"
    return "from gptcore import find_models, load_model", f"load_model(find_models()[{choice.name!r}].path)"


def _own_code(_: ModelChoice) -> tuple[str, str]:
    return (
        "from gptcore import load_checkpoint  # the model as it was saved on the Train page",
        'load_checkpoint("model.safetensors")',
    )


def _stored(label: str) -> ModelKind:
    return ModelKind(label, _stored_config, _stored_tokenizer, _load_stored, _stored_code)


KINDS: dict[str, ModelKind] = {
    "untrained": ModelKind(
        "kinds.untrained",
        _untrained_config,
        lambda choice: fit_tokenizer(None, choice.vocab_size),
        _untrained,
        _untrained_code,
        seeded=True,
    ),
    "trained_small": ModelKind(
        "kinds.trained_small",
        lambda _: _trained_small_config(),
        lambda _: gpt2_tokenizer(),
        lambda _: _trained_small(),
        lambda _: ("from gptcore import trained_small_model", "trained_small_model()"),
    ),
    "gpt2": _stored("kinds.gpt2"),
    "found": _stored("kinds.found"),
    "opened": _stored("kinds.opened"),
    "trained_here": ModelKind(
        "kinds.trained_here",
        lambda choice: own_model(choice).config,
        lambda choice: own_model(choice).tokenizer,
        own_model,
        _own_code,
        shared=False,
    ),
}
"""Every kind by the word that stands for it in an address."""
