"""The three numbers of a report, and the temperature at which they are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from gptcore import number_format
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, number_card, operator
from gptcore.ui.widgets.glossary import meaning

if TYPE_CHECKING:
    from gptcore.results.report import Report


def temperature_control(place: Any) -> float:
    """The temperature field, drawn in `place`; 1 is the model itself."""
    text = page_text("explore")
    temperature, refused = url.value("temperature", 1.0, url.number(0.1, 5.0))
    with place:
        st.number_input(
            text("temperature"),
            min_value=0.1,
            max_value=5.0,
            value=None,
            step=0.1,
            format="%.2f",
            key="temperature",
            persist_state="session",
            help=text("temperature_help"),
        )
        if refused is not None:
            st.warning(text("bad_temperature", given=code_span(refused)), icon=":material/error:")
    return float(temperature)


def numbers_of_the_chain(report: Report) -> None:
    """Mean log-probability, × −1, cross-entropy, exp, perplexity: each with its reading in words."""
    text = page_text("explore")
    temperature = report.provenance.temperature
    note = text("at_temperature", temperature=f"{temperature:g}") if temperature != 1.0 else ""
    vocabulary = number_format.count(report.vocab_size)
    mean, negate, loss, undo, perplexity = st.columns([10, 2, 10, 2, 11], gap="xsmall")
    with mean:
        number_card(
            "mean_log_probability",
            text("mean_log_probability.label"),
            number_format.nats(report.mean_log_probability),
            text("mean_log_probability.reading", positions=number_format.count(report.positions)) + note,
            help=meaning("log_probability", "nat"),
        )
    with negate:
        operator("× −1", text("negate"))
    with loss:
        number_card(
            "cross_entropy",
            text("cross_entropy.label"),
            number_format.nats(report.cross_entropy),
            text(
                "cross_entropy.reading",
                vocabulary=vocabulary,
                uniform=number_format.nats(report.uniform_cross_entropy),
                bits=number_format.nats(report.cross_entropy_bits),
            )
            + note,
            help=meaning("loss", "cross_entropy", "uniform"),
        )
    with undo:
        operator("exp", text("undo_log"))
    with perplexity:
        reading = "perplexity.reading_certain" if report.perplexity < 1.005 else "perplexity.reading"
        number_card(
            "perplexity",
            text("perplexity.label"),
            number_format.perplexity_at(report.cross_entropy),
            text(reading, count=number_format.count(report.perplexity), vocabulary=vocabulary) + note,
            help=meaning("perplexity"),
            kind="result",
        )
