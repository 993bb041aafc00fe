"""Weight files as they lie on disk: what one says of itself, and what is wrong with it. No torch here."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from gptcore.config import GPTConfig
from gptcore.errors import InputError

TRAINED_SMALL = Path(__file__).parents[1] / "data" / "small" / "model.safetensors"
"""The small trained model that ships; its card, README.md, lies beside it."""

FLOAT_BYTES = {"F32": 4, "F16": 2, "BF16": 2}
"""The kinds of numbers that are read as weights, with their length in the file."""

_LONGEST_HEADER = 10 * 2**20
_LONGEST_JSON = 2**20


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


def read_header(path: Path) -> Header:
    """What a safetensors file holds, by its first kilobytes; the file is known to be whole.

    Raises:
        InputError: "weights_missing", "weights_pickle" (one under another name), "weights_pointer" (Git LFS's
            stand-in for a file that was not fetched), "weights_not_safetensors", "weights_truncated".
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            start = file.read(64)
            _refuse_others(path.name, start)
            length = struct.unpack("<Q", start[:8])[0] if len(start) >= 8 else size
            if length > _LONGEST_HEADER:
                raise _not_safetensors(path.name)
            if 8 + length > size:
                raise _truncated(path.name, size, 8 + length)
            file.seek(8)
            return _parse(path.name, file.read(length), size - 8 - length)
    except FileNotFoundError:
        raise InputError("weights_missing", f"there is no file {path.name}", file=path.name) from None
    except OSError as error:
        raise _not_safetensors(path.name) from error


def checkpoint_config(path: Path) -> GPTConfig:
    """The shape of the model in one of this project's own checkpoints.

    Raises:
        InputError: As `read_header` does, and "weights_not_safetensors" where the file does not say it.
    """
    try:
        return GPTConfig(**json.loads(read_header(path).metadata["config"]))
    except InputError:
        raise
    except (KeyError, TypeError, ValueError):
        raise _not_safetensors(path.name) from None


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file that holds names with values.

    Raises:
        InputError: "weights_missing" or "weights_bad_json".
    """
    try:
        with path.open("rb") as file:
            parsed = json.loads(file.read(_LONGEST_JSON))
    except FileNotFoundError:
        raise InputError("weights_missing", f"there is no file {path.name}", file=path.name) from None
    except (OSError, ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise InputError("weights_bad_json", f"{path.name} cannot be read as JSON", file=path.name)
    return parsed


def _refuse_others(name: str, start: bytes) -> None:
    if start.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")):
        raise InputError(
            "weights_pickle", f"{name} is a pickle, which can run any code: only safetensors is read", file=name
        )
    if start.startswith(b"version https://git-lfs"):
        raise InputError("weights_pointer", f"{name} only points to the real file, which Git LFS fetches", file=name)


def _parse(name: str, words: bytes, data_bytes: int) -> Header:
    """The header's words, against the bytes that follow it."""
    try:
        table = json.loads(words)
        metadata = table.pop("__metadata__", {})
        tensors, end = {}, 0
        for key, entry in table.items():
            stored = StoredTensor(str(entry["dtype"]), tuple(map(int, entry["shape"])))
            first, last = map(int, entry["data_offsets"])
            if not 0 <= first <= last or min(stored.shape, default=1) < 0:
                raise ValueError(key)
            if stored.dtype in FLOAT_BYTES and last - first != FLOAT_BYTES[stored.dtype] * prod(stored.shape):
                raise ValueError(key)
            tensors[key], end = stored, max(end, last)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise _not_safetensors(name) from None
    if end > data_bytes:
        raise _truncated(name, 8 + len(words) + data_bytes, 8 + len(words) + end)
    return Header(tensors, metadata if isinstance(metadata, dict) else {})


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
