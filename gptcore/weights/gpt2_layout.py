"""GPT-2's published weights on this machine: where they are, and whether they are what they should be. No torch here.

The layout is the one that Hugging Face publishes: a folder with `config.json` and `model.safetensors`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gptcore.config import SIZES, GPTConfig
from gptcore.errors import InputError
from gptcore.regular_files import read_json
from gptcore.weights.layouts import GPT2, check_tensors, other_setting, plain_names, prefix_error
from gptcore.weights.safetensors_header import Header, read_header

CONFIG, WEIGHTS = "config.json", "model.safetensors"
VOCAB_SIZE = SIZES["124M"].vocab_size

_DEFAULTS = {"vocab_size": VOCAB_SIZE, "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024}
_LARGEST = {"vocab_size": 10_000_000, "n_layer": 200, "n_embd": 20_000, "n_head": 1_000, "n_positions": 100_000}
_SETTINGS: dict[str, tuple[Any, ...]] = {  # what the model here computes; GPT-2's own defaults come first
    "activation_function": ("gelu_new", "gelu_pytorch_tanh", "gelu"),
    "layer_norm_epsilon": (1e-5,),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
}


def check_gpt2(folder: Path, vocab_size: int = VOCAB_SIZE) -> tuple[GPTConfig, dict[str, str]]:
    """The shape of the model in a folder, and each of its tensors' name in the file, by its plain name.

    Nothing but the file's first kilobytes is read. Raises InputError for a folder that holds anything else than
    a whole GPT-2 with this vocabulary, naming what is missing, unexpected or of another shape.
    """
    config = read_config(folder / CONFIG, vocab_size)
    header = _weights_header(folder)
    names = plain_names(header.tensors)
    tensors = {plain: header.tensors[name] for plain, name in names.items()}
    if prefixed := next((n for n in tensors if n.endswith(f".{GPT2.token_table}")), None):
        raise prefix_error(prefixed.removesuffix(GPT2.token_table), len(tensors))
    check_tensors(GPT2, config, tensors)
    return config, names


def read_config(path: Path, vocab_size: int | None = VOCAB_SIZE) -> GPTConfig:
    """The shape that a `config.json` names.

    Args:
        path: Of the file.
        vocab_size: How many rows the model must have; None for as many as it says.

    Raises:
        InputError: Where it is not the shape of a GPT-2 that runs here, naming the setting.
    """
    given = read_json(path)
    architecture = given.get("model_type")
    if architecture != "gpt2":
        raise InputError(
            "weights_other_architecture",
            f"{path.name} says {architecture!r}: this is another architecture than gpt2",
            found=str(architecture)[:40],
        )
    rows = given.get("vocab_size", VOCAB_SIZE)
    if vocab_size is not None and rows != vocab_size:
        raise InputError(
            "weights_other_vocabulary",
            f"its vocabulary has {rows} tokens; the tokenizer here has {vocab_size:,}",
            found=str(rows)[:40],
            wanted=vocab_size,
        )
    for setting, known in _SETTINGS.items():
        if given.get(setting, known[0]) not in known:
            raise other_setting(setting, given[setting], str(known[0]))
    sizes = _DEFAULTS | {name: given[name] for name in _LARGEST if name in given}
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= _LARGEST[name]:
            raise other_setting(name, size, f"1–{_LARGEST[name]}")
    if given.get("n_inner") not in (None, 4 * sizes["n_embd"]):
        raise other_setting("n_inner", given["n_inner"], str(4 * sizes["n_embd"]))
    if sizes["n_embd"] % sizes["n_head"]:
        raise other_setting("n_head", sizes["n_head"], f"{sizes['n_embd']} / n")
    return GPTConfig(
        vocab_size=sizes["vocab_size"],
        context_length=sizes["n_positions"],
        emb_dim=sizes["n_embd"],
        n_heads=sizes["n_head"],
        n_layers=sizes["n_layer"],
        qkv_bias=True,
        tie_output_head=given.get("tie_word_embeddings", True) is not False,
        exact_gelu=given.get("activation_function") == "gelu",
    )


def _weights_header(folder: Path) -> Header:
    """The header of the folder's weights; a folder that has only a pickle hears so."""
    if not (folder / WEIGHTS).is_file() and (folder / "pytorch_model.bin").is_file():
        raise InputError(
            "weights_pickle",
            "pytorch_model.bin is a pickle, which can run any code: only model.safetensors is read",
            file="pytorch_model.bin",
        )
    return read_header(folder / WEIGHTS)
