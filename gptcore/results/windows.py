"""What a text scored window by window consists of: its tokens, its windows, each window's scores. No torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from gptcore.results.report import NATS_PER_BIT, Floats, Ids, Provenance, perplexity_of
from gptcore.text_units import TextUnit, Units, split_units

Unit = Literal["token", "byte"] | TextUnit


@dataclass(frozen=True, slots=True)
class Window:
    """One forward pass over a part of a text: it reads tokens [start, stop − 1) and scores tokens [scored_from, stop).

    Attributes:
        start: Index of the first token that the model reads.
        scored_from: Index of the first token that is scored, at least `start` + 1.
        stop: One past the last token that is scored; the model does not read that last token.
    """

    start: int
    scored_from: int
    stop: int

    @property
    def read_count(self) -> int:
        """How many tokens the model reads."""
        return self.stop - 1 - self.start

    @property
    def scored_count(self) -> int:
        """How many tokens are scored."""
        return self.stop - self.scored_from


@dataclass(frozen=True, eq=False)
class EncodedText:
    """A text's tokens and where they stand in it.

    Attributes:
        text: The text. For token ids it is their decoded text, with bytes that are no whole character in hex.
        token_id: Shape (n,).
        start: Shape (n,). Offset in `text` of the character in which the token begins.
        end: Shape (n,). Offset after the character in which it ends. Tokens that share one character all have its
            offsets; a special token has no text: its `end` is its `start`.
        byte_count: Shape (n,). UTF-8 bytes of each token; 0 for a special token.
        pieces: Each token as display text.
    """

    text: str
    token_id: Ids
    start: Ids
    end: Ids
    byte_count: Ids
    pieces: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        """How many tokens there are."""
        return len(self.token_id)

    def units(self, unit: TextUnit) -> Units:
        """The text cut into units; words are cut once, since each report of a text that is still scored counts them."""
        return self._words if unit == "word" else split_units(self.text, unit)

    @cached_property
    def _words(self) -> Units:
        return split_units(self.text, "word")


@dataclass(frozen=True, eq=False)
class WindowRecord:
    """The scores of one window's n scored tokens.

    Attributes:
        index: The window's place in the plan, from 0.
        window: What it read and scored; a prepended token is index 0 then.
        provenance: What it was computed with.
        seconds: Time of the computation; windows that were computed together share it evenly.
        log_probability: Shape (n,), in nats.
        rank: Shape (n,), from 1.
        entropy_nats: Shape (n,), of the full distribution.
        top_token_ids: Shape (n, k), the most likely tokens, most likely first.
        top_probabilities: Shape (n, k), their shares of the full distribution.
    """

    index: int
    window: Window
    provenance: Provenance
    seconds: float
    log_probability: Floats
    rank: Ids
    entropy_nats: Floats
    top_token_ids: Ids
    top_probabilities: Floats

    @property
    def cross_entropy(self) -> float:
        """Mean over this window's scored tokens alone, in nats. Do not average these over windows."""
        return -float(self.log_probability.mean(dtype=np.float64))


@dataclass(frozen=True)
class UnitMean:
    """A text's loss per unit: the same total, divided by another count.

    Attributes:
        unit: What is counted.
        count: How many there are. For words: those with a letter or a digit, so punctuation is no word of its own,
            though its surprisal is part of the total.
        nats: Total surprisal / count.
        bits: The same in bits: nats / ln 2.
        perplexity: exp(nats).
    """

    unit: Unit
    count: int
    nats: float
    bits: float
    perplexity: float


@dataclass(frozen=True)
class Measurement:
    """One way of measuring a text, and all that its number depends on.

    Attributes:
        stride: How many tokens each window scores after the first window.
        first_token: Whether end-of-text was prepended, so that the first token is scored too.
        windows: How many windows there were.
        tokens: How many tokens were scored.
        words: How many words the text has.
        bytes: UTF-8 bytes of the scored tokens.
        total_nats: Surprisal of all scored tokens.
        mean_of_windows_nats: The plain mean of the windows' means. This is the wrong way: it gives a short window as
            much weight as a long one. It is here to be compared.
        tokens_read: How many tokens the model read in all: what the measurement costs.
        seconds: Time of the computation.
    """

    stride: int
    first_token: bool
    windows: int
    tokens: int
    words: int
    bytes: int
    total_nats: float
    mean_of_windows_nats: float
    tokens_read: int
    seconds: float

    @property
    def cross_entropy(self) -> float:
        """Nats per token, weighted by scored tokens."""
        return self.total_nats / self.tokens

    @property
    def perplexity(self) -> float:
        """Perplexity per token."""
        return perplexity_of(self.cross_entropy)

    @property
    def perplexity_per_word(self) -> float:
        """exp(total / words): NaN for a text without a word."""
        return perplexity_of(self.total_nats / self.words) if self.words else math.nan

    @property
    def bits_per_byte(self) -> float:
        """Total in bits / bytes: NaN where no scored token has bytes."""
        return self.total_nats / NATS_PER_BIT / self.bytes if self.bytes else math.nan
