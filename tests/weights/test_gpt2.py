"""GPT-2's published layout: the same numbers as `transformers`, and a sentence for every bad file."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model

from gptcore.errors import InputError
from gptcore.examples import Example, encode
from gptcore.scoring import score
from gptcore.texts import text_in
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.weights.checkpoints import load_checkpoint, save_checkpoint
from gptcore.weights.gpt2 import load_gpt2
from gptcore.weights.gpt2_layout import read_config
from gptcore.weights.gpt2_search import find_gpt2

TINY: dict[str, Any] = {"n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 64}


def published(folder: Path, kind: type = GPT2LMHeadModel, **settings: Any) -> GPT2LMHeadModel:
    """Save a random GPT-2 as `transformers` publishes it; returns it, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = kind(GPT2Config(**settings))
    with torch.no_grad():  # its biases and scales start at 0 and 1: make each of them tell
        for n, parameter in enumerate(model.parameters()):
            parameter += 0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(n))
    model.save_pretrained(folder)
    return model.eval()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, GPT2LMHeadModel]:
    folder = tmp_path_factory.mktemp("published") / "tiny"
    return folder, published(folder, **TINY)


@pytest.fixture
def copy(tiny: tuple[Path, GPT2LMHeadModel], tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny[0], tmp_path / "tiny"))


def assert_same_log_probabilities(folder: Path, oracle: GPT2LMHeadModel, T: int) -> None:
    """Compare every log-probability of three random rows of ids."""
    ids = torch.randint(0, 50_257, (3, T), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        ours = load_gpt2(folder)(ids).log_softmax(-1)
        theirs = oracle(ids).logits.log_softmax(-1)
    assert (ours - theirs).abs().max() < 1e-4


def test_a_tiny_gpt2_gives_the_log_probabilities_of_transformers(tiny: tuple[Path, GPT2LMHeadModel]) -> None:
    assert_same_log_probabilities(*tiny, T=64)


@pytest.mark.slow
def test_gpt2_in_its_real_shape_gives_the_log_probabilities_of_transformers(tmp_path: Path) -> None:
    oracle = published(tmp_path)
    model = load_gpt2(tmp_path)
    assert model.config.parameters == 124_439_808
    assert sum(parameter.numel() for parameter in model.parameters()) == 124_439_808
    assert_same_log_probabilities(tmp_path, oracle, T=12)


def test_a_batch_with_padding_is_scored_as_transformers_scores_it(tiny: tuple[Path, GPT2LMHeadModel]) -> None:
    folder, oracle = tiny
    examples = [Example("every effort moves you forward", alignment="shifted"), Example("I", " like", "continuation")]
    report = score(load_gpt2(folder), examples)
    batch = encode(examples, gpt2_tokenizer())
    assert batch.inputs.shape == (2, 4)  # the second row has three places of padding
    mask = torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0]])
    with torch.inference_mode():
        theirs = oracle(torch.from_numpy(batch.inputs), attention_mask=mask).logits.log_softmax(-1).numpy()
    expected = np.take_along_axis(theirs, np.maximum(batch.targets, 0)[..., None], -1)[..., 0][batch.scored]
    np.testing.assert_allclose(report.log_probability, expected, atol=1e-4)


def test_names_without_the_prefix_and_old_masks_are_read(tmp_path: Path) -> None:
    """The files that OpenAI's own repositories hold: no "transformer.", and each layer's causal mask."""
    oracle = published(tmp_path / "with", **TINY)
    tensors = {name.removeprefix("transformer."): t for name, t in load_file(tmp_path / "with" / WEIGHTS).items()}
    for n in range(2):
        tensors[f"h.{n}.attn.bias"] = torch.ones(64, 64, dtype=torch.uint8).tril()[None, None]
        tensors[f"h.{n}.attn.masked_bias"] = torch.tensor(-1e4)
    save_file(tensors, tmp_path / "with" / WEIGHTS)
    assert_same_log_probabilities(tmp_path / "with", oracle, T=8)


def test_a_bare_gpt2_without_a_language_model_head_is_read(tmp_path: Path) -> None:
    published(tmp_path, GPT2Model, **TINY)
    model = load_gpt2(tmp_path)
    assert model.out_head.weight is model.tok_emb.weight


def test_a_head_of_its_own_is_read(tmp_path: Path) -> None:
    oracle = published(tmp_path, **TINY, tie_word_embeddings=False)
    assert not load_gpt2(tmp_path).config.tie_output_head
    assert_same_log_probabilities(tmp_path, oracle, T=8)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(copy: Path, dtype: torch.dtype) -> None:
    tensors = {name: tensor.to(dtype) for name, tensor in load_file(copy / WEIGHTS).items()}
    save_file(tensors, copy / WEIGHTS)
    model = load_gpt2(copy)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    torch.testing.assert_close(model.tok_emb.weight, tensors["transformer.wte.weight"].float(), rtol=0, atol=0)


def test_nothing_is_drawn_and_nothing_written(copy: Path) -> None:
    before = (copy / WEIGHTS).read_bytes()
    model = load_gpt2(copy)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert (copy / WEIGHTS).read_bytes() == before
    assert not model.training
    assert (model.origin.kind, model.origin.name) == ("gpt2", "tiny")


def test_it_can_be_saved_as_a_checkpoint_of_this_project(copy: Path, tmp_path: Path) -> None:
    model = load_gpt2(copy)
    save_checkpoint(model, tmp_path / "mine.safetensors")
    again = load_checkpoint(tmp_path / "mine.safetensors")
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(again.get_parameter(name), parameter, rtol=0, atol=0)


def test_another_vocabulary_can_be_asked_for(tmp_path: Path) -> None:
    published(tmp_path, **TINY, vocab_size=7)
    assert load_gpt2(tmp_path, vocab_size=7).config.vocab_size == 7


@pytest.mark.parametrize(
    ("n_layer", "n_embd", "n_head", "parameters"),
    [
        (12, 768, 12, 124_439_808),
        (24, 1024, 16, 354_823_168),
        (36, 1280, 20, 774_030_080),
        (48, 1600, 25, 1_557_611_200),
    ],
)
def test_all_four_sizes_have_their_published_parameters(
    tmp_path: Path, n_layer: int, n_embd: int, n_head: int, parameters: int
) -> None:
    GPT2Config(n_layer=n_layer, n_embd=n_embd, n_head=n_head).save_pretrained(tmp_path)
    config = read_config(tmp_path / "config.json")
    assert (config.parameters, config.context_length, config.qkv_bias) == (parameters, 1024, True)


WEIGHTS = "model.safetensors"


def change_config(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def change_tensors(**changes: torch.Tensor | None) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        tensors = load_file(folder / WEIGHTS)
        for name, tensor in changes.items():
            if tensor is None:
                del tensors[name]
            else:
                tensors[name] = tensor
        save_file(tensors, folder / WEIGHTS)

    return change


def write(content: bytes, file: str = WEIGHTS) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / file).write_bytes(content)

    return change


def cut(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-100])


def pickled(folder: Path) -> None:
    torch.save({"wte.weight": torch.zeros(2)}, folder / WEIGHTS)


def only_a_pickle(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "pytorch_model.bin")


HUGE = b'{"x":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}'
BAD = {
    "truncated": (cut, "weights_truncated", "cut short: 6,545,476 bytes of 6,545,576"),
    "only a header": (write(struct.pack("<Q", len(HUGE)) + HUGE), "weights_truncated", "cut short"),
    "empty": (write(b""), "weights_truncated", "cut short"),
    "text": (write(b"<!doctype html><title>404</title>"), "weights_not_safetensors", "no safetensors file"),
    "a list": (write(struct.pack("<Q", 2) + b"[]"), "weights_not_safetensors", "no safetensors file"),
    "a pickle renamed": (pickled, "weights_pickle", "model.safetensors is a pickle"),
    "an old pickle": (write(b"\x80\x02}q\x00."), "weights_pickle", "is a pickle"),
    "only a pickle": (only_a_pickle, "weights_pickle", "pytorch_model.bin is a pickle"),
    "a pointer": (write(b"version https://git-lfs.github.com/spec/v1\n"), "weights_pointer", "Git LFS"),
    "no configuration": (lambda f: (f / "config.json").unlink(), "weights_missing", "no file config.json"),
    "no JSON": (write(b"{", "config.json"), "weights_bad_json", "config.json cannot be read"),
    "another architecture": (change_config(model_type="llama"), "weights_other_architecture", "'llama'"),
    "another vocabulary": (change_config(vocab_size=50_304), "weights_other_vocabulary", "50304 tokens"),
    "another activation": (change_config(activation_function="relu"), "weights_other_setting", "activation_function"),
    "a huge size": (change_config(n_layer=10**9), "weights_other_setting", "n_layer is 1000000000"),
    "a size in words": (change_config(n_embd="wide"), "weights_other_setting", "n_embd is 'wide'"),
    "heads that do not divide": (change_config(n_head=5), "weights_other_setting", "n_head is 5"),
    "another width": (change_config(n_embd=64), "weights_wrong_shape", "wte.weight is 50257 × 32, not 50257 × 64"),
    "a layer too many": (change_config(n_layer=3), "weights_missing_tensors", r"h\.2\.ln_1\.weight, .* \(12 in all\)"),
    "a layer too few": (change_config(n_layer=1), "weights_unexpected_tensors", r"h\.1\.attn\.c_attn\.bias"),
    "no position table": (
        change_tensors(**{"transformer.wpe.weight": None}), "weights_missing_tensors", r"wpe\.weight is missing"
    ),
    "not transposed": (
        change_tensors(**{"transformer.h.0.mlp.c_fc.weight": torch.zeros(128, 32)}),
        "weights_wrong_shape",
        r"h\.0\.mlp\.c_fc\.weight is 128 × 32, not 32 × 128",
    ),
    "whole numbers": (
        change_tensors(**{"transformer.ln_f.bias": torch.zeros(32, dtype=torch.int8)}), "weights_wrong_numbers", "I8"
    ),
    "another head": (
        change_tensors(**{"lm_head.weight": torch.zeros(50_257, 32)}), "weights_unexpected_tensors", "lm_head"
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_folder_is_refused_with_a_sentence_that_names_the_fault(copy: Path, fault: str) -> None:
    spoil, code, sentence = BAD[fault]
    spoil(copy)
    with pytest.raises(InputError, match=sentence) as raised:
        load_gpt2(copy)
    assert raised.value.code == code
    for language in ("en", "zh"):
        words = text_in(language, "errors")(code, **raised.value.details)
        assert "{" not in words
        assert all(str(part).replace(",", "") in words.replace(",", "") for part in raised.value.details.values())


# Where models are found.
def cached(cache: Path, repository: str, source: Path, revision: str = "abc") -> Path:
    """A copy of a folder as the Hugging Face cache lays it out."""
    entry = cache / f"models--{repository.replace('/', '--')}"
    shutil.copytree(source, entry / "snapshots" / revision)
    return entry


def test_models_are_found_in_the_cache_and_in_the_models_folder(copy: Path, tmp_path: Path) -> None:
    cache, models = tmp_path / "home" / "hub", tmp_path / "models"
    entry = cached(cache, "openai-community/gpt2", copy)
    cached(models, "some/cached", copy)
    shutil.copytree(copy, models / "plain")
    shutil.copytree(copy, models / "owner" / "inner")
    found = find_gpt2({"HF_HOME": str(tmp_path / "home"), "GPT_EXPLORER_MODELS": str(models)})
    assert list(found) == ["openai-community/gpt2", "owner/inner", "plain", "some/cached"]
    assert {folder.config and folder.config.emb_dim for folder in found.values()} == {32}
    assert load_gpt2(found["openai-community/gpt2"].path).origin.name == "openai-community/gpt2"
    assert load_gpt2(entry).origin.name == "openai-community/gpt2"


def test_the_models_folder_can_be_one_models_own(copy: Path, tmp_path: Path) -> None:
    assert list(find_gpt2({"HF_HOME": str(tmp_path / "none"), "GPT_EXPLORER_MODELS": str(copy)})) == ["tiny"]


def test_the_revision_that_main_names_is_taken(copy: Path, tmp_path: Path) -> None:
    entry = cached(tmp_path, "a/b", copy, "newer")
    cached(tmp_path / "other", "a/b", copy, "older")
    shutil.move(tmp_path / "other" / entry.name / "snapshots" / "older", entry / "snapshots" / "older")
    (entry / "refs").mkdir()
    for revision in ("older", "newer"):
        (entry / "refs" / "main").write_text(revision)
        assert find_gpt2({"HF_HUB_CACHE": str(tmp_path)})["a/b"].path.name == revision


def test_what_is_no_gpt2_is_not_listed_and_a_bad_one_says_why(copy: Path, tmp_path: Path) -> None:
    for name, spoil in {"bert": change_config(model_type="bert"), "cut": cut, "half": None}.items():
        folder = shutil.copytree(copy, tmp_path / "models" / name)
        if spoil is None:
            (folder / WEIGHTS).unlink()  # a download that was interrupted leaves only the configuration
        else:
            spoil(folder)
    found = find_gpt2({"HF_HOME": str(tmp_path), "GPT_EXPLORER_MODELS": str(tmp_path / "models")})
    assert list(found) == ["cut"]
    assert found["cut"].config is None
    assert found["cut"].error is not None
    assert found["cut"].error.code == "weights_truncated"


def test_a_mended_file_is_found_mended(copy: Path, tmp_path: Path) -> None:
    environment = {"HF_HOME": str(tmp_path / "none"), "GPT_EXPLORER_MODELS": str(tmp_path)}
    whole = (copy / WEIGHTS).read_bytes()
    cut(copy)
    assert find_gpt2(environment)["tiny"].error
    (copy / WEIGHTS).write_bytes(whole)
    assert find_gpt2(environment)["tiny"].error is None


def test_nowhere_to_look_finds_nothing(tmp_path: Path) -> None:
    assert find_gpt2({"HF_HOME": str(tmp_path / "missing"), "GPT_EXPLORER_MODELS": str(tmp_path / "missing")}) == {}
