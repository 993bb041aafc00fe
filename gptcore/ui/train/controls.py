"""What a training is set with and driven by: settings that say what is wrong with them, play, pause, step, reset."""

from __future__ import annotations

import math

import streamlit as st

from gptcore import number_format
from gptcore.results.training import TrainingRun
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.train.finished_runs import KeptRun, kept_run
from gptcore.ui.train.plan import Plan
from gptcore.ui.train.session import Training, own_trainings
from gptcore.ui.train.settings import short_words
from gptcore.ui.widgets.basics import error_sentence

SECTIONS = ("fit", "backpropagation", "text")
SPEEDS = {"slow": 1.0, "steady": 0.25, "full": 0.0}
"""Seconds that a step takes at least."""


def section_choice() -> str:
    """Which part of the page is shown; in the address."""
    text = page_text("train")
    section, _ = url.value("train_section", "fit", url.one_of(*SECTIONS))
    st.segmented_control(
        text("section"),
        SECTIONS,
        format_func=text.group("sections").__getitem__,
        key="train_section",
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    return str(section)


def transport(name: str, plan: Plan | None) -> Training | None:
    """Play, pause, one step, reset, speed; the section's training, if there is one. No plan, no play."""
    text = page_text("train")
    training = own_trainings().get(name)
    going = training is not None and training.going
    st.session_state.setdefault("train_speed", "full")
    with st.container(horizontal=True, vertical_alignment="bottom", key="train_transport"):
        st.button(
            text("play"),
            key="train_play",
            icon=":material/play_arrow:",
            type="primary",
            disabled=plan is None or going,
            on_click=_play,
            args=(name, plan),
        )
        st.button(
            text("pause"),
            key="train_pause",
            icon=":material/pause:",
            disabled=not going,
            on_click=_pause,
            args=(name,),
        )
        st.button(
            text("step"),
            key="train_step",
            icon=":material/skip_next:",
            disabled=plan is None or going,
            on_click=_step,
            args=(name, plan),
        )
        st.button(
            text("reset"),
            key="train_reset",
            icon=":material/restart_alt:",
            disabled=training is None and not st.session_state.get("train_run"),
            on_click=_reset,
            args=(name,),
        )
        st.segmented_control(
            text("speed"),
            list(SPEEDS),
            format_func=text.group("speeds").__getitem__,
            key="train_speed",
            required=True,
            persist_state="session",
            help=text("speed_help"),
        )
    if training is not None:
        training.pace(SPEEDS[st.session_state["train_speed"]])
        if plan is not None and plan != training.plan:
            st.info(text("changed"), icon=":material/difference:")
    return training


def remembered(name: str, training: Training | None) -> KeptRun | None:
    """What is kept of a training that the address names and that is no longer here; says so where nothing is."""
    run_id, _ = url.value("train_run", "", short_words)
    if training is not None:
        url.correct("train_run", training.id, training.id, in_query=True)
        return None
    if not run_id:
        return None
    kept = kept_run(run_id)
    text = page_text("train")
    if kept is None:
        st.info(text("states.gone"), icon=":material/history:")
    elif kept.name == name and kept.run.records:
        st.info(text("states.interrupted", step=kept.run.records[-1].step), icon=":material/history:")
        return kept
    return None


def state_line(training: Training) -> None:
    """What a training is doing, in words: its place in the queue, how far it is, what went wrong."""
    text = page_text("train")
    if training.error is not None:
        st.warning(error_sentence(training.error), icon=":material/error:")
        return
    done = len(training.run.records)
    weights = number_format.large_count(training.config.parameters, text.language)
    steps = training.plan.config.steps
    words = text(f"states.{training.state}", ahead=training.ahead, weights=weights, step=max(0, done - 1))
    if training.state == "playing":
        left = training.seconds_left
        words = text(
            "left", step=max(0, done - 1), steps=steps, seconds="…" if left is None else f"{math.ceil(left):,}"
        )
    if training.going:
        st.progress(max(0, done - 1) / steps, text=words)
    else:
        st.caption(words)


def shown_step(training: Training | None, run: TrainingRun, run_id: str) -> int:
    """Say what a training is doing; which of its records to show: the newest while it goes on, else the scrubber's."""
    last = len(run.records) - 1
    with st.container():
        if training is not None:
            state_line(training)
            if training.going:
                return last
        return _scrubber(run_id, last)


def _scrubber(run_id: str, last: int) -> int:
    """The slider over a run's records, at the newest whenever one came; the step to look at."""
    text = page_text("train")
    state = st.session_state
    if last == 0:
        return 0
    longer = state.get("_train_seen") != (run_id, last)
    if longer:
        state["_train_seen"] = (run_id, last)
        if url.said("train_scrubber") is None:
            state["train_scrubber"] = last
    step, _ = url.value("train_scrubber", last, url.whole_number(0, last))
    if longer:
        state["train_scrubber"] = step  # a slider with other ends is another one, which has no value yet
    st.slider(text("scrubber"), 0, last, key="train_scrubber", persist_state="session", help=text("scrubber_help"))
    return int(step)


def _play(name: str, plan: Plan) -> None:
    _here_or_started(name, plan).play()


def _step(name: str, plan: Plan) -> None:
    _here_or_started(name, plan).step_once()


def _pause(name: str) -> None:
    training = own_trainings().get(name)
    if training is not None:
        training.pause()


def _reset(name: str) -> None:
    own_trainings().reset(name)
    st.session_state["train_run"] = ""
    st.session_state.pop("train_scrubber", None)


def _here_or_started(name: str, plan: Plan) -> Training:
    trainings = own_trainings()
    training = trainings.get(name)
    if training is None or not training.active:
        training = trainings.start(name, plan)
        training.pace(SPEEDS[st.session_state.get("train_speed", "full")])
        st.session_state["train_run"] = training.id
    return training
