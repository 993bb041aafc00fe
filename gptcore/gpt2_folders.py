"""GPT-2's published weights on this machine: where they are, and whether they are what they should be. No torch here.

The layout is the one that Hugging Face publishes: a folder with `config.json` and `model.safetensors`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from gptcore.config import SIZES, GPTConfig
from gptcore.errors import InputError
from gptcore.weight_files import FLOAT_BYTES, Header, read_header, read_json

CONFIG, WEIGHTS = "config.json", "model.safetensors"
MODELS_VARIABLE = "GPT_EXPLORER_MODELS"
"""Names the environment variable that holds a folder of model folders, or one model's own."""
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


@dataclass(frozen=True)
class GPT2Folder:
    """A folder that says it holds a GPT-2: its shape, or what is wrong with it."""

    name: str
    path: Path
    config: GPTConfig | None
    error: InputError | None = None


def find_gpt2(environment: Mapping[str, str] = os.environ) -> dict[str, GPT2Folder]:
    """GPT-2 models in the local Hugging Face cache and in the folder GPT_EXPLORER_MODELS, by name.

    In the cache the name is the repository's ("openai-community/gpt2"); elsewhere the folder's, within that folder.
    Only what calls itself a GPT-2 is listed; what is wrong with one is in its `error`.
    """
    found: dict[str, GPT2Folder] = {}
    for name, path in (*_in_cache(cache_folder(environment)), *_in_models_folder(environment.get(MODELS_VARIABLE))):
        try:
            marks = tuple((path / file).stat() for file in (CONFIG, WEIGHTS))
        except OSError:  # a download that was not finished, or another kind of model
            continue
        folder = _inspect(name, path, tuple((mark.st_mtime_ns, mark.st_size) for mark in marks))
        if folder is not None:
            found[name] = folder
    return dict(sorted(found.items(), key=lambda item: (item[1].config.parameters if item[1].config else 0, item[0])))


def check_gpt2(folder: Path, vocab_size: int = VOCAB_SIZE) -> tuple[GPTConfig, dict[str, str]]:
    """The shape of the model in a folder, and each of its tensors' name in the file, by its plain name.

    Nothing but the file's first kilobytes is read. Raises InputError for a folder that holds anything else than
    a whole GPT-2 with this vocabulary, naming what is missing, unexpected or of another shape.
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
    """The shape that a `config.json` names. Raises InputError where it is not one of a GPT-2 that runs here."""
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


def model_folder(path: Path) -> Path:
    """The folder that holds the files: itself, or within an entry of the Hugging Face cache its newest revision."""
    return next(_revisions(path), path) if (path / "snapshots").is_dir() else path


def published_name(path: Path) -> str:
    """What a model folder is called: in the Hugging Face cache by its repository, elsewhere by itself."""
    for part in (path, *path.parents[:2]):
        if part.name.startswith("models--"):
            return part.name.removeprefix("models--").replace("--", "/")
    return path.name


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where Hugging Face keeps models, by the variables that its own library reads."""
    given = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE")
    if given:
        return Path(given).expanduser()
    home = environment.get("HF_HOME")
    if home:
        return Path(home).expanduser() / "hub"
    return Path(environment.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def _in_cache(cache: Path) -> Iterator[tuple[str, Path]]:
    for entry in _folders(cache):
        if entry.name.startswith("models--"):
            for revision in islice(_revisions(entry), 1):
                yield published_name(entry), revision


def _revisions(entry: Path) -> Iterator[Path]:
    """A cached repository's revisions that have weights: the one that `main` names, then the newest."""
    try:
        main = (entry / "refs" / "main").read_text("ascii").strip()
    except (OSError, ValueError):
        main = ""
    snapshots = sorted(_folders(entry / "snapshots"), key=lambda path: (path.name == main, path.stat().st_mtime))
    yield from (path for path in reversed(snapshots) if (path / WEIGHTS).is_file())


def _in_models_folder(given: str | None) -> Iterator[tuple[str, Path]]:
    if not given:
        return
    whole = Path(given).expanduser()
    if (whole / CONFIG).is_file():
        yield whole.name, whole
    for folder in _folders(whole):
        if (folder / CONFIG).is_file():
            yield folder.name, folder
        elif folder.name.startswith("models--"):
            yield from ((published_name(folder), path) for path in islice(_revisions(folder), 1))
        else:
            yield from ((f"{folder.name}/{inner.name}", inner) for inner in _folders(folder))


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(each for each in path.iterdir() if each.is_dir())
    except OSError:
        return []


@lru_cache(maxsize=256)
def _inspect(name: str, path: Path, marks: tuple[tuple[int, int], ...]) -> GPT2Folder | None:
    """A folder as found, judged once as long as its files stay the same (`marks`); None for another architecture."""
    try:
        config, _ = check_gpt2(path)
    except InputError as error:
        if error.code in ("weights_other_architecture", "weights_bad_json"):
            return None
        return GPT2Folder(name, path, None, error)
    return GPT2Folder(name, path, config)


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
