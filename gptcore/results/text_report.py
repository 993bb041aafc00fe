"""Every token of a text with its score, and totals by character, word, line or sentence. No torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gptcore.results.report import NATS_PER_BIT, Floats, Ids, Provenance, perplexity_of
from gptcore.results.windows import EncodedText, Measurement, Unit, UnitMean
from gptcore.text_units import TextUnit, Units


@dataclass(frozen=True, eq=False)
class TextReport:
    """Every token of a text with its score, from the windows that were scored so far: usually all of them.

    Attributes:
        provenance: The model, and the versions that computed it.
        text: The n tokens and where they stand.
        stride: How many tokens each window scores after the first window.
        first_token: Whether end-of-text was prepended. The prepended token is never counted or listed.
        window_count: How many windows are in.
        tokens_read: How many tokens the model read in all.
        seconds: Time of the computation.
        context_tokens: Shape (n,). How many tokens the model had read when it scored this one, a prepended token
            included; 0 where there is no score.
        log_probability: Shape (n,), in nats; NaN where there is no score.
        rank: Shape (n,), from 1; 0 where there is no score.
        entropy_nats: Shape (n,), of the full distribution; NaN where there is no score.
        top_token_ids: Shape (n, k), most likely first; 0 where there is no score.
        top_pieces: The same as display text; empty where there is no score.
        top_probabilities: Shape (n, k).
        mean_of_windows_nats: The plain mean of the windows' means, which is the wrong way.
    """

    provenance: Provenance
    text: EncodedText
    stride: int
    first_token: bool
    window_count: int
    tokens_read: int
    seconds: float
    context_tokens: Ids
    log_probability: Floats
    rank: Ids
    entropy_nats: Floats
    top_token_ids: Ids = field(repr=False)
    top_pieces: tuple[tuple[str, ...], ...] = field(repr=False)
    top_probabilities: Floats = field(repr=False)
    mean_of_windows_nats: float

    @cached_property
    def scored(self) -> NDArray[np.bool_]:
        """Shape (n,). Which tokens have a score: all but the first, unless `first_token`."""
        return self.context_tokens > 0

    @cached_property
    def token_count(self) -> int:
        """How many tokens were scored."""
        return int(self.scored.sum())

    @cached_property
    def byte_count(self) -> int:
        """UTF-8 bytes of the scored tokens. Special tokens have none."""
        return int(self.text.byte_count[self.scored].sum())

    @cached_property
    def surprisal_nats(self) -> Floats:
        """Shape (n,). −log-probability; NaN where there is no score."""
        return -self.log_probability

    @cached_property
    def total_nats(self) -> float:
        """Surprisal of all scored tokens."""
        return -math.fsum(self.log_probability[self.scored].tolist())

    @property
    def cross_entropy(self) -> float:
        """Nats per scored token: averaged over tokens, never over windows."""
        return self.total_nats / self.token_count

    @property
    def perplexity(self) -> float:
        """exp(cross_entropy), per token; inf beyond float64."""
        return perplexity_of(self.cross_entropy)

    @property
    def bits_per_byte(self) -> float:
        """Total surprisal in bits / UTF-8 bytes of the scored text; NaN where it has none."""
        return self.total_nats / NATS_PER_BIT / self.byte_count if self.byte_count else math.nan

    @property
    def vocab_size(self) -> int:
        """V, how many tokens the model chooses from."""
        return self.provenance.config.vocab_size

    @property
    def uniform_cross_entropy(self) -> float:
        """Ln V: the cross-entropy of uniform guessing, in nats."""
        return math.log(self.vocab_size)

    def to_frame(self) -> pd.DataFrame:
        """A table with one row for each token, in order.

        A token without a score has `scored` False, `context_tokens` 0, and no number: NaN, or <NA> for its rank.
        """
        rank = pd.array(self.rank, dtype="Int64")
        rank[~self.scored] = pd.NA
        predicted = [pieces[0] if pieces else None for pieces in self.top_pieces]
        return pd.DataFrame(
            {
                "token_id": self.text.token_id,
                "piece": list(self.text.pieces),
                "start": self.text.start,
                "end": self.text.end,
                "context_tokens": self.context_tokens,
                "log_probability": self.log_probability,
                "rank": rank,
                "entropy_nats": self.entropy_nats,
                "predicted_piece": pd.Series(predicted, dtype="object"),
                "scored": self.scored,
            }
        )

    def by(self, unit: TextUnit) -> pd.DataFrame:
        """A table with one row for each unit of the text, in order; the sums equal those over tokens.

        A token belongs to the unit in which it begins: parts of a character are summed in its row, and a token of
        several characters stands in the row of the first. The space before a word belongs to the word.

        Args:
            unit: "word" (Unicode word boundaries; Chinese by character, or by jieba's words where it is installed;
                punctuation has rows of its own), "character" (as a reader counts them: grapheme clusters), "line", or
                "sentence" (Unicode sentence boundaries).

        Returns:
            Columns `text`, `start`, `end` (offsets in the text), `tokens` (how many scored tokens it has),
            `log_probability` (their sum), `surprisal_nats`, `perplexity` (exp(surprisal / tokens); NaN for no tokens).
        """
        units = self.text.units(unit)
        if not len(units.begins):  # special tokens alone: they have no text, but scores
            none = np.zeros(1, dtype=np.int64)
            units = Units(none, none, none, none.astype(np.bool_))
        at = np.searchsorted(units.begins, self.text.start[self.scored], side="right") - 1
        count = len(units.begins)
        tokens = np.bincount(at, minlength=count)
        total = np.bincount(at, weights=self.log_probability[self.scored].astype(np.float64), minlength=count)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            perplexity = np.exp(-total / tokens)
        texts = [self.text.text[start:end] for start, end in zip(units.start, units.end, strict=True)]
        return pd.DataFrame(
            {
                "text": pd.Series(texts, dtype="object"),
                "start": units.start,
                "end": units.end,
                "tokens": tokens,
                "log_probability": total,
                "surprisal_nats": 0.0 - total,
                "perplexity": perplexity,
            }
        )

    def per(self, unit: Unit) -> UnitMean:
        """The loss per unit: total surprisal / how many units the scored tokens make up.

        Args:
            unit: "token", "byte", or one of `by`'s. Units without a scored token are not counted, but for
                characters inside a longer token.

        Returns:
            The mean in nats and bits and its perplexity; NaN where there is no such unit.
        """
        count = self._count(unit)
        nats = self.total_nats / count if count else math.nan
        return UnitMean(unit, count, nats, nats / NATS_PER_BIT, perplexity_of(nats))

    def _count(self, unit: Unit) -> int:
        if unit == "token":
            return self.token_count
        if unit == "byte":
            return self.byte_count
        units = self.text.units(unit)
        return int(units.counted[self._covered(units.start, units.end)].sum())

    def _covered(self, start: Ids, end: Ids) -> NDArray[np.bool_]:
        """Which units hold a character of a scored token."""
        covered = np.zeros(len(self.text.text) + 1, dtype=np.int64)
        np.add.at(covered, self.text.start[self.scored], 1)
        np.add.at(covered, self.text.end[self.scored], -1)
        inside = np.concatenate(([0], np.cumsum(np.cumsum(covered) > 0)))
        return inside[end] > inside[start]

    def measurement(self) -> Measurement:
        """What this report's number depends on, to be compared with other ways of measuring."""
        return Measurement(
            stride=self.stride,
            first_token=self.first_token,
            windows=self.window_count,
            tokens=self.token_count,
            words=self._count("word"),
            bytes=self.byte_count,
            total_nats=self.total_nats,
            mean_of_windows_nats=self.mean_of_windows_nats,
            tokens_read=self.tokens_read,
            seconds=self.seconds,
        )

    def to_dict(self) -> dict[str, Any]:
        """The analysis as plain values, for JSON: what has no value, or is beyond float64, is None."""
        origin, config = self.provenance.origin, self.provenance.config
        frame = self.to_frame().astype(object)
        return {
            "model": {"kind": origin.kind, "name": origin.name, "seed": origin.seed, **config.to_dict()},
            "dtype": self.provenance.dtype,
            "versions": self.provenance.versions,
            "text": self.text.text,
            "stride": self.stride,
            "first_token": self.first_token,
            "windows": self.window_count,
            "token_count": self.token_count,
            "byte_count": self.byte_count,
            "cross_entropy": self.cross_entropy,
            "perplexity": _finite(self.perplexity),
            "perplexity_per_word": _finite(self.per("word").perplexity),
            "bits_per_byte": _finite(self.bits_per_byte),
            "uniform_cross_entropy": self.uniform_cross_entropy,
            "tokens": frame.where(frame.notna(), None).to_dict(orient="records"),
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
