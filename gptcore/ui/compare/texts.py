"""Texts side by side under one model: how hard each is, and from which tokens the difference between two comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from gptcore import number_format
from gptcore.errors import InputError
from gptcore.examples import Example
from gptcore.token_display import visible
from gptcore.ui.compare.exports import inputs_code, inputs_downloads
from gptcore.ui.compare.fields import switch
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.result_cache import with_model
from gptcore.ui.report.knowledge import what_it_knows
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import chart, current_style, error_sentence
from gptcore.ui.widgets.predict import ask_first, compare_with_choice, is_covered

if TYPE_CHECKING:
    import pandas as pd

    from gptcore.language_model import LanguageModel
    from gptcore.results.comparison import ExampleRecord

UNITS = ("perplexity", "bits_per_byte")


def inputs_view(choice: ModelChoice, examples: Sequence[Example] | None, temperature: float) -> None:
    """Every text's number, then two of them token by token.

    Args:
        choice: Which model.
        examples: None while a text needs mending.
        temperature: The logits are divided by it; 1 is the model itself.
    """
    text = page_text("compare")
    if examples is None:
        return
    if choice.of_kind.seeded:
        st.info(text("untrained_note"), icon=":material/casino:")
    try:
        records = _records(choice, tuple(examples), temperature)
    except InputError as error:
        st.warning(error_sentence(error), icon=":material/error:")
        return
    names = [text("chart_texts.row", number=number + 1) for number in range(len(records))]
    if len(records) > 1:
        subject = (choice, examples, temperature)
        if is_covered("inputs", *subject):
            ask_first("inputs", subject, page_text("predict")("harder"), names)
            return
        hardest = max(range(len(records)), key=lambda n: records[n].report.cross_entropy)
        report = records[hardest].report
        written = number_format.perplexity_at(report.cross_entropy)
        said = page_text("predict")("harder_answer", name=names[hardest], perplexity=written)
        compare_with_choice("inputs", hardest, said)
    what_it_knows(choice, [record.report for record in records])
    unit, _ = url.value("unit", "perplexity", url.one_of(*UNITS))
    from gptcore.charts.compared_texts import text_losses
    from gptcore.ui.widgets.figures import KeptFigure

    words, style, reports = text.group("chart_texts"), current_style(), tuple(record.report for record in records)
    losses = KeptFigure(text_losses, (records,), words, style, by=reports, per_byte=unit == "bits_per_byte")
    titles = {name: text(f"{name}.title") for name in ("chart_texts", "chart_difference")}
    with st.container(border=True):
        switch("unit", UNITS, "units", help=text("units.help"))
        chart(losses, "chart_texts", _texts_reading(records, unit), title=titles["chart_texts"])
    if len(records) < 2:
        st.info(text("two_texts"), icon=":material/add:")
        return
    first, second = _pair(len(records))
    from gptcore.charts.compared_texts import difference_waterfall
    from gptcore.results.comparison import aligned_rows

    rows = aligned_rows(records[first].report, records[second].report)
    data, by = (records[first], records[second], rows), (reports, first, second)
    waterfall = KeptFigure(difference_waterfall, data, text.group("chart_difference"), style, by=by)
    with st.container(border=True):
        chart(
            waterfall,
            "chart_difference",
            _difference_reading(records[first], records[second], rows),
            title=titles["chart_difference"],
        )
    _table(rows, first, second)
    inputs_code(choice, examples, (first, second), temperature)
    figures = {titles["chart_texts"]: losses, titles["chart_difference"]: waterfall}
    inputs_downloads(records, rows, choice, examples, (first, second), temperature, figures)


def _records(choice: ModelChoice, examples: tuple[Example, ...], temperature: float) -> list[ExampleRecord]:
    def make(model: LanguageModel) -> list[ExampleRecord]:
        from gptcore.sweeps.runner import compare_examples

        return list(compare_examples(model, examples, temperature=temperature))

    return with_model(choice, ("compared", examples, temperature), make)


def _pair(count: int) -> tuple[int, int]:
    """The two texts that are compared token by token, as indices."""
    text = page_text("compare")
    pair = {}
    with st.container(horizontal=True, key="pair_fields"):
        for key, default in (("from", 1), ("to", 2)):
            number, _ = url.value(key, default, url.whole_number(1, 8))
            if number > count:
                number = default
                url.correct(key, number, str(number))
            st.selectbox(
                text(f"pair_{key}"),
                list(range(1, count + 1)),
                format_func=lambda number: text("chart_texts.row", number=number),
                key=key,
                persist_state="session",
                width=170,
            )
            pair[key] = int(number) - 1
    return pair["from"], pair["to"]


def _texts_reading(records: Sequence[ExampleRecord], unit: str) -> str:
    text = page_text("compare")

    def amount(record: ExampleRecord) -> float:
        return record.bits_per_byte if unit == "bits_per_byte" else record.report.perplexity

    def written(record: ExampleRecord) -> str:
        if unit == "bits_per_byte":
            return number_format.bits_per_byte(record.bits_per_byte)
        return number_format.perplexity_at(record.report.cross_entropy)

    easiest, hardest = min(records, key=amount), max(records, key=amount)
    if len(records) == 1:
        return text("chart_texts.summary_one", **{unit: written(easiest)}, unit=text(f"units.{unit}"))
    return text(
        "chart_texts.summary",
        unit=text(f"units.{unit}"),
        easiest=text("chart_texts.row", number=easiest.example + 1),
        least=written(easiest),
        hardest=text("chart_texts.row", number=hardest.example + 1),
        most=written(hardest),
    )


def _difference_reading(first: ExampleRecord, second: ExampleRecord, rows: pd.DataFrame) -> str:
    """How far the two lie apart, and which position that comes from."""
    text = page_text("compare")
    names = {
        "first": text("chart_texts.row", number=first.example + 1),
        "second": text("chart_texts.row", number=second.example + 1),
    }
    whole = second.total_log_probability - first.total_log_probability
    if rows.change.abs().max() == 0:
        return text("chart_difference.summary_none", **names)
    row = rows.iloc[int(rows.change.abs().to_numpy().argmax())]
    before, after = visible(str(row.first_piece)), visible(str(row.second_piece))
    kind = "same" if row.same else "gone" if not after else "new" if not before else "instead"
    return text(
        f"chart_difference.summary_{'more' if whole < 0 else 'less'}",
        **names,
        difference=number_format.nats(abs(whole)),
        place=text(f"chart_difference.{kind}", before=before, after=after),
        change=number_format.signed_nats(float(row.change)),
    )


def _table(rows: pd.DataFrame, first: int, second: int) -> None:
    text = page_text("compare")
    columns = text.group("columns")
    part = st.expander(text("table_aligned"), icon=":material/table:", key="aligned", on_change="rerun")
    if not part.open:
        return
    with part:
        shown = rows.copy()
        for name in ("first_piece", "second_piece"):
            shown[name] = shown[name].map(visible)
        shown[["first_position", "second_position"]] += 1
        config: dict[str, Any] = {
            name: columns[name].format(first=first + 1, second=second + 1) for name in map(str, shown.columns)
        }
        for name in ("first_log_probability", "second_log_probability", "change"):
            config[name] = st.column_config.NumberColumn(config[name], format="%.4f")
        st.dataframe(shown, hide_index=True, column_config=config, key="table_aligned", alt=text("table_aligned"))
