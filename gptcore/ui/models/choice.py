"""Which model a visitor chose: a small value that is kept in place of the model, and the key to what was computed."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from gptcore.config import GPTConfig
from gptcore.errors import InputError
from gptcore.tokenizers.base import Tokenizer
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.tokenizers.model_rows import fit_tokenizer
from gptcore.ui.models.kinds import KINDS, ModelKind
from gptcore.weights.architecture import TransformersConfig

DEFAULT_SEED = 123
CHOICE_KEY = "_model_choice"
"""Where the session keeps what the sidebar says."""


@dataclass(frozen=True)
class ModelChoice:
    """A model by what decides its weights; the key under which it is kept.

    Attributes:
        kind: One of KINDS: of an "untrained" one size, context_length and seed decide the weights; of others the name.
        marks: Changes whenever the model's files do, or the visitor's own model of that name is another one, so that
            nothing computed with the old ones is shown.
        path: Where a stored model lies.
        n_heads: Its number of attention heads, where a visitor had to say it.
    """

    kind: str = "untrained"
    size: str = "124M"
    context_length: int = 256
    seed: int = DEFAULT_SEED
    name: str = ""
    marks: str = ""
    path: str = ""
    n_heads: int | None = None

    @property
    def of_kind(self) -> ModelKind:
        """What models of its kind have in common."""
        return KINDS[self.kind]

    @property
    def config(self) -> GPTConfig:
        """The model's shape, known before it is loaded.

        Raises:
            InputError: "model_gone" for one that is not here.
        """
        return self.of_kind.config(self)

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's own vocabulary, known before it is loaded.

        Raises:
            InputError: "model_gone" for one that is not here.
        """
        return self.of_kind.tokenizer(self)

    @property
    def vocab_size(self) -> int:
        """V, the number of rows of its output head."""
        return self.config.vocab_size

    @property
    def has_untrained_twin(self) -> bool:
        """Whether a seed draws an untrained model of the same architecture that reads the same tokens."""
        shipped = fit_tokenizer(None, self.vocab_size)
        return not isinstance(self.config, TransformersConfig) and self.tokenizer.name == shipped.name

    @property
    def id(self) -> str:
        """The model in one word, as in a URL: "trained_small", "gpt2/openai-community/gpt2", and so on."""
        return f"{self.kind}/{self.name}" if self.name else self.kind


def current_tokenizer() -> Tokenizer:
    """The chosen model's vocabulary, also in callbacks, which run before the sidebar; GPT-2's before there is any."""
    choice: ModelChoice | None = st.session_state.get(CHOICE_KEY)
    try:
        return choice.tokenizer if choice is not None else gpt2_tokenizer()
    except InputError:  # the model is gone: the page says so
        return gpt2_tokenizer()
