"""One position's whole distribution, for a curve over the rank."""

from __future__ import annotations

from dataclasses import dataclass

from gptcore.results.report import Floats, Ids


@dataclass(frozen=True, eq=False)
class RankCurve:
    """One position's whole distribution, most likely first, thinned evenly over the logarithm of the rank.

    Attributes:
        rank: (n,) some ranks from 1 to V, the first, the last and the target's among them.
        probability: (n,) the probability of the token of that rank.
    """

    rank: Ids
    probability: Floats
    target_rank: int
    target_probability: float
    uniform_probability: float
