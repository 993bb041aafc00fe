"""Loading GPT-2's 124M weights: in half the time of `transformers`, in little more memory than their size."""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel

from gptcore import load_model
from tests import ROOT
from tests.bench import Result, ratio

MEASURE_MEMORY = """
import sys, psutil, torch
from gptcore.weights import load_gpt2
from gptcore.weights.safetensors_header import FLOAT_BYTES
process = psutil.Process()
with torch.inference_mode():
    torch.nn.Linear(768, 768)(torch.ones(8, 768))  # what the first product sets up is not the model's
    before = process.memory_full_info().uss
    model = load_gpt2(sys.argv[1])
    model(torch.arange(4)[None])  # every page of the file is read
    after = process.memory_full_info().uss
print((after - before) / model.config.weight_bytes)
"""


def run() -> list[Result]:
    """Measure on random weights in the published layout."""
    transformers.utils.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with torch.random.fork_rng(devices=[]):
            GPT2LMHeadModel(GPT2Config()).save_pretrained(folder)
            GPT2LMHeadModel(GPT2Config()).save_pretrained(folder / "shards", max_shard_size="100MB")
        (folder / "pickle").mkdir()
        torch.save(load_file(folder / "model.safetensors"), folder / "pickle" / "pytorch_model.bin")
        (folder / "pickle" / "config.json").write_bytes((folder / "config.json").read_bytes())
        time = ratio(lambda: load_model(folder), lambda: GPT2LMHeadModel.from_pretrained(folder), rounds=9)
        others = {
            kind: ratio(lambda place=folder / kind: load_model(place), lambda: load_model(folder), rounds=9)  # type: ignore[misc]
            for kind in ("shards", "pickle")
        }
        command = [sys.executable, "-c", MEASURE_MEMORY, str(folder)]
        memory = float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    return [
        time.result("load GPT-2 124M, against transformers", bound=0.5),
        *(other.result(f"load it as {kind}, against one file", bound=1.5) for kind, other in others.items()),
        Result("memory of GPT-2 124M, loaded and used", memory, "× its weights", 1.2, "memory of the process alone"),
    ]
