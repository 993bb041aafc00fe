"""An untrained model that is never held: its weights are drawn in order, used, and drawn over.

An untrained model is a function of its seed, a batch uses every weight once, and in the order in which they are drawn.
So all weights pass through one small piece of memory, which stays in a core's own cache. What is left is drawing the
random numbers, which come one after the other: rows of an embedding table that nobody reads are passed over, in two
thirds of the time, but cannot be skipped.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from gptcore.config import GPTConfig
from gptcore.errors import CancelCheck, Cancelled, never_cancelled
from gptcore.initialization import (
    NORMALS_AT_ONCE,
    advance_generator,
    check_seed,
    draw_bias,
    draw_embedding,
    draw_linear,
    empty_model,
    seeded_generator,
    untrained_origin,
)
from gptcore.model import LayerNorm, linear
from gptcore.tokenizers.base import Tokenizer
from gptcore.tokenizers.model_rows import fit_tokenizer

NUMBERS_AT_ONCE = 196_608
"""Weights that are drawn together: 0.8 MB, so that they stay in the cache until they are used."""


class StreamedModel:
    """Stands in for `untrained_model(config, seed)` where a batch is scored, at next to no memory.

    `draw(seed)` makes it the model of that seed, at once: its weights follow when they are used, in inference mode.
    Losses are the held model's to the last printed digit; beyond it, products taken in slices may round otherwise.
    Not for two threads at a time.

    Attributes:
        stopped: Asked between two pieces of the work; Cancelled is raised once it returns True.

    >>> from gptcore import GPT_CONFIG_124M, Example, score
    >>> small = StreamedModel(GPT_CONFIG_124M.with_(emb_dim=48, n_layers=2))
    >>> score(small.draw(123), [Example("every effort", " effort moves")]).cross_entropy
    10.9585
    """

    def __init__(self, config: GPTConfig, stopped: CancelCheck = never_cancelled) -> None:
        self.config = config
        self.training = False
        self.stopped = stopped
        one_block = empty_model(config.with_(n_layers=1, vocab_size=1, context_length=1)).requires_grad_(False)
        for module in list(one_block.modules()):
            if isinstance(module, LayerNorm):
                module.scale.fill_(1.0)
                module.shift.fill_(0.0)
            for name, child in list(module.named_children()):
                if isinstance(child, nn.Linear):
                    setattr(module, name, StreamedLinear(self._apply_linear, child))
        self.block = one_block.trf_blocks[0]
        self.final_norm = one_block.final_norm
        self._numbers = torch.empty(0)
        self.draw(0)

    @property
    def tokenizer(self) -> Tokenizer:
        """The vocabulary of this library that fits the size."""
        return fit_tokenizer(None, self.config.vocab_size)

    def draw(self, seed: int) -> StreamedModel:
        """Become the model of a seed.

        Raises:
            InputError: "bad_seed" for what is none.
        """
        seed = check_seed(seed)
        self._generator = seeded_generator(seed)
        self._at_start = self._at_head = self._generator.get_state()
        self.origin = untrained_origin(self.config, seed)
        self.logit_std: list[Tensor] = []
        return self

    def hidden_states(self, in_idx: Tensor) -> Tensor:
        """Everything but the output head: token ids (B, T), T at most the context length, to (B, T, C)."""
        self._generator.set_state(self._at_start)
        tokens, where = in_idx.unique(return_inverse=True)
        positions = range(in_idx.shape[-1])
        x = self._drawn_rows(self.config.vocab_size, tokens.tolist())[where]  # (B, T, C)
        x = x + self._drawn_rows(self.config.context_length, positions)  # (B, T, C)
        for _ in range(self.config.n_layers):
            x = self.block(x)  # (B, T, C); its layers draw their weights as they are called
        if not self.config.tie_output_head:
            self._at_head = self._generator.get_state()
        hidden: Tensor = self.final_norm(x)  # (B, T, C)
        return hidden

    def _drawn_rows(self, table_rows: int, wanted: Sequence[int]) -> Tensor:
        """The wanted rows (len(wanted), C), ascending, of an embedding table; the others are skipped."""
        kept = torch.empty(len(wanted), self.config.emb_dim)
        for start, rows in self._slices(table_rows, self.config.emb_dim):
            first, last = bisect_left(wanted, start), bisect_left(wanted, start + len(rows))
            if first == last and rows.numel() % NORMALS_AT_ONCE == 0:
                advance_generator(rows.numel(), self._generator)
            else:
                draw_embedding(rows, self._generator)
            for index in range(first, last):
                kept[index] = rows[wanted[index] - start]
        return kept

    def _apply_linear(self, x: Tensor, out_features: int, has_bias: bool) -> Tensor:
        """A linear layer whose weights are drawn as they are used. x (…, I) to (…, O)."""
        out = self._times_drawn(x.flatten(0, -2), out_features, partial(draw_linear, bias=None))
        if has_bias:
            bias = torch.empty(out_features)
            draw_bias(bias, x.shape[-1], self._generator)
            out += bias
        return out.view(*x.shape[:-1], out_features)

    def out_head(self, hidden: Tensor) -> Tensor:
        """Hidden states (n, C) to logits (n, V); the head is drawn again for each call."""
        self._generator.set_state(self._at_head)
        draw = draw_embedding if self.config.tie_output_head else partial(draw_linear, bias=None)
        logits = self._times_drawn(hidden, self.config.vocab_size, draw)
        self.logit_std.append(logits.std(dim=-1))
        return logits

    def _times_drawn(self, x: Tensor, table_rows: int, draw: Callable[..., None]) -> Tensor:
        """(n, table_rows): x (n, I) times the transpose of a table (table_rows, I) that is drawn as it is used."""
        out = torch.empty(len(x), table_rows)
        for start, rows in self._slices(table_rows, x.shape[-1]):
            draw(rows, generator=self._generator)
            out[:, start : start + len(rows)] = linear(x, rows)
        return out

    def _slices(self, table_rows: int, width: int) -> Iterator[tuple[int, Tensor]]:
        """(first row, memory for some rows) for a whole table, in order."""
        at_once = max(NORMALS_AT_ONCE, NUMBERS_AT_ONCE // width // NORMALS_AT_ONCE * NORMALS_AT_ONCE)
        if len(self._numbers) < (at_once + NORMALS_AT_ONCE) * width:
            self._numbers = torch.empty((at_once + NORMALS_AT_ONCE) * width)
        start = 0
        while start < table_rows:
            if self.stopped():
                raise Cancelled
            count = table_rows - start
            if (count - at_once) * width >= NORMALS_AT_ONCE:
                count = at_once
            yield start, self._numbers[: count * width].view(count, width)
            start += count


class StreamedLinear(nn.Module):
    """Stands in for a linear layer of a block."""

    def __init__(self, apply: Callable[[Tensor, int, bool], Tensor], layer: nn.Linear) -> None:
        super().__init__()
        self._apply_drawn = apply
        self._out_features, self._has_bias = layer.out_features, layer.bias is not None

    def forward(self, x: Tensor) -> Tensor:
        """(…, in) to (…, out); the weights are drawn as they are used."""
        return self._apply_drawn(x, self._out_features, self._has_bias)
