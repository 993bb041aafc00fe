"""This project's own checkpoints: out and in again, and what is wrong with a bad one."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gptcore.config import SIZES, ModelOrigin
from gptcore.initialization import untrained_model
from gptcore.weights.checkpoints import TRAINED_SMALL, load_checkpoint, save_checkpoint, trained_small_model

TOY = SIZES["toy"]


@pytest.mark.parametrize("changes", [{}, {"tie_output_head": True}, {"qkv_bias": True, "context_length": 5}])
def test_a_checkpoint_gives_back_the_model_exactly(changes: dict[str, int], tmp_path: Path) -> None:
    model = untrained_model(TOY.with_(**changes), seed=1)
    model.origin = ModelOrigin("trained_here", "mine", 1)
    save_checkpoint(model, tmp_path / "model.safetensors")
    loaded = load_checkpoint(tmp_path / "model.safetensors")
    assert (loaded.config, loaded.origin, loaded.training) == (model.config, model.origin, False)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(loaded.get_parameter(name), parameter, rtol=0, atol=0)
    assert (loaded.out_head.weight is loaded.tok_emb.weight) == loaded.config.tie_output_head


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_half_precision_file_is_loaded_as_float32_of_the_rounded_numbers(dtype: torch.dtype, tmp_path: Path) -> None:
    model = untrained_model(TOY, seed=1)
    save_checkpoint(model, tmp_path / "half.safetensors", dtype=dtype)
    loaded = load_checkpoint(tmp_path / "half.safetensors")
    for name, parameter in model.named_parameters():
        assert loaded.get_parameter(name).dtype == torch.float32
        torch.testing.assert_close(loaded.get_parameter(name), parameter.to(dtype).float(), rtol=0, atol=0)


def test_rows_that_repeat_are_stored_once(tmp_path: Path) -> None:
    model = untrained_model(TOY.with_(vocab_size=100, tie_output_head=True), seed=1)
    with torch.no_grad():
        model.tok_emb.weight[10:] = model.tok_emb.weight[3]
    save_checkpoint(model, tmp_path / "model.safetensors")
    stored = load_file(tmp_path / "model.safetensors")
    assert stored["tok_emb.weight.rows"].shape == (10, TOY.emb_dim)
    loaded = load_checkpoint(tmp_path / "model.safetensors")
    torch.testing.assert_close(loaded.tok_emb.weight, model.tok_emb.weight, rtol=0, atol=0)


def test_a_file_that_is_missing_or_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with pytest.raises(ValueError, match=r"there is no file model\.safetensors"):
        load_checkpoint(path)
    save_checkpoint(untrained_model(TOY, seed=1), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"model\.safetensors is cut short or no safetensors file"):
        load_checkpoint(path)
    torch.save({"tok_emb.weight": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match=r"cut short or no safetensors file"):
        load_checkpoint(path)


def test_a_file_of_another_kind_or_shape_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"x": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="its format is None"):
        load_checkpoint(path)
    config = json.dumps(TOY.to_dict())
    about = {"format": "gptcore-checkpoint-1", "config": config, "origin": "{}"}
    save_file({"x": torch.zeros(2)}, path, about)
    with pytest.raises(ValueError, match=r"missing final_norm\.scale, .* and \d+ more; unexpected x"):
        load_checkpoint(path)
    save_file({"x": torch.zeros(2)}, path, {**about, "config": '{"vocab_size": 0}'})
    with pytest.raises(ValueError, match="does not say what model it holds"):
        load_checkpoint(path)
    save_checkpoint(untrained_model(TOY, seed=1), path)
    save_file({**load_file(path), "pos_emb.weight": torch.zeros(3, 16)}, path, about)
    with pytest.raises(ValueError, match=r"pos_emb\.weight has the shape \(3, 16\), not \(16, 16\)"):
        load_checkpoint(path)


@pytest.mark.parametrize("row_of", [[0, 9], [-1, 0], []])
def test_rows_that_belong_to_nothing_are_refused(row_of: list[int], tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    about = {"format": "gptcore-checkpoint-1", "config": json.dumps(TOY.to_dict()), "origin": "{}"}
    rows = {"tok_emb.weight.rows": torch.zeros(2, 16), "tok_emb.weight.row_of": torch.tensor(row_of, dtype=torch.int32)}
    save_file(rows, path, about)
    with pytest.raises(ValueError, match=r"tok_emb\.weight does not say which of its rows"):
        load_checkpoint(path)


def test_the_model_that_ships_fits_and_has_learned() -> None:
    assert TRAINED_SMALL.stat().st_size <= 20_000_000
    model = trained_small_model()
    assert model.origin.kind == "trained_small"
    assert (model.config.vocab_size, model.config.context_length) == (50_257, 256)
    assert model.out_head.weight is model.tok_emb.weight
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    with torch.inference_mode():
        after = model(torch.tensor([[31384, 4290, 286]]))[0, -1].softmax(-1)  # "Fellow citizens of"
    assert after.argmax() == 262  # " the"
    assert after[262] > 0.3
    assert after.min() > 1e-12  # what it never met keeps a small, honest probability
