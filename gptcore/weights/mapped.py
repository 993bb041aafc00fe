"""Random weights in a file that several processes map into memory: they share its pages, not a copy each."""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path

import torch
from safetensors.torch import load_file

from gptcore.config import GPTConfig
from gptcore.initialization import shape_of_model, untrained_model, untrained_origin
from gptcore.model import GPTModel
from gptcore.weights.checkpoints import write_whole


def mapped_untrained_model(config: GPTConfig, seed: int, folder: Path) -> GPTModel:
    """The model that `untrained_model(config, seed)` draws, its weights mapped from a file in `folder`.

    Whoever comes first draws them and writes the file; other processes wait for that and map it. What one process
    writes into its weights stays its own: the mapping is private.

    Args:
        config: The model's shape.
        seed: Of its weights.
        folder: Where the files are kept, on a disk of this machine.

    Returns:
        The model, in evaluation mode.
    """
    import fcntl  # not on Windows, where nobody serves with several processes

    path = folder / f"untrained-{seed}-{_fingerprint(config)}.safetensors"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.is_file():
                drawn = untrained_model(config, seed)
                tensors = {name: tensor.detach() for name, tensor in drawn.named_parameters()}
                write_whole(tensors, path, {"seed": str(seed)})
                del drawn, tensors  # before its own copy is mapped
    model = shape_of_model(config)
    model.load_state_dict(load_file(path), strict=False, assign=True)  # a tied head is in the file once
    model.tie_output_head()
    model.origin = untrained_origin(config, seed)
    return model.eval()


def _fingerprint(config: GPTConfig) -> str:
    """A short name for everything besides the seed that decides the bits of the weights."""
    decides = [config.to_dict(), torch.__version__, platform.machine()]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]
