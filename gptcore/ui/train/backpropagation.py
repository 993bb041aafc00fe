"""What backpropagation does: the push on one position's logits, and what real steps make of its distribution."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from gptcore import number_format
from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.examples import Example, encode
from gptcore.presets import PRESETS
from gptcore.results.training import LogitGradient
from gptcore.token_display import visible
from gptcore.tokenizers.choice import tokenizer_for
from gptcore.training.config import TrainConfig
from gptcore.ui.export.inputs import inputs_of
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.train.backpropagation_exports import backpropagation_downloads, backpropagation_script
from gptcore.ui.widgets.basics import after_earlier, chart, code_span, current_style, error_sentence, with_words
from gptcore.ui.widgets.glossary import meaning
from gptcore.ui.widgets.predict import ask_first, compare_with_choice, is_covered

if TYPE_CHECKING:
    import plotly.graph_objects as go

VOCABULARIES = ("seven", "gpt2")
_SIZE = {"seven": "toy", "gpt2": "mini"}
_EXAMPLES = {
    "seven": (Example("every effort moves", "effort moves you"),),
    "gpt2": PRESETS["book"][:1],
}
RATES = (0.01, 0.03, 0.1, 0.3)
MOST_STEPS = 10


def backpropagation(choice: ModelChoice) -> None:
    """The section: vocabulary, position, rate and steps; the push as bars; before and after."""
    text = page_text("train")
    with st.container(key="backpropagation_lead"):
        st.markdown(text("backpropagation.lead"))
    vocabulary, position, rate, step = _controls(text("backpropagation.vocabulary"))
    try:
        gradients = _gradients(vocabulary, choice.seed, rate)
    except InputError as error:
        st.warning(error_sentence(error), icon=":material/error:")
        return
    before, after = gradients[step - 1], gradients[step]
    index = position - 1
    target = visible(before.target_piece[index])
    is_target = int((before.shown_token_id[index] == before.target_token_id[index]).argmax())
    p_before, p_after = (float(g.probability[index, is_target]) for g in (before, after))
    st.caption(text(f"backpropagation.model_{vocabulary}", seed=choice.seed))
    subject = (vocabulary, choice.seed, rate, position, step)
    factors = [page_text("predict")(f"factors.{name}") for name in ("less", "to_twice", "over_twice")]
    if is_covered("backpropagation", *subject):
        written = number_format.probability(p_before)
        question = page_text("predict")("factor", step=step, target=code_span(before.target_piece[index]), p=written)
        ask_first("backpropagation", subject, question, factors)
        return
    grown = (p_after > p_before) + (p_after > 2 * p_before)
    compare_with_choice("backpropagation", grown, f"p = {number_format.probability(p_after)}")
    left, right = st.columns(2)
    with left, st.container(border=True):
        push = _push(before, index, target, is_target)
    with right, st.container(border=True):
        distribution = _distribution(before, after, index, target, (p_before, p_after))
    _changes(before, index)
    st.markdown(
        text(
            "backpropagation.after",
            step=step,
            target=code_span(before.target_piece[index]),
            p_before=number_format.probability(p_before),
            p_after=number_format.probability(p_after),
            loss_before=number_format.nats(before.cross_entropy),
            loss_after=number_format.nats(after.cross_entropy),
        )
    )
    config = TrainConfig(rate, steps=MOST_STEPS, optimizer="sgd")
    script = backpropagation_script(_SIZE[vocabulary], choice.seed, _EXAMPLES[vocabulary], config, index)
    backpropagation_downloads(
        gradients, script, {**push, **distribution}, _inputs(vocabulary, choice.seed, rate), (step, index)
    )


def _inputs(vocabulary: str, seed: int, rate: float) -> dict[str, str]:
    size = _SIZE[vocabulary]
    named = inputs_of(ModelChoice("untrained", size, SIZES[size].context_length, seed), _EXAMPLES[vocabulary])
    return {**named, page_text("train")("learning_rate"): f"{rate:g}"}


def _controls(label: str) -> tuple[str, int, float, int]:
    text = page_text("train")
    vocabulary, _ = url.value("backpropagation_vocabulary", "seven", url.one_of(*VOCABULARIES))
    tokenizer = tokenizer_for(SIZES[_SIZE[vocabulary]].vocab_size)
    batch = encode(_EXAMPLES[vocabulary], tokenizer)
    pieces = [
        (place, *(visible(tokenizer.piece(int(ids[row, place]))) for ids in (batch.inputs, batch.targets)))
        for row, place in zip(*batch.scored.nonzero(), strict=True)
    ]
    names = [
        f"{n}. {after_earlier(prompt, first=place == 0)} → {target}"
        for n, (place, prompt, target) in enumerate(pieces, start=1)
    ]
    url.value("backpropagation_position", 1, url.whole_number(1, len(names)))
    url.value("backpropagation_rate", 0.1, url.one_of(*RATES))
    url.value("backpropagation_number", 1, url.whole_number(1, MOST_STEPS))
    with st.container(horizontal=True, vertical_alignment="bottom", key="backpropagation_controls"):
        st.segmented_control(
            label,
            VOCABULARIES,
            format_func=lambda name: text(f"backpropagation.{name}"),
            key="backpropagation_vocabulary",
            required=True,
            persist_state="session",
            help=meaning("sizes"),
        )
        st.selectbox(
            text("backpropagation.position"),
            list(range(1, len(names) + 1)),
            format_func=lambda number: names[number - 1],
            key="backpropagation_position",
            persist_state="session",
            width=260,
        )
        st.segmented_control(
            text("backpropagation.rate"),
            RATES,
            key="backpropagation_rate",
            required=True,
            persist_state="session",
            help=text("backpropagation.rate_help"),
        )
        st.slider(
            text("backpropagation.step"),
            1,
            MOST_STEPS,
            key="backpropagation_number",
            persist_state="session",
            help=meaning("step"),
            width=220,
        )
        st.button(
            text("backpropagation.one_more"),
            key="backpropagation_step",
            icon=":material/skip_next:",
            disabled=st.session_state["backpropagation_number"] >= MOST_STEPS,
            on_click=_one_more,
        )
    state = st.session_state
    return (
        vocabulary,
        int(state["backpropagation_position"]),
        float(state["backpropagation_rate"]),
        int(state["backpropagation_number"]),
    )


@lru_cache(maxsize=64)
def _gradients(vocabulary: str, seed: int, rate: float) -> tuple[LogitGradient, ...]:
    """The gradient before every one of MOST_STEPS plain gradient steps, and after the last."""
    from gptcore.initialization import untrained_model
    from gptcore.training.logit_gradients import follow_gradients

    config = SIZES[_SIZE[vocabulary]]
    model = untrained_model(config, seed)
    batch = encode(_EXAMPLES[vocabulary], tokenizer_for(config.vocab_size))
    return tuple(follow_gradients(model, batch, TrainConfig(rate, steps=MOST_STEPS, optimizer="sgd")))


def _push(gradient: LogitGradient, index: int, target: str, is_target: int) -> dict[str, go.Figure]:
    from gptcore.charts.logit_gradients import push_on_logits

    text = page_text("train")
    p, N = float(gradient.probability[index, is_target]), gradient.positions
    up = -float(gradient.gradient[index, is_target])
    st.latex(with_words(r"\frac{\partial\,\text{loss}}{\partial z_v} = \frac{p_v - [v = \text{target}]}{N}"))
    st.latex(rf"\frac{{{number_format.probability_in_latex(p)} - 1}}{{{N}}} = {-up:.4f}")
    title = text("chart_push.title", step=gradient.step + 1)
    figure = push_on_logits(gradient, index, text.group("chart_push"), current_style())
    chart(
        figure,
        "backpropagation_chart_push",
        text(
            "chart_push.summary", target=target, push=number_format.signed_nats(up), down=number_format.signed_nats(-up)
        ),
        title=title,
    )
    return {title: figure}


def _changes(gradient: LogitGradient, index: int) -> None:
    """Each logit's push beside its real change, and how much of that each target's part of the step makes."""
    text = page_text("train")
    assert gradient.logit_change is not None
    assert gradient.logit_change_by_target is not None
    push, change = -gradient.gradient[index], gradient.logit_change[index]
    by_target = gradient.logit_change_by_target[:, index]  # (N, k)
    pieces = gradient.shown_piece[index]
    table = {
        text("changes.token"): [visible(piece) for piece in pieces],
        text("changes.push"): push,
        text("changes.change"): change,
    }
    for m, piece in enumerate(gradient.target_piece):
        name = text("changes.own" if m == index else "changes.by", number=m + 1, target=visible(piece))
        table[name] = by_target[m]
    numbers = list(table)[1:]
    with st.container(border=True):
        st.markdown(f"**{text('changes.title', step=gradient.step + 1)}**")
        st.dataframe(
            table,
            hide_index=True,
            key="backpropagation_changes",
            alt=text("changes.title", step=gradient.step + 1),
            column_config={name: st.column_config.NumberColumn(format="%+.4f") for name in numbers},
        )
        against = np.where(push * change < 0, np.abs(change), 0.0)
        token = int(against.argmax())
        words = "along" if against[token] == 0.0 else "against_up" if change[token] > 0 else "against_down"
        part = by_target[:, token] * np.sign(change[token])
        most = int(part.argmax())
        st.markdown(
            text(
                f"changes.{words}",
                token=code_span(pieces[token]),
                push=number_format.signed_nats(float(push[token])),
                change=f"{abs(float(change[token])):.4f}",
                part=f"{abs(float(by_target[most, token])):.4f}",
                number=most + 1,
                target=code_span(gradient.target_piece[most]),
            )
        )
        rest = float(np.abs(change - by_target.sum(axis=0)).max())
        st.caption(text("changes.note", rest=f"{rest:.4f}"))


def _distribution(
    before: LogitGradient, after: LogitGradient, index: int, target: str, p: tuple[float, float]
) -> dict[str, go.Figure]:
    from gptcore.charts.logit_gradients import before_and_after

    text = page_text("train")
    factor = p[1] / p[0] if p[0] else math.inf
    change = rf"{number_format.probability_in_latex(p[0])} \to {number_format.probability_in_latex(p[1])}"
    st.latex(with_words(rf"p_{{\text{{target}}}}:\; {change}"))
    st.latex(rf"\times\,{number_format.factor_in_latex(factor)}")
    title = text("chart_distribution.title", step=after.step)
    figure = before_and_after(before, after, index, text.group("chart_distribution"), current_style())
    chart(
        figure,
        "backpropagation_chart_distribution",
        text(
            "chart_distribution.summary",
            step=after.step,
            target=target,
            before=number_format.probability(p[0]),
            after=number_format.probability(p[1]),
        ),
        title=title,
    )
    return {title: figure}


def _one_more() -> None:
    step = url.standing("backpropagation_number", url.whole_number(0, MOST_STEPS))
    st.session_state["backpropagation_number"] = min(MOST_STEPS, step + 1)
