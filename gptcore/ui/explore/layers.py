"""Inside the model: the target's probability and rank after every layer; nothing is computed until it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from gptcore import number_format
from gptcore.errors import InputError
from gptcore.examples import Example
from gptcore.token_display import visible
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.result_cache import with_model
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import chart, code_span, current_style, error_sentence

if TYPE_CHECKING:
    from gptcore.language_model import LanguageModel
    from gptcore.results.layers import LayerReport

_TOGETHER = 64


def layers_view(choice: ModelChoice, examples: Sequence[Example], temperature: float, index: int) -> None:
    """The section for the position that is opened.

    Args:
        choice: Which model.
        examples: What was scored.
        temperature: The logits are divided by it.
        index: Of the position in the report.
    """
    text = page_text("layers")
    panel = st.expander(text("title"), icon=":material/layers:", key="layers", on_change="rerun")
    with panel:
        if not panel.open:
            return
        st.caption(text("lead"))
        if choice.of_kind.seeded:
            st.info(text("untrained"), icon=":material/casino:")

        def make(model: LanguageModel) -> LayerReport:
            from gptcore.layers import layer_report

            return layer_report(model, examples, temperature=temperature, around=index)

        try:
            key = "layers", tuple(examples), temperature, index - index % _TOGETHER
            layers = with_model(choice, key, make)
        except InputError as error:
            st.warning(error_sentence(error), icon=":material/error:")
            return
        _draw(layers, index)


def _draw(layers: LayerReport, index: int) -> None:
    from gptcore.charts.layers import layer_heat

    text, column = page_text("layers"), index - layers.first
    rank, target = layers.rank[:, column], layers.target_piece[column]
    reached = next((n for n in range(layers.layers) if (rank[n:] <= rank[-1]).all()), layers.layers - 1)
    st.markdown(
        text(
            "reading",
            target=code_span(target),
            first=number_format.count(int(rank[0])),
            last=number_format.count(int(rank[-1])),
            layer=reached,
        )
    )
    chart(
        layer_heat(layers, text.group("chart_layers"), current_style(), selected=index),
        "chart_layers",
        text(
            "chart_layers.summary",
            target=visible(target),
            first=number_format.probability(float(layers.target_probability[0, column])),
            last=number_format.probability(float(layers.target_probability[-1, column])),
        ),
        title=text("chart_layers.title"),
    )
    columns = text.group("columns")
    st.dataframe(
        {
            "layer": list(range(layers.layers)),
            "probability": [number_format.probability(float(p)) for p in layers.target_probability[:, column]],
            "rank": rank.tolist(),
            "predicted": [visible(row[column]) for row in layers.predicted_piece],
        },
        hide_index=True,
        key="table_layers",
        alt=text("table"),
        column_config={
            "layer": columns["layer"],
            "probability": columns["probability"],
            "rank": st.column_config.NumberColumn(columns["rank"], format="localized"),
            "predicted": columns["predicted"],
        },
    )
