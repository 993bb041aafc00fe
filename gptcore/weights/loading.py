"""Any model on this machine, loaded: whatever `describe_model` says can be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from torch import Tensor, nn

from gptcore.config import GPTConfig, ModelOrigin
from gptcore.errors import InputError
from gptcore.initialization import shape_of_model
from gptcore.model import GPTModel
from gptcore.weights.checkpoints import load_checkpoint
from gptcore.weights.description import tokenizer_of
from gptcore.weights.layouts import BOOK, GPT2
from gptcore.weights.model_paths import model_folder, published_name
from gptcore.weights.stored_model import StoredModel, inspect_model

if TYPE_CHECKING:
    from gptcore.language_model import LanguageModel

TensorReader = Callable[[str], Tensor]


def load_model(path: Path | str, *, n_heads: int | None = None) -> LanguageModel:
    """Load a model, whatever it is, in evaluation mode, float32, with its own tokenizer.

    Weights that are float32 in a safetensors file or in a `torch.save` archive stay there: pages are read when they
    are first used. So let the file be as long as the model is used; replace it rather than write into it.

    Args:
        path: A weight file, a model's folder, or an entry of the Hugging Face cache's: this project's own checkpoint;
            GPT-2's layout (one file, shards, or `pytorch_model.bin`); the book's `state_dict`; nanoGPT's `ckpt.pt`;
            any causal language model of the transformers library where that is installed.
        n_heads: How many attention heads, where neither the weights nor a file beside them say so.

    Returns:
        The model; `score`, `generate` and everything else takes it.

    Raises:
        InputError: By name, for whatever is no whole model that runs here.

    >>> from gptcore.weights.safetensors_header import TRAINED_SMALL
    >>> model = load_model(TRAINED_SMALL)
    >>> model.origin.kind, model.tokenizer.name
    ('trained_small', 'gpt2')
    """
    path = model_folder(Path(path).expanduser())
    stored = inspect_model(path, n_heads)
    _, tokenizer = tokenizer_of(stored)
    if stored.kind == "transformers":
        from gptcore.weights.transformers import load_transformers

        return load_transformers(stored, tokenizer)
    if stored.kind == "gptcore":
        model = load_checkpoint(stored.files[0])
    else:
        with reading(stored) as read:
            model = assemble(stored, read)
        model.origin = ModelOrigin("gpt2" if stored.kind == "gpt2" else "found", published_name(path))
    model.own_tokenizer = tokenizer
    return model


def assemble(stored: StoredModel, read: TensorReader) -> GPTModel:
    """A model of this project out of another's tensors; what is float32 is taken as it is.

    Args:
        stored: What was found.
        read: The tensor of a plain name.
    """
    layout, config = stored.layout, stored.config
    assert layout is not None
    has_head = layout.head in stored.names
    if has_head:
        tied = torch.equal(read(layout.head), read(layout.token_table))
        if layout is GPT2 and config.tie_output_head and not tied and "model_type" in stored.settings:
            raise InputError(
                "weights_unexpected_tensors",
                "lm_head.weight differs from wte.weight, though the configuration ties them",
                names="lm_head.weight",
                count=1,
            )
        config = replace(config, tie_output_head=tied and (layout is not GPT2 or config.tie_output_head))
    model = shape_of_model(config)
    parameters = _book_parameters(config, stored, read) if layout is BOOK else _gpt2_parameters(config, stored, read)
    for name, tensor in parameters:
        parent, _, own = name.rpartition(".")
        setattr(model.get_submodule(parent), own, nn.Parameter(tensor))
    if has_head:
        model.out_head.weight = nn.Parameter(read(layout.head))
    model.tie_output_head()
    return model.eval()


def _book_parameters(config: GPTConfig, stored: StoredModel, read: TensorReader) -> Iterator[tuple[str, Tensor]]:
    """The book's names are this project's."""
    return ((name, read(name)) for name in stored.names if name != BOOK.head)


def _gpt2_parameters(config: GPTConfig, stored: StoredModel, read: TensorReader) -> Iterator[tuple[str, Tensor]]:
    """GPT-2's and nanoGPT's tensors: query, key and value apart, linear layers output × input, no bias as zeros."""
    transposed = stored.layout is GPT2

    def weight(name: str) -> Tensor:
        return read(f"{name}.weight").T if transposed else read(f"{name}.weight")  # (out, in)

    def bias(name: str, size: int) -> Tensor:
        return read(f"{name}.bias") if f"{name}.bias" in stored.names else torch.zeros(size)

    C = config.emb_dim
    yield "tok_emb.weight", read("wte.weight")
    yield "pos_emb.weight", read("wpe.weight")
    for n in range(config.n_layers):
        ours, theirs = f"trf_blocks.{n}", f"h.{n}"
        queries_keys_values = "att.W_query", "att.W_key", "att.W_value"
        for name, part in zip(queries_keys_values, weight(f"{theirs}.attn.c_attn").chunk(3), strict=True):
            yield f"{ours}.{name}.weight", part
        if config.qkv_bias:
            for name, part in zip(queries_keys_values, bias(f"{theirs}.attn.c_attn", 3 * C).chunk(3), strict=True):
                yield f"{ours}.{name}.bias", part
        for name, source, size in (
            ("att.out_proj", "attn.c_proj", C),
            ("ff.layers.0", "mlp.c_fc", 4 * C),
            ("ff.layers.2", "mlp.c_proj", C),
        ):
            yield f"{ours}.{name}.weight", weight(f"{theirs}.{source}")
            yield f"{ours}.{name}.bias", bias(f"{theirs}.{source}", size)
        for name, source in (("norm1", "ln_1"), ("norm2", "ln_2")):
            yield f"{ours}.{name}.scale", read(f"{theirs}.{source}.weight")
            yield f"{ours}.{name}.shift", bias(f"{theirs}.{source}", C)
    yield "final_norm.scale", read("ln_f.weight")
    yield "final_norm.shift", bias("ln_f", C)


@contextmanager
def reading(stored: StoredModel) -> Iterator[TensorReader]:
    """A reader of tensors by plain name, in float32; each file is opened once."""
    with ExitStack() as opened:
        readers: dict[Path, TensorReader] = {}
        for file in stored.files:
            if file in stored.pickled:
                readers[file] = stored.pickled[file].__getitem__
            else:
                readers[file] = opened.enter_context(safe_open(file, framework="pt")).get_tensor

        def read(name: str) -> Tensor:
            file, stored_name = stored.names[name]
            return readers[file](stored_name).float()  # itself where it is float32

        yield read
