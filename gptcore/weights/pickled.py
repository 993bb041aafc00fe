"""Checkpoints that `torch.save` wrote, read as data only: `torch.load(weights_only=True)`, after a look at the file.

torch is imported inside functions: a page lists models before it.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptcore.errors import InputError
from gptcore.regular_files import display_name, open_regular
from gptcore.weights.safetensors_header import Header, StoredTensor

if TYPE_CHECKING:
    from torch import Tensor

_STATE_KEYS = ("model_state_dict", "state_dict", "model", "module")
_SETTINGS_KEYS = ("model_args", "config", "cfg", "model_config", "hyper_parameters", "args")
_KINDS = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}
_MAX_ENTRIES = 200_000
_MAX_PICKLE_BYTES = 64 * 2**20


def read_pickled(path: Path) -> tuple[Header, dict[str, Any], dict[str, Tensor]]:
    """What a checkpoint holds: its tensors as a file lists them, the settings beside them, and the tensors themselves.

    The tensors are mapped from the file where its format allows it, so that no weight is read before it is used.

    Raises:
        InputError: "weights_pickle_refused" for a file that holds more than data, "weights_not_checkpoint" for one
            without a model's weights, "weights_truncated_archive" for one that is cut short; or as `open_regular`.
    """
    tensors, settings = _load(path)
    limit = path.stat().st_size
    listed = {}
    for name, tensor in tensors.items():
        if tensor.numel() * tensor.element_size() > limit:  # a view that repeats a few numbers without end
            raise _not_checkpoint(path)
        kind = str(tensor.dtype).removeprefix("torch.")
        listed[name] = StoredTensor(_KINDS.get(kind, kind), tuple(tensor.shape))
    return Header(listed, {}), settings, tensors


def _load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    import torch

    mapped = _check_archive(path)
    try:
        # The only call of torch.load here: with weights_only=True it builds tensors and containers and runs nothing.
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except MemoryError:
        raise
    except Exception as error:  # whatever a file of a stranger's makes it raise
        if type(error).__name__ == "UnpicklingError":
            reason = _refused_name(str(error))
            raise InputError(
                "weights_pickle_refused",
                f"{display_name(path)} holds more than weights ({reason}), so it was not opened: save the state_dict",
                file=display_name(path),
                reason=reason,
            ) from None
        raise _cut_short(path) from error
    return _weights_and_settings(path, loaded)


def _check_archive(path: Path) -> bool:
    """Whether the file is the zip archive of today's `torch.save`; one that would grow when it is read is refused."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if file.read(4) != b"PK\x03\x04":
            return False
        try:
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
        except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
            raise _cut_short(path) from error
    stored = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
    pickled = max((entry.file_size for entry in entries if entry.filename.endswith("data.pkl")), default=0)
    if not stored or len(entries) > _MAX_ENTRIES or sum(entry.file_size for entry in entries) > size:
        raise _not_checkpoint(path)
    if not 0 < pickled <= _MAX_PICKLE_BYTES:
        raise _not_checkpoint(path)
    return True


def _weights_and_settings(path: Path, loaded: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The state_dict in what was loaded, by itself or beside an optimizer's, and the model's settings."""
    import torch

    if not isinstance(loaded, Mapping):
        raise _not_checkpoint(path)
    state: Any = loaded
    if not any(isinstance(value, torch.Tensor) and value.ndim == 2 for value in loaded.values()):
        state = next((loaded[key] for key in _STATE_KEYS if isinstance(loaded.get(key), Mapping)), loaded)
    tensors = {str(name): value for name, value in state.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise _not_checkpoint(path)
    settings: dict[str, Any] = {}
    for key in reversed(_SETTINGS_KEYS):
        if isinstance(loaded.get(key), Mapping):
            settings |= {str(name): value for name, value in loaded[key].items()}
    return tensors, settings


def _refused_name(message: str) -> str:
    """What a pickle wanted to run, out of torch's message."""
    words = message.partition("Unsupported global: GLOBAL ")[2] or message.partition("GLOBAL ")[2]
    return (words.split() or ["code"])[0][:80]


def _not_checkpoint(path: Path) -> InputError:
    name = display_name(path)
    return InputError("weights_not_checkpoint", f"{name} holds no model's weights by name", file=name)


def _cut_short(path: Path) -> InputError:
    name = display_name(path)
    return InputError("weights_truncated_archive", f"{name} is cut short or damaged", file=name)
