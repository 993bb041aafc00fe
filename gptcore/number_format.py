"""How numbers are written, everywhere: as the book prints them, never rounded before they are shown."""

from __future__ import annotations

import math

LARGE = 1e9
"""From here on numbers are written with a power of ten: more digits would not be the calculation's own."""
_SMALLEST_NORMAL = 1.18e-38
"""Float32 holds fewer and fewer digits below it, and 0 from 1e-45 on."""


def nats(amount: float) -> str:
    """Nats with 4 decimals and a true minus.

    >>> nats(-10.79396), nats(10.79396), nats(-0.0), nats(3.5e30)
    ('−10.7940', '10.7940', '0.0000', '3.5000e+30')
    """
    return _written(amount, 4)


def bits_per_byte(amount: float) -> str:
    """Bits per byte with 4 decimals; a dash where no target has any bytes.

    >>> bits_per_byte(1.25519), bits_per_byte(5986.9173), bits_per_byte(math.nan)
    ('1.2552', '5,986.9173', '–')
    """
    return "–" if math.isnan(amount) else _written(amount, 4)


def probability(p: float, log_probability: float | None = None) -> str:
    """A probability with 5 digits.

    Args:
        p: The probability, perhaps as float32 holds it.
        log_probability: Its natural log where that is known: below float32's smallest normal number, it has the digits.

    >>> probability(7.45403e-05), probability(0.142857), probability(1.0)
    ('7.4540e-05', '0.14286', '1.0000')
    >>> probability(0.0, -128.0), probability(0.0, -2000.0), probability(0.0, -55 * math.log(10) - 1e-7)
    ('2.5722e-56', '2.5765e-869', '1.0000e-55')
    """
    if log_probability is not None and p < _SMALLEST_NORMAL and math.isfinite(log_probability):
        exponent, fraction = divmod(log_probability / math.log(10), 1.0)
        digits, _, carried = f"{10.0**fraction:.4e}".partition("e")  # 9.99996 is rounded to 10
        return f"{digits}e{exponent + int(carried):03.0f}"
    if p == 0.0 or not math.isfinite(p):
        return f"{p:g}"
    return f"{p:.4e}" if p < 1e-3 else f"{p:.5f}" if p < 0.999995 else f"{p:.4f}"


def probability_in_latex(p: float, log_probability: float | None = None) -> str:
    r"""A probability as LaTeX writes powers of ten.

    >>> probability_in_latex(7.45403e-05), probability_in_latex(0.142857)
    ('7.4540 \\times 10^{-5}', '0.14286')
    """
    digits, _, exponent = probability(p, log_probability).partition("e")
    return rf"{digits} \times 10^{{{int(exponent)}}}" if exponent else digits


def perplexity(value: float, cross_entropy_nats: float | None = None) -> str:
    """A perplexity with thousands separators and 2 decimals; a large one with a power of ten.

    One that exceeds float64 is ∞; where its cross-entropy is given, the log10 of it stands beside.

    >>> perplexity(48725.8203), perplexity(9.53771e34), perplexity(math.inf, 1000.0)
    ('48,725.82', '9.5377e+34', '∞ (log10 = 434.29)')
    """
    if value == math.inf and cross_entropy_nats is not None and math.isfinite(cross_entropy_nats):
        power = cross_entropy_nats / math.log(10)
        return f"∞ (log10 = {_written(power, 2) if power < 1e6 else f'{power:.4e}'})"
    return _written(value, 2)


def perplexity_at(cross_entropy_nats: float) -> str:
    """The perplexity of a cross-entropy, e to it, as `perplexity` writes it.

    >>> perplexity_at(10.793964), perplexity_at(0.0), perplexity_at(1000.0), perplexity_at(math.nan)
    ('48,725.80', '1.00', '∞ (log10 = 434.29)', 'not a number')
    """
    return perplexity(_exp(cross_entropy_nats), cross_entropy_nats)


def count(value: float) -> str:
    """A whole number with thousands separators; a large one with a power of ten.

    >>> count(50257), count(48725.82), count(9.53771e34)
    ('50,257', '48,726', '9.5377e+34')
    """
    return _written(value, 0)


def large_count(amount: int, language: str) -> str:
    """A large whole number with 3 digits and a word, as each language counts: by thousands, or by ten thousands.

    >>> large_count(162_419_712, "en"), large_count(162_419_712, "zh")
    ('162 million', '1.62 亿')
    >>> large_count(3_288_576, "en"), large_count(16_087_808, "zh"), large_count(5_000, "en"), large_count(9999, "zh")
    ('3.29 million', '1,610 万', '5,000', '9,999')
    >>> large_count(999_600_000, "en"), large_count(99_960_000, "zh")
    ('1 billion', '1 亿')
    """
    words = {"zh": ((1e8, "亿"), (1e4, "万"))}.get(language, ((1e9, "billion"), (1e6, "million")))
    rounded = float(f"{amount:.3g}")
    for unit, word in words:
        if amount >= words[-1][0] and rounded >= unit:
            return f"{rounded / unit:,.6g} {word}"
    return count(amount)


def one_in(surprisal_nats: float) -> str:
    """The N of "one chance in N" for a surprisal: e to it.

    >>> one_in(9.504168), one_in(0.0), one_in(709.5), one_in(1000.0)
    ('13,416', '1', '1.3550e+308', '∞ (log10 = 434.29)')
    """
    chance = _exp(surprisal_nats)
    if chance == math.inf:
        return perplexity_at(surprisal_nats)
    return _written(chance, 0 if chance >= 100 or abs(chance - round(chance)) < 0.005 else 2)


def factor(ratio: float, digits: int = 3) -> str:
    """How many times as much, with a few digits; a whole number from a thousand on.

    >>> factor(1.0314), factor(999.7), factor(52300.2), factor(4.87521, digits=4), factor(9.53771e34)
    ('1.03', '1,000', '52,300', '4.875', '9.5377e+34')
    """
    return f"{ratio:.{digits}g}" if ratio < 999.5 else count(ratio)


def factor_in_latex(ratio: float) -> str:
    r"""How many times as much, as LaTeX writes it.

    >>> factor_in_latex(1.0314), factor_in_latex(52300.2), factor_in_latex(9.53771e34), factor_in_latex(math.inf)
    ('1.03', '52{,}300', '9.5377 \\times 10^{34}', '\\infty')
    """
    digits, _, exponent = factor(ratio).partition("e")
    digits = digits.replace(",", "{,}").replace("∞", r"\infty")
    return rf"{digits} \times 10^{{{int(exponent)}}}" if exponent else digits


def short(amount: float, digits: int = 3) -> str:
    """A setting or a norm with as many digits as it takes, a few at most.

    >>> short(0.0004), short(2e-05), short(12.34567, 4), short(4.5e8, 4), short(math.inf)
    ('0.0004', '2e-05', '12.35', '4.5e+08', '∞')
    """
    return f"{amount:.{digits}g}" if math.isfinite(amount) else _written(amount, 0)


def percent(share: float) -> str:
    """A share as a percentage with one decimal.

    >>> percent(0.1468)
    '14.7%'
    """
    return _sign(f"{100 * share:.1f}%")


def signed_nats(amount: float) -> str:
    """A difference in nats, its sign always written.

    >>> signed_nats(0.5), signed_nats(-0.5)
    ('+0.5000', '−0.5000')
    """
    return f"+{nats(amount)}" if amount >= 0 else nats(amount)


def rounding(difference: float) -> str:
    """A difference that only rounding makes, with 2 digits.

    >>> rounding(-9.5367e-07), rounding(0.0)
    ('−9.5e-07', '0')
    """
    return f"{'−' if difference < 0 else ''}{abs(difference):.1e}" if difference else "0"


def _exp(nats: float) -> float:
    """Its exponential; infinity where that exceeds float64."""
    try:
        return math.exp(nats)
    except OverflowError:
        return math.inf


def _written(value: float, decimals: int) -> str:
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if abs(value) >= LARGE:
        mantissa, exponent = f"{value:.4e}".split("e")
        return f"{_sign(mantissa)}e{exponent}"
    return _sign(f"{value + 0.0:,.{decimals}f}")  # + 0.0: no −0.0


def _sign(written: str) -> str:
    return written.replace("-", "−")
