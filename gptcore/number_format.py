"""How numbers are written, everywhere: as the book prints them, never rounded before they are shown."""

from __future__ import annotations

import math


def nats(amount: float) -> str:
    """Nats with 4 decimals and a true minus.

    >>> nats(-10.79396), nats(10.79396)
    ('−10.7940', '10.7940')
    """
    return _sign(f"{amount:,.4f}") if math.isfinite(amount) else _beyond(amount)


def probability(p: float) -> str:
    """A probability with 5 digits.

    >>> probability(7.45403e-05), probability(0.142857), probability(1.0)
    ('7.4540e-05', '0.14286', '1.0000')
    """
    if p == 0.0 or not math.isfinite(p):
        return f"{p:g}"
    return f"{p:.4e}" if p < 1e-3 else f"{p:.5f}" if p < 0.999995 else f"{p:.4f}"


def probability_in_latex(p: float) -> str:
    r"""A probability as LaTeX writes powers of ten.

    >>> probability_in_latex(7.45403e-05), probability_in_latex(0.142857)
    ('7.4540 \\times 10^{-5}', '0.14286')
    """
    digits, _, exponent = probability(p).partition("e")
    return rf"{digits} \times 10^{{{int(exponent)}}}" if exponent else digits


def perplexity(value: float) -> str:
    """A perplexity with thousands separators and 2 decimals.

    >>> perplexity(48725.8203)
    '48,725.82'
    """
    return f"{value:,.2f}" if math.isfinite(value) else _beyond(value)


def count(value: float) -> str:
    """A whole number with thousands separators.

    >>> count(50257), count(48725.82)
    ('50,257', '48,726')
    """
    return _sign(f"{value:,.0f}") if math.isfinite(value) else _beyond(value)


def one_in(surprisal_nats: float) -> str:
    """The N of "one chance in N" for a surprisal: e to it.

    >>> one_in(9.504168), one_in(0.0)
    ('13,416', '1')
    """
    chance = math.exp(surprisal_nats) if surprisal_nats < 700 else math.inf
    return f"{chance:,.0f}" if chance >= 100 or abs(chance - round(chance)) < 0.005 else f"{chance:,.2f}"


def percent(share: float) -> str:
    """A share as a percentage with one decimal.

    >>> percent(0.1468)
    '14.7 %'
    """
    return _sign(f"{100 * share:.1f} %")


def signed_nats(amount: float) -> str:
    """A difference in nats, its sign always written.

    >>> signed_nats(0.5), signed_nats(-0.5)
    ('+0.5000', '−0.5000')
    """
    return _sign(f"{amount:+.4f}")


def _sign(written: str) -> str:
    return written.replace("-", "−")


def _beyond(value: float) -> str:
    return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
