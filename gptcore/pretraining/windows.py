"""Windows over the corpus: what each training step reads, and how a document is evaluated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gptcore.pretraining.corpus import Ids


@dataclass(frozen=True)
class BatchPlan:
    """Which windows every step reads, a function of (seed, step) alone: nothing to save, nothing to lose.

    An epoch puts the documents in a new order, each after the token `separator`, and cuts the whole into windows
    from a new starting point; each token is then predicted once an epoch, in another company every time.
    """

    documents: tuple[Ids, ...]
    separator: int
    context_length: int
    batch_size: int
    seed: int

    def __post_init__(self) -> None:
        if self.batches_per_epoch < 1:
            needed = (self.batch_size + 1) * self.context_length + 1
            raise ValueError(f"{self.n_tokens} tokens are too few for one batch; it takes {needed}")

    @property
    def n_tokens(self) -> int:
        """Tokens an epoch, separators included."""
        return sum(len(ids) + 1 for ids in self.documents)

    @property
    def batches_per_epoch(self) -> int:
        """Whole batches in one epoch."""
        windows = (self.n_tokens - self.context_length) // self.context_length
        return windows // self.batch_size

    def epoch_windows(self, epoch: int) -> Ids:
        """(windows, T + 1) rows: the inputs are all but the last column, the targets all but the first."""
        random = np.random.default_rng([self.seed, epoch])
        parts: list[Ids] = []
        for index in random.permutation(len(self.documents)):
            parts += [np.array([self.separator]), self.documents[index]]
        stream = np.concatenate(parts)[random.integers(self.context_length) :]
        n_windows = self.batches_per_epoch * self.batch_size
        starts = random.permutation((len(stream) - 1) // self.context_length)[:n_windows] * self.context_length
        windows: Ids = stream[starts[:, None] + np.arange(self.context_length + 1)]
        return windows


def evaluation_windows(ids: Ids, separator: int, context_length: int, stride: int) -> list[tuple[Ids, Ids, int]]:
    """Windows over one document in which each of its tokens is scored once.

    The document stands after one `separator`, so that its first token has something before it. Each window is
    (inputs, targets, new): its last `new` targets are the ones to score. Windows move by `stride` tokens: every
    scored token, but for the document's first, has at least `context_length − stride` tokens before it.

    Raises:
        ValueError: Unless 1 ≤ stride ≤ context_length.

    >>> [(i.tolist(), t.tolist(), n) for i, t, n in evaluation_windows(np.array([5, 6, 7]), 0, 2, 1)]
    [([0, 5], [5, 6], 2), ([5, 6], [6, 7], 1)]
    """
    if not 1 <= stride <= context_length:
        raise ValueError(f"stride must be from 1 to the context length {context_length}, not {stride}")
    stream = np.concatenate([np.array([separator]), ids])
    windows: list[tuple[Ids, Ids, int]] = []
    scored = 0
    while scored < len(ids):
        end = min(len(ids), context_length if scored == 0 else scored + stride)
        begin = max(0, end - context_length)
        windows.append((stream[begin:end], stream[begin + 1 : end + 1], end - scored))
        scored = end
    return windows
