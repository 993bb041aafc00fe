"""What many seeds say, in numbers and sentences: their mean, their spread, and why the mean lies above ln V."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

from gptcore import number_format
from gptcore.results.report import perplexity_of
from gptcore.token_display import visible
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import number_card
from gptcore.ui.widgets.glossary import meaning

if TYPE_CHECKING:
    from gptcore.results.seeds import SeedTable


def cards(table: SeedTable) -> None:
    """The mean, the spread, and how many lie below ln V."""
    text, summary = page_text("compare"), table.summary()
    several = summary.count > 1
    as_perplexity = st.session_state["scale"] == "perplexity"
    values = {
        "count": number_format.count(summary.count),
        "error": number_format.nats(summary.standard_error) if several else "–",
        "deviation": number_format.nats(summary.standard_deviation) if several else "–",
        "uniform": number_format.nats(summary.uniform),
        "vocabulary": number_format.count(table.vocab_size),
        "mean": number_format.nats(summary.mean),
        "factor": number_format.factor(perplexity_of(summary.standard_deviation), digits=4) if several else "–",
    }
    mean, spread, below = st.columns(3)
    with mean:
        name = "mean_perplexity" if as_perplexity else "mean_loss"
        shown = number_format.perplexity_at(summary.mean) if as_perplexity else values["mean"]
        words = text(f"{name}.reading", **values)
        number_card("seed_mean", text(f"{name}.label"), shown, words, help=meaning("loss", "standard_deviation"))
    with spread:
        reading = "spread.reading" if several else "spread.reading_one"
        words = text(reading, **values)
        number_card("seed_spread", text("spread.label"), values["deviation"], words, help=meaning("standard_deviation"))
    with below:
        share = text("below.value", below=number_format.count(summary.below_uniform), count=values["count"])
        reading = "below.reading" if summary.below_uniform else "below.reading_none"
        words = text(reading, **values)
        number_card("seed_below", text("below.label"), share, words, help=meaning("uniform", "v"), kind="result")


def reading(table: SeedTable) -> str:
    """The sentence that reads the distribution."""
    text, summary = page_text("compare"), table.summary()
    lowest, highest = int(table.cross_entropy.argmin()), int(table.cross_entropy.argmax())
    return text(
        "chart_seeds.summary" if summary.count > 1 else "chart_seeds.summary_one",
        below=number_format.count(summary.below_uniform),
        count=number_format.count(summary.count),
        vocabulary=number_format.count(table.vocab_size),
        uniform=number_format.nats(summary.uniform),
        lowest=number_format.nats(float(table.cross_entropy[lowest])),
        lowest_seed=int(table.seeds[lowest]),
        highest=number_format.nats(float(table.cross_entropy[highest])),
        highest_seed=int(table.seeds[highest]),
        mean=number_format.nats(summary.mean),
        error=number_format.nats(summary.standard_error),
    )


def positions_reading(table: SeedTable) -> str:
    """The sentence that reads the positions' chart."""
    text = page_text("compare")
    flat = int(table.log_probability.argmin())
    seed, position = divmod(flat, table.log_probability.shape[1])
    return text(
        "chart_seed_positions.summary",
        seed=int(table.seeds[seed]),
        target=visible(table.target_piece[position]),
        lowest=number_format.nats(float(table.log_probability.min())),
    )


def spread_reading(table: SeedTable) -> str:
    """The sentence that reads the chart of spreads."""
    text, spread = page_text("compare"), table.per_position()
    if len(table.seeds) < 2:
        return text("chart_spread.summary_one")
    widest = spread.iloc[int(spread["standard_deviation"].to_numpy().argmax())]
    return text(
        "chart_spread.summary",
        target=visible(str(widest["target_piece"])),
        deviation=number_format.nats(float(widest["standard_deviation"])),
        loss_deviation=number_format.nats(table.summary().standard_deviation),
    )


def why_above(table: SeedTable) -> None:
    """Why the mean lies above ln V: the logits' spread, with this sweep's own."""
    text, summary = page_text("compare"), table.summary()
    sigma, half = math.sqrt(summary.logit_variance), summary.logit_variance / 2
    with st.container(border=True, key="why_above"):
        st.markdown(f"**{text('why.title')}**")
        st.markdown(text("why.lead"))
        st.latex(r"\ln\sum_v \exp z_v \approx \ln V + \frac{\sigma^2}{2}")
        st.latex(rf"{summary.uniform:.4f} + \frac{{{sigma:.4f}^2}}{{2}} = {summary.uniform + half:.4f}")
        several = summary.count > 1
        st.markdown(
            text(
                "why.reading" if several else "why.reading_one",
                sigma=f"{sigma:.4f}",
                half=number_format.nats(half),
                gap=number_format.signed_nats(summary.gap),
                error=number_format.nats(summary.standard_error),
                apart=f"{abs(summary.gap - half) / summary.standard_error:.1f}" if several else "",
            )
        )
