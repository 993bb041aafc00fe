"""What comparing gives: records of seeds and of examples, their summary, and two rows aligned token by token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from gptcore.results.report import Floats, Ids, Report


@dataclass(frozen=True)
class SeedRecord:
    """One untrained model on the examples of a sweep.

    Attributes:
        report: Its whole chain; report.provenance and report.texts say how to make it again.
        logit_std: (N,) standard deviation over the vocabulary of the logits at each scored position.
    """

    report: Report
    logit_std: Floats

    @property
    def seed(self) -> int:
        """The seed of the model's random weights."""
        seed = self.report.provenance.origin.seed
        assert seed is not None  # an untrained model has one
        return seed


@dataclass(frozen=True)
class SeedSummary:
    """Many seeds in a few numbers, in nats but for the counts.

    Attributes:
        mean, standard_deviation: Of the cross-entropies; of a sample (divided by count − 1), nan for one seed
            alone.
        standard_error: Of the mean: standard_deviation / √count.
        below_uniform: How many seeds lie below ln V, which is `uniform`.
        logit_variance: Mean σ² of the logits; about half of it is what the mean loss lies above ln V.
    """

    count: int
    mean: float
    standard_deviation: float
    standard_error: float
    below_uniform: int
    uniform: float
    logit_variance: float

    @property
    def gap(self) -> float:
        """How far the mean lies above ln V; negative below it."""
        return self.mean - self.uniform


@dataclass(frozen=True, eq=False)
class SeedTable:
    """The numbers of many seeds as arrays, by ascending seed: S seeds, N scored positions.

    Attributes:
        seeds: (S,).
        cross_entropy: (S,) nats.
        perplexity: (S,).
        log_probability: (S, N) nats.
        logit_variance: (S,) mean over positions of the logits' variance.
        target_piece: N of them.
        example, position: (N,) each position's row and its place in it, from 0, as in a Report.
    """

    seeds: Ids
    cross_entropy: Floats
    perplexity: Floats
    log_probability: Floats
    logit_variance: Floats
    target_piece: tuple[str, ...]
    vocab_size: int
    example: Ids
    position: Ids

    @classmethod
    def of(cls, records: Sequence[SeedRecord]) -> SeedTable:
        """The table of at least one record, all of the same examples and the same size of model."""
        ordered = sorted(records, key=lambda record: record.seed)
        reports = [record.report for record in ordered]
        return cls(
            seeds=np.array([record.seed for record in ordered], dtype=np.int64),
            cross_entropy=np.array([report.cross_entropy for report in reports]),
            perplexity=np.array([report.perplexity for report in reports]),
            log_probability=np.stack([report.log_probability for report in reports]),
            logit_variance=np.array([np.square(record.logit_std, dtype=np.float64).mean() for record in ordered]),
            target_piece=reports[0].target_piece,
            vocab_size=reports[0].vocab_size,
            example=reports[0].example,
            position=reports[0].position,
        )

    @property
    def uniform_cross_entropy(self) -> float:
        """Ln V, in nats."""
        return math.log(self.vocab_size)

    def summary(self) -> SeedSummary:
        """Mean, spread, and how many lie below uniform guessing."""
        return self._summary

    @cached_property
    def _summary(self) -> SeedSummary:
        count = len(self.seeds)
        deviation = float(self.cross_entropy.std(ddof=1)) if count > 1 else math.nan
        return SeedSummary(
            count=count,
            mean=float(self.cross_entropy.mean()),
            standard_deviation=deviation,
            standard_error=deviation / math.sqrt(count),
            below_uniform=int((self.cross_entropy < self.uniform_cross_entropy).sum()),
            uniform=self.uniform_cross_entropy,
            logit_variance=float(self.logit_variance.mean()),
        )

    def to_frame(self) -> pd.DataFrame:
        """A row a seed: its cross-entropy, its perplexity, and a column of log-probabilities per position."""
        frame = pd.DataFrame({"seed": self.seeds, "cross_entropy": self.cross_entropy, "perplexity": self.perplexity})
        for index, piece in enumerate(self.target_piece):
            frame[f"log_probability_{index + 1} {piece!r}"] = self.log_probability[:, index]
        return frame

    def to_long_frame(self) -> pd.DataFrame:
        """A row for each seed and scored position: the table in tidy form, for spreadsheets and statistics."""
        seeds, N = self.log_probability.shape
        return pd.DataFrame(
            {
                "seed": np.repeat(self.seeds, N),
                "cross_entropy": np.repeat(self.cross_entropy, N),
                "perplexity": np.repeat(self.perplexity, N),
                "example": np.tile(self.example, seeds),
                "position": np.tile(self.position, seeds),
                "target_piece": list(self.target_piece) * seeds,
                "log_probability": self.log_probability.ravel(),
            }
        )

    def per_position(self) -> pd.DataFrame:
        """A row a scored position: mean, sample standard deviation, least and greatest log-probability, in nats."""
        return self._per_position.copy()

    @cached_property
    def _per_position(self) -> pd.DataFrame:
        columns = self.log_probability.astype(np.float64)
        return pd.DataFrame(
            {
                "target_piece": list(self.target_piece),
                "mean": columns.mean(axis=0),
                "standard_deviation": columns.std(axis=0, ddof=1) if len(columns) > 1 else math.nan,
                "least": columns.min(axis=0),
                "greatest": columns.max(axis=0),
            }
        )


def sweep_to_dict(records: Sequence[SeedRecord]) -> dict[str, Any]:
    """A sweep as plain values, for JSON: what it was made with, its summary, and every seed's numbers."""
    table = SeedTable.of(records)
    whole = records[0].report.to_dict()
    made_with = {name: whole[name] for name in ("model", "temperature", "dtype", "versions", "examples")}
    made_with["model"].pop("seed")
    return {
        **made_with,
        "uniform_cross_entropy": table.uniform_cross_entropy,
        "summary": asdict(table.summary()),
        "targets": list(table.target_piece),
        "seeds": [
            {"seed": int(seed), "cross_entropy": loss, "perplexity": perplexity, "log_probabilities": row}
            for seed, loss, perplexity, row in zip(
                table.seeds,
                table.cross_entropy.tolist(),
                table.perplexity.tolist(),
                table.log_probability.tolist(),
                strict=True,
            )
        ],
    }
