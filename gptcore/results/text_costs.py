"""Models with different vocabularies on the same text: what it costs each, in units that do not depend on tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gptcore.results.report import NATS_PER_BIT, Report


@dataclass(frozen=True)
class TextCost:
    """What a text costs one model.

    Attributes:
        name: The model.
        tokens: How many tokens of its own vocabulary were scored.
        byte_count: Length of the scored text in UTF-8; 0 where it is not known.
        characters: Its length in characters; 0 where it is not known.
        nats: −ln p of all of it together.
        perplexity: Per token of its own vocabulary: not to be compared with another vocabulary's.
    """

    name: str
    tokens: int
    byte_count: int
    characters: int
    nats: float
    perplexity: float

    @property
    def bits(self) -> float:
        """−log₂ p of all of it together."""
        return self.nats / NATS_PER_BIT

    @property
    def bits_per_byte(self) -> float:
        """Bits per byte of UTF-8; NaN where the length is not known."""
        return self.bits / self.byte_count if self.byte_count else float("nan")

    @property
    def bits_per_character(self) -> float:
        """Bits per character; NaN where the length is not known."""
        return self.bits / self.characters if self.characters else float("nan")


def text_costs(named: Sequence[tuple[str, Report]]) -> list[TextCost]:
    """What the same text costs several models, each with a vocabulary of its own.

    A target that was given as text has that text's length, whatever the tokens make of it (some vocabularies drop
    upper case and spaces). Of a text whose targets are itself moved by one token, all but the first token is scored.

    Args:
        named: (name, report) of each model.
    """
    return [_cost(name, report) for name, report in named]


def costs_frame(costs: Sequence[TextCost]) -> pd.DataFrame:
    """A row for each model."""
    return pd.DataFrame(
        {
            "model": [cost.name for cost in costs],
            "bits_per_byte": [cost.bits_per_byte for cost in costs],
            "bits_per_character": [cost.bits_per_character for cost in costs],
            "bits": [cost.bits for cost in costs],
            "tokens": [cost.tokens for cost in costs],
            "bytes": [cost.byte_count for cost in costs],
            "perplexity": [cost.perplexity for cost in costs],
        }
    )


def _cost(name: str, report: Report) -> TextCost:
    byte_count = characters = 0
    for n, (prompt, target, alignment) in enumerate(report.texts):
        own = report.example == n
        scored = prompt if alignment == "shifted" else target
        if not isinstance(scored, str):  # ids: only their tokens say how long they are
            byte_count += int(report.target_byte_count[own].sum())
            continue
        first = ""
        if alignment == "shifted" and own.any():
            first = report.prompt_piece[int(np.flatnonzero(own)[0])]
            first = first if scored.startswith(first) else ""  # a part of a character
        byte_count += len(scored.encode()) - len(first.encode())
        characters += len(scored) - len(first)
    nats = float(report.surprisal_nats.sum(dtype=np.float64))
    return TextCost(name, report.positions, byte_count, characters, nats, report.perplexity)
