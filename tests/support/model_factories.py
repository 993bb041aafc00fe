"""Tiny random models as people have them, made on the spot: no download, a few thousand weights each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
import torch
from numpy.typing import NDArray
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    LlamaConfig,
    OPTConfig,
    Qwen2Config,
)

from gptcore import Example, Report, encode
from gptcore.tokenizers.base import Tokenizer

SENTENCES = [
    "every effort moves you forward",
    "I really like chocolate, and every effort counts.",
    "El zorro marrón salta sobre el perro perezoso.",
    "今天天气很好，我们去公园散步。",
    "语言模型预测下一个词。",
]
GPT2_SHAPE: dict[str, Any] = {"n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 64}
_LLAMA_SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
}
ARCHITECTURES: dict[str, Any] = {
    "llama": lambda V: LlamaConfig(vocab_size=V, num_key_value_heads=2, bos_token_id=1, eos_token_id=2, **_LLAMA_SHAPE),
    "qwen2": lambda V: Qwen2Config(vocab_size=V, num_key_value_heads=2, **_LLAMA_SHAPE),
    "gpt_neox": lambda V: GPTNeoXConfig(vocab_size=V, **_LLAMA_SHAPE),
    "opt": lambda V: OPTConfig(vocab_size=V, ffn_dim=64, word_embed_proj_dim=32, **_LLAMA_SHAPE),
}


def randomize(model: nn.Module) -> None:
    """Make every parameter tell: biases and scales start at 0 and 1 otherwise."""
    with torch.no_grad():
        for n, parameter in enumerate(model.parameters()):
            parameter.data += 0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(n))


def gpt2_folder(
    folder: Path, *, kind: Any = GPT2LMHeadModel, save: dict[str, Any] | None = None, **settings: Any
) -> Any:
    """Save a random GPT-2 as `transformers` publishes it; returns it, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = kind(GPT2Config(**GPT2_SHAPE | settings))
    randomize(model)
    model.save_pretrained(folder, **(save or {}))
    return model.eval()


def causal_folder(folder: Path, architecture: str, vocabulary: tokenizers.Tokenizer, **settings: Any) -> Any:
    """Save a random model of an architecture with a vocabulary of its own; returns it, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(ARCHITECTURES[architecture](vocabulary.get_vocab_size()))
    randomize(model)
    model.save_pretrained(folder)
    save_vocabulary(folder, vocabulary, **settings)
    return model.eval()


def save_vocabulary(folder: Path, vocabulary: tokenizers.Tokenizer, **settings: Any) -> None:
    """Write `tokenizer.json`, and the settings beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary.save(str(folder / "tokenizer.json"))
    defaults = {"tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(defaults | settings), "utf-8")


def byte_pair_vocabulary(size: int = 400) -> tokenizers.Tokenizer:
    """A byte-level BPE as GPT-2's and Qwen's, trained on a few sentences."""
    backend = tokenizers.Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=size, special_tokens=["<|end|>"], initial_alphabet=alphabet)
    )
    return backend


def sentencepiece_vocabulary(size: int = 80) -> tokenizers.Tokenizer:
    """A BPE as Llama 2's: ▁ for a space, one put before each text, bytes for what it has no token for, a BOS."""
    backend = tokenizers.Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    backend.decoder = decoders.Sequence(parts)
    special = ["<unk>", "<s>", "</s>"]
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    backend.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=len(special) + 256 + size, special_tokens=[*special, *byte_tokens])
    )
    parsed = json.loads(backend.to_str())
    parsed["added_tokens"] = parsed["added_tokens"][: len(special)]  # bytes are tokens of the text, not special ones
    backend = tokenizers.Tokenizer.from_str(json.dumps(parsed))
    backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return backend


def word_piece_lines() -> list[str]:
    """A BERT vocabulary's lines: the special tokens, characters, and a few word pieces."""
    characters = sorted({character for sentence in SENTENCES for character in sentence.lower() if character != " "})
    return [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *characters,
        *(f"##{c}" for c in characters),
        "every",
        "##ort",
    ]


def book_state(config: Any) -> dict[str, Tensor]:
    """The `state_dict` of the book's GPTModel (chapter 4), with its masks, as the tests' plain model has it."""
    from tests.support.plain import PlainGPTModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = PlainGPTModel(config)
    randomize(model)
    state = dict(model.state_dict())
    T = config.context_length
    for n in range(config.n_layers):
        state[f"trf_blocks.{n}.att.mask"] = torch.triu(torch.ones(T, T), diagonal=1)
    return state


class NanoBlock(nn.Module):
    """nanoGPT's block, written out from its model.py."""

    def __init__(self, width: int, heads: int, bias: bool) -> None:
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width, bias=bias), nn.LayerNorm(width, bias=bias)
        self.attn = nn.ModuleDict(
            {"c_attn": nn.Linear(width, 3 * width, bias=bias), "c_proj": nn.Linear(width, width, bias=bias)}
        )
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(width, 4 * width, bias=bias), "c_proj": nn.Linear(4 * width, width, bias=bias)}
        )

    def forward(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        q, k, v = (
            part.view(B, T, self.heads, C // self.heads).transpose(1, 2)
            for part in self.attn["c_attn"](self.ln_1(x)).split(C, dim=2)
        )
        scores = q @ k.transpose(-2, -1) / (C // self.heads) ** 0.5
        scores = scores.masked_fill(torch.ones(T, T).tril() == 0, float("-inf"))
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(B, T, C)
        x = x + self.attn["c_proj"](mixed)
        narrowed: Tensor = self.mlp["c_proj"](nn.functional.gelu(self.mlp["c_fc"](self.ln_2(x))))
        return x + narrowed


class NanoGPT(nn.Module):
    """nanoGPT's model: its names, its Linear layers, its exact GELU, the head tied to the token table."""

    def __init__(self, *, V: int, T: int, C: int, heads: int, layers: int, bias: bool) -> None:
        super().__init__()
        blocks = nn.ModuleList([NanoBlock(C, heads, bias) for _ in range(layers)])
        parts = {"wte": nn.Embedding(V, C), "wpe": nn.Embedding(T, C), "h": blocks, "ln_f": nn.LayerNorm(C, bias=bias)}
        self.transformer = nn.ModuleDict(parts)
        self.lm_head = nn.Linear(C, V, bias=False)
        self.lm_head.weight = parts["wte"].weight  # type: ignore[assignment]

    def forward(self, ids: Tensor) -> Tensor:
        x: Tensor = self.transformer["wte"](ids) + self.transformer["wpe"](torch.arange(ids.shape[1]))
        for block in self.transformer["h"]:  # type: ignore[attr-defined]
            x = block(x)
        logits: Tensor = self.lm_head(self.transformer["ln_f"](x))
        return logits


def nano_checkpoint(path: Path, *, bias: bool = False, V: int = 50_304, compiled: bool = True) -> NanoGPT:
    """Write a `ckpt.pt` as nanoGPT's train.py does; returns the model, in evaluation mode."""
    sizes = {"n_layer": 2, "n_head": 4, "n_embd": 32, "block_size": 48, "bias": bias, "vocab_size": V, "dropout": 0.0}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = NanoGPT(V=V, T=48, C=32, heads=4, layers=2, bias=bias)
    randomize(model)
    prefix = "_orig_mod." if compiled else ""
    optimizer = torch.optim.AdamW(model.parameters())
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(
        {
            "model": {prefix + name: tensor for name, tensor in model.state_dict().items()},
            "optimizer": optimizer.state_dict(),
            "model_args": sizes,
            "iter_num": 7,
            "best_val_loss": torch.tensor(3.2),
            "config": {"dataset": "openwebtext", **sizes},
        },
        path,
    )
    return model.eval()


def log_probabilities(oracle: Any, examples: Sequence[Example], tokenizer: Tokenizer) -> NDArray[np.float32]:
    """(N,) ln p of the scored targets under another implementation, which is called with token ids."""
    batch = encode(examples, tokenizer)
    with torch.inference_mode():
        answer = oracle(torch.from_numpy(batch.inputs))
        logits = answer.logits if hasattr(answer, "logits") else answer
        table = logits.log_softmax(-1).numpy()
    picked = np.take_along_axis(table, np.maximum(batch.targets, 0)[..., None], -1)[..., 0]
    return np.asarray(picked[batch.scored])


def assert_agrees(report: Report, oracle: Any, examples: Sequence[Example], tokenizer: Tokenizer) -> None:
    """Each log-probability within 1e-4 nats of the other implementation's."""
    np.testing.assert_allclose(report.log_probability, log_probabilities(oracle, examples, tokenizer), atol=1e-4)
