"""Models as people have them: each kind loaded, and its numbers those of the library that made it."""

import json
import random
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2LMHeadModel, GPT2Model

from gptcore import (
    Example,
    GPTConfig,
    GPTModel,
    InputError,
    describe_model,
    generate,
    load_model,
    save_checkpoint,
    score,
    untrained_model,
)
from gptcore.examples import prefix_ids
from tests.support import model_factories as factories
from tests.support.plain import PlainGPTModel

TEXTS = [Example("every effort moves", " you forward", "continuation"), Example("I really like", alignment="shifted")]
CHINESE = [Example("今天天气", "很好，我们", "continuation")]
BOOK = GPTConfig(vocab_size=50_257, context_length=24, emb_dim=32, n_heads=4, n_layers=2)


def ids(V: int, T: int = 12) -> list[Example]:
    """A row of random ids with its targets; ids need no tokenizer."""
    row = random.Random(1).choices(range(V), k=T)
    return [Example.from_ids(row, alignment="shifted")]


def assert_same(folder: Path, oracle: Any, examples: list[Example], **settings: Any) -> None:
    """The numbers of `load_model` are the other implementation's, and the description says the same."""
    model = load_model(folder, **settings)
    factories.assert_agrees(score(model, examples), oracle, examples, model.tokenizer)
    found = describe_model(folder, **settings)
    assert found.error is None
    assert found.config is not None
    assert (found.config.vocab_size, found.config.n_layers) == (model.config.vocab_size, model.config.n_layers)
    assert found.tokenizer is not None
    assert found.tokenizer.name == model.tokenizer.name


# GPT-2's layout.
@pytest.mark.parametrize("save", [{}, {"max_shard_size": "500KB"}], ids=["one file", "shards"])
def test_gpt2_in_one_file_and_in_shards(tmp_path: Path, save: dict[str, Any]) -> None:
    oracle = factories.gpt2_folder(tmp_path, save=save)
    assert bool(save) == (tmp_path / "model.safetensors.index.json").exists()
    assert_same(tmp_path, oracle, TEXTS)


def test_gpt2_as_a_pickle(tmp_path: Path) -> None:
    oracle = factories.gpt2_folder(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").unlink()
    torch.save(tensors, tmp_path / "pytorch_model.bin")
    assert_same(tmp_path, oracle, TEXTS)


def test_gpt2_as_a_pickle_in_parts(tmp_path: Path) -> None:
    oracle = factories.gpt2_folder(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"a.bin": names[::2], "b.bin": names[1::2]}
    for file, part in parts.items():
        torch.save({name: tensors[name] for name in part}, tmp_path / file)
    index = {"weight_map": {name: file for file, part in parts.items() for name in part}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert_same(tmp_path, oracle, TEXTS)


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "_module.", "_orig_mod.module.", "transformer."])
def test_names_with_what_wrappers_put_before_them(tmp_path: Path, prefix: str) -> None:
    oracle = factories.gpt2_folder(tmp_path)
    tensors = {prefix + name: tensor for name, tensor in load_file(tmp_path / "model.safetensors").items()}
    save_file(tensors, tmp_path / "model.safetensors")
    assert_same(tmp_path, oracle, TEXTS)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(tmp_path: Path, dtype: torch.dtype) -> None:
    oracle = factories.gpt2_folder(tmp_path)
    tensors = {name: tensor.to(dtype) for name, tensor in load_file(tmp_path / "model.safetensors").items()}
    save_file(tensors, tmp_path / "model.safetensors")
    oracle.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=False)
    oracle.tie_weights()
    assert_same(tmp_path, oracle, TEXTS)
    assert describe_model(tmp_path).dtype == str(dtype).removeprefix("torch.")
    assert score(load_model(tmp_path), TEXTS).provenance.dtype == "float32"


@pytest.mark.parametrize("kind", [GPT2LMHeadModel, GPT2Model])
@pytest.mark.parametrize("tied", [True, False])
def test_the_head_is_tied_or_its_own(tmp_path: Path, kind: Any, tied: bool) -> None:
    if kind is GPT2Model and not tied:
        tied = True  # a model without a head can only be tied
    oracle = factories.gpt2_folder(tmp_path, kind=kind, tie_word_embeddings=tied)
    model = load_model(tmp_path)
    assert model.config.tie_output_head is tied
    if kind is GPT2LMHeadModel:
        assert_same(tmp_path, oracle, TEXTS)


@pytest.mark.parametrize("rows", [50_258, 50_304])
def test_more_rows_than_the_vocabulary(tmp_path: Path, rows: int) -> None:
    """The softmax is over all rows, as the model computes it; a row without a token is called by its id."""
    oracle = factories.gpt2_folder(tmp_path, vocab_size=rows)
    assert_same(tmp_path, oracle, TEXTS)
    report = score(load_model(tmp_path), TEXTS, top_k=rows)
    assert report.vocab_size == rows
    assert f"#{rows - 1}" in report.top_pieces[0]
    assert load_model(tmp_path).tokenizer.encode("every effort moves") == [16833, 3626, 6100]
    assert describe_model(tmp_path).vocabulary == "gpt2"


@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "gelu_pytorch_tanh"])
def test_each_gelu_is_the_one_that_the_configuration_names(tmp_path: Path, activation: str) -> None:
    assert_same(tmp_path, factories.gpt2_folder(tmp_path, activation_function=activation), TEXTS)


@pytest.mark.parametrize(
    "settings",
    [
        {"n_inner": 48},
        {"layer_norm_epsilon": 1e-3},
        {"scale_attn_by_inverse_layer_idx": True},
        {"scale_attn_weights": False},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_what_our_gpt2_does_not_compute_is_right_or_refused_by_name(tmp_path: Path, settings: dict[str, Any]) -> None:
    """With transformers installed it is right; the strict loader names the setting."""
    from gptcore import load_gpt2

    oracle = factories.gpt2_folder(tmp_path, **settings)
    assert_same(tmp_path, oracle, TEXTS)
    with pytest.raises(InputError, match=next(iter(settings))):
        load_gpt2(tmp_path)


def test_a_side_for_padding_in_the_configuration_changes_nothing(tmp_path: Path) -> None:
    oracle = factories.gpt2_folder(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"padding_side": "left", "pad_token": "<|endoftext|>"}))
    assert_same(tmp_path, oracle, TEXTS)


def test_real_trained_weights_in_gpt2s_layout() -> None:
    """MGM (MIT licence), a GPT-2 of microbes that comes with its package: without any vocabulary, so scored by ids."""
    package = find_spec("mgm")  # not imported: only its data is of use here
    assert package is not None
    folder = Path(str(package.origin)).parent / "resources" / "general_model"
    model = load_model(folder)
    sampled = [2, *(token.token_id for token in generate(model, [2], 60))]
    examples = [Example.from_ids(sampled, alignment="shifted")]
    report = score(model, examples)
    oracle = GPT2LMHeadModel.from_pretrained(folder, weights_only=True).eval()
    with torch.inference_mode():
        loss = float(oracle(torch.tensor([sampled]), labels=torch.tensor([sampled])).loss)
    assert report.cross_entropy == pytest.approx(loss, abs=1e-4)
    factories.assert_agrees(report, oracle, examples, model.tokenizer)
    assert describe_model(folder).vocabulary == ""
    with pytest.raises(InputError) as raised:
        score(model, [Example("microbes", " grow", "continuation")])
    assert raised.value.code == "no_tokenizer"


# The book's own model.
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("wrapped", [False, True])
def test_the_books_state_dict(tmp_path: Path, bias: bool, wrapped: bool) -> None:
    config = BOOK.with_(qkv_bias=bias)
    state = factories.book_state(config)
    with torch.random.fork_rng(devices=[]):
        oracle = PlainGPTModel(config)
    oracle.load_state_dict({name: tensor for name, tensor in state.items() if not name.endswith(".mask")})
    path = tmp_path / "model.pth"
    torch.save({"model_state_dict": state, "optimizer_state_dict": {"lr": 1e-3}} if wrapped else state, path)
    found = describe_model(path)
    assert found.error is not None
    assert found.error.code == "weights_heads_unknown"
    assert_same(path, oracle.eval(), TEXTS, n_heads=4)
    (tmp_path / "config.json").write_text(json.dumps({"n_heads": 4, "context_length": 24}))
    assert_same(path, oracle, TEXTS)
    assert_same(tmp_path, oracle, TEXTS)
    model = load_model(path)
    assert isinstance(model, GPTModel)
    assert (model.config, describe_model(path).kind) == (config, "book")


def test_the_books_state_dict_in_safetensors_with_its_settings_beside_it(tmp_path: Path) -> None:
    state = factories.book_state(BOOK)
    save_file(state, tmp_path / "gpt.safetensors")
    (tmp_path / "gpt.json").write_text(json.dumps({"n_heads": 8}))
    assert load_model(tmp_path / "gpt.safetensors").config.n_heads == 8
    assert load_model(tmp_path / "gpt.safetensors", n_heads=2).config.n_heads == 2  # what is asked for goes first


@pytest.mark.parametrize("heads", [0, -4, 5, 10**9])
def test_a_number_of_heads_that_cannot_be_is_refused(tmp_path: Path, heads: int) -> None:
    torch.save(factories.book_state(BOOK), tmp_path / "model.pth")
    with pytest.raises(InputError, match="n_heads") as raised:
        load_model(tmp_path / "model.pth", n_heads=heads)
    assert raised.value.code == "weights_other_setting"


# nanoGPT.
@pytest.mark.parametrize("bias", [False, True])
def test_nanogpts_checkpoint(tmp_path: Path, bias: bool) -> None:
    oracle = factories.nano_checkpoint(tmp_path / "out" / "ckpt.pt", bias=bias)
    assert_same(tmp_path / "out" / "ckpt.pt", oracle, TEXTS)
    assert_same(tmp_path / "out", oracle, TEXTS)
    model = load_model(tmp_path / "out")
    assert (model.config.vocab_size, model.config.n_heads, model.config.qkv_bias) == (50_304, 4, bias)
    assert describe_model(tmp_path / "out").kind == "nanogpt"


def test_nanogpts_checkpoint_of_characters_is_scored_by_ids(tmp_path: Path) -> None:
    oracle = factories.nano_checkpoint(tmp_path / "ckpt.pt", V=65, compiled=False)
    assert_same(tmp_path / "ckpt.pt", oracle, ids(65))
    assert score(load_model(tmp_path / "ckpt.pt"), ids(65)).target_piece[0].startswith("#")


# Another vocabulary.
def test_a_folder_with_its_own_vocabulary_is_scored_with_it(tmp_path: Path) -> None:
    vocabulary = factories.byte_pair_vocabulary()
    oracle = factories.gpt2_folder(tmp_path, vocab_size=vocabulary.get_vocab_size())
    factories.save_vocabulary(tmp_path, vocabulary)
    assert_same(tmp_path, oracle, [*TEXTS, *CHINESE])
    assert load_model(tmp_path).tokenizer.encode("every effort") == vocabulary.encode("every effort").ids
    assert describe_model(tmp_path).vocabulary == "tokenizer.json"


def test_another_vocabulary_of_the_same_size_is_never_taken_for_gpt2s(tmp_path: Path) -> None:
    vocabulary = factories.byte_pair_vocabulary()
    oracle = factories.gpt2_folder(tmp_path)
    factories.save_vocabulary(tmp_path, vocabulary)
    assert_same(tmp_path, oracle, TEXTS)
    tokenizer = load_model(tmp_path).tokenizer
    assert (tokenizer.vocab_size, tokenizer.encode("every effort")) == (50_257, vocabulary.encode("every effort").ids)
    (tmp_path / "tokenizer.json").write_text("{}")
    assert describe_model(tmp_path).error is not None
    with pytest.raises(InputError) as raised:
        load_model(tmp_path)
    assert raised.value.code == "bad_vocabulary"


def test_vocab_json_and_merges(tmp_path: Path) -> None:
    vocabulary = factories.byte_pair_vocabulary()
    oracle = factories.gpt2_folder(tmp_path, vocab_size=vocabulary.get_vocab_size())
    vocabulary.model.save(str(tmp_path))
    assert_same(tmp_path, oracle, [*TEXTS, *CHINESE])
    assert load_model(tmp_path).tokenizer.encode("every effort") == vocabulary.encode("every effort").ids


def test_berts_vocabulary_as_chinese_gpt2s_have_it(tmp_path: Path) -> None:
    from transformers import BertTokenizer

    lines = factories.word_piece_lines()
    oracle = factories.gpt2_folder(tmp_path, vocab_size=len(lines))
    (tmp_path / "vocab.txt").write_text("\n".join(lines) + "\n", "utf-8")
    assert_same(tmp_path, oracle, [*TEXTS, *CHINESE])
    theirs = BertTokenizer(str(tmp_path / "vocab.txt"))
    for text in ("今天天气很好", "Every effort 公园", "没有的字 xyz"):
        assert load_model(tmp_path).tokenizer.encode(text) == theirs(text, add_special_tokens=False)["input_ids"]


def test_a_folder_without_a_vocabulary_uses_gpt2s_and_says_so(tmp_path: Path) -> None:
    factories.gpt2_folder(tmp_path)
    assert describe_model(tmp_path).vocabulary == "gpt2"


# Any causal language model of transformers.
@pytest.mark.parametrize("architecture", factories.ARCHITECTURES)
def test_other_architectures(tmp_path: Path, architecture: str) -> None:
    vocabulary = factories.byte_pair_vocabulary()
    oracle = factories.causal_folder(tmp_path, architecture, vocabulary)
    assert_same(tmp_path, oracle, [*TEXTS, *CHINESE])
    found, model = describe_model(tmp_path), load_model(tmp_path)
    assert (found.kind, model.config.context_length) == ("transformers", 64)
    assert model.config.parameters == sum(parameter.numel() for parameter in oracle.parameters())
    with pytest.raises(InputError, match="the context holds 64"):
        score(model, ids(vocabulary.get_vocab_size(), 70))
    continued = [token.token_id for token in generate(model, [5, 6], 3)]
    with torch.inference_mode():
        greedy = oracle.generate(torch.tensor([[5, 6]]), max_new_tokens=3, do_sample=False, eos_token_id=None)
    assert continued == greedy[0, 2:].tolist()


def test_a_llamas_bos_stands_before_the_text_and_is_not_scored(tmp_path: Path) -> None:
    vocabulary = factories.sentencepiece_vocabulary()
    oracle = factories.causal_folder(tmp_path, "llama", vocabulary, bos_token="<s>", eos_token="</s>")
    model = load_model(tmp_path)
    example = Example("my dog runs", " over there", "continuation")
    report = score(model, [example])
    whole = vocabulary.encode("my dog runs over there").ids
    assert whole[0] == 1
    before = len(vocabulary.encode("my dog runs").ids)
    with torch.inference_mode():
        table = oracle(torch.tensor([whole])).logits.log_softmax(-1)[0]
    expected = [float(table[t - 1, whole[t]]) for t in range(before, len(whole))]
    np.testing.assert_allclose(report.log_probability, expected, atol=1e-4)
    assert report.target_token_id.tolist() == whole[before:]
    by_ids = score(model, [Example.from_ids(whole[:before], whole[before:], "continuation")])  # ids are taken as given
    np.testing.assert_array_equal(by_ids.log_probability, report.log_probability)


@pytest.mark.parametrize(
    ("settings", "before"),
    [
        (None, [1]),
        ({}, [1]),
        ({"bos_token": None}, [1]),
        ({"bos_token": "<s>", "add_bos_token": False}, []),
        ({"bos_token": {"content": "<s>"}, "add_bos_token": True}, [1]),
        ({"bos_token": "</s>"}, []),
    ],
)
def test_what_stands_before_a_text_is_what_its_own_tokenizer_puts_there(
    tmp_path: Path, settings: dict[str, Any] | None, before: list[int]
) -> None:
    vocabulary = factories.sentencepiece_vocabulary()
    factories.gpt2_folder(tmp_path, vocab_size=vocabulary.get_vocab_size())
    factories.save_vocabulary(tmp_path, vocabulary, **(settings or {}))
    if settings is None:
        (tmp_path / "tokenizer_config.json").unlink()
    model = load_model(tmp_path)
    assert isinstance(model, GPTModel)
    assert prefix_ids("my dog", model.tokenizer) == before
    save_checkpoint(model, tmp_path / "mine" / "kept.safetensors")
    again = load_model(tmp_path / "mine" / "kept.safetensors")
    assert prefix_ids("my dog", again.tokenizer) == before
    # weights that lie the other way round in memory are added in another order
    np.testing.assert_allclose(score(again, TEXTS).log_probability, score(model, TEXTS).log_probability, atol=1e-5)


def test_berts_marks_around_a_text_are_not_what_a_gpt2_wants_before_it(tmp_path: Path) -> None:
    from transformers import BertTokenizer

    lines = factories.word_piece_lines()
    oracle = factories.gpt2_folder(tmp_path, vocab_size=len(lines))
    (tmp_path / "vocab.txt").write_text("\n".join(lines) + "\n", "utf-8")
    BertTokenizer(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)  # writes tokenizer.json, with [CLS] and [SEP]
    assert_same(tmp_path, oracle, CHINESE)


# This project's own files.
def test_a_checkpoint_keeps_the_vocabulary_that_the_model_came_with(tmp_path: Path) -> None:
    vocabulary = factories.byte_pair_vocabulary()
    factories.gpt2_folder(tmp_path / "from", vocab_size=vocabulary.get_vocab_size() + 7)
    factories.save_vocabulary(tmp_path / "from", vocabulary)
    model = load_model(tmp_path / "from")
    assert isinstance(model, GPTModel)
    save_checkpoint(model, tmp_path / "mine.safetensors")
    again = load_model(tmp_path / "mine.safetensors")
    assert again.tokenizer.name == model.tokenizer.name
    # weights that lie the other way round in memory are added in another order
    np.testing.assert_allclose(score(again, TEXTS).log_probability, score(model, TEXTS).log_probability, atol=1e-5)


def test_an_untrained_model_can_be_saved_and_opened_by_file_and_by_folder(tmp_path: Path) -> None:
    model = untrained_model(BOOK, seed=5)
    save_checkpoint(model, tmp_path / "mine.safetensors")
    for path in (tmp_path / "mine.safetensors", tmp_path, str(tmp_path)):
        assert load_model(path).origin == model.origin


def test_loading_draws_nothing_from_the_process_wide_generator(tmp_path: Path) -> None:
    vocabulary = factories.byte_pair_vocabulary()
    factories.causal_folder(tmp_path / "llama", "llama", vocabulary)
    factories.nano_checkpoint(tmp_path / "nano" / "ckpt.pt")
    before = torch.get_rng_state()
    load_model(tmp_path / "llama")
    load_model(tmp_path / "nano")
    assert torch.equal(torch.get_rng_state(), before)
