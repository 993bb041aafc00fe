"""Five levels of surprise for words in running text, on each of three scales; the colours are in `theme`."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from gptcore.results.report import Floats, Ids

Scale = Literal["surprise", "rank", "probability"]
SCALES: tuple[Scale, ...] = get_args(Scale)
UNSCORED = -1

RANK_EDGES = (1, 10, 100, 1_000)
"""The ranks at which GLTR changes its colour."""

PROBABILITY_EDGES = (0.5, 0.1, 0.01, 0.001)
"""The probabilities below which the level rises."""

UNIFORM_SHARES = (0.125, 0.25, 0.5, 1.0)
"""The parts of ln V above which the level rises: beyond the last, uniform guessing would have done better."""


def surprise_levels(surprisal_nats: Floats, rank: Ids, uniform_nats: float, scale: Scale) -> Ids:
    """The level of each token or unit on a scale.

    Args:
        surprisal_nats: (N,) −ln p; nan where there is no score.
        rank: (N,) from 1; any number where there is no score.
        uniform_nats: ln V.
        scale: What decides the level.

    Returns:
        (N,) levels from 0 to 4, or −1 where there is no score.

    >>> surprisal = np.array([np.nan, 0.1, 3.0, 10.0, 11.0])
    >>> surprise_levels(surprisal, np.array([0, 1, 7, 900, 5000]), 10.8249, "surprise").tolist()
    [-1, 0, 2, 3, 4]
    >>> surprise_levels(surprisal, np.array([0, 1, 7, 900, 5000]), 10.8249, "rank").tolist()
    [-1, 0, 1, 3, 4]
    >>> surprise_levels(surprisal, np.array([0, 1, 7, 900, 5000]), 10.8249, "probability").tolist()
    [-1, 0, 2, 4, 4]
    """
    if scale == "rank":
        levels = np.searchsorted(RANK_EDGES, rank)
    else:
        nats = np.array(UNIFORM_SHARES) * uniform_nats if scale == "surprise" else -np.log(np.array(PROBABILITY_EDGES))
        levels = np.searchsorted(nats, surprisal_nats)
    return np.where(np.isfinite(surprisal_nats), levels, UNSCORED)


def level_names(scale: Scale, uniform_nats: float, above: str) -> list[str]:
    """The five ranges of a scale as they are written, from the least surprise to the most.

    Args:
        scale: Which one.
        uniform_nats: ln V.
        above: How a range without an upper end is written, with {edge}.

    >>> level_names("rank", 10.8249, "over {edge}")
    ['1', '2–10', '11–100', '101–1,000', 'over 1,000']
    >>> level_names("surprise", 10.8249, "over {edge}")
    ['0–1.35', '1.35–2.71', '2.71–5.41', '5.41–10.82', 'over 10.82']
    >>> level_names("probability", 10.8249, "over {edge}")
    ['≥ 50%', '≥ 10%', '≥ 1%', '≥ 0.1%', '< 0.1%']
    """
    if scale == "rank":
        between = [f"{low + 1:,}–{high:,}" for low, high in pairwise(RANK_EDGES)]
        return [str(RANK_EDGES[0]), *between, above.format(edge=f"{RANK_EDGES[-1]:,}")]
    if scale == "probability":
        shares = [f"{100 * edge:g}%" for edge in PROBABILITY_EDGES]
        return [*(f"≥ {share}" for share in shares), f"< {shares[-1]}"]
    edges = ["0", *(f"{share * uniform_nats:.2f}" for share in UNIFORM_SHARES)]
    return [*(f"{low}–{high}" for low, high in pairwise(edges)), above.format(edge=edges[-1])]


def rank_counts(rank: Ids) -> Ids:
    """How many ranks are 1, 2 to 10, 11 to 100, 101 to 1,000, and above.

    >>> rank_counts(np.array([1, 1, 2, 10, 11, 1000, 1001])).tolist()
    [2, 2, 1, 1, 1]
    """
    counts: Ids = np.bincount(np.searchsorted(RANK_EDGES, rank), minlength=len(RANK_EDGES) + 1)
    return counts
