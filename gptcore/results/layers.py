"""What a model would say after each of its layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gptcore.config import ModelOrigin
from gptcore.results.report import Floats, Ids


@dataclass(frozen=True, eq=False)
class LayerReport:
    """L + 1 layers, the embedding first, at N scored positions in reading order.

    Attributes:
        origin: Where the model's weights come from.
        first: Index in the report of the first position here.
        example, position: (N,) row and place in the batch, from 0.
        target_piece: N of them.
        target_probability: (L + 1, N) softmax(logits)[target] as if the model ended after the layer.
        log_probability: (L + 1, N) ln of it, in nats.
        rank: (L + 1, N) 1 + how many tokens are more likely than the target.
        predicted_piece: (L + 1, N) the most likely token.
    """

    origin: ModelOrigin
    first: int
    example: Ids
    position: Ids
    target_piece: tuple[str, ...]
    target_probability: Floats
    log_probability: Floats
    rank: Ids
    predicted_piece: tuple[tuple[str, ...], ...]

    @property
    def layers(self) -> int:
        """L + 1, the embedding included."""
        return len(self.target_probability)

    @property
    def untrained(self) -> bool:
        """Whether the weights are random, so that no layer has learned anything yet."""
        return self.origin.kind == "untrained"

    def to_frame(self) -> pd.DataFrame:
        """A row for each layer and scored position; layer 0 is the embedding."""
        N = len(self.target_piece)
        return pd.DataFrame(
            {
                "layer": np.repeat(np.arange(self.layers), N),
                "example": np.tile(self.example, self.layers),
                "position": np.tile(self.position, self.layers),
                "target_piece": list(self.target_piece) * self.layers,
                "target_probability": self.target_probability.ravel(),
                "log_probability": self.log_probability.ravel(),
                "rank": self.rank.ravel(),
                "predicted_piece": [piece for row in self.predicted_piece for piece in row],
            }
        )
