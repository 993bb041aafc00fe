"""Any causal language model of the transformers library, from a folder on this machine, never from the network."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from gptcore.config import ModelOrigin
from gptcore.errors import InputError
from gptcore.tokenizers.base import Tokenizer
from gptcore.weights.architecture import TransformersConfig
from gptcore.weights.model_paths import published_name
from gptcore.weights.stored_model import StoredModel

_FINAL_NORMS = ("norm", "ln_f", "final_layer_norm", "final_layernorm", "norm_f", "ln_out")
_LOADING = threading.Lock()
"""The library replaces functions of torch.nn.init, by equal ones, while it loads: one model at a time."""


class TransformersModel:
    """A model of the transformers library as `score` and `generate` want one.

    Attributes:
        config: Its shape, with the number of its weights.
        origin: Its name.
        tokenizer: Its own.
        training: Always False: it is in evaluation mode.
    """

    training = False

    def __init__(self, model: Any, config: TransformersConfig, origin: ModelOrigin, tokenizer: Tokenizer) -> None:
        self._model = model
        self.config = config
        self.origin = origin
        self.tokenizer = tokenizer
        self._body = model.base_model
        head = model.get_output_embeddings()
        self._head = head if head is not None and self._head_is_all(head) else None

    def hidden_states(self, in_idx: Tensor) -> Tensor:
        """Token ids (B, T) to hidden states (B, T, C); of a model that does more than one product after them, logits.

        Raises:
            InputError: "too_many_tokens" when T exceeds the context length.
        """
        T = in_idx.shape[-1]
        if self.config.context_length < T:
            raise InputError(
                "too_many_tokens",
                f"{T} tokens; the context holds {self.config.context_length}",
                tokens=T,
                limit=self.config.context_length,
            )
        if self._head is None:
            return self._logits(in_idx)
        return self._hidden(in_idx)

    def out_head(self, hidden: Tensor) -> Tensor:
        """Hidden states (n, C) to logits (n, V)."""
        return hidden if self._head is None else self._head(hidden)

    def layer_states(self, in_idx: Tensor) -> Iterator[Tensor]:
        """Token ids (B, T) to hidden states (B, T, C) after the embedding and each block, normalized as the last is.

        Raises:
            InputError: "no_layers" for a model whose final norm cannot be found.
        """
        parts = self._body, getattr(self._body, "decoder", None)  # an OPT's norm is in its decoder
        norm = next((getattr(part, name) for part in parts for name in _FINAL_NORMS if hasattr(part, name)), None)
        if self._head is None or not isinstance(norm, nn.Module):
            raise InputError("no_layers", "the layers of this model cannot be read one by one", name=self.origin.name)
        states = self._body(in_idx, use_cache=False, output_hidden_states=True).hidden_states
        for state in states[:-1]:
            yield norm(state)
        yield self.hidden_states(in_idx)

    def _logits(self, in_idx: Tensor) -> Tensor:
        logits: Tensor = self._model(in_idx, use_cache=False).logits
        return logits

    def _hidden(self, in_idx: Tensor) -> Tensor:
        hidden: Tensor = self._body(in_idx, use_cache=False).last_hidden_state
        return hidden

    @torch.inference_mode()
    def _head_is_all(self, head: nn.Module) -> bool:
        """Whether the output head's product alone makes the logits: some models scale or bend them after it."""
        probe = torch.arange(min(3, self.config.context_length, self.config.vocab_size))[None]
        return torch.equal(head(self._hidden(probe)), self._logits(probe))


def load_transformers(stored: StoredModel, tokenizer: Tokenizer) -> TransformersModel:
    """Load a folder with the transformers library, in float32.

    Raises:
        InputError: "weights_own_code" for a model that is no part of the library; "weights_missing_tensors" and
            "weights_wrong_shape" for files that do not hold the whole model; "weights_not_causal" for a model that
            reads what follows; "weights_not_loaded" for whatever else the library cannot do.
    """
    import transformers

    try:
        with _LOADING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model, loading = transformers.AutoModelForCausalLM.from_pretrained(
                stored.path,
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                weights_only=True,
                output_loading_info=True,
            )
    except MemoryError:
        raise
    except Exception as error:  # whatever a folder of a stranger's makes the library raise
        raise _not_loaded(stored, error) from error
    missing, wrong = sorted(map(str, loading["missing_keys"])), sorted(map(str, loading["mismatched_keys"]))
    if missing or wrong:
        names = (missing or wrong)[:5]
        raise InputError(
            "weights_missing_tensors",
            f"{', '.join(names)} is missing ({len(missing or wrong)} in all)",
            names=", ".join(names),
            count=len(missing or wrong),
        )
    model.eval().requires_grad_(False)
    given = stored.config
    assert isinstance(given, TransformersConfig)
    config = replace(
        given,
        vocab_size=model.get_output_embeddings().weight.shape[0] if model.get_output_embeddings() else given.vocab_size,
        stored_parameters=sum(parameter.numel() for parameter in model.parameters()),
    )
    found = TransformersModel(model, config, ModelOrigin("found", published_name(stored.path)), tokenizer)
    _check_causal(found)
    return found


@torch.inference_mode()
def _check_causal(model: TransformersModel) -> None:
    """Raise InputError("weights_not_causal") for a model whose answer at a token depends on what follows it."""
    V = model.config.vocab_size
    short = torch.tensor([[1 % V, 2 % V]])
    long = torch.tensor([[1 % V, 2 % V, 3 % V, 0]])
    if model.config.context_length < long.shape[1]:
        return
    alone, followed = model.hidden_states(short), model.hidden_states(long)[:, : short.shape[1]]
    if not torch.allclose(alone, followed, rtol=1e-3, atol=1e-4):
        name = model.config.architecture
        raise InputError("weights_not_causal", f"{name} is no causal language model", found=name)


def _not_loaded(stored: StoredModel, error: Exception) -> InputError:
    architecture = getattr(stored.config, "architecture", "")
    reason = str(error).strip().partition("\n")[0][:160] or type(error).__name__
    if "trust_remote_code" in str(error) or "does not recognize this architecture" in str(error):
        return InputError("weights_own_code", f"{architecture} is no part of transformers", found=architecture)
    if "Unrecognized configuration class" in str(error):
        return InputError("weights_not_causal", f"{architecture} is no causal language model", found=architecture)
    return InputError("weights_not_loaded", f"transformers cannot load {architecture}: {reason}", reason=reason)
