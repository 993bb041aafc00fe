"""Loading GPT-2's 124M weights: as long as `transformers` takes at most, in little more than their size."""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

from gptcore.weights.gpt2 import load_gpt2
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
        time = ratio(lambda: load_gpt2(folder), lambda: GPT2LMHeadModel.from_pretrained(folder), rounds=9)
        command = [sys.executable, "-c", MEASURE_MEMORY, str(folder)]
        memory = float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    return [
        time.result("load GPT-2 124M, against transformers", bound=1.0),
        Result("memory of GPT-2 124M, loaded and used", memory, "× its weights", 1.2, "memory of the process alone"),
    ]
