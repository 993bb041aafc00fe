"""The target's probability after every layer: its last row is the report, its first what the embedding alone says."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gptcore import SIZES, Example, layer_report, load_model, score, trained_small_model, untrained_model
from tests.support import model_factories as factories

EXAMPLES = [Example("every effort moves you", alignment="shifted"), Example("I like", " the sea", "continuation")]


def assert_last_row_is_the_report(model: object, examples: list[Example], temperature: float = 1.0) -> None:
    report = score(model, examples, temperature=temperature)  # type: ignore[arg-type]
    layers = layer_report(model, examples, temperature=temperature)  # type: ignore[arg-type]
    np.testing.assert_array_equal(layers.log_probability[-1], report.log_probability)  # to the last bit
    np.testing.assert_array_equal(layers.target_probability[-1], report.target_probability)
    np.testing.assert_array_equal(layers.rank[-1], report.rank)
    assert layers.predicted_piece[-1] == report.predicted_piece
    assert layers.target_piece == report.target_piece
    assert layers.layers == report.provenance.config.n_layers + 1
    assert len(layers.to_frame()) == layers.layers * report.positions


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_the_last_layer_is_the_report_to_the_last_bit(temperature: float) -> None:
    assert_last_row_is_the_report(trained_small_model(), EXAMPLES, temperature)


def test_of_more_than_64_positions_too_and_of_one_block_of_them() -> None:
    model = trained_small_model()
    long = [Example("The sea was calm and the men were silent. " * 12, alignment="shifted"), EXAMPLES[1]]
    assert_last_row_is_the_report(model, long)
    report, layers = score(model, long), layer_report(model, long, around=70)
    assert (layers.first, len(layers.target_piece)) == (64, report.positions - 64)
    np.testing.assert_array_equal(layers.log_probability[-1], report.log_probability[64:])


@pytest.mark.parametrize("architecture", factories.ARCHITECTURES)
def test_of_other_architectures_too(tmp_path: Path, architecture: str) -> None:
    oracle = factories.causal_folder(tmp_path, architecture, factories.byte_pair_vocabulary())
    model = load_model(tmp_path)
    assert_last_row_is_the_report(model, EXAMPLES)
    if architecture == "opt":  # its embedding adds positions, so the line below is not its first layer
        return
    with torch.inference_mode():  # the embedding alone, through the final norm and the head, by transformers' own parts
        ids = torch.tensor([[5, 6, 7]])
        body = oracle.base_model
        norm = getattr(body, "norm", None) or body.final_layer_norm
        first = oracle.get_output_embeddings()(norm(oracle.get_input_embeddings()(ids))).log_softmax(-1)
    layers = layer_report(model, [Example.from_ids([5, 6, 7, 8], alignment="shifted")])
    expected = [float(first[0, t, t + 6]) for t in range(3)]
    np.testing.assert_allclose(layers.log_probability[0], expected, atol=1e-5)


def test_gpt2s_layers_are_those_of_transformers(tmp_path: Path) -> None:
    oracle = factories.gpt2_folder(tmp_path)
    example = [Example.from_ids([40, 1107, 588, 11311], alignment="shifted")]
    layers = layer_report(load_model(tmp_path), example)
    with torch.inference_mode():
        states = oracle(torch.tensor([[40, 1107, 588]]), output_hidden_states=True).hidden_states
        for n, state in enumerate(states):
            normed = state if n == len(states) - 1 else oracle.transformer.ln_f(state)  # the last one is normed already
            table = oracle.lm_head(normed).log_softmax(-1)[0]
            expected = [float(table[t, i]) for t, i in enumerate([1107, 588, 11311])]
            np.testing.assert_allclose(layers.log_probability[n], expected, atol=1e-4)


def test_an_untrained_model_says_so() -> None:
    assert layer_report(untrained_model(SIZES["toy"], 1), [Example("every effort", "effort moves")]).untrained
    assert not layer_report(trained_small_model(), EXAMPLES).untrained
