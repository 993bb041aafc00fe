"""GPT-2's published weights on this machine: where they are, and whether they are what they should be. No torch here.

The layout is the one that Hugging Face publishes: a folder with `config.json` and `model.safetensors`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gptcore.config import SIZES, GPTConfig
from gptcore.errors import InputError
from gptcore.weights.safetensors_header import FLOAT_BYTES, Header, read_header, read_json

CONFIG, WEIGHTS = "config.json", "model.safetensors"
VOCAB_SIZE = SIZES["124M"].vocab_size

_LARGEST = {"n_layer": 200, "n_embd": 20_000, "n_head": 1_000, "n_positions": 100_000}
_SETTINGS: dict[str, tuple[Any, ...]] = {  # what the model here computes; GPT-2's own defaults come first
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "layer_norm_epsilon": (1e-5,),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
}
_BUFFERS = (".attn.bias", ".attn.masked_bias")  # the causal mask, which older files carry along
_NAMED = 5


def check_gpt2(folder: Path, vocab_size: int = VOCAB_SIZE) -> tuple[GPTConfig, dict[str, str]]:
    """The shape of the model in a folder, and each of its tensors' name in the file, by its plain name.

    Nothing but the file's first kilobytes is read.

    Raises:
        InputError: For a folder that holds anything else than a whole GPT-2 with this vocabulary, naming what is
            missing, unexpected or of another shape.
    """
    config = read_config(folder / CONFIG, vocab_size)
    header = _weights_header(folder)
    stored = {name.removeprefix("transformer."): name for name in header.tensors}
    names = {plain: name for plain, name in stored.items() if not plain.endswith(_BUFFERS)}
    wanted = gpt2_tensors(config)
    missing = [name for name in wanted if name not in names]
    if missing:
        raise _naming("weights_missing_tensors", "is missing", missing)
    tied_too = {"lm_head.weight"} if config.tie_output_head else set()
    unexpected = [name for name in names if name not in wanted and name not in tied_too]
    if unexpected:
        raise _naming("weights_unexpected_tensors", "does not belong to a GPT-2", unexpected)
    for name, shape in wanted.items():
        _check_tensor(name, header, names[name], shape)
    return config, names


def read_config(path: Path, vocab_size: int = VOCAB_SIZE) -> GPTConfig:
    """The shape that a `config.json` names.

    Raises:
        InputError: Where it is not one of a GPT-2 that runs here.
    """
    given = read_json(path)
    architecture = given.get("model_type")
    if architecture != "gpt2":
        raise InputError(
            "weights_other_architecture",
            f"{path.name} says {architecture!r}: this is another architecture than gpt2",
            found=str(architecture)[:40],
        )
    if given.get("vocab_size", VOCAB_SIZE) != vocab_size:
        raise InputError(
            "weights_other_vocabulary",
            f"its vocabulary has {given['vocab_size']} tokens; the tokenizer here has {vocab_size:,}",
            found=str(given["vocab_size"])[:40],
            wanted=vocab_size,
        )
    for setting, known in _SETTINGS.items():
        if given.get(setting, known[0]) not in known:
            raise _setting(setting, given[setting], str(known[0]))
    sizes = {"n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024} | {
        name: given[name] for name in _LARGEST if name in given
    }
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= _LARGEST[name]:
            raise _setting(name, size, f"1 … {_LARGEST[name]}")
    if given.get("n_inner") not in (None, 4 * sizes["n_embd"]):
        raise _setting("n_inner", given["n_inner"], str(4 * sizes["n_embd"]))
    if sizes["n_embd"] % sizes["n_head"]:
        raise _setting("n_head", sizes["n_head"], f"{sizes['n_embd']} / n")
    return GPTConfig(
        vocab_size=vocab_size,
        context_length=sizes["n_positions"],
        emb_dim=sizes["n_embd"],
        n_heads=sizes["n_head"],
        n_layers=sizes["n_layer"],
        qkv_bias=True,
        tie_output_head=given.get("tie_word_embeddings", True) is not False,
    )


def gpt2_tensors(config: GPTConfig) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a GPT-2's tensors as published: its linear layers are stored input × output."""
    C = config.emb_dim
    shapes: dict[str, tuple[int, ...]] = {
        "wte.weight": (config.vocab_size, C),
        "wpe.weight": (config.context_length, C),
        "ln_f.weight": (C,),
        "ln_f.bias": (C,),
    }
    layers = {"attn.c_attn": (C, 3 * C), "attn.c_proj": (C, C), "mlp.c_fc": (C, 4 * C), "mlp.c_proj": (4 * C, C)}
    for n in range(config.n_layers):
        for norm in ("ln_1", "ln_2"):
            shapes |= {f"h.{n}.{norm}.weight": (C,), f"h.{n}.{norm}.bias": (C,)}
        for layer, shape in layers.items():
            shapes |= {f"h.{n}.{layer}.weight": shape, f"h.{n}.{layer}.bias": shape[1:]}
    if not config.tie_output_head:
        shapes["lm_head.weight"] = (config.vocab_size, C)
    return shapes


def _weights_header(folder: Path) -> Header:
    """The header of the folder's weights; a folder that has only a pickle hears so."""
    if not (folder / WEIGHTS).is_file() and (folder / "pytorch_model.bin").is_file():
        raise InputError(
            "weights_pickle",
            "pytorch_model.bin is a pickle, which can run any code: only model.safetensors is read",
            file="pytorch_model.bin",
        )
    return read_header(folder / WEIGHTS)


def _check_tensor(name: str, header: Header, stored_name: str, shape: tuple[int, ...]) -> None:
    stored = header.tensors[stored_name]
    if stored.shape != shape:
        found, wanted = (" × ".join(map(str, each)) for each in (stored.shape, shape))
        raise InputError(
            "weights_wrong_shape", f"{name} is {found}, not {wanted}", name=name, found=found, wanted=wanted
        )
    if stored.dtype not in FLOAT_BYTES:
        raise InputError("weights_wrong_numbers", f"{name} holds {stored.dtype} numbers", name=name, found=stored.dtype)


def _naming(code: str, what: str, names: list[str]) -> InputError:
    shown = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
    return InputError(code, f"{shown} {what} ({len(names)} in all)", names=shown, count=len(names))


def _setting(setting: str, found: object, wanted: str) -> InputError:
    return InputError(
        "weights_other_setting",
        f"{setting} is {found!r}; what runs here has {wanted}",
        setting=setting,
        found=str(found)[:40],
        wanted=wanted,
    )
