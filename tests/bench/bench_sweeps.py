"""Comparing seeds: against the plain way, against drawing alone, and the memory that it adds."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

from gptcore.config import GPT_CONFIG_124M
from gptcore.examples import PRESETS
from gptcore.initialization import seeded_generator
from gptcore.model import GPTModel
from gptcore.scoring import score
from gptcore.sweep_cache import SweepCache
from gptcore.sweeps import core_count, sweep_seeds, use_one_torch_thread
from tests.bench import Result, ratio, seconds

SEEDS = range(4)
ROUNDS = 3
PEAK = """
import sys, threading
import psutil
from gptcore.config import GPT_CONFIG_124M
from gptcore.examples import PRESETS
from gptcore.scoring import score
from gptcore.sweeps import sweep_seeds
from gptcore.sweep_cache import SweepCache
from gptcore.config import SIZES
from gptcore.initialization import untrained_model

score(untrained_model(SIZES["mini"], 0), PRESETS["book"])  # what any scoring loads
process, peak, done = psutil.Process(), [0], threading.Event()
before = process.memory_info().rss
def watch():
    while not done.wait(0.005):
        peak[0] = max(peak[0], process.memory_info().rss)
threading.Thread(target=watch, daemon=True).start()
for record in sweep_seeds(GPT_CONFIG_124M, PRESETS["book"], range(int(sys.argv[1])), finished=SweepCache()):
    pass
done.set()
sys.stdout.write(str((peak[0] - before) / 1e6))
"""


def run() -> list[Result]:
    """Return seconds a seed beside the plain way and the bound that drawing sets, and the memory added."""
    model = GPTModel.__new__(GPTModel)

    def swept() -> None:
        list(sweep_seeds(GPT_CONFIG_124M, PRESETS["book"], SEEDS, finished=SweepCache()))

    def plain() -> None:
        nonlocal model
        for seed in SEEDS:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                model = GPTModel(GPT_CONFIG_124M).eval()
            score(model, PRESETS["book"])

    compared = ratio(swept, plain, rounds=ROUNDS)
    drawing = min(seconds(_draw_all) for _ in range(ROUNDS))
    swept_each = compared.fast_seconds / len(SEEDS)
    return [
        Result("a seed, swept", swept_each, "s", note=f"median of {ROUNDS} × {len(SEEDS)} on {core_count()} cores"),
        Result("a seed, the plain way", compared.plain_seconds / len(SEEDS), "s", note="construct, score, the next"),
        compared.result("sweep against plain", bound=1 / 2.5),
        Result(
            "sweep against drawing alone",
            swept_each * len(SEEDS) / drawing,
            "× the least possible",
            note=f"drawing all weights' numbers on all cores takes {drawing / len(SEEDS):.3g} s a seed",
        ),
        *(Result(f"memory added by {count} seeds", _added(count), "MB", bound=150) for count in (4, 12)),
    ]


def _draw_all() -> None:
    """Draw as many random numbers as the seeds' models have weights, a seed a thread, in the cache."""

    def draw(seed: int) -> None:
        generator, rows = seeded_generator(seed), torch.empty(128, 768)
        for _ in range(GPT_CONFIG_124M.parameters // rows.numel()):
            nn.init.uniform_(rows, generator=generator)

    with ThreadPoolExecutor(core_count(), initializer=use_one_torch_thread) as pool:
        list(pool.map(draw, SEEDS))


def _added(count: int) -> float:
    """Return what a fresh process's memory rises by, in MB, while it sweeps."""
    answer = subprocess.run([sys.executable, "-c", PEAK, str(count)], capture_output=True, text=True, check=True)
    return float(answer.stdout)
