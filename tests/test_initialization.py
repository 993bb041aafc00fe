"""Seeded weights: what PyTorch's defaults draw, to the bit, without the generator that everybody shares."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
import torch
from torch import Tensor

from gptcore import GPT_CONFIG_124M, GPTConfig, GPTModel, InputError, untrained_model
from gptcore.config import MAX_SEED, SIZES, ModelOrigin
from gptcore.initialization import check_seed, empty_model, initialize, seeded_generator
from tests import ROOT

SMALL = GPTConfig(vocab_size=61, context_length=9, emb_dim=12, n_heads=3, n_layers=2)


def by_defaults(config: GPTConfig, seed: int) -> GPTModel:
    """The model as a notebook makes it: seed the process-wide generator, then build."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return GPTModel(config).eval()


def same_weights(one: GPTModel, other: GPTModel) -> bool:
    weights, others = one.state_dict(), other.state_dict()
    return list(weights) == list(others) and all(torch.equal(weights[name], others[name]) for name in weights)


@pytest.mark.parametrize("seed", [0, 1, 123, 2**31, MAX_SEED])
@pytest.mark.parametrize("qkv_bias", [False, True])
@pytest.mark.parametrize("tie_output_head", [False, True])
def test_weights_are_those_of_the_defaults(seed: int, qkv_bias: bool, tie_output_head: bool) -> None:
    config = replace(SMALL, qkv_bias=qkv_bias, tie_output_head=tie_output_head)
    model = untrained_model(config, seed)
    assert same_weights(model, by_defaults(config, seed))
    assert all(weight.isfinite().all() for weight in model.parameters())  # none was left undrawn
    assert not model.training


def test_the_book_model_s_weights_are_those_of_the_defaults(book_model: GPTModel) -> None:
    assert same_weights(book_model, by_defaults(GPT_CONFIG_124M, 123))


@pytest.mark.parametrize(
    "config",
    [
        GPT_CONFIG_124M.with_(emb_dim=240, n_layers=1),  # whose head a second thread draws
        GPT_CONFIG_124M.with_(emb_dim=240, n_layers=1, qkv_bias=True, tie_output_head=True),
        GPT_CONFIG_124M.with_(emb_dim=252, n_layers=1),  # whose table is no whole number of sixteens
    ],
    ids=["two threads", "tied", "not by sixteens"],
)
def test_large_tables_are_those_of_the_defaults(config: GPTConfig) -> None:
    assert same_weights(untrained_model(config, 7), by_defaults(config, 7))


def test_another_seed_gives_other_weights() -> None:
    assert not same_weights(untrained_model(SMALL, 1), untrained_model(SMALL, 2))


def test_a_longer_position_table_changes_what_is_drawn_after_it() -> None:
    short, long = (untrained_model(replace(SMALL, context_length=length), 123) for length in (9, 10))
    assert torch.equal(short.tok_emb.weight, long.tok_emb.weight)
    assert not torch.equal(short.out_head.weight, long.out_head.weight)


def test_the_process_wide_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    empty_model(SMALL)
    initialize(untrained_model(SMALL, 123), 124)
    assert torch.equal(torch.get_rng_state(), before)


def test_seeding_anew_gives_the_same_weights_in_the_same_memory() -> None:
    model = untrained_model(SMALL, 1)
    addresses = [weight.data_ptr() for weight in model.parameters()]
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(float("nan"))  # a trained model's LayerNorm and biases go back, too
    assert initialize(model, 2) is model
    assert [weight.data_ptr() for weight in model.parameters()] == addresses
    assert same_weights(model, untrained_model(SMALL, 2))


def test_a_tied_model_seeded_anew_stays_tied() -> None:
    config = replace(SMALL, tie_output_head=True)
    model = initialize(untrained_model(config, 1), 2)
    assert model.out_head.weight is model.tok_emb.weight
    assert same_weights(model, untrained_model(config, 2))


def test_eight_threads_draw_what_each_would_alone() -> None:
    alone = {seed: untrained_model(SIZES["toy"], seed) for seed in range(8)}
    ready = Barrier(8)

    def build(seed: int) -> list[GPTModel]:
        ready.wait()
        return [untrained_model(SIZES["toy"], seed) for _ in range(20)]

    with ThreadPoolExecutor(8) as threads:
        for seed, models in enumerate(threads.map(build, range(8))):
            assert all(same_weights(model, alone[seed]) for model in models)


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 2**63, 2**64, 10**99, 1.0, "123", None, True])
def test_what_is_no_seed_is_refused(seed: Any) -> None:
    for refuses in (check_seed, seeded_generator, lambda seed: untrained_model(SMALL, seed)):
        with pytest.raises(InputError, match="a seed is a whole number from 0 to 4,294,967,295, not") as caught:
            refuses(seed)
        assert caught.value.code == "bad_seed"
        assert caught.value.details == {"seed": seed, "limit": MAX_SEED}


@pytest.mark.parametrize("seed", [0, 123, MAX_SEED])
def test_a_larger_seed_would_repeat_a_smaller_one_s_numbers(seed: int) -> None:
    """Why the limit is where it is: the generator keeps the lowest 32 bits."""

    def drawn(seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.cat([torch.randn(50, generator=generator), torch.rand(50, generator=generator)])

    assert torch.equal(drawn(seed), drawn(seed + 2**32))


def test_origin_says_what_to_draw_again() -> None:
    assert untrained_model(SIZES["toy"], 5).origin == ModelOrigin("untrained", "toy", 5)
    assert untrained_model(replace(SIZES["toy"], context_length=3), 5).origin.name == "toy"
    assert untrained_model(SMALL, 5).origin.name == "custom"
    assert initialize(untrained_model(SMALL, 5), 6).origin.seed == 6


def test_a_model_is_made_and_run_without_pytorchs_symbolic_shapes() -> None:
    """With sympy they take half a second of the first visitor's wait, and 40 MB of every process."""
    script = (
        "import sys; from gptcore import Example, GPTConfig, score, untrained_model\n"
        "model = untrained_model(GPTConfig(vocab_size=50257, context_length=9, emb_dim=12, n_heads=3, n_layers=2), 1)\n"
        "score(model, [Example('every effort moves', ' effort moves you')]); sys.exit('sympy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
