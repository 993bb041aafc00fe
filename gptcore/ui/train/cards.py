"""The three numbers of a training step."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from gptcore import number_format
from gptcore.results.training import TrainingRun
from gptcore.ui.state.translations import page_text
from gptcore.ui.train.plan import Plan
from gptcore.ui.widgets.basics import number_card
from gptcore.ui.widgets.glossary import meaning


def three_numbers(run: TrainingRun, index: int, plan: Plan) -> None:
    """The step, its cross-entropy and its perplexity as cards."""
    text, record = page_text("train"), run.records[index]
    batch = "_batch" if plan.text else ""  # of a text, a step sees some windows only
    step, loss, perplexity = st.columns(3)
    with step:
        values: dict[str, Any] = {"steps": number_format.count(plan.config.steps)}
        key = "of_steps_last"
        if record.learning_rate is not None:
            key = "of_steps" if record.gradient_norm is not None else "of_steps_first"
            norm = record.gradient_norm if record.gradient_norm is not None else math.nan
            values |= {
                "learning_rate": number_format.short(record.learning_rate),
                "norm": number_format.short(norm, digits=4),
            }
        number_card(
            "train_step_number",
            text("numbers.step"),
            number_format.count(record.step),
            text(key, **values),
            help=meaning("step", "gradient_norm"),
        )
    with loss:
        number_card(
            "train_cross_entropy",
            text(f"numbers.cross_entropy{batch}"),
            number_format.nats(record.cross_entropy),
            text(
                "reading_loss",
                vocabulary=number_format.count(run.vocab_size),
                uniform=number_format.nats(run.uniform_cross_entropy),
            ),
            help=meaning("loss", "cross_entropy"),
        )
    with perplexity:
        number_card(
            "train_perplexity",
            text(f"numbers.perplexity{batch}"),
            number_format.perplexity_at(record.cross_entropy),
            text(
                "reading_perplexity" if index else "reading_perplexity_first",
                first=number_format.perplexity_at(run.records[0].cross_entropy),
                vocabulary=number_format.count(run.vocab_size),
            ),
            help=meaning("perplexity"),
            kind="result",
        )
