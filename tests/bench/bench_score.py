"""A score on a warm model, the book's two rows: against a notebook's way, and against reading the weights once."""

import torch

from gptcore import GPT_CONFIG_124M, score, untrained_model
from gptcore.examples import encode
from gptcore.presets import PRESETS
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from tests.bench import Result, ratio
from tests.support.plain import plain_model_sharing, plain_score


def run() -> list[Result]:
    """Return how long `score` takes beside the plain way, and beside summing every weight."""
    model = untrained_model(GPT_CONFIG_124M, 123)
    plain = plain_model_sharing(model)
    batch = encode(PRESETS["book"], gpt2_tokenizer())
    inputs, targets = torch.from_numpy(batch.inputs), torch.from_numpy(batch.targets)

    def ours() -> None:
        score(model, PRESETS["book"])

    def notebook() -> None:
        plain_score(plain, inputs, targets)

    def reading() -> None:
        with torch.inference_mode():
            for weight in model.parameters():
                weight.sum()

    against_reading = ratio(ours, reading, rounds=31)
    megabytes = model.config.weight_bytes / 1e6
    return [
        ratio(ours, notebook, rounds=31).result("score, book's two rows, 124M", bound=0.95),
        Result(
            f"score beside reading {megabytes:.0f} MB once",
            against_reading.value,
            "× the reading",
            note=f"{against_reading.fast_seconds:.3g} s against {against_reading.plain_seconds:.3g} s; "
            f"{torch.get_num_threads()} threads",
        ),
    ]
