"""The shape of a causal language model of the transformers library, from its `config.json`. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from gptcore.config import GPTConfig
from gptcore.errors import InputError

_DEFAULT_CONTEXT = 2_048
_MAX_CONTEXT = 1_000_000
_NAMES = {
    "vocab_size": ("vocab_size",),
    "context_length": ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx"),
    "emb_dim": ("hidden_size", "n_embd", "d_model", "dim"),
    "n_heads": ("num_attention_heads", "n_head", "n_heads"),
    "n_layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
}


@dataclass(frozen=True)
class TransformersConfig(GPTConfig):
    """The shape of a model that the transformers library runs.

    Attributes:
        architecture: As `config.json` calls it: "llama", "qwen2", …
        stored_parameters: How many weights it has.
    """

    architecture: str = ""
    stored_parameters: int = 0

    def __post_init__(self) -> None:
        for name in _NAMES:
            size = getattr(self, name)
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, not {size!r}")

    @property
    def parameters(self) -> int:
        """How many numbers the model holds."""
        return self.stored_parameters


def transformers_config(settings: Mapping[str, Any], file_bytes: int) -> TransformersConfig:
    """The shape that a `config.json` names.

    Args:
        settings: The file's content.
        file_bytes: Size of the weight files, for an estimate of the number of weights.

    Raises:
        InputError: "weights_needs_transformers" where that library is not installed; "weights_not_causal" for a model
            that reads and writes two texts; "weights_own_code" for one that needs Python code of its own;
            "weights_other_setting" for a size that is missing or cannot be.
    """
    architecture = str(settings.get("model_type"))[:40]
    if find_spec("transformers") is None:
        raise InputError(
            "weights_needs_transformers",
            f"config.json says {architecture!r}, which needs the transformers library",
            found=architecture,
        )
    if settings.get("is_encoder_decoder") is True:
        raise InputError("weights_not_causal", f"{architecture} is no causal language model", found=architecture)
    text = settings.get("text_config")
    given = {**settings, **text} if isinstance(text, Mapping) else settings
    sizes: dict[str, Any] = {}
    for name, names in _NAMES.items():
        size = next((given[each] for each in names if given.get(each) is not None), None)
        if name == "context_length":
            size = min(size, _MAX_CONTEXT) if isinstance(size, int) else _DEFAULT_CONTEXT
        if size is None and name == "n_heads":
            size = 1  # a model without attention
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 10_000_000:
            from gptcore.weights.layouts import other_setting

            raise other_setting(names[0], size, "≥ 1")
        sizes[name] = size
    bytes_each = 2 if str(settings.get("dtype", settings.get("torch_dtype", ""))) in ("float16", "bfloat16") else 4
    return TransformersConfig(**sizes, architecture=architecture, stored_parameters=max(1, file_bytes // bytes_each))
