"""How far a model's logits scatter at one position, and how even softmax is for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gptcore.results.report import Floats, Ids


@dataclass(frozen=True, eq=False)
class Histogram:
    """How many values lie between two edges.

    Attributes:
        edges: (n + 1,) in increasing order.
        counts: (n,) values from one edge to the next.
    """

    edges: Floats
    counts: Ids


@dataclass(frozen=True, eq=False)
class LogitSpread:
    """All V logits of one scored position.

    Attributes:
        weights: Of the output layer, or of some of them; None for a model that does not show them.
        logits: All V.
        shares: All V probabilities, as log10 of how many times 1/V they are.
        vocab_size: V.
        mean, deviation: Of the logits.
        lowest_probability, highest_probability: Of all tokens.
        target_probability: Of the target.
        prompt_piece, target_piece: What the model read last, and what it should predict.
    """

    weights: Histogram | None
    logits: Histogram
    shares: Histogram
    vocab_size: int
    mean: float
    deviation: float
    lowest_probability: float
    highest_probability: float
    target_probability: float
    prompt_piece: str
    target_piece: str

    @property
    def expected_loss(self) -> float:
        """Ln V + σ²/2, in nats: the loss where logits scatter as a bell curve and know nothing of the target."""
        return math.log(self.vocab_size) + self.deviation**2 / 2
