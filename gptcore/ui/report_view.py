"""A report as a page shows it: the three numbers, the linked charts, one position opened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from gptcore import numbers
from gptcore.examples import Example
from gptcore.pieces import visible
from gptcore.ui import address
from gptcore.ui.elements import chart, code_span, current_style, number_card, operator
from gptcore.ui.models import ModelChoice
from gptcore.ui.texts import page_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gptcore.results import Report


def temperature_control(place: Any) -> float:
    """The temperature field, drawn in `place`; 1 is the model itself."""
    text = page_text("explore")
    temperature, refused = address.value("temperature", 1.0, address.number(0.1, 5.0))
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


def choose_position(index: int) -> None:
    """Open a scored position, by its index in the report."""
    st.session_state["position"] = index + 1


def numbers_of_the_chain(report: Report) -> None:
    """Mean log-probability, × −1, cross-entropy, exp, perplexity: each with its reading in words."""
    text = page_text("explore")
    temperature = report.provenance.temperature
    note = text("at_temperature", temperature=f"{temperature:g}") if temperature != 1.0 else ""
    vocabulary = numbers.count(report.vocab_size)
    mean, negate, loss, undo, perplexity = st.columns([10, 2, 10, 2, 11], gap="xsmall")
    with mean:
        number_card(
            "mean_log_probability",
            text("mean_log_probability.label"),
            numbers.nats(report.mean_log_probability),
            text("mean_log_probability.reading", positions=numbers.count(report.positions)) + note,
        )
    with negate:
        operator("× −1", text("negate"))
    with loss:
        number_card(
            "cross_entropy",
            text("cross_entropy.label"),
            numbers.nats(report.cross_entropy),
            text(
                "cross_entropy.reading",
                vocabulary=vocabulary,
                uniform=numbers.nats(report.uniform_cross_entropy),
                bits=numbers.nats(report.cross_entropy_bits),
            )
            + note,
        )
    with undo:
        operator("exp", text("undo_log"))
    with perplexity:
        reading = "perplexity.reading_certain" if report.perplexity < 1.005 else "perplexity.reading"
        number_card(
            "perplexity",
            text("perplexity.label"),
            numbers.perplexity(report.perplexity),
            text(reading, count=numbers.count(report.perplexity), vocabulary=vocabulary) + note,
            kind="result",
        )


def linked_charts(report: Report) -> dict[str, go.Figure]:
    """Target probabilities, their logs, the ruler; a click on any position opens it. Returns the figures by title."""
    from gptcore.charts.positions import log_probabilities, target_probabilities
    from gptcore.charts.ruler import perplexity_ruler

    text, style, selected = page_text("explore"), current_style(), _position(report)
    best, worst = int(np.argmax(report.log_probability)), int(np.argmin(report.log_probability))
    named = {"best": visible(report.target_piece[best]), "worst": visible(report.target_piece[worst])}
    left, right = st.columns(2)
    probabilities = target_probabilities(report, text.group("chart_target_probabilities"), style, selected=selected)
    logs = log_probabilities(report, text.group("chart_log_probabilities"), style, selected=selected)
    titles = {key: text(f"{key}.title") for key in ("chart_target_probabilities", "chart_log_probabilities")}
    titles["chart_perplexity"] = text("chart_perplexity.title")
    with left, st.container(border=True):
        chart(
            probabilities,
            "chart_target_probabilities",
            text(
                "chart_target_probabilities.summary",
                above=int((report.target_probability > 1 / report.vocab_size).sum()),
                positions=report.positions,
                vocabulary=numbers.count(report.vocab_size),
                best_p=numbers.probability(float(report.target_probability[best])),
                worst_p=numbers.probability(float(report.target_probability[worst])),
                **named,
            ),
            title=titles["chart_target_probabilities"],
            on_position=choose_position,
        )
        st.markdown(text("own_text", choices=_own_choices(report)))
    with right, st.container(border=True):
        chart(
            logs,
            "chart_log_probabilities",
            text(
                "chart_log_probabilities.summary",
                best_ln=numbers.nats(float(report.log_probability[best])),
                worst_ln=numbers.nats(float(report.log_probability[worst])),
                mean=numbers.nats(report.mean_log_probability),
                **named,
            ),
            title=titles["chart_log_probabilities"],
            on_position=choose_position,
        )
    parts = report.per_example()
    lesser = [
        (text("chart_perplexity.example", number=example + 1), perplexity)
        for example, perplexity in zip(parts["example"].tolist(), parts["perplexity"].tolist(), strict=True)
    ]
    ruler = perplexity_ruler(
        [(text("chart_perplexity.this"), report.perplexity)],
        report.vocab_size,
        text.group("chart_perplexity"),
        style,
        lesser=lesser if len(lesser) > 1 else (),
    )
    below = report.perplexity <= report.vocab_size
    factor = math.exp(abs(report.cross_entropy - report.uniform_cross_entropy))
    with st.container(border=True):
        chart(
            ruler,
            "chart_perplexity",
            text(
                f"chart_perplexity.summary_{'below' if below else 'above'}",
                perplexity=numbers.perplexity(report.perplexity),
                vocabulary=numbers.count(report.vocab_size),
                factor=f"{factor:,.3g}" if factor < 1000 else numbers.count(factor),
            ),
            title=titles["chart_perplexity"],
        )
    return {titles[key]: figure for key, figure in zip(titles, (probabilities, logs, ruler), strict=True)}


def position_inspector(report: Report, choice: ModelChoice, examples: Sequence[Example]) -> None:
    """One position opened: its equation with the numbers in it, its share, its likeliest tokens, all probabilities."""
    from gptcore.charts.distribution import rank_curve
    from gptcore.ui.reports import rank_curve_for

    text, style = page_text("explore"), current_style()
    st.subheader(text("one_position"), anchor=False)
    index = position_field(report)
    left, right = st.columns(2)
    with left, st.container(border=True):
        _equation(report, index)
        likeliest_tokens(report, index, "chart_top_tokens", title=text("chart_top_tokens.title"))
    with right, st.container(border=True):
        curve = rank_curve_for(choice, examples, index, report.provenance.temperature)
        words = text.group("chart_rank_curve")
        chart(
            rank_curve(curve, report.target_piece[index], words, style),
            "chart_rank_curve",
            text(
                "chart_rank_curve.summary",
                highest=numbers.probability(float(curve.probability[0])),
                lowest=numbers.probability(float(curve.probability[-1])),
                rank=numbers.count(curve.target_rank),
            ),
            title=text("chart_rank_curve.title", vocabulary=numbers.count(report.vocab_size)),
        )
        st.markdown(
            text(
                "inspector.own",
                predicted=code_span(report.predicted_piece[index]),
                predicted_p=numbers.probability(float(report.predicted_probability[index])),
                entropy=numbers.nats(float(report.entropy_nats[index])),
                uniform=numbers.nats(report.uniform_cross_entropy),
            )
        )


def position_field(report: Report) -> int:
    """The field that chooses a scored position; its index."""
    text = page_text("explore")
    index = _position(report)
    st.selectbox(
        text("position"),
        list(range(1, report.positions + 1)),
        format_func=lambda number: text(
            "position_option",
            number=number,
            target=visible(report.target_piece[number - 1]),
            prompt=visible(report.prompt_piece[number - 1]),
        ),
        key="position",
        persist_state="session",
    )
    if (given := address.refused("position")) is not None:
        st.warning(text("bad_position", given=code_span(given), positions=report.positions), icon=":material/error:")
    return index


def likeliest_tokens(report: Report, index: int, key: str, *, title: str, k: int = 10) -> None:
    """The chart of the k likeliest tokens at a position, under its key."""
    from gptcore.charts.distribution import top_tokens

    text = page_text("explore")
    chart(
        top_tokens(report, index, text.group("chart_top_tokens"), current_style(), k=k),
        key,
        text(
            "chart_top_tokens.summary",
            first=visible(report.predicted_piece[index]),
            first_p=numbers.probability(float(report.predicted_probability[index])),
            target=visible(report.target_piece[index]),
            rank=numbers.count(int(report.rank[index])),
        ),
        title=title,
    )


def _own_choices(report: Report) -> str:
    """What the model would have said in place of each example's targets."""
    said = ["".join(np.array(report.predicted_piece)[report.example == n]) for n in np.unique(report.example)]
    return " · ".join(code_span(choices, longest=120) for choices in said)


def _position(report: Report) -> int:
    """Index of the chosen position; the first where the address or another text names one that is not there."""
    number, _ = address.value("position", 1, address.whole_number(1, 100_000))
    if number > report.positions:
        if address.given() is None:  # a shorter text: nobody asked for this position
            address.leave_out("position")
        else:
            address.refuse("position", str(number))
        st.session_state["position"] = number = 1
    return int(number) - 1


def _equation(report: Report, index: int) -> None:
    text = page_text("explore")
    prompt, target = code_span(report.prompt_piece[index]), code_span(report.target_piece[index])
    st.markdown(text("inspector.after", prompt=prompt, target=target))
    st.latex(
        r"p = \frac{e^{z_{\text{target}}}}{\sum_v e^{z_v}}"
        rf" = \frac{{e^{{{report.target_logit[index]:.4f}}}}}{{e^{{{report.log_normalizer_nats[index]:.4f}}}}}"
        rf" = {numbers.probability_in_latex(float(report.target_probability[index]))}"
    )
    st.markdown(
        text(
            "inspector.reading",
            one_in=numbers.one_in(float(report.surprisal_nats[index])),
            rank=numbers.count(int(report.rank[index])),
            vocabulary=numbers.count(report.vocab_size),
            surprisal=numbers.nats(float(report.surprisal_nats[index])),
            share=numbers.percent(float(report.share_of_loss[index])),
            factor=f"{report.perplexity_factor[index]:,.4g}",
        )
    )
