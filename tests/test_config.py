"""Sizes of a GPT: what is refused, and that they count what the model holds."""

import subprocess
import sys
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
import torch

from gptcore import GPT_CONFIG_124M, GPTConfig, GPTModel
from gptcore.config import SIZES

SOUND = GPTConfig(vocab_size=7, context_length=4, emb_dim=6, n_heads=2, n_layers=1)


@pytest.mark.parametrize("name", ["vocab_size", "context_length", "emb_dim", "n_heads", "n_layers"])
@pytest.mark.parametrize("size", [0, -1, 1.0, True, "6", None])
def test_a_size_that_is_no_positive_whole_number_is_refused_by_name(name: str, size: Any) -> None:
    with pytest.raises(ValueError, match=rf"{name} must be a whole number of at least 1, not {size!r}"):
        SOUND.with_(**{name: size})


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="emb_dim 6 cannot be shared evenly by n_heads 4"):
        SOUND.with_(n_heads=4)


@pytest.mark.parametrize("drop_rate", [-0.1, 1.0, float("nan"), float("inf")])
def test_a_drop_rate_that_keeps_nothing_or_is_no_share_is_refused(drop_rate: float) -> None:
    with pytest.raises(ValueError, match="drop_rate must be at least 0 and below 1"):
        SOUND.with_(drop_rate=drop_rate)


def test_a_configuration_cannot_be_changed_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        SOUND.n_layers = 2  # type: ignore[misc]


def test_the_book_s_configuration() -> None:
    assert GPT_CONFIG_124M.to_dict() == {
        "vocab_size": 50257,
        "context_length": 256,
        "emb_dim": 768,
        "n_heads": 12,
        "n_layers": 12,
        "drop_rate": 0.0,
        "qkv_bias": False,
        "tie_output_head": False,
    }


def test_gpt2_s_published_sizes() -> None:
    """As published: 124, 355, 774 and 1,558 million, with a tied head, biases and a context of 1,024."""
    published = {"124M": 124_439_808, "medium": 354_823_168, "large": 774_030_080, "xl": 1_557_611_200}
    for name, parameters in published.items():
        config = SIZES[name].with_(context_length=1024, qkv_bias=True, tie_output_head=True)
        assert config.parameters == parameters, name


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("qkv_bias", [False, True])
@pytest.mark.parametrize("tie_output_head", [False, True])
def test_parameters_are_those_of_the_model(name: str, qkv_bias: bool, tie_output_head: bool) -> None:
    config = SIZES[name].with_(qkv_bias=qkv_bias, tie_output_head=tie_output_head)
    with torch.device("meta"):  # shapes without memory
        model = GPTModel(config)
    held = list(model.parameters())  # a tied head is counted once
    assert config.parameters == sum(weight.numel() for weight in held)
    assert config.weight_bytes == sum(weight.numel() * 4 for weight in held)


def test_what_a_page_shows_before_the_model_needs_no_torch() -> None:
    program = "import sys, gptcore, gptcore.examples, gptcore.results; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
