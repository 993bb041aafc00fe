"""Weights that several processes map from one file: the same bits as drawn ones, and nobody's writes reach the file."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from gptcore import Example, GPTModel, score, untrained_model
from gptcore.config import SIZES, GPTConfig
from gptcore.initialization import initialize
from gptcore.weights.mapped import mapped_untrained_model
from tests import ROOT

TIED = SIZES["toy"].with_(tie_output_head=True)


def same_weights(one: GPTModel, other: GPTModel) -> bool:
    theirs = dict(other.named_parameters())
    return {name: tensor.shape for name, tensor in one.named_parameters()} == {
        name: tensor.shape for name, tensor in theirs.items()
    } and all(torch.equal(tensor, theirs[name]) for name, tensor in one.named_parameters())


@pytest.mark.parametrize("config", [SIZES["toy"], SIZES["mini"], TIED])
@pytest.mark.parametrize("seed", [0, 123])
def test_the_mapped_model_is_the_drawn_one(config: GPTConfig, seed: int, tmp_path: Path) -> None:
    drawn = untrained_model(config, seed)
    written = mapped_untrained_model(config, seed, tmp_path)
    mapped = mapped_untrained_model(config, seed, tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    for model in (written, mapped):
        assert same_weights(model, drawn)
        assert (model.config, model.origin, model.training) == (drawn.config, drawn.origin, False)
        assert (model.out_head.weight is model.tok_emb.weight) == config.tie_output_head


def test_other_seeds_and_shapes_have_files_of_their_own(tmp_path: Path) -> None:
    models = [
        mapped_untrained_model(config, seed, tmp_path)
        for config, seed in ((SIZES["toy"], 1), (SIZES["toy"], 2), (TIED, 1))
    ]
    assert len(list(tmp_path.glob("*.safetensors"))) == 3
    assert not torch.equal(models[0].tok_emb.weight, models[1].tok_emb.weight)


def test_drawing_over_a_mapped_model_leaves_the_file_alone(tmp_path: Path) -> None:
    first = mapped_untrained_model(SIZES["mini"], 123, tmp_path)
    initialize(first, 7)
    assert same_weights(first, untrained_model(SIZES["mini"], 7))
    assert same_weights(mapped_untrained_model(SIZES["mini"], 123, tmp_path), untrained_model(SIZES["mini"], 123))


def test_it_scores_as_the_drawn_one(tmp_path: Path) -> None:
    examples = [Example("every effort moves", " effort moves you")]
    mapped_untrained_model(SIZES["mini"], 123, tmp_path)
    mapped = score(mapped_untrained_model(SIZES["mini"], 123, tmp_path), examples)
    assert mapped.perplexity == score(untrained_model(SIZES["mini"], 123), examples).perplexity


_HOLD = """
import sys
from pathlib import Path
from gptcore.config import SIZES
from gptcore.weights.mapped import mapped_untrained_model
model = mapped_untrained_model(SIZES["124M"].with_(n_layers=2, context_length=256), 123, Path(sys.argv[1]))
print(sum(float(tensor.sum()) for tensor in model.parameters()), flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux says how memory is shared")
def test_a_second_process_costs_no_second_copy(tmp_path: Path) -> None:
    config = SIZES["124M"].with_(n_layers=2, context_length=256)
    mapped_untrained_model(config, 123, tmp_path)
    held = [
        subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(tmp_path)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        sums = [process.stdout.readline() for process in held if process.stdout is not None]
        assert sums[0] == sums[1]
        for process in held:
            own = psutil.Process(process.pid).memory_full_info().uss  # what would be freed if it ended
            shared = psutil.Process(process.pid).memory_info().rss - own
            assert shared > 0.9 * config.weight_bytes
    finally:
        for process in held:
            process.communicate("\n", timeout=60)
