"""What a perplexity means, in small calculations: landmarks, underflow, means that mislead, units.

perplexity = exp(nats) = 2 ** bits          bits = nats / ln 2
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gptcore.results.report import NATS_PER_BIT, Floats, Report, perplexity_of

LANDMARKS = (1, 100, 47_678)
"""Certainty; a model that has learned much; an untrained one, as some notes print it (one of their ids is a slip).
The vocabulary's size comes to them."""


@dataclass(frozen=True, eq=False)
class Underflow:
    """A product of probabilities as a number format holds it, beside the sum of their logs.

    Attributes:
        summed_logs: (n,) Σ ln p in float64, after each token.
        product_logs: (n,) ln of the product as float32 holds it; −inf once it is 0.
        zero_float32: At which token, from 1, the float32 product becomes 0; None where it does not within 10,000.
        zero_float64: The same of float64.
    """

    summed_logs: Floats
    product_logs: Floats
    zero_float32: int | None
    zero_float64: int | None


def underflow(log_probabilities: Floats, count: int) -> Underflow:
    """Multiply the probabilities of a text that repeats again and again, `count` tokens of it.

    >>> found = underflow(np.array([-10.0]), 20)
    >>> found.zero_float32, found.zero_float64
    (11, 75)
    """
    repeated = np.resize(log_probabilities.astype(np.float64), 10_000)
    with np.errstate(divide="ignore", under="ignore"):
        products = {dtype: np.multiply.accumulate(np.exp(repeated).astype(dtype)) for dtype in (np.float32, np.float64)}
        return Underflow(
            summed_logs=np.cumsum(repeated)[:count],
            product_logs=np.log(products[np.float32][:count].astype(np.float64)),
            zero_float32=_first_zero(products[np.float32]),
            zero_float64=_first_zero(products[np.float64]),
        )


def _first_zero(products: Floats) -> int | None:
    places = np.flatnonzero(products == 0)
    return int(places[0]) + 1 if len(places) else None


def mean_of_perplexities(report: Report) -> float:
    """The plain mean of each text's perplexity: what a perplexity of all texts is not."""
    return float(report.per_example()["perplexity"].mean())


@dataclass(frozen=True)
class Units:
    """One loss in every unit, and what becomes of it by the wrong base."""

    nats_per_token: float
    bits_per_token: float
    bits_per_byte: float
    two_to_the_nats: float


def units(report: Report) -> Units:
    """A report's cross-entropy in nats and bits a token, in bits a byte of its targets, and the mistake 2 ** nats."""
    return Units(
        nats_per_token=report.cross_entropy,
        bits_per_token=report.cross_entropy_bits,
        bits_per_byte=report.bits_per_byte,
        two_to_the_nats=perplexity_of(report.cross_entropy * NATS_PER_BIT),
    )


def bits_per_byte_of_tokens(report: Report) -> tuple[Floats, Floats]:
    """(N,) how many bytes each target is as UTF-8, and (N,) the bits that each cost; nan for a special token."""
    lengths = report.target_byte_count.astype(np.float64)
    bits = report.surprisal_nats / NATS_PER_BIT
    return lengths, np.divide(bits, lengths, out=np.full(len(bits), np.nan), where=lengths > 0)
