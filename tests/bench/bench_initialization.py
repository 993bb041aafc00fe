"""An untrained model from its seed: drawn anew in place, against building it as a notebook does."""

import torch

from gptcore import GPT_CONFIG_124M, GPTModel, untrained_model
from gptcore.initialization import initialize
from tests.bench import Result, ratio


def run() -> list[Result]:
    """Return how long another seed's weights take in place, and in memory of their own, beside the plain way."""
    model = untrained_model(GPT_CONFIG_124M, 123)

    def in_place() -> None:
        initialize(model, 123)

    def anew() -> None:
        untrained_model(GPT_CONFIG_124M, 123)

    def plain() -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(123)
            GPTModel(GPT_CONFIG_124M)

    return [
        ratio(in_place, plain, rounds=7).result("124M from seed, in place", bound=0.75),
        ratio(anew, plain, rounds=7).result("124M from seed, in new memory"),
    ]
