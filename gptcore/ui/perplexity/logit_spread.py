"""Why an untrained model gives every token about 1/V: its own logits, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from gptcore import number_format
from gptcore.examples import Example, encode
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.result_cache import with_model
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import chart, code_span, current_style

if TYPE_CHECKING:
    from gptcore.results.logit_spread import LogitSpread


def why_one_in_v(choice: ModelChoice, examples: Sequence[Example] | None) -> None:
    """The chosen model's logits at the first position of the texts, from random weights to an even softmax."""
    text = page_text("exercises")
    uniform = number_format.probability(1 / choice.vocab_size)
    vocabulary = number_format.count(choice.vocab_size)
    st.markdown(text("untrained.lead", width=choice.config.emb_dim, vocabulary=vocabulary, uniform=uniform))
    if examples is None:
        st.info(text("untrained.need"), icon=":material/build:")
        st.page_link("pages/explore.py", label=page_text("perplexity")("to_explore"), icon=":material/search_insights:")
        return
    _draw(_spread_of(choice, tuple(examples)), trained=choice.kind != "untrained")


def _spread_of(choice: ModelChoice, examples: tuple[Example, ...]) -> LogitSpread:
    def make(model: Any) -> LogitSpread:
        from gptcore.logit_spread import logit_spread

        return logit_spread(model, encode(examples, model.tokenizer))

    return with_model(choice, ("logit_spread", examples), make)


def _draw(spread: LogitSpread, *, trained: bool) -> None:
    from gptcore.charts.logit_spread import logit_spread
    from gptcore.ui.widgets.figures import KeptFigure

    text, V = page_text("exercises"), spread.vocab_size
    said = {
        "deviation": number_format.nats(spread.deviation),
        "least": number_format.factor(spread.lowest_probability * V),
        "most": number_format.factor(spread.highest_probability * V),
    }
    figure = KeptFigure(logit_spread, (spread,), text.group("chart_spread"), current_style())
    chart(figure, "chart_spread", text("chart_spread.summary", **said))
    st.markdown(
        text(
            "untrained.spread",
            **said,
            prompt=code_span(spread.prompt_piece),
            target=code_span(spread.target_piece),
            vocabulary=number_format.count(V),
            mean=number_format.nats(spread.mean),
            lowest=number_format.probability(spread.lowest_probability),
            highest=number_format.probability(spread.highest_probability),
            p=number_format.probability(spread.target_probability),
            share=number_format.factor(spread.target_probability * V),
        )
    )
    if trained:
        st.markdown(text("untrained.trained"))
    else:
        st.markdown(text("untrained.untrained", expected=number_format.nats(spread.expected_loss)))
