"""The model against a notebook's, against transformers' GPT-2, and against what a causal model may not do."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gptcore import GPTConfig, GPTModel, InputError, generate_text_simple, untrained_model
from gptcore import model as model_module
from gptcore.config import SIZES
from gptcore.initialization import empty_model, seeded_generator
from gptcore.model import GELU, Dropout, FeedForward, LayerNorm, Linear, MultiHeadAttention, linear
from tests.support.plain import PlainGELU, PlainLayerNorm, PlainMultiHeadAttention, plain_model_sharing

TINY = GPTConfig(vocab_size=53, context_length=12, emb_dim=24, n_heads=4, n_layers=3)
ROUNDING = 1e-4  # float32 sums in another order: 1e-6 of logits near 1, grown over a dozen layers


def ids_of(*shape: int, vocab_size: int = TINY.vocab_size, seed: int = 0) -> Tensor:
    return torch.randint(vocab_size, shape, generator=seeded_generator(seed))


def random_like(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=seeded_generator(seed))


def transformers_like(model: GPTModel) -> torch.nn.Module:
    """Transformers' GPT-2 with the model's weights copied over."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = model.config
    theirs = GPT2Config(
        vocab_size=config.vocab_size,
        n_positions=config.context_length,
        n_embd=config.emb_dim,
        n_layer=config.n_layers,
        n_head=config.n_heads,
        activation_function="gelu_new",
        layer_norm_epsilon=1e-5,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        tie_word_embeddings=False,
    )
    with torch.random.fork_rng(devices=[]):
        oracle: torch.nn.Module = GPT2LMHeadModel(theirs).eval()
    ours = model.state_dict()
    state = {"wte.weight": ours["tok_emb.weight"], "wpe.weight": ours["pos_emb.weight"]}
    state |= {"ln_f.weight": ours["final_norm.scale"], "ln_f.bias": ours["final_norm.shift"]}
    for number in range(config.n_layers):
        block = {name.split(".", 2)[2]: w for name, w in ours.items() if name.startswith(f"trf_blocks.{number}.")}
        qkv = [f"att.W_{name}" for name in ("query", "key", "value")]
        biases = [block.get(f"{name}.bias", torch.zeros(config.emb_dim)) for name in qkv]
        theirs_of_block = {
            "ln_1.weight": block["norm1.scale"],
            "ln_1.bias": block["norm1.shift"],
            "ln_2.weight": block["norm2.scale"],
            "ln_2.bias": block["norm2.shift"],
            # Conv1D keeps (in, out): the transpose of a Linear
            "attn.c_attn.weight": torch.cat([block[f"{name}.weight"] for name in qkv]).T,
            "attn.c_attn.bias": torch.cat(biases),
            "attn.c_proj.weight": block["att.out_proj.weight"].T,
            "attn.c_proj.bias": block["att.out_proj.bias"],
            "mlp.c_fc.weight": block["ff.layers.0.weight"].T,
            "mlp.c_fc.bias": block["ff.layers.0.bias"],
            "mlp.c_proj.weight": block["ff.layers.2.weight"].T,
            "mlp.c_proj.bias": block["ff.layers.2.bias"],
        }
        state |= {f"h.{number}.{name}": weight for name, weight in theirs_of_block.items()}
    named = {f"transformer.{name}": weight for name, weight in state.items()}
    oracle.load_state_dict(named | {"lm_head.weight": ours["out_head.weight"]}, strict=True)
    return oracle


def draw_dropout_from(model: GPTModel, generator: torch.Generator) -> None:
    """Let every dropout of a model draw from `generator`, as a training does."""
    for module in model.modules():
        if isinstance(module, Dropout):
            module.generator = generator


@torch.inference_mode()
def shaken(model: GPTModel) -> GPTModel:
    """Biases and LayerNorms away from their 0 and 1, so that a mistake in one of them shows."""
    for number, weight in enumerate(weight for weight in model.parameters() if weight.dim() == 1):
        weight.add_(0.3 * random_like(*weight.shape, seed=number))
    return model


@torch.inference_mode()
def log_probabilities(model: torch.nn.Module, ids: Tensor) -> Tensor:
    answer = model(ids)
    logits: Tensor = getattr(answer, "logits", answer)
    return logits.log_softmax(dim=-1)


@pytest.mark.parametrize("qkv_bias", [False, True])
@pytest.mark.parametrize("tie_output_head", [False, True])
def test_the_same_as_transformers(qkv_bias: bool, tie_output_head: bool) -> None:
    config = replace(TINY, qkv_bias=qkv_bias, tie_output_head=tie_output_head)
    model = shaken(untrained_model(config, 7))
    ids = ids_of(3, 12)
    torch.testing.assert_close(
        log_probabilities(model, ids), log_probabilities(transformers_like(model), ids), rtol=0, atol=1e-5
    )


def test_the_same_as_transformers_where_rows_have_different_lengths() -> None:
    """Theirs is told what is padding; ours needs no telling, since padding stands where nobody looks."""
    model = shaken(untrained_model(TINY, 7))
    oracle = transformers_like(model)
    lengths = [12, 5, 1, 9]
    there = torch.arange(12) < torch.tensor(lengths)[:, None]  # (B, T)
    ids = ids_of(4, 12) * there
    ours = log_probabilities(model, ids)
    with torch.inference_mode():
        theirs = oracle(ids, attention_mask=there.long()).logits.log_softmax(dim=-1)
    torch.testing.assert_close(ours[there], theirs[there], rtol=0, atol=1e-5)


def test_the_book_model_is_the_same_as_transformers(book_model: GPTModel) -> None:
    ids = torch.cat(
        [torch.tensor([[16833, 3626, 6100, 345], [40, 1107, 588, 11311]]), ids_of(2, 28, vocab_size=50_257)], 1
    )
    ours = log_probabilities(book_model, ids)
    theirs = log_probabilities(transformers_like(book_model), ids)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("qkv_bias", [False, True])
def test_the_same_as_a_notebook_s(qkv_bias: bool) -> None:
    model = shaken(untrained_model(replace(TINY, qkv_bias=qkv_bias), 7))
    ids = ids_of(3, 11)
    ours, plain = log_probabilities(model, ids), log_probabilities(plain_model_sharing(model), ids)
    torch.testing.assert_close(ours, plain, rtol=0, atol=1e-5)


def test_layer_norm_is_its_formula() -> None:
    ours, plain = LayerNorm(24), PlainLayerNorm(24)
    x = 5 + 3 * random_like(2, 3, 24)
    torch.testing.assert_close(ours(x), plain(x))
    constant = torch.full((1, 24), 2.0)
    assert torch.equal(ours(constant), torch.zeros(1, 24))  # eps keeps 0 / 0 away


def test_gelu_is_gpt2_s_tanh_formula_and_not_the_exact_one() -> None:
    x = torch.linspace(-6, 6, 101)
    torch.testing.assert_close(GELU()(x), PlainGELU()(x), rtol=1e-5, atol=1e-6)
    assert not torch.allclose(GELU()(x), F.gelu(x), rtol=0, atol=1e-4)  # they differ by up to 5e-4


def test_attention_is_a_notebook_s() -> None:
    with torch.random.fork_rng(devices=[]):
        ours, plain = MultiHeadAttention(TINY).eval(), PlainMultiHeadAttention(TINY).eval()
    plain.load_state_dict(ours.state_dict())
    x = random_like(2, 9, 24)
    torch.testing.assert_close(ours(x), plain(x), rtol=1e-5, atol=1e-6)


def test_the_first_token_attends_to_itself_alone() -> None:
    with torch.random.fork_rng(devices=[]):
        attention = MultiHeadAttention(TINY).eval()
    x = random_like(1, 9, 24)
    torch.testing.assert_close(attention(x)[:, :1], attention.out_proj(attention.W_value(x[:, :1])))


@given(st.integers(0, 2**32 - 1), st.integers(1, 11))
def test_a_later_token_never_changes_an_earlier_logit(seed: int, place: int) -> None:
    model = untrained_model(TINY, 7)
    ids = ids_of(1, 12, seed=seed)
    changed = ids.clone()
    changed[0, place] = (ids[0, place] + 1) % TINY.vocab_size
    with torch.inference_mode():
        before, after = model(ids), model(changed)
    assert torch.equal(before[:, :place], after[:, :place])
    assert not torch.equal(before[:, place], after[:, place])


@given(st.integers(1, 12))
def test_a_prefix_has_the_logits_that_it_has_in_the_whole(length: int) -> None:
    model = untrained_model(TINY, 7)
    ids = ids_of(2, 12)
    with torch.inference_mode():
        torch.testing.assert_close(model(ids)[:, :length], model(ids[:, :length]), rtol=0, atol=1e-5)


def test_positions_matter() -> None:
    model = untrained_model(TINY, 7)
    with torch.inference_mode():
        logits = model(torch.tensor([[5, 5, 5]]))
    assert not torch.allclose(logits[0, 0], logits[0, 1], atol=1e-3)


def test_more_tokens_than_the_context_are_refused() -> None:
    model = untrained_model(TINY, 7)
    with pytest.raises(InputError, match="13 tokens; the context holds 12") as caught:
        model(ids_of(1, 13))
    assert caught.value.code == "too_many_tokens"
    assert caught.value.details == {"tokens": 13, "limit": 12}


def test_a_tied_head_is_the_token_embedding() -> None:
    model = untrained_model(replace(TINY, tie_output_head=True), 7)
    assert model.out_head.weight is model.tok_emb.weight
    ids = ids_of(2, 5)
    with torch.inference_mode():
        torch.testing.assert_close(model(ids), model.hidden_states(ids) @ model.tok_emb.weight.T)


def test_an_empty_model_has_memory_for_every_weight() -> None:
    model = empty_model(replace(TINY, tie_output_head=True))
    assert all(weight.device.type == "cpu" for weight in model.parameters())
    assert not model.training
    assert list(model.buffers()) == []  # no mask is stored


# Dropout


def test_dropout_is_f_dropout_to_the_bit() -> None:
    x = random_like(4, 5, 6)
    dropout = Dropout(0.3).train()
    dropout.generator = seeded_generator(11)
    ours = [dropout(x), dropout(x)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        theirs = [F.dropout(x, 0.3, training=True), F.dropout(x, 0.3, training=True)]
    assert torch.equal(torch.stack(ours), torch.stack(theirs))
    assert not torch.equal(ours[0], ours[1])


def test_dropout_is_off_in_evaluation() -> None:
    ids = ids_of(2, 12)
    plain = untrained_model(TINY, 7)
    model = untrained_model(replace(TINY, drop_rate=0.5), 7)
    with torch.inference_mode():
        assert torch.equal(model(ids), plain(ids))
        draw_dropout_from(model.train(), seeded_generator(1))
        assert not torch.allclose(model(ids), plain(ids), atol=1e-2)
        assert torch.equal(model.eval()(ids), plain(ids))


def test_dropout_draws_from_its_own_generator() -> None:
    ids = ids_of(2, 12)
    model = untrained_model(replace(TINY, drop_rate=0.5), 7).train()
    before = torch.get_rng_state()
    answers = []
    for seed in (1, 1, 2):
        draw_dropout_from(model, seeded_generator(seed))
        with torch.inference_mode():
            answers.append(model(ids))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])


def test_attention_written_out_is_the_fused_one() -> None:
    """With next to nothing dropped, the path that training takes gives what evaluation gives."""
    ids = ids_of(2, 12)
    model = untrained_model(replace(TINY, drop_rate=1e-9), 7)
    with torch.inference_mode():
        fused = model.eval()(ids)
        draw_dropout_from(model.train(), seeded_generator(1))
        torch.testing.assert_close(model(ids), fused, rtol=0, atol=1e-5)


def test_a_gradient_reaches_every_weight() -> None:
    model = untrained_model(replace(TINY, drop_rate=0.1, qkv_bias=True), 7).train()
    draw_dropout_from(model, seeded_generator(1))
    logits = model(ids_of(4, 12))
    F.cross_entropy(logits.flatten(0, 1), ids_of(4, 12, seed=1).flatten()).backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()] == []


@pytest.mark.parametrize("shape", [(5,), (1, 5), (2, 3, 5), (0, 5), (70, 5)])
@pytest.mark.parametrize("has_bias", [True, False])
@pytest.mark.parametrize("as_stored", [True, False])
@pytest.mark.parametrize("least", [0, 2**16])
def test_a_product_is_pytorch_s_with_gradients_and_without(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], has_bias: bool, as_stored: bool, least: int
) -> None:
    monkeypatch.setattr(model_module, "LEAST_WEIGHTS", least)
    x, weight = random_like(*shape), random_like(5, 11, seed=1).T if not as_stored else random_like(11, 5, seed=1)
    bias = random_like(11, seed=2) if has_bias else None
    exact = F.linear(x.double(), weight.double(), None if bias is None else bias.double())
    with torch.inference_mode():
        without = linear(x, weight, bias)
    assert without.shape == exact.shape
    torch.testing.assert_close(without.double(), exact, rtol=1e-5, atol=1e-5)
    if least or not as_stored:  # small weights, and those that do not lie in one piece, are PyTorch's own product
        with torch.inference_mode():
            assert torch.equal(without, F.linear(x, weight, bias))
    assert torch.equal(linear(x, weight, bias), F.linear(x, weight, bias))
    with torch.inference_mode():
        assert torch.equal(linear(x.double(), weight.double()), F.linear(x.double(), weight.double()))


def test_a_linear_layer_is_pytorch_s_in_its_weights_and_their_gradients() -> None:
    with torch.random.fork_rng(devices=[]):
        theirs, ours = torch.nn.Linear(5, 11), Linear(5, 11)
    ours.load_state_dict(theirs.state_dict())
    x = random_like(4, 5)
    for layer in (ours, theirs):
        layer(x).square().sum().backward()
    assert torch.equal(ours.weight.grad, theirs.weight.grad)  # type: ignore[arg-type]
    assert torch.equal(ours.bias.grad, theirs.bias.grad)  # type: ignore[arg-type]


def test_feed_forward_widens_fourfold() -> None:
    with torch.random.fork_rng(devices=[]):
        layers = FeedForward(TINY).layers
    assert [tuple(weight.shape) for weight in layers.parameters()] == [(96, 24), (96,), (24, 96), (24,)]


# Generation


def test_generation_appends_the_most_likely_token() -> None:
    model = untrained_model(TINY, 7)
    ids = ids_of(2, 3)
    continued = generate_text_simple(model, ids, max_new_tokens=4, context_size=TINY.context_length)
    assert continued.shape == (2, 7)
    assert torch.equal(continued[:, :3], ids)
    with torch.inference_mode():
        for length in range(3, 7):
            assert torch.equal(model(continued[:, :length])[:, -1].argmax(dim=-1), continued[:, length])


def test_generation_beyond_the_context_reads_the_last_tokens() -> None:
    model = untrained_model(SIZES["toy"], 7)
    continued = generate_text_simple(model, ids_of(1, 16, vocab_size=7), max_new_tokens=5, context_size=16)
    assert continued.shape == (1, 21)
    with torch.inference_mode():
        assert continued[0, 20] == model(continued[:, 4:20])[0, -1].argmax()
