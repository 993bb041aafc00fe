"""Models on the same texts: their perplexities, every token under each, and from which tokens a gain comes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from gptcore import number_format
from gptcore.errors import InputError
from gptcore.examples import Example
from gptcore.results.comparison import ModelComparison
from gptcore.results.report import Floats, perplexity_of
from gptcore.token_display import visible
from gptcore.ui.compare.model_exports import models_code, models_downloads, vocabularies_downloads
from gptcore.ui.compare.model_fields import MOST_MODELS, chosen_models, compared_choice, compared_name
from gptcore.ui.compare.vocabularies import vocabularies_view
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.result_cache import report_for
from gptcore.ui.report.knowledge import what_it_knows
from gptcore.ui.report.position import likeliest_tokens, position_field
from gptcore.ui.state import url
from gptcore.ui.state.translations import in_a_row, page_text
from gptcore.ui.widgets.basics import chart, code_span, current_style, error_sentence, plain
from gptcore.ui.widgets.predict import ask_first, compare_with_choice, is_covered

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gptcore.results.report import Report

SHOWN_TOKENS = 6


def models_view(choice: ModelChoice, examples: Sequence[Example] | None, temperature: float) -> None:
    """Two to four models beside one another.

    Args:
        choice: What the sidebar says: its seed and context length hold for the untrained models.
        examples: None while a text needs mending.
        temperature: The logits are divided by it; 1 is the model itself.
    """
    text = page_text("compare_models")
    chosen = chosen_models()
    if examples is None:
        return
    named = _reports(chosen, examples, temperature)
    if len(named) < 2:
        st.info(text("two_models"), icon=":material/add:")
        return
    reports = [(name, report) for name, report, _ in named]
    if is_covered("models", chosen, examples, temperature):
        ask_first(
            "models", (chosen, examples, temperature), page_text("predict")("better"), [name for name, _ in reports]
        )
        return
    scored = {name for name, _ in reports}
    choices = {compared_name(model): compared_choice(model) for model in chosen if compared_name(model) in scored}
    for name, report in reports:
        what_it_knows(choices[name], [report])
    if len({vocabulary for _, _, vocabulary in named}) > 1:
        figures = vocabularies_view(reports)
        models_code(choices, examples, temperature, per_byte=True)
        vocabularies_downloads(reports, choices, examples, temperature, figures)
        return
    comparison = ModelComparison.of(reports)
    best = min(range(len(reports)), key=lambda n: reports[n][1].cross_entropy)
    compare_with_choice("models", best, reports[best][0])
    untrained = {compared_name(model) for model in chosen if model.startswith("untrained/")}
    st.markdown(_reading(comparison, untrained))
    figures = _ruler_and_bars(comparison)
    first, second = _pair(comparison)
    figures |= _waterfall(comparison, first, second)
    _likeliest(comparison)
    _table(comparison)
    models_code(choices, examples, temperature)
    models_downloads(comparison, choices, examples, temperature, figures)


def _reports(chosen: Sequence[str], examples: Sequence[Example], temperature: float) -> list[tuple[str, Report, str]]:
    """(name, report, vocabulary) of all models that can score these texts; of one that cannot, what hinders it."""
    text = page_text("compare_models")
    named = []
    for model in chosen:
        try:
            choice = compared_choice(model)
            named.append((compared_name(model), report_for(choice, examples, temperature), choice.tokenizer.name))
        except InputError as error:
            st.warning(
                in_a_row(text("left_out", name=plain(compared_name(model))), error_sentence(error)),
                icon=":material/error:",
            )
    return named


def _reading(comparison: ModelComparison, untrained: Collection[str]) -> str:
    """Which model has the lower perplexity, how many times lower, at which tokens, and whether that is chance."""
    text = page_text("compare_models")
    losses = [report.cross_entropy for report in comparison.reports]
    best, worst = int(np.argmin(losses)), int(np.argmax(losses))
    factor = perplexity_of(losses[worst] - losses[best])
    named = {
        "best": plain(comparison.names[best]),
        "worst": plain(comparison.names[worst]),
        "least": number_format.perplexity_at(losses[best]),
        "most": number_format.perplexity_at(losses[worst]),
    }
    if factor < 1.05:
        said = [text("reading.even", **named)]
    else:
        said = [text("reading.better", **named, factor=number_format.factor(factor))]
        said += _tokens_of_the_difference(comparison, comparison.gain(worst, best), named)
    if {comparison.names[best], comparison.names[worst]} <= set(untrained):
        said.append(text("reading.chance"))
    return (" " if text.language == "en" else "").join(said)


def _tokens_of_the_difference(comparison: ModelComparison, gain: Floats, named: dict[str, str]) -> list[str]:
    """Where the better model gains, mostly or most, and where it loses.

    Args:
        comparison: The models.
        gain: (N,) by how many nats ln p is higher under the better model.
        named: The two models' names.
    """
    text = page_text("compare_models")
    top, bottom = int(np.argmax(gain)), int(np.argmin(gain))
    share = float(gain[top] / gain[gain > 0].sum())
    said = [
        text(
            "reading.mostly" if share >= 0.5 else "reading.largest",
            **named,
            token=code_span(comparison.first.target_piece[top]),
            gain=number_format.nats(float(gain[top])),
            share=number_format.percent(share),
        )
    ]
    if gain[bottom] < -0.01:
        token, loss = code_span(comparison.first.target_piece[bottom]), number_format.nats(-float(gain[bottom]))
        said.append(text("reading.but", **named, token=token, loss=loss))
    return said


def _listed(pairs: Iterable[tuple[str, object]]) -> str:
    """Each model's name with its number."""
    text = page_text("compare_models")
    return text("joiner").join(text("listed", name=name, number=number) for name, number in pairs)


def _ruler_and_bars(comparison: ModelComparison) -> dict[str, go.Figure]:
    from gptcore.charts.compared_models import model_bars
    from gptcore.charts.ruler import perplexity_ruler
    from gptcore.ui.widgets.figures import KeptFigure

    text, style = page_text("compare_models"), current_style()
    vocabulary = comparison.first.vocab_size
    words, by = page_text("explore").group("chart_perplexity"), (comparison.names, comparison.reports)
    ruler = KeptFigure(perplexity_ruler, (comparison.perplexities, vocabulary), words, style, by=by)
    bars = KeptFigure(model_bars, (comparison,), text.group("chart_models"), style, by=by)
    listed = _listed(
        [
            (name, number_format.perplexity_at(report.cross_entropy))
            for name, report in zip(comparison.names, comparison.reports, strict=True)
        ]
    )
    best = [int(np.argmax(column)) for column in comparison.log_probability.T]
    wins = [best.count(m) for m in range(len(comparison.names))]
    titles = {key: text(f"{key}.title") for key in ("chart_models_ruler", "chart_models")}
    with st.container(border=True):
        chart(
            ruler,
            "chart_models_ruler",
            text("chart_models_ruler.summary", listed=listed, vocabulary=number_format.count(vocabulary)),
            title=titles["chart_models_ruler"],
        )
    with st.container(border=True):
        chart(
            bars,
            "chart_models",
            text(
                "chart_models.summary",
                positions=comparison.first.positions,
                wins=_listed(zip(comparison.names, wins, strict=True)),
            ),
            title=titles["chart_models"],
        )
    return {titles["chart_models_ruler"]: ruler, titles["chart_models"]: bars}


def _pair(comparison: ModelComparison) -> tuple[int, int]:
    """The two models whose difference is laid out, as indices; of two models, those two."""
    if len(comparison.names) == 2:
        return 0, 1
    text = page_text("compare_models")
    pair = []
    with st.container(horizontal=True, key="model_pair"):
        for key, default in (("from_model", 1), ("to_model", 2)):
            number, _ = url.value(key, default, url.whole_number(1, MOST_MODELS))
            if number > len(comparison.names):
                number = default
                url.correct(key, number, str(number))
            st.selectbox(
                text(key),
                list(range(1, len(comparison.names) + 1)),
                format_func=lambda number: comparison.names[number - 1],
                key=key,
                persist_state="session",
                width=260,
            )
            pair.append(int(number) - 1)
    return pair[0], pair[1]


def _waterfall(comparison: ModelComparison, first: int, second: int) -> dict[str, go.Figure]:
    from gptcore.charts.compared_texts import difference_waterfall
    from gptcore.results.comparison import ExampleRecord, aligned_rows
    from gptcore.ui.widgets.figures import KeptFigure

    text = page_text("compare_models")
    before, after = (ExampleRecord(m, comparison.reports[m]) for m in (first, second))
    rows = aligned_rows(before.report, after.report)
    names = comparison.names[first], comparison.names[second]
    words, by = text.group("chart_gain"), (before.report, after.report)
    figure = KeptFigure(difference_waterfall, (before, after, rows), words, current_style(), by=by, names=names)
    gain = comparison.gain(first, second)
    top = int(np.argmax(np.abs(gain)))
    title = text("chart_gain.title")
    with st.container(border=True):
        chart(
            figure,
            "chart_gain",
            text(
                f"chart_gain.summary_{'more' if gain.sum() >= 0 else 'less'}",
                first=comparison.names[first],
                second=comparison.names[second],
                difference=number_format.nats(abs(float(gain.sum()))),
                mean=number_format.nats(abs(float(gain.mean()))),
                token=visible(comparison.first.target_piece[top]),
                change=number_format.signed_nats(float(gain[top])),
            ),
            title=title,
        )
    return {title: figure}


def _likeliest(comparison: ModelComparison) -> None:
    """What each model would have said at one position, side by side."""
    st.subheader(page_text("compare_models")("likeliest"), anchor=False)
    index = position_field(comparison.first)
    columns: list[Any] = []
    for m, (name, report) in enumerate(zip(comparison.names, comparison.reports, strict=True), start=1):
        columns = columns or list(st.columns(2))  # two by two: narrower ones would cut the numbers off
        with columns.pop(0), st.container(border=True):
            likeliest_tokens(report, index, f"chart_top_tokens_{m}", title=plain(name), k=SHOWN_TOKENS)


def _table(comparison: ModelComparison) -> None:
    text = page_text("compare_models")
    columns = page_text("explore").group("columns")
    part = st.expander(text("table"), icon=":material/table:", key="table", on_change="rerun")
    if not part.open:
        return
    with part:
        frame = comparison.to_frame()
        frame[["example", "position"]] += 1
        config: dict[str, Any] = {}
        for name in map(str, frame.columns):
            key, _, model = name.partition(" ")
            title = f"{columns[key]}: {model}" if model else columns[key]
            if key.endswith("piece"):
                frame[name] = frame[name].map(visible)
            formats = {"log_probability": "%.4f", "rank": "localized"}
            config[name] = st.column_config.NumberColumn(title, format=formats[key]) if key in formats else title
        st.dataframe(frame, hide_index=True, column_config=config, key="table_models", alt=text("table"))
