"""Comparing seeds: against the plain way, against drawing alone, and the memory that it adds."""

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

from gptcore.config import GPT_CONFIG_124M
from gptcore.initialization import seeded_generator
from gptcore.model import GPTModel
from gptcore.presets import PRESETS
from gptcore.scoring import score
from gptcore.sweeps.cache import SweepCache
from gptcore.sweeps.runner import sweep_seeds
from gptcore.sweeps.workers import core_count, use_one_torch_thread
from tests.bench import Result, memory_added, ratio, seconds

SEEDS = range(4)
ROUNDS = 3
PREPARE = """
from gptcore.config import GPT_CONFIG_124M, SIZES
from gptcore.presets import PRESETS
from gptcore.initialization import untrained_model
from gptcore.scoring import score
from gptcore.sweeps.cache import SweepCache
from gptcore.sweeps import sweep_seeds

score(untrained_model(SIZES["mini"], 0), PRESETS["book"])
"""
SWEEP = "list(sweep_seeds(GPT_CONFIG_124M, PRESETS['book'], range({count}), finished=SweepCache()))"


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
        *(
            Result(
                f"memory added by {count} seeds", memory_added(PREPARE, SWEEP.format(count=count))[0] / 1e6, "MB", 150
            )
            for count in (4, 12)
        ),
    ]


def _draw_all() -> None:
    """Draw as many random numbers as the seeds' models have weights, a seed a thread, in the cache."""

    def draw(seed: int) -> None:
        generator, rows = seeded_generator(seed), torch.empty(128, 768)
        for _ in range(GPT_CONFIG_124M.parameters // rows.numel()):
            nn.init.uniform_(rows, generator=generator)

    with ThreadPoolExecutor(core_count(), initializer=use_one_torch_thread) as pool:
        list(pool.map(draw, SEEDS))
