"""A text that is ready to be scored: its windows, computed a few together, and the report of what they gave."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain

import numpy as np

from gptcore.batched_scoring import Row, token_scores
from gptcore.config import GPTConfig
from gptcore.language_model import LanguageModel
from gptcore.results.report import Provenance
from gptcore.results.text_report import TextReport
from gptcore.results.windows import EncodedText, Window, WindowRecord
from gptcore.scoring import versions
from gptcore.tokenizers.base import Tokenizer

TOKENS_TOGETHER = 2048
"""Windows are computed together as long as they read no more tokens than this."""


@dataclass(frozen=True, eq=False)
class TextJob:
    """A text that is ready to be scored: its tokens and its windows. It holds no model.

    Attributes:
        text: The text's tokens.
        config: Shape of the model that will score it.
        tokenizer: What the tokens are of.
        stride: How many tokens each window scores after the first window.
        first_token: Whether end-of-text is prepended.
        prefix: Token ids before the text, never scored and never counted.
        windows: The plan, over the prefix and the text's tokens together.
        top_k: How many of the most likely tokens are kept of each position.
    """

    text: EncodedText
    config: GPTConfig
    tokenizer: Tokenizer
    stride: int
    first_token: bool
    prefix: tuple[int, ...]
    windows: tuple[Window, ...]
    top_k: int

    @cached_property
    def batches(self) -> tuple[tuple[int, ...], ...]:
        """Indices of the windows that are computed together: the first alone, so that there is soon something."""
        together = max(1, TOKENS_TOGETHER // self.config.context_length)
        rest = range(1, len(self.windows), together)
        return ((0,), *(tuple(range(start, min(start + together, len(self.windows)))) for start in rest))

    def score(self, model: LanguageModel, batch: Sequence[int]) -> list[WindowRecord]:
        """Score some windows together.

        Args:
            model: A model of shape `config`.
            batch: Indices of the windows, one of `batches`.

        Returns:
            One record for each window.
        """
        windows = [self.windows[index] for index in batch]
        began = time.perf_counter()
        scores = token_scores(model, [self._row(window) for window in windows], self.top_k)
        seconds = (time.perf_counter() - began) / len(windows)
        provenance = Provenance(model.config, model.origin, 1.0, "float32", versions())
        return [
            WindowRecord(index=index, window=window, provenance=provenance, seconds=seconds, **vars(row))
            for index, window, row in zip(batch, windows, scores, strict=True)
        ]

    def records(self, model: LanguageModel) -> Iterator[WindowRecord]:
        """Score all windows, in order; leaving the loop stops the work."""
        return (record for batch in self.batches for record in self.score(model, batch))

    def report(self, records: Iterable[WindowRecord]) -> TextReport:
        """The report of the windows that are scored so far, in any order; each record is needed only for a moment.

        Raises:
            ValueError: There is no record.
        """
        records = iter(records)
        first = next(records, None)
        if first is None:
            raise ValueError("no window is scored yet: there is nothing to report")
        n, k = len(self.text), first.top_token_ids.shape[1]
        dtype = first.log_probability.dtype
        context_tokens, rank = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        log_probability, entropy_nats = np.full(n, np.nan, dtype), np.full(n, np.nan, dtype)
        top_token_ids, top_probabilities = np.zeros((n, k), dtype=np.int64), np.zeros((n, k), dtype)
        tokens_read, seconds, means = 0, 0.0, []
        for record in chain([first], records):
            window = record.window
            scored = slice(window.scored_from - len(self.prefix), window.stop - len(self.prefix))
            context_tokens[scored] = np.arange(window.scored_from, window.stop) - window.start
            log_probability[scored] = record.log_probability
            rank[scored] = record.rank
            entropy_nats[scored] = record.entropy_nats
            top_token_ids[scored] = record.top_token_ids
            top_probabilities[scored] = record.top_probabilities
            tokens_read += window.read_count
            seconds += record.seconds
            means.append(record.cross_entropy)
        return TextReport(
            provenance=first.provenance,
            text=self.text,
            stride=self.stride,
            first_token=self.first_token,
            window_count=len(means),
            tokens_read=tokens_read,
            seconds=seconds,
            context_tokens=context_tokens,
            log_probability=log_probability,
            rank=rank,
            entropy_nats=entropy_nats,
            top_token_ids=top_token_ids,
            top_pieces=self._pieces(top_token_ids, context_tokens),
            top_probabilities=top_probabilities,
            mean_of_windows_nats=math.fsum(means) / len(means),
        )

    def _row(self, window: Window) -> Row:
        before = len(self.prefix)
        prefix = np.array(self.prefix[window.start :], dtype=np.int64)
        ids = self.text.token_id[max(0, window.start - before) : window.stop - before]
        return Row(np.concatenate((prefix, ids)), window.scored_from - window.start)

    def _pieces(self, token_ids: np.ndarray, context_tokens: np.ndarray) -> tuple[tuple[str, ...], ...]:
        piece = cache(self.tokenizer.piece)
        rows = zip(token_ids, context_tokens > 0, strict=True)  # row by row: as one list, ids take much memory
        return tuple(tuple(map(piece, ids.tolist())) if scored else () for ids, scored in rows)
