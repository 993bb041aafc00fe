"""Several models on the same examples: what each makes of every position, and where one gains on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gptcore.results import Floats, Report


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """M models on the same N scored positions, in the order in which they were given.

    names    M of them, as a reader knows them; each once
    reports  M of them
    """

    names: tuple[str, ...]
    reports: tuple[Report, ...]

    @classmethod
    def of(cls, named: Sequence[tuple[str, Report]]) -> ModelComparison:
        """From (name, report) of at least one model. Raises ValueError where the targets or the names do not fit."""
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
        """A row a scored position; for each model its log-probability, rank and own choice under its name."""
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

    def to_dict(self) -> dict[str, Any]:
        """Every model's whole analysis by its name, for JSON."""
        return {name: report.to_dict() for name, report in zip(self.names, self.reports, strict=True)}
