"""Weights in and out of safetensors: this project's own checkpoints, and GPT-2 as published. Never a pickle."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gptcore.config import GPTConfig, ModelOrigin
from gptcore.initialization import empty_model
from gptcore.model import GPTModel
from gptcore.tokenizers.from_folder import FolderTokenizer, checkpoint_tokenizer
from gptcore.tokenizers.model_rows import RowTokenizer, fit_tokenizer
from gptcore.weights.safetensors_header import TRAINED_SMALL as TRAINED_SMALL
from gptcore.weights.stored_model import CHECKPOINT_FORMAT

_ROWS, _ROW_OF = ".rows", ".row_of"


def trained_small_model() -> GPTModel:
    """The small GPT that this project trained and ships, in evaluation mode, float32.

    What it was trained on, and how well it does, is in its card, gptcore/data/small/README.md.

    >>> model = trained_small_model()
    >>> model.origin.kind, model.config.vocab_size, model.config.context_length
    ('trained_small', 50257, 256)
    """
    return load_checkpoint(TRAINED_SMALL)


def save_checkpoint(model: GPTModel, path: Path | str, *, dtype: torch.dtype = torch.float32) -> None:
    """Write a model with its configuration and origin; `load_checkpoint` reads it back.

    A tied output head is not written twice. Rows that repeat within the token embedding are written once.
    The file appears whole or not at all.

    Args:
        model: The model, in evaluation mode.
        path: Where the file is.
        dtype: Of the numbers in the file: float32 keeps them exactly; float16 and bfloat16 halve the file.
    """
    tensors: dict[str, Tensor] = {}
    for name, tensor in model.state_dict().items():
        if name == "out_head.weight" and model.config.tie_output_head:
            continue
        stored = tensor.detach().to("cpu", dtype).contiguous()
        if name == "tok_emb.weight":
            rows, row_of = torch.unique(stored.float(), dim=0, return_inverse=True)
            if len(rows) < len(stored):
                tensors[name + _ROWS], tensors[name + _ROW_OF] = rows.to(dtype), row_of.to(torch.int32)
                continue
        tensors[name] = stored
    metadata = {
        "format": CHECKPOINT_FORMAT,
        "config": json.dumps(model.config.to_dict()),
        "origin": json.dumps(asdict(model.origin)),
    }
    if (vocabulary := _own_vocabulary(model)) is not None:
        metadata["tokenizer"] = vocabulary.to_json()
        if vocabulary.prefix_ids:
            metadata["prefix_token"] = vocabulary.piece(vocabulary.prefix_ids[0])
    write_whole(tensors, Path(path), metadata)


def _own_vocabulary(model: GPTModel) -> FolderTokenizer | None:
    """The vocabulary that a model came with; None for GPT-2's, and where there is none."""
    tokenizer = model.own_tokenizer
    base = tokenizer.base if isinstance(tokenizer, RowTokenizer) else tokenizer
    return base if isinstance(base, FolderTokenizer) else None


def load_checkpoint(path: Path | str) -> GPTModel:
    """The model in a file that `save_checkpoint` wrote, in evaluation mode, float32.

    Raises:
        ValueError: Naming the file and the fault, for a file that is missing, cut short, of another kind, or whose
            tensors do not fit its configuration.
    """
    path = Path(path)
    tensors, metadata = read_safetensors(path)
    if metadata.get("format") != CHECKPOINT_FORMAT:
        raise ValueError(f"{path.name} is no checkpoint of this project: its format is {metadata.get('format')!r}")
    try:
        config = GPTConfig(**json.loads(metadata["config"]))
        origin = ModelOrigin(**json.loads(metadata["origin"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} does not say what model it holds: {error}") from error
    for name in [name for name in tensors if name.endswith(_ROWS)]:
        whole = name.removesuffix(_ROWS)
        row_of = tensors.pop(whole + _ROW_OF, None)
        rows = tensors.pop(name)
        if row_of is None or row_of.numel() == 0 or not 0 <= int(row_of.min()) <= int(row_of.max()) < len(rows):
            raise ValueError(f"{path.name}: {whole} does not say which of its rows belongs to which token")
        tensors[whole] = rows[row_of.long()]
    model = empty_model(config)
    fill(model, tensors, path.name)
    model.origin = replace(origin)
    if "tokenizer" in metadata:
        model.own_tokenizer = fit_tokenizer(checkpoint_tokenizer(metadata), config.vocab_size)
    return model


def fill(model: GPTModel, tensors: dict[str, Tensor], source: str) -> None:
    """Copy tensors into the model's parameters of the same names, in its own precision.

    Raises:
        ValueError: Naming `source` and the tensors, where one is missing, unexpected or of another shape.
    """
    wanted = dict(model.named_parameters())  # a tied head is named once
    missing, unexpected = sorted(wanted.keys() - tensors.keys()), sorted(tensors.keys() - wanted.keys())
    if missing or unexpected:
        raise ValueError(f"{source}: missing {_some(missing)}; unexpected {_some(unexpected)}")
    with torch.no_grad():
        for name, parameter in wanted.items():
            if tensors[name].shape != parameter.shape:
                found, expected = tuple(tensors[name].shape), tuple(parameter.shape)
                raise ValueError(f"{source}: {name} has the shape {found}, not {expected}")
            parameter.copy_(tensors[name])


def _some(names: list[str], limit: int = 5) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return (", ".join(names[:limit]) or "nothing") + more


def write_whole(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write a safetensors file so that a reader, or a power cut, finds the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    save_file(tensors, unfinished, metadata)
    unfinished.chmod(0o644)  # safetensors lets nobody else read what it writes
    unfinished.replace(path)


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """All tensors and the metadata of a file.

    Raises:
        ValueError: Where it is missing or no whole safetensors file.
    """
    if not path.is_file():
        raise ValueError(f"there is no file {path.name}")
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path.name} is cut short or no safetensors file: {error}") from error
