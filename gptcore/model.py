"""A GPT-2 style model, written out under the book's names, to be read from top to bottom.

B examples, T positions, V tokens in the vocabulary, C numbers a token (`emb_dim`), H heads.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gptcore import first_calls  # noqa: F401  # its import is its use
from gptcore.config import GPTConfig, ModelOrigin
from gptcore.errors import InputError
from gptcore.tokenizers.base import Tokenizer
from gptcore.tokenizers.model_rows import fit_tokenizer


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The product x Wᵀ + b, as `F.linear`; through oneDNN where no gradient is wanted, in float32 on a CPU.

    `F.linear` multiplies float32 with MKL, which takes up to twice as long on processors that are not Intel's. This is
    the operator that `torch.compile` puts in its place. Small weights gain nothing by it, and some strided ones take
    very long.

    Args:
        x: (…, I).
        weight: (O, I).
        bias: (O,), or None.

    Returns:
        (…, O).
    """
    possible = ONEDNN and x.dtype == torch.float32 and x.device.type == "cpu" and weight.is_contiguous()
    if torch.is_grad_enabled() or not possible or weight.numel() < LEAST_WEIGHTS:
        return F.linear(x, weight, bias)
    product: Tensor = torch.ops.mkldnn._linear_pointwise.default(x, weight, bias, "none", [], "")
    return product


ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
LEAST_WEIGHTS = 2**16
"""For so many weights or more a product goes through oneDNN."""


class Linear(nn.Linear):
    """`nn.Linear`: the same weights, names and drawing; its product is `linear`'s."""

    def forward(self, x: Tensor) -> Tensor:
        """(…, I) to (…, O)."""
        return linear(x, self.weight, self.bias)


class Dropout(nn.Module):
    """Sets a random share of its input to 0 while training, and scales up the rest; in evaluation it changes nothing.

    `F.dropout` would do the same, but it draws from the one generator of the process: two trainings at the same time
    would change each other's numbers. This one draws the same numbers, bit for bit, from a generator of its own.
    """

    def __init__(self, drop_rate: float) -> None:
        super().__init__()
        self.drop_rate = drop_rate
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; the result has the same."""
        if not self.training or self.drop_rate == 0.0:
            return x
        kept = 1.0 - self.drop_rate
        return x * torch.empty_like(x).bernoulli_(kept, generator=self.generator).div_(kept)


class LayerNorm(nn.Module):
    """Each token's numbers to mean 0 and variance 1 (biased, eps 1e-5, as GPT-2's), then scaled and shifted."""

    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        self.eps = 1e-5
        self.scale = nn.Parameter(torch.ones(emb_dim))
        self.shift = nn.Parameter(torch.zeros(emb_dim))

    def forward(self, x: Tensor) -> Tensor:
        """(…, C) to (…, C)."""
        return F.layer_norm(x, self.scale.shape, self.scale, self.shift, self.eps)


class GELU(nn.Module):
    """x · Φ(x): GPT-2's activation in its tanh approximation, or exactly ("none"), as nanoGPT computes it."""

    def __init__(self, approximate: str = "tanh") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; the result has the same."""
        return F.gelu(x, approximate=self.approximate)


class FeedForward(nn.Module):
    """Each token by itself: widen fourfold, bend, narrow again."""

    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            Linear(cfg.emb_dim, 4 * cfg.emb_dim),
            GELU("none" if cfg.exact_gelu else "tanh"),
            Linear(4 * cfg.emb_dim, cfg.emb_dim),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        output: Tensor = self.layers(x)  # (B, T, C)
        return output


class MultiHeadAttention(nn.Module):
    """Each token gathers from itself and the tokens before it, in H ways at once."""

    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.num_heads = cfg.n_heads
        self.W_query = Linear(cfg.emb_dim, cfg.emb_dim, bias=cfg.qkv_bias)
        self.W_key = Linear(cfg.emb_dim, cfg.emb_dim, bias=cfg.qkv_bias)
        self.W_value = Linear(cfg.emb_dim, cfg.emb_dim, bias=cfg.qkv_bias)
        self.out_proj = Linear(cfg.emb_dim, cfg.emb_dim)
        self.dropout = Dropout(cfg.drop_rate)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C); position t reads the positions 0 to t."""
        B, T, C = x.shape

        def heads(projected: Tensor) -> Tensor:
            return projected.view(B, T, self.num_heads, C // self.num_heads).transpose(1, 2)  # (B, H, T, C/H)

        queries, keys, values = heads(self.W_query(x)), heads(self.W_key(x)), heads(self.W_value(x))
        if self.training and self.dropout.drop_rate:
            context = self._attend_with_dropout(queries, keys, values)  # (B, H, T, C/H)
        else:
            context = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        output: Tensor = self.out_proj(context.transpose(1, 2).reshape(B, T, C))  # (B, T, C)
        return output

    def _attend_with_dropout(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """The same attention written out, since the fused one draws its dropout from the process-wide generator."""
        T, width = queries.shape[-2:]
        scores = queries @ keys.transpose(-2, -1) / width**0.5  # (B, H, T, T)
        ahead = torch.ones(T, T, dtype=torch.bool, device=scores.device).triu(1)  # a token never reads what follows it
        weights = scores.masked_fill(ahead, float("-inf")).softmax(dim=-1)
        mixed: Tensor = self.dropout(weights) @ values
        return mixed


class TransformerBlock(nn.Module):
    """Attention, then feed-forward; each reads a normalised copy and adds what it found."""

    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.att = MultiHeadAttention(cfg)
        self.ff = FeedForward(cfg)
        self.norm1 = LayerNorm(cfg.emb_dim)
        self.norm2 = LayerNorm(cfg.emb_dim)
        self.drop_shortcut = Dropout(cfg.drop_rate)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        x = x + self.drop_shortcut(self.att(self.norm1(x)))  # (B, T, C)
        x = x + self.drop_shortcut(self.ff(self.norm2(x)))  # (B, T, C)
        return x


class GPTModel(nn.Module):
    """Token ids in, a score (logit) for every token of the vocabulary at every position out.

    Built directly, it draws its weights as PyTorch does, from the process-wide generator;
    `gptcore.untrained_model` draws the same weights from a generator of its own.
    """

    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.config = cfg
        self.origin = ModelOrigin()
        self.own_tokenizer: Tokenizer | None = None
        self.tok_emb = nn.Embedding(cfg.vocab_size, cfg.emb_dim)
        self.pos_emb = nn.Embedding(cfg.context_length, cfg.emb_dim)
        self.drop_emb = Dropout(cfg.drop_rate)
        self.trf_blocks = nn.Sequential(*[TransformerBlock(cfg) for _ in range(cfg.n_layers)])
        self.final_norm = LayerNorm(cfg.emb_dim)
        self.out_head = Linear(cfg.emb_dim, cfg.vocab_size, bias=False)
        self.tie_output_head()

    def tie_output_head(self) -> None:
        """Where the configuration says so, let the output head be the token embedding."""
        if self.config.tie_output_head:
            self.out_head.weight = self.tok_emb.weight

    @property
    def tokenizer(self) -> Tokenizer:
        """The vocabulary that came with the weights; without one, the vocabulary of this library that fits the size."""
        return self.own_tokenizer or fit_tokenizer(None, self.config.vocab_size)

    def hidden_states(self, in_idx: Tensor) -> Tensor:
        """Everything but the output head.

        Args:
            in_idx: (B, T) token ids, T at most the context length.

        Returns:
            (B, T, C).

        Raises:
            InputError: "too_many_tokens" when T exceeds the context length.
        """
        hidden: Tensor = self.final_norm(self.trf_blocks(self.embedded(in_idx)))  # (B, T, C)
        return hidden

    def embedded(self, in_idx: Tensor) -> Tensor:
        """Each token's embedding plus its position's: token ids (B, T) to (B, T, C)."""
        T = in_idx.shape[-1]
        if self.config.context_length < T:
            raise InputError(
                "too_many_tokens",
                f"{T} tokens; the context holds {self.config.context_length}",
                tokens=T,
                limit=self.config.context_length,
            )
        positions = torch.arange(T, device=in_idx.device)
        x: Tensor = self.drop_emb(self.tok_emb(in_idx) + self.pos_emb(positions))  # (B, T, C)
        return x

    def layer_states(self, in_idx: Tensor) -> Iterator[Tensor]:
        """Hidden states (B, T, C) of token ids (B, T) after the embedding and after each block, n_layers + 1 in all.

        Each is normalized as the last one is before the output head, so the last equals `hidden_states(in_idx)`.
        """
        x = self.embedded(in_idx)
        yield self.final_norm(x)
        for block in self.trf_blocks:
            x = block(x)
            yield self.final_norm(x)

    def forward(self, in_idx: Tensor) -> Tensor:
        """Logits (B, T, V) of token ids (B, T): row t scores what comes after token t."""
        logits: Tensor = self.out_head(self.hidden_states(in_idx))
        return logits


def generate_text_simple(model: GPTModel, idx: Tensor, max_new_tokens: int, context_size: int) -> Tensor:
    """Continue a text greedily: append the most likely token, again and again.

    Args:
        model: The model, in evaluation mode.
        idx: (B, T) token ids so far.
        max_new_tokens: How many tokens to append.
        context_size: How many of the last tokens the model reads.

    Returns:
        (B, T + max_new_tokens).
    """
    for _ in range(max_new_tokens):
        with torch.no_grad():
            logits = model(idx[:, -context_size:])  # (B, T, V)
        idx_next = logits[:, -1, :].argmax(dim=-1, keepdim=True)  # (B, 1); softmax would not change which is largest
        idx = torch.cat((idx, idx_next), dim=1)  # (B, T + 1)
    return idx
