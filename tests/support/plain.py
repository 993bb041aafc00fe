"""The calculation as a notebook has it, written out after the book: an oracle, and what gptcore is timed against.

Raschka, Build a Large Language Model (From Scratch), chapters 4 and 5: attention with a stored mask and a softmax of
its own, LayerNorm and GELU by their formulas, a softmax over all (B, T, V) logits. Its weights have gptcore's names.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from gptcore.config import GPTConfig
from gptcore.model import GPTModel


class PlainLayerNorm(nn.Module):
    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        self.eps = 1e-5
        self.scale = nn.Parameter(torch.ones(emb_dim))
        self.shift = nn.Parameter(torch.zeros(emb_dim))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=-1, keepdim=True)
        var = x.var(dim=-1, keepdim=True, unbiased=False)
        norm_x = (x - mean) / torch.sqrt(var + self.eps)
        return self.scale * norm_x + self.shift


class PlainGELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        inner = torch.sqrt(torch.tensor(2.0 / torch.pi)) * (x + 0.044715 * torch.pow(x, 3))
        return 0.5 * x * (1 + torch.tanh(inner))


class PlainFeedForward(nn.Module):
    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(cfg.emb_dim, 4 * cfg.emb_dim), PlainGELU(), nn.Linear(4 * cfg.emb_dim, cfg.emb_dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.layers(x))


class PlainMultiHeadAttention(nn.Module):
    mask: Tensor

    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.num_heads = cfg.n_heads
        self.head_dim = cfg.emb_dim // cfg.n_heads
        self.W_query = nn.Linear(cfg.emb_dim, cfg.emb_dim, bias=cfg.qkv_bias)
        self.W_key = nn.Linear(cfg.emb_dim, cfg.emb_dim, bias=cfg.qkv_bias)
        self.W_value = nn.Linear(cfg.emb_dim, cfg.emb_dim, bias=cfg.qkv_bias)
        self.out_proj = nn.Linear(cfg.emb_dim, cfg.emb_dim)
        self.dropout = nn.Dropout(cfg.drop_rate)
        ahead = torch.triu(torch.ones(cfg.context_length, cfg.context_length), diagonal=1)
        self.register_buffer("mask", ahead, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        b, num_tokens, d_out = x.shape
        keys, queries, values = self.W_key(x), self.W_query(x), self.W_value(x)
        keys = keys.view(b, num_tokens, self.num_heads, self.head_dim).transpose(1, 2)
        values = values.view(b, num_tokens, self.num_heads, self.head_dim).transpose(1, 2)
        queries = queries.view(b, num_tokens, self.num_heads, self.head_dim).transpose(1, 2)
        attn_scores = queries @ keys.transpose(2, 3)
        attn_scores.masked_fill_(self.mask.bool()[:num_tokens, :num_tokens], -torch.inf)
        attn_weights = self.dropout(torch.softmax(attn_scores / keys.shape[-1] ** 0.5, dim=-1))
        context_vec = (attn_weights @ values).transpose(1, 2).contiguous().view(b, num_tokens, d_out)
        return cast(Tensor, self.out_proj(context_vec))


class PlainTransformerBlock(nn.Module):
    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.att = PlainMultiHeadAttention(cfg)
        self.ff = PlainFeedForward(cfg)
        self.norm1 = PlainLayerNorm(cfg.emb_dim)
        self.norm2 = PlainLayerNorm(cfg.emb_dim)
        self.drop_shortcut = nn.Dropout(cfg.drop_rate)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_shortcut(self.att(self.norm1(x)))
        x = x + self.drop_shortcut(self.ff(self.norm2(x)))
        return x


class PlainGPTModel(nn.Module):
    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.tok_emb = nn.Embedding(cfg.vocab_size, cfg.emb_dim)
        self.pos_emb = nn.Embedding(cfg.context_length, cfg.emb_dim)
        self.drop_emb = nn.Dropout(cfg.drop_rate)
        self.trf_blocks = nn.Sequential(*[PlainTransformerBlock(cfg) for _ in range(cfg.n_layers)])
        self.final_norm = PlainLayerNorm(cfg.emb_dim)
        self.out_head = nn.Linear(cfg.emb_dim, cfg.vocab_size, bias=False)

    def forward(self, in_idx: Tensor) -> Tensor:
        tok_embeds = self.tok_emb(in_idx)
        pos_embeds = self.pos_emb(torch.arange(in_idx.shape[1], device=in_idx.device))
        x = self.trf_blocks(self.drop_emb(tok_embeds + pos_embeds))
        return cast(Tensor, self.out_head(self.final_norm(x)))


def plain_model_sharing(model: GPTModel) -> PlainGPTModel:
    """The plain model on the very tensors of `model`: nothing is drawn, nothing copied."""
    with torch.device("meta"):
        plain = PlainGPTModel(model.config)
    plain.load_state_dict(model.state_dict(), assign=True)
    length = model.config.context_length
    for module in plain.modules():
        if isinstance(module, PlainMultiHeadAttention):
            module.mask = torch.triu(torch.ones(length, length), diagonal=1)
    return plain.eval()


@dataclass(frozen=True)
class PlainResult:
    """What the notebook's cells leave behind; the first three are (B, T) or (B, T, V)."""

    probas: Tensor
    target_probas: Tensor
    log_probas: Tensor
    avg_log_proba: float
    cross_entropy: float
    perplexity: float


def plain_score(model: nn.Module, inputs: Tensor, targets: Tensor) -> PlainResult:
    """Softmax over everything, the targets picked out, log, mean, negate, exp; no row may be padded."""
    with torch.no_grad():
        logits = model(inputs)  # (B, T, V)
    probas = torch.softmax(logits, dim=-1)
    target_probas = probas.gather(-1, targets.unsqueeze(-1)).squeeze(-1)  # (B, T)
    log_probas = torch.log(target_probas)
    avg_log_proba = torch.mean(log_probas)
    loss = avg_log_proba * -1
    return PlainResult(probas, target_probas, log_probas, avg_log_proba.item(), loss.item(), math.exp(loss.item()))
