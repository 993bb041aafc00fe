"""A training step beside a plain loop's, and what one visitor's training costs another who scores."""

import gc
import statistics
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F

from gptcore import GPT_CONFIG_124M, GPTModel, TrainConfig, score, train, untrained_model
from gptcore.examples import TokenBatch, encode
from gptcore.presets import PRESETS
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.train.plan import Plan
from gptcore.ui.train.session import Training
from tests.bench import Result, memory_added, ratio, seconds

ROUNDS = 7
LONG = TrainConfig(1e-5, steps=500)
PREPARE = """
import itertools
from gptcore import GPT_CONFIG_124M, TrainConfig, train, untrained_model
from gptcore.config import SIZES
from gptcore.examples import encode
from gptcore.presets import PRESETS
from gptcore.tokenizers import gpt2_tokenizer

batch = encode(PRESETS["book"], gpt2_tokenizer())

def steps(size):
    run = train(untrained_model(size, 123), [batch], TrainConfig(1e-5, steps=500), watched=batch)
    list(itertools.islice(run, 3))
    run.close()

steps(SIZES["mini"])
"""


def run() -> list[Result]:
    """Return steps against a plain loop, memory, and a score's time while somebody trains."""
    torch.set_num_threads(torch.get_num_threads())
    batch = encode(PRESETS["book"], gpt2_tokenizer())
    return [*_steps(batch), *_memory(), _score_beside_training()]


def _steps(batch: TokenBatch) -> list[Result]:
    results = []
    for fused in (None, True):
        steps = train(untrained_model(GPT_CONFIG_124M, 123), [batch], LONG, watched=batch)
        plain = _plain_step(untrained_model(GPT_CONFIG_124M, 123), batch, fused)
        name = "step on 124M, all targets watched" + (", against fused AdamW" if fused else ", against AdamW")
        # 0.95 × the steps a second is 1 / 0.95 × the time
        results.append(ratio(partial(next, steps), plain, rounds=ROUNDS).result(name, bound=1 / 0.95))
        steps.close()  # type: ignore[attr-defined]
        gc.collect()
    return results


def _plain_step(model: GPTModel, batch: TokenBatch, fused: bool | None) -> Callable[[], float]:
    inputs, targets = torch.from_numpy(batch.inputs), torch.from_numpy(batch.targets).flatten()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=fused)

    def step() -> float:
        loss = F.cross_entropy(model(inputs).flatten(0, 1), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def _memory() -> list[Result]:
    peak, kept = memory_added(PREPARE, "steps(GPT_CONFIG_124M)")
    return [
        Result("memory while training 124M with AdamW", peak / 1e9, "GB", 3.2, "the most seen in three steps"),
        Result("memory kept after stopping", kept / 1e6, "MB", 100),
    ]


def _score_beside_training() -> Result:
    model = untrained_model(GPT_CONFIG_124M, 5)

    def scores() -> float:
        return statistics.median(seconds(lambda: score(model, PRESETS["book"])) for _ in range(2 * ROUNDS))

    score(model, PRESETS["book"])
    alone = scores()
    training = Training(Plan(ModelChoice(), LONG, PRESETS["book"]), "fit").start()
    training.play()
    while len(training.run.records) < 2:
        training._job.wait(0.2)
    beside = scores()
    training.end()
    note = f"{beside:.3g} s beside {alone:.3g} s alone; {len(training.run.records)} steps meanwhile"
    return Result("score on 124M while another visitor trains 124M", beside / alone, "× alone", 2.0, note)
