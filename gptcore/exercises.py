"""Small calculations that a reader turns by hand: seven logits, sure and wrong, two lengths, "may I compare?".

No model runs here: each function takes the numbers that a reader chose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from gptcore.results.report import Floats, perplexity_of


@dataclass(frozen=True)
class ChosenLogits:
    """One position's logits as a reader chose them, and what the loss makes of them.

    Attributes:
        logits: (V,) any real numbers.
        target: The index of the token that should have been predicted.
    """

    logits: tuple[float, ...]
    target: int

    @cached_property
    def powers(self) -> Floats:
        """(V,) e^z: what softmax divides by its sum."""
        powers: Floats = np.exp(np.array(self.logits, dtype=np.float64))
        return powers

    @cached_property
    def log_normalizer(self) -> float:
        """Ln Σ e^z, with the largest logit taken out first so that no power overflows."""
        logits = np.array(self.logits, dtype=np.float64)
        largest = float(logits.max())
        return largest + math.log(float(np.exp(logits - largest).sum()))

    @cached_property
    def log_probability(self) -> Floats:
        """(V,) log-softmax: z − ln Σ e^z.

        >>> ChosenLogits((0.0, 0.0), 0).log_probability
        array([-0.69314718, -0.69314718])
        """
        log_probability: Floats = np.array(self.logits, dtype=np.float64) - self.log_normalizer
        return log_probability

    @cached_property
    def probability(self) -> Floats:
        """(V,) softmax."""
        probability: Floats = np.exp(self.log_probability)
        return probability

    @property
    def loss(self) -> float:
        """−ln p of the target, in nats."""
        return 0.0 - float(self.log_probability[self.target])

    @property
    def perplexity(self) -> float:
        """exp(loss) = 1 / p of the target."""
        return perplexity_of(self.loss)


@dataclass(frozen=True)
class Sureness:
    """A distribution that gives one token a share of its own, and the rest evenly to all others.

    Attributes:
        vocab_size: V.
        share: What the one token gets: below 0 it is the target, above 0 a wrong token; 0 is uniform guessing.
    """

    vocab_size: int
    share: float

    @property
    def log_probability(self) -> float:
        """Ln p of the target.

        >>> round(Sureness(50_257, 0.0).loss, 4), round(Sureness(50_257, 0.5).perplexity)
        (10.8249, 100512)
        """
        if self.share == 0:
            return -math.log(self.vocab_size)
        if self.share < 0:
            return math.log(-self.share)
        return math.log1p(-self.share) - math.log(self.vocab_size - 1)

    @property
    def loss(self) -> float:
        """−ln p of the target, in nats."""
        return 0.0 - self.log_probability

    @property
    def perplexity(self) -> float:
        """exp(loss): past V as soon as a wrong token gets more than 1/V."""
        return perplexity_of(self.loss)

    @property
    def lead(self) -> float:
        """By how many nats the one token's logit is above all others; below 0 where that token is the target."""
        if self.share == 0:
            return 0.0
        size = abs(self.share)
        lead = math.log(size) - math.log1p(-size) + math.log(self.vocab_size - 1)
        return math.copysign(lead, self.share)


def loss_of_leads(vocab_size: int, leads: Floats) -> Floats:
    """The loss where one token's logit is above all others, which are equal.

    Args:
        vocab_size: V.
        leads: By how much, in nats: below 0 the token is the target, above 0 a wrong one.

    Returns:
        −ln p of the target, in nats: ln Σ e^z − z.
    """
    size = np.abs(leads)
    normalizer = np.logaddexp(size, math.log(vocab_size - 1))
    loss: Floats = np.where(leads < 0, normalizer - size, normalizer)
    return loss


@dataclass(frozen=True)
class Averages:
    """The perplexity of several texts together, beside what is often taken for it.

    Attributes:
        over_tokens: exp of the mean of −ln p over all tokens: the perplexity of all.
        of_perplexities: The plain mean of the texts' perplexities.
        of_losses: exp of the plain mean of the texts' losses: each text counts the same, however short.
        loss: The mean of −ln p over all tokens, in nats.
    """

    over_tokens: float
    of_perplexities: float
    of_losses: float
    loss: float


def averages(lengths: Sequence[int], perplexities: Sequence[float]) -> Averages:
    """The three averages of texts of some lengths in tokens.

    >>> found = averages((3, 1), (10.0, 1000.0))
    >>> round(found.over_tokens, 2), found.of_perplexities, round(found.of_losses)
    (31.62, 505.0, 100)
    """
    losses = np.log(np.array(perplexities, dtype=np.float64))
    loss = float(np.average(losses, weights=np.array(lengths, dtype=np.float64)))
    return Averages(
        over_tokens=perplexity_of(loss),
        of_perplexities=float(np.mean(perplexities)),
        of_losses=perplexity_of(float(losses.mean())),
        loss=loss,
    )


Verdict = Literal["yes", "convert", "bits_per_byte", "score_again", "no"]
Remedy = Literal["text", "context", "tokenizer", "unit"]


@dataclass(frozen=True)
class Comparability:
    """Whether two perplexities may be compared, and what to do where not.

    Attributes:
        verdict: "yes" as they are; "convert" to one unit first; "bits_per_byte" in place of perplexity per token;
            "score_again" in the same context; "no" while the texts differ.
        remedies: What to do, in this order.
    """

    verdict: Verdict
    remedies: tuple[Remedy, ...]


def may_compare(*, text: bool, tokenizer: bool, unit: bool, context: bool) -> Comparability:
    """Whether two perplexities may be compared.

    Args:
        text: Both were computed on the same text.
        tokenizer: Both models cut it into the same tokens.
        unit: Both are per the same thing (token, word, byte), from logs to the same base.
        context: Both models had the same context before each token: context length, and stride.

    >>> may_compare(text=True, tokenizer=False, unit=False, context=True)
    Comparability(verdict='bits_per_byte', remedies=('tokenizer',))
    """
    remedies: list[Remedy] = []
    if not text:
        remedies.append("text")
    if not context:
        remedies.append("context")
    if not tokenizer:
        remedies.append("tokenizer")  # bits per byte, which are a common unit too
    elif not unit:
        remedies.append("unit")
    verdicts: dict[Remedy, Verdict] = {
        "text": "no",
        "context": "score_again",
        "tokenizer": "bits_per_byte",
        "unit": "convert",
    }
    return Comparability(verdicts[remedies[0]] if remedies else "yes", tuple(remedies))
