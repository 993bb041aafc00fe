"""Safetensors files as they lie on disk: what one says of itself, and what is wrong with it. No torch here."""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from gptcore.config import GPTConfig
from gptcore.errors import InputError
from gptcore.regular_files import display_name, open_regular

TRAINED_SMALL = Path(__file__).parents[1] / "data" / "small" / "model.safetensors"
"""The small trained model that ships; its card, README.md, lies beside it."""

FLOAT_BYTES = {"F32": 4, "F16": 2, "BF16": 2}
"""The kinds of numbers that are read as weights, with their length in the file."""

MAX_HEADER_BYTES = 10 * 2**20
"""The longest header that is read; a model of 100,000 tensors stays below it."""
_MAX_DIMENSIONS = 8
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
_SNIFFED_BYTES = 64


@dataclass(frozen=True)
class StoredTensor:
    """A tensor as a file lists it: the kind of its numbers ("F32", …) and its shape."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Header:
    """What stands at the start of a safetensors file."""

    tensors: dict[str, StoredTensor]
    metadata: dict[str, str]


def is_pickle(path: Path) -> bool:
    """Whether a file starts as a pickle does, or as the zip archive that `torch.save` writes.

    Raises:
        InputError: As `open_regular`, and "weights_pointer" for Git LFS's stand-in of a file that was not fetched.
    """
    with open_regular(path) as file:
        start = file.read(_SNIFFED_BYTES)
    _refuse_pointer(path, start)
    return start.startswith(_PICKLES)


def read_header(path: Path) -> Header:
    """What a safetensors file holds, by its header; the file is known to be whole.

    The safetensors library reads it: it checks that every shape fits its bytes, and that the bytes are there.

    Raises:
        InputError: "weights_pickle" (one under another name), "weights_pointer", "weights_not_safetensors",
            "weights_truncated", or as `open_regular`.
    """
    name = display_name(path)
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(_SNIFFED_BYTES)
        _refuse_pointer(path, start)
        if start.startswith(_PICKLES):
            raise InputError(
                "weights_pickle", f"{name} is a pickle, which can run any code: only safetensors is read", file=name
            )
        length = struct.unpack("<Q", start[:8])[0] if len(start) >= 8 else size
        if length > MAX_HEADER_BYTES:
            raise _not_safetensors(name)
        if 8 + length > size:
            raise _truncated(name, size, 8 + length)
        file.seek(8)
        words = file.read(length)
    try:
        with safe_open(path, framework="np") as opened:
            tensors = {}
            for key in opened.keys():
                stored = opened.get_slice(key)
                tensors[key] = StoredTensor(str(stored.get_dtype()), tuple(stored.get_shape()))
                if len(tensors[key].shape) > _MAX_DIMENSIONS:
                    raise _not_safetensors(name)
            return Header(tensors, opened.metadata() or {})
    except SafetensorError as error:
        end = _data_end(words)
        if end is not None and 8 + length + end > size:
            raise _truncated(name, size, 8 + length + end) from None
        raise _not_safetensors(name) from error
    except OSError as error:
        raise _not_safetensors(name) from error


def checkpoint_config(path: Path) -> GPTConfig:
    """The shape of the model in one of this project's own checkpoints.

    Raises:
        InputError: As `read_header`, and "weights_not_safetensors" where the file does not say it.
    """
    return config_in(read_header(path).metadata, path)


def config_in(metadata: dict[str, Any], path: Path) -> GPTConfig:
    """The shape that the metadata of one of this project's own checkpoints names, within what a model can be."""
    try:
        config = GPTConfig(**json.loads(metadata["config"]))
    except (KeyError, OverflowError, RecursionError, TypeError, ValueError):
        raise _not_safetensors(display_name(path)) from None
    return config


def _refuse_pointer(path: Path, start: bytes) -> None:
    if start.startswith(b"version https://git-lfs"):
        name = display_name(path)
        raise InputError("weights_pointer", f"{name} only points to the real file, which Git LFS fetches", file=name)


def _data_end(words: bytes) -> int | None:
    """Where the last tensor of a header ends, in bytes after it; None for what is no header."""
    try:
        table = json.loads(words)
        return max(int(entry["data_offsets"][1]) for key, entry in table.items() if key != "__metadata__")
    except (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        return None


def _not_safetensors(name: str) -> InputError:
    return InputError("weights_not_safetensors", f"{name} is no safetensors file", file=name)


def _truncated(name: str, found: int, wanted: int) -> InputError:
    return InputError(
        "weights_truncated",
        f"{name} is cut short: {found:,} bytes of {wanted:,}",
        file=name,
        found=found,
        wanted=wanted,
    )
