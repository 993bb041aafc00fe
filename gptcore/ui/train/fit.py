"""Fit these targets: the examples' target probabilities climb while the loss falls, step by step."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from gptcore import number_format
from gptcore.errors import InputError
from gptcore.results.report import Report
from gptcore.results.training import StepRecord, TrainingRun, WatchedTargets
from gptcore.token_display import visible
from gptcore.training.config import TrainConfig
from gptcore.ui.examples.editor import Entered, examples_editor
from gptcore.ui.jobs.progress import follow
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.room.offers import offer_step
from gptcore.ui.state.translations import in_a_row, page_text
from gptcore.ui.train.cards import three_numbers
from gptcore.ui.train.controls import remembered, shown_step, state_line, transport
from gptcore.ui.train.exports import keep_and_save
from gptcore.ui.train.plan import Plan, what_decides
from gptcore.ui.train.session import Training
from gptcore.ui.train.settings import Defaults, settings
from gptcore.ui.widgets.basics import code_span, current_style, error_sentence
from gptcore.ui.widgets.live_chart import live_chart
from gptcore.ui.widgets.predict import ask_first, compare_perplexity, is_covered, perplexity_ranges

LARGE = Defaults({"adamw": "1e-5", "sgd": "2e-3"}, steps=40)
SMALL = Defaults({"adamw": "2e-3", "sgd": "0.03"}, steps=40)
"""The settings at which the fall takes some 20 to 40 steps to watch."""


def fit(choice: ModelChoice) -> None:
    """The section: texts, settings, transport, and the run as it goes."""
    text = page_text("train")
    config = choice.config
    above = st.container()
    with st.expander(text("examples"), icon=":material/edit_note:", key="train_examples"):
        entered = examples_editor(choice)
    with above:
        with st.container():
            chosen = settings("train", LARGE if config.parameters > 50_000_000 else SMALL, choice.seed)
            plan = _plan(choice, chosen, entered)
        with st.container():  # what may come and go has a place of its own, so that charts below stay where they are
            training = transport("fit", plan)
            kept = remembered("fit", training)
            if entered is None:
                st.warning(text("mend_examples"), icon=":material/error:")
        if plan is not None and is_covered("train", *_asked(plan)):
            question = page_text("predict")("trained", steps=number_format.count(plan.config.steps))
            ask_first("train", _asked(plan), question, perplexity_ranges(choice.vocab_size))
        elif training is not None:
            follow(lambda: training.going, lambda: _training(training))
        elif kept is not None:
            with st.container():  # as `follow` draws: the charts keep their place
                _steps(kept.run, kept.plan, None, "kept")
        elif plan is not None:
            with st.container():
                _before_the_first(plan)


def _asked(plan: Plan) -> tuple[object, ...]:
    """What the answer to the page's question depends on."""
    return (plan.choice, plan.config, plan.examples)


def memory_line(choice: ModelChoice, config: TrainConfig, shape: tuple[int, int]) -> str:
    """What would be trained, and about how much memory that takes."""
    from gptcore.training.loop import training_bytes
    from gptcore.ui.models.picker import model_name

    model = choice.config
    values = {
        "weights": number_format.large_count(model.parameters, page_text("train").language),
        "gigabytes": f"{training_bytes(model, config, shape) / 1e9:.1f}",
    }
    if choice.of_kind.seeded:
        return page_text("train")("model_line", model=choice.size, seed=choice.seed, **values)
    return page_text("train")("model_line_here", model=model_name(choice.id), **values)


def _plan(choice: ModelChoice, config: TrainConfig | None, entered: Entered | None) -> Plan | None:
    """The plan, or None with the reason said."""
    if config is None or entered is None:
        return None
    plan = Plan(choice, config, entered.examples)
    try:
        plan.check(int(entered.batch.scored.sum()))
    except InputError as error:
        st.warning(error_sentence(error), icon=":material/error:")
        return None
    return plan


def _before_the_first(plan: Plan) -> None:
    """The model as it is, as step 0 will show it."""
    above = st.container()
    report = _report(plan)
    if report is not None:
        with above:
            st.caption(in_a_row(page_text("train")("again"), memory_line(plan.choice, plan.config, report.input_shape)))
        _record(_untrained_run(report, plan), 0, plan)


def _report(plan: Plan) -> Report | None:
    """What the model says before any step; None, and the reason said, where it cannot be had."""
    from gptcore.ui.models.result_cache import report_for

    with st.container():
        try:
            return report_for(plan.choice, plan.examples)
        except InputError as error:
            st.warning(error_sentence(error), icon=":material/error:")
            return None


@lru_cache(maxsize=64)
def _untrained_run(report: Report, plan: Plan) -> TrainingRun:
    record = StepRecord(
        step=0,
        cross_entropy=report.cross_entropy,
        learning_rate=plan.config.learning_rate_at(0),
        gradient_norm=None,
        target_probability=report.target_probability,
        log_probability=report.log_probability,
        predicted_token_id=report.predicted_token_id,
        predicted_piece=report.predicted_piece,
    )
    watched = WatchedTargets(
        report.example, report.position, report.prompt_piece, report.target_token_id, report.target_piece
    )
    return TrainingRun((record,), report.vocab_size, plan.config.to_dict(), watched)


def _training(training: Training) -> None:
    """A training as it stands: where it is, and its newest step or the one that the scrubber chose."""
    run = training.run
    if run.records:
        _steps(run, training.plan, training, training.id)
        return
    with st.container():
        state_line(training)
    if training.going and (report := _report(training.plan)) is not None:
        _record(_untrained_run(report, training.plan), 0, training.plan)


def _steps(run: TrainingRun, plan: Plan, training: Training | None, run_id: str) -> None:
    index = shown_step(training, run, run_id)
    offer_step(run, index)
    if len(run.records) > plan.config.steps:
        last = run.records[-1]
        compare_perplexity("train", last.perplexity, last.cross_entropy, run.vocab_size)
    st.container()  # where `_before_the_first` says what is wrong: what follows keeps its place
    figures = _record(run, index, plan, passing=training is not None and training.going)
    if training is None or not training.going:
        if index > 0:
            _before_and_after(run, index)
        keep_and_save(training, run, plan, figures)


def _record(run: TrainingRun, index: int, plan: Plan, *, passing: bool = False) -> dict[str, go.Figure]:
    """One step: its three numbers, its charts, what the model says. Returns the figures by title."""
    from gptcore.charts.training import perplexity_curve, watched_probabilities
    from gptcore.ui.widgets.figures import KeptFigure

    text, style, record, first = page_text("train"), current_style(), run.records[index], run.records[0]
    three_numbers(run, index, plan)
    left, right = st.columns(2)
    p = record.target_probability
    assert run.watched is not None
    right_choices = int((record.predicted_token_id == run.watched.target_token_id).sum())
    how: dict[str, Any] = {"by": (*what_decides(run), index), "passing": passing}
    targets = KeptFigure(watched_probabilities, (run, index), text.group("chart_targets"), style, **how)
    words, steps = text.group("chart_curve"), plan.config.steps
    curve = KeptFigure(perplexity_curve, (run, index), words, style, steps=steps, **how)
    with left, st.container(border=True):
        live_chart(
            targets,
            "train_chart_targets",
            text(
                "chart_targets.summary",
                step=record.step,
                lowest=number_format.probability(float(p.min())),
                highest=number_format.probability(float(p.max())),
                right=right_choices,
                positions=len(p),
            ),
            title=text("chart_targets.title"),
        )
    with right, st.container(border=True):
        live_chart(
            curve,
            "train_chart_curve",
            text(
                "chart_curve.summary" if index else "chart_curve.summary_first",
                step=record.step,
                first=number_format.perplexity_at(first.cross_entropy),
                now=number_format.perplexity_at(record.cross_entropy),
                vocabulary=number_format.count(run.vocab_size),
            ),
            title=text("chart_curve.title"),
        )
    _choices(run, record)
    return {text("chart_targets.title"): targets, text("chart_curve.title"): curve}


def _choices(run: TrainingRun, record: StepRecord) -> None:
    """The model's top predictions as text, a row an example."""
    text, watched = page_text("train"), run.watched
    assert watched is not None
    with st.container(border=True, gap="xsmall", key="train_choices"):
        st.markdown(f"**{text('choices')}**")
        for example in np.unique(watched.example):
            places = np.flatnonzero(watched.example == example)
            prompt = "".join(watched.prompt_piece[n] for n in places)
            choice = "".join(record.predicted_piece[n] for n in places)
            st.markdown(text("choice_line", prompt=code_span(prompt), choice=code_span(choice)))


def _before_and_after(run: TrainingRun, index: int) -> None:
    """Step 0 and another beside each other, a row a target."""
    text, watched = page_text("train"), run.watched
    assert watched is not None
    first, record = run.records[0], run.records[index]
    words = {key: text(f"chart_before_after.{key}", step=record.step) for key in text.group("chart_before_after")}
    table = {
        words["target"]: [visible(piece) for piece in watched.target_piece],
        words["before_p"]: first.target_probability,
        words["after_p"]: record.target_probability,
        words["before_choice"]: [visible(piece) for piece in first.predicted_piece],
        words["after_choice"]: [visible(piece) for piece in record.predicted_piece],
    }
    formats = {words["before_p"]: "%.4e", words["after_p"]: "%.5f"}
    with st.container(border=True):
        st.markdown(f"**{text('before_after')}**")
        st.dataframe(
            table,
            hide_index=True,
            key="train_before_after",
            alt=text("before_after"),
            column_config={name: st.column_config.NumberColumn(format=shape) for name, shape in formats.items()},
        )
