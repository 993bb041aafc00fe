"""An untrained model that is never held: its weights are drawn in order, used, and drawn over.

An untrained model is a function of its seed, and a batch uses every weight once. So the memory of one transformer
block serves all blocks, and the two big tables pass by some rows at a time. What is left is drawing the random
numbers, which come one after the other and cannot be skipped.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from gptcore.config import GPTConfig
from gptcore.initialization import draw_embedding, draw_linear, seeded_generator, untrained_origin
from gptcore.model import GPTModel, LayerNorm, empty_model

ROWS_AT_ONCE = 128
"""Rows of a table that are drawn together: 0.4 MB at width 768, which stays in a core's own cache."""
_NORMALS_AT_ONCE = 16
"""PyTorch draws normal numbers by sixteens; from 128 rows on, only a last piece of fewer would be drawn otherwise."""


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Raised inside a pass whose result nobody waits for any more."""


class StreamedModel(GPTModel):
    """Stands in for `untrained_model(config, seed)` where a batch is scored, in the memory of one block.

    stopped  asked between two pieces of the work; Stopped is raised once it returns True

    `draw(seed)` makes it the model of that seed, at once: its weights follow when they are used, in inference mode.
    Losses are the held model's to the last printed digit; beyond it, products taken in slices may round otherwise.
    Not for two threads at a time.

    >>> from gptcore import GPT_CONFIG_124M, Example, score
    >>> small = StreamedModel(GPT_CONFIG_124M.with_(emb_dim=48, n_layers=2))
    >>> score(small.draw(123), [Example("every effort", " effort moves")]).cross_entropy
    10.7803
    """

    def __init__(self, config: GPTConfig, stopped: Callable[[], bool] = lambda: False) -> None:
        nn.Module.__init__(self)  # the held model's weights are what this one is without
        self.config = config
        self.stopped = stopped
        one_block = empty_model(config.with_(n_layers=1, vocab_size=1, context_length=1)).requires_grad_(False)
        for module in one_block.modules():
            if isinstance(module, LayerNorm):
                module.scale.fill_(1.0)
                module.shift.fill_(0.0)
        self.block = one_block.trf_blocks[0]
        self.final_norm = one_block.final_norm
        self.out_head = StreamedHead(self._logits)  # type: ignore[assignment]
        self._rows = torch.empty(ROWS_AT_ONCE + _NORMALS_AT_ONCE, config.emb_dim)
        self.draw(0)

    def draw(self, seed: int) -> StreamedModel:
        """Become the model of a seed. Raises InputError("bad_seed") for what is none."""
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
            for module in self.block.modules():  # in the order in which they were constructed
                if isinstance(module, nn.Linear):
                    self._keep_on()
                    draw_linear(module.weight, module.bias, self._generator)
            x = self.block(x)  # (B, T, C)
        if not self.config.tie_output_head:
            self._at_head = self._generator.get_state()
        hidden: Tensor = self.final_norm(x)  # (B, T, C)
        return hidden

    def _drawn_rows(self, table_rows: int, wanted: Sequence[int]) -> Tensor:
        """The wanted rows, ascending, of an embedding table of which all rows are drawn. (len(wanted), C)"""
        kept = torch.empty(len(wanted), self.config.emb_dim)
        for start, rows in self._slices(table_rows):
            draw_embedding(rows, self._generator)
            first, last = bisect_left(wanted, start), bisect_left(wanted, start + len(rows))
            for index in range(first, last):
                kept[index] = rows[wanted[index] - start]
        return kept

    def _logits(self, hidden: Tensor) -> Tensor:
        """Hidden states (n, C) to logits (n, V); the head is drawn again for each call."""
        self._generator.set_state(self._at_head)
        draw = draw_embedding if self.config.tie_output_head else partial(draw_linear, bias=None)
        logits = torch.empty(len(hidden), self.config.vocab_size)
        for start, rows in self._slices(self.config.vocab_size):
            draw(rows, generator=self._generator)
            logits[:, start : start + len(rows)] = hidden @ rows.T
        self.logit_std.append(logits.std(dim=-1))
        return logits

    def _slices(self, table_rows: int) -> Iterator[tuple[int, Tensor]]:
        """(first row, memory for some rows) for a whole table, in order."""
        start = 0
        while start < table_rows:
            self._keep_on()
            count = table_rows - start
            if (count - ROWS_AT_ONCE) * self.config.emb_dim >= _NORMALS_AT_ONCE:
                count = ROWS_AT_ONCE
            yield start, self._rows[:count]
            start += count

    def _keep_on(self) -> None:
        if self.stopped():
            raise Stopped


class StreamedHead:
    """Stands in for the output head: called with hidden states (n, C), it gives logits (n, V)."""

    weight = torch.empty(0)
    """Says the dtype."""

    def __init__(self, logits: Callable[[Tensor], Tensor]) -> None:
        self._logits = logits

    def __call__(self, hidden: Tensor) -> Tensor:
        return self._logits(hidden)
