"""Several models on the same examples: what each makes of every position, and where one gains on another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import pandas as pd

from gptcore.results.report import Floats, Report


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """M models on the same N scored positions, in the order in which they were given.

    Attributes:
        names: M of them, as a reader knows them; each once.
        reports: M of them.
    """

    names: tuple[str, ...]
    reports: tuple[Report, ...]

    @classmethod
    def of(cls, named: Sequence[tuple[str, Report]]) -> ModelComparison:
        """From (name, report) of at least one model.

        Raises:
            ValueError: Where the targets or the names do not fit.
        """
        names = tuple(name for name, _ in named)
        reports = tuple(report for _, report in named)
        if not reports or len(set(names)) < len(names):
            raise ValueError(f"models are compared by name, each once, not {names}")
        for report in reports[1:]:
            if not np.array_equal(report.target_token_id, reports[0].target_token_id):
                raise ValueError("models are compared on the same targets")
        return cls(names, reports)

    @property
    def first(self) -> Report:
        """The first model's report: prompts and targets are everyone's."""
        return self.reports[0]

    @property
    def log_probability(self) -> Floats:
        """(M, N) ln p of each target under each model, in nats."""
        return np.stack([report.log_probability for report in self.reports])

    @property
    def perplexities(self) -> list[tuple[str, float]]:
        """(name, perplexity) of each model."""
        return [(name, report.perplexity) for name, report in zip(self.names, self.reports, strict=True)]

    def gain(self, first: int, second: int) -> Floats:
        """(N,) Δ ln p in nats: how much likelier the second model finds each target. Its mean is the fall of the loss.

        Float64, since the numbers are differences of float32.
        """
        before, after = (self.reports[m].log_probability.astype(np.float64) for m in (first, second))
        return after - before

    def to_frame(self) -> pd.DataFrame:
        """A row a scored position; for each model its log-probability, rank and top prediction under its name."""
        columns: dict[str, Any] = {
            "example": self.first.example,
            "position": self.first.position,
            "prompt_piece": list(self.first.prompt_piece),
            "target_piece": list(self.first.target_piece),
        }
        for name, report in zip(self.names, self.reports, strict=True):
            columns[f"log_probability {name}"] = report.log_probability
            columns[f"rank {name}"] = report.rank
            columns[f"predicted_piece {name}"] = list(report.predicted_piece)
        return pd.DataFrame(columns)

    def to_long_frame(self) -> pd.DataFrame:
        """A row for each model and scored position: the table in tidy form, for spreadsheets and statistics."""
        wanted = ["example", "position", "prompt_piece", "target_piece", "log_probability", "rank", "predicted_piece"]
        frames = [report.to_frame()[wanted] for report in self.reports]
        for name, frame in zip(self.names, frames, strict=True):
            frame.insert(0, "model", name)
        return pd.concat(frames, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Every model's whole analysis by its name, for JSON."""
        return {name: report.to_dict() for name, report in zip(self.names, self.reports, strict=True)}


@dataclass(frozen=True)
class ExampleRecord:
    """One of several examples, scored by itself.

    Attributes:
        example: Its place among them, from 0.
    """

    example: int
    report: Report

    @property
    def total_log_probability(self) -> float:
        """Sum over its positions, in nats: the log of the probability of the whole target."""
        return float(self.report.log_probability.sum(dtype=np.float64))

    @property
    def bits_per_byte(self) -> float:
        """Summed surprise in bits by the targets' length as UTF-8: comparable across languages and tokenizers."""
        return self.report.bits_per_byte


def aligned_rows(first: Report, second: Report) -> pd.DataFrame:
    """Two examples' scored positions side by side, lined up where their targets are the same token.

    A row a pair, or a position that has none. The positions are missing (pandas' NA) and the pieces "" where there is
    none; a missing log-probability is nan and counts as 0 in `change`, so that the changes sum to
    second.log_probability.sum() − first.log_probability.sum().

    first_position, second_position                from 0
    first_piece, second_piece
    first_log_probability, second_log_probability  nats
    change                                         second − first, in nats: negative is a more surprising second
    same                                           whether both predict the same token
    """
    rows: list[tuple[Any, ...]] = []
    matcher = SequenceMatcher(None, first.target_token_id.tolist(), second.target_token_id.tolist(), autojunk=False)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        for offset in range(max(i_end - i, j_end - j)):
            left = _position(first, i + offset) if i + offset < i_end else _NOBODY
            right = _position(second, j + offset) if j + offset < j_end else _NOBODY
            change = np.nan_to_num(right[2]) - np.nan_to_num(left[2])
            rows.append((left[0], right[0], left[1], right[1], left[2], right[2], change, kind == "equal"))
    return pd.DataFrame(
        rows,
        columns=[
            "first_position",
            "second_position",
            "first_piece",
            "second_piece",
            "first_log_probability",
            "second_log_probability",
            "change",
            "same",
        ],
    ).astype({"first_position": "Int64", "second_position": "Int64"})


_NOBODY = (math.nan, "", math.nan)


def _position(report: Report, index: int) -> tuple[float, str, float]:
    return float(report.position[index]), report.target_piece[index], float(report.log_probability[index])
