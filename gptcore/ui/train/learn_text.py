"""Learn a text: its first part read again and again, its end held out, and where the two losses part."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from gptcore import number_format
from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.results.training import TrainingRun
from gptcore.tokenizers.base import clean_text
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.training.config import TrainConfig
from gptcore.training.text_batches import LearningText, shipped_text
from gptcore.ui.jobs.progress import follow
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state import url
from gptcore.ui.state.translations import in_a_row, page_text
from gptcore.ui.train.cards import three_numbers
from gptcore.ui.train.controls import remembered, shown_step, state_line, transport
from gptcore.ui.train.exports import keep_and_save
from gptcore.ui.train.plan import Plan, what_decides
from gptcore.ui.train.session import Training
from gptcore.ui.train.settings import Defaults, mend_button, settings
from gptcore.ui.widgets.basics import current_style, error_sentence, number_card
from gptcore.ui.widgets.glossary import meaning
from gptcore.ui.widgets.live_chart import live_chart
from gptcore.ui.widgets.predict import ask_first, compare_with_choice, is_covered

DEFAULTS = Defaults({"adamw": "3e-3", "sgd": "0.1"}, steps=80, measure_every=5)
SHARES = (0.1, 0.2, 0.3, 0.5)


def learn_a_text(choice: ModelChoice) -> None:
    """The section: a text, how much of it is held out, settings, transport, and both losses as they go."""
    text = page_text("train")
    with st.container(key="learn_lead"):
        st.markdown(text("text.lead"))
    learner = ModelChoice("untrained", "mini", 256, choice.seed)
    with st.container():
        words, held_out = _source()
        chosen = settings("learn", DEFAULTS, learner.seed)
        plan, split = _plan(learner, chosen, words, held_out)
    with st.container():
        training = transport("text", plan)
        kept = remembered("text", training)
        if plan is not None and split is not None:
            st.caption(_sizes(plan.config, split, learner))
    if plan is not None and is_covered("learn", *_asked(plan)):
        question = page_text("predict")("held_out", steps=number_format.count(plan.config.steps))
        ask_first("learn", _asked(plan), question, _courses())
    elif training is not None:
        follow(lambda: training.going, lambda: _training(training))
    elif kept is not None:
        with st.container():
            _steps(kept.run, kept.plan, None, "kept")
    elif plan is not None:
        st.info(text("text.press"), icon=":material/play_arrow:")


def _asked(plan: Plan) -> tuple[object, ...]:
    """What the answer to the section's question depends on."""
    return (plan.choice, plan.config, plan.text, plan.held_out)


def _courses() -> list[str]:
    """What the loss on the held-out part may do, as choices."""
    return [page_text("predict")(f"courses.{name}") for name in ("falls", "turns", "rises")]


def course_of(run: TrainingRun) -> int:
    """Which course the held-out loss took: 0 falls to the end, 1 turns, 2 is never below where it began."""
    onset = run.overfitting_onset
    return 0 if onset is None else 2 if onset is run.measured[0] else 1


def _compare_course(run: TrainingRun) -> None:
    """Say the course that was chosen beside the one that the held-out loss took."""
    course = course_of(run)
    compare_with_choice("learn", course, _courses()[course])


def _source() -> tuple[str, float]:
    """The text to learn, and the share of it that is held out."""
    text = page_text("train")
    source, _ = url.value("learn_source", "shipped", url.one_of("shipped", "own"))
    url.value("learn_held_out", 0.2, url.one_of(*SHARES))
    with st.container(horizontal=True, vertical_alignment="bottom", key="learn_source_row"):
        st.segmented_control(
            text("text.source"),
            ("shipped", "own"),
            format_func=lambda name: text(f"text.{name}"),
            key="learn_source",
            required=True,
            persist_state="session",
        )
        st.segmented_control(
            text("text.held_out"),
            SHARES,
            format_func=lambda share: f"{share:.0%}",
            key="learn_held_out",
            required=True,
            persist_state="session",
            help=meaning("validation"),
        )
    words = shipped_text()
    if source == "own":
        words = clean_text(str(url.value("learn_text", "", clean_text)[0]))
        st.text_area(
            text("text.field"),
            key="learn_text",
            persist_state="session",
            placeholder=text("text.placeholder"),
            height=160,
        )
    else:
        with st.expander(text("text.shipped"), icon=":material/article:", key="learn_shipped"):
            st.text(words)
    return words, float(st.session_state["learn_held_out"])


def _plan(
    learner: ModelChoice, config: TrainConfig | None, words: str, held_out: float
) -> tuple[Plan | None, LearningText | None]:
    """The plan with its text split, or nothing and the reason said."""
    if config is None:
        return None, None
    plan = Plan(learner, config, text=words, held_out=held_out)
    try:
        return plan, plan.split(gpt2_tokenizer())
    except InputError as error:
        st.warning(error_sentence(error), icon=":material/error:")
        mend_button(page_text("train")("text.mend_shipped"), "mend_learn_source", _take_shipped)
        return None, None


def _sizes(config: TrainConfig, split: LearningText, learner: ModelChoice) -> str:
    from gptcore.training.loop import training_bytes

    text, model = page_text("train"), SIZES["mini"]
    shape = split.training[0].inputs.shape
    return in_a_row(
        text(
            "text.split",
            training=number_format.count(len(split.training_ids)),
            validation=number_format.count(len(split.validation_ids)),
            window=split.window,
        ),
        text(
            "text.model",
            seed=learner.seed,
            weights=number_format.large_count(model.parameters, text.language),
            gigabytes=f"{training_bytes(model, config, (shape[0], shape[1])) / 1e9:.1f}",
        ),
    )


def _training(training: Training) -> None:
    if training.run.records:
        _steps(training.run, training.plan, training, training.id)
    else:
        state_line(training)


def _steps(run: TrainingRun, plan: Plan, training: Training | None, run_id: str) -> None:
    """The numbers of one step, and both losses up to it."""
    index = shown_step(training, run, run_id)
    if len(run.records) > plan.config.steps:
        _compare_course(run)
    three_numbers(run, index, plan)
    upto = TrainingRun(run.records[: index + 1], run.vocab_size, run.settings, run.watched)
    figures = _losses(upto, plan, passing=training is not None and training.going)
    if training is None or not training.going:
        keep_and_save(training, run, plan, figures)


def _losses(run: TrainingRun, plan: Plan, *, passing: bool) -> dict[str, go.Figure]:
    """Both curves, what they come to, and what that says. Returns the figure by its title."""
    from gptcore.charts.training import two_losses
    from gptcore.ui.widgets.figures import KeptFigure

    text, measured = page_text("train"), run.measured[-1]
    training, validation = measured.training_cross_entropy or 0.0, measured.validation_cross_entropy or 0.0
    left, right = st.columns([2, 1])
    words, steps, by = text.group("chart_losses"), plan.config.steps, what_decides(run)
    figure = KeptFigure(two_losses, (run,), words, current_style(), by=by, passing=passing, steps=steps)
    with left, st.container(border=True):
        live_chart(
            figure,
            "train_chart_losses",
            text(
                "chart_losses.summary",
                step=measured.step,
                training=number_format.nats(training),
                validation=number_format.nats(validation),
            ),
            title=text("chart_losses.title"),
        )
    with right:
        for key, loss in (("training", training), ("validation", validation)):
            number_card(
                f"train_{key}_cross_entropy",
                text(f"text.{key}"),
                number_format.nats(loss),
                text(f"text.reading_{key}", step=measured.step, perplexity=number_format.perplexity_at(loss)),
                help=meaning("loss", "validation"),
            )
        if run.overfitting_onset is not None:
            best = number_format.perplexity_at(run.overfitting_onset.validation_cross_entropy or 0.0)
            st.markdown(text("text.parted", step=run.overfitting_onset.step, best=best))
        elif len(run.measured) > 1:
            st.markdown(text("text.not_parted"))
    return {text("chart_losses.title"): figure}


def _take_shipped() -> None:
    st.session_state["learn_source"] = "shipped"
