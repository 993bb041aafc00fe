"""Sizes of a GPT, under the book's names, checked when they are made. No torch here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

MAX_SEED = 2**32 - 1
"""PyTorch's CPU generator (MT19937) is seeded with 32 bits: a larger seed would repeat a smaller one's numbers."""


@dataclass(frozen=True)
class GPTConfig:
    """The shape of a GPT-2 style model.

    Attributes:
        vocab_size: V, how many tokens there are to choose from.
        context_length: The most tokens it can read at once.
        emb_dim: C, numbers per token inside the model.
        n_heads: Attention heads; they share emb_dim evenly.
        n_layers: Transformer blocks.
        drop_rate: Share of activations dropped while training; never in evaluation.
        qkv_bias: Whether query, key and value have a bias (GPT-2's published weights do).
        tie_output_head: Whether the output head is the token embedding itself (GPT-2's published weights do).
        exact_gelu: Whether GELU is computed exactly (as nanoGPT does) and not in GPT-2's tanh approximation.

    Raises:
        ValueError: Naming the value and the limit, for a shape that cannot be.

    >>> GPTConfig(vocab_size=7, context_length=16, emb_dim=10, n_heads=3, n_layers=1)
    Traceback (most recent call last):
    ValueError: emb_dim 10 cannot be shared evenly by n_heads 3
    """

    vocab_size: int
    context_length: int
    emb_dim: int
    n_heads: int
    n_layers: int
    drop_rate: float = 0.0
    qkv_bias: bool = False
    tie_output_head: bool = False
    exact_gelu: bool = False

    def __post_init__(self) -> None:
        for name in ("vocab_size", "context_length", "emb_dim", "n_heads", "n_layers"):
            size = getattr(self, name)
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, not {size!r}")
        if self.emb_dim % self.n_heads:
            raise ValueError(f"emb_dim {self.emb_dim} cannot be shared evenly by n_heads {self.n_heads}")
        if not 0.0 <= self.drop_rate < 1.0:
            raise ValueError(f"drop_rate must be at least 0 and below 1, not {self.drop_rate!r}")

    @property
    def parameters(self) -> int:
        """How many numbers the model holds.

        >>> GPT_CONFIG_124M.parameters
        162419712
        """
        width, vocabulary = self.emb_dim, self.vocab_size
        attention = 4 * width * width + width + (3 * width if self.qkv_bias else 0)
        feed_forward = 8 * width * width + 5 * width
        block = attention + feed_forward + 4 * width
        heads = 1 if self.tie_output_head else 2
        return heads * vocabulary * width + self.context_length * width + self.n_layers * block + 2 * width

    @property
    def weight_bytes(self) -> int:
        """Memory of the float32 weights, in bytes."""
        return 4 * self.parameters

    def with_(self, **changes: Any) -> GPTConfig:
        """The same model with some sizes changed."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """The sizes by name, for export; `exact_gelu` only where it is on: GPT-2 and the book have no such setting."""
        sizes = asdict(self)
        if not self.exact_gelu:
            del sizes["exact_gelu"]
        return sizes


GPT_CONFIG_124M = GPTConfig(vocab_size=50_257, context_length=256, emb_dim=768, n_heads=12, n_layers=12)
"""GPT-2's smallest size with the context length that the book uses."""

SIZES: dict[str, GPTConfig] = {
    "toy": GPTConfig(vocab_size=7, context_length=16, emb_dim=16, n_heads=2, n_layers=2),
    "mini": GPT_CONFIG_124M.with_(emb_dim=128, n_heads=4, n_layers=4),
    "124M": GPT_CONFIG_124M,
    "medium": GPT_CONFIG_124M.with_(emb_dim=1024, n_heads=16, n_layers=24),
    "large": GPT_CONFIG_124M.with_(emb_dim=1280, n_heads=20, n_layers=36),
    "xl": GPT_CONFIG_124M.with_(emb_dim=1600, n_heads=25, n_layers=48),
}
"""The sizes that the app offers, at context length 256; `.with_(context_length=1024)` is GPT-2's own."""


@dataclass(frozen=True)
class ModelOrigin:
    """Where a model's weights come from: it travels with the model and with every result.

    Attributes:
        kind: "untrained", "trained_small", "gpt2", "trained_here" or "custom".
        name: The size or checkpoint ("124M", "openai-community/gpt2", …).
        seed: What the random weights were drawn from, where they were.
    """

    kind: str = "custom"
    name: str = ""
    seed: int | None = None
