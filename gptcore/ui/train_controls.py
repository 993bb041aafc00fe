"""What a training is set with and driven by: settings that say what is wrong with them, play, pause, step, reset."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from gptcore.errors import InputError
from gptcore.training_config import MAX_STEPS, TrainConfig
from gptcore.ui import address
from gptcore.ui.elements import error_sentence
from gptcore.ui.jobs import LOOK_EVERY_SECONDS
from gptcore.ui.texts import page_text
from gptcore.ui.trainings import KeptRun, Plan, Training, kept_run, own_trainings

SECTIONS = ("fit", "backpropagation", "text")
SPEEDS = {"slow": 1.0, "steady": 0.25, "full": 0.0}
"""Seconds that a step takes at least."""


@dataclass(frozen=True)
class Defaults:
    """The settings that a section starts with; `rates` by optimizer."""

    rates: dict[str, str]
    steps: int
    schedule: str = "constant"
    measure_every: int = 10


def section_choice() -> str:
    """Which part of the page is shown; in the address."""
    text = page_text("train")
    section, _ = address.value("train_section", "fit", address.one_of(*SECTIONS))
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


def settings(prefix: str, defaults: Defaults, seed: int) -> TrainConfig | None:
    """The settings' fields, keyed `<prefix>_learning_rate` and so on; None while one of them needs mending."""
    text = page_text("train")
    optimizer, _ = address.value(f"{prefix}_optimizer", "adamw", address.one_of("adamw", "sgd"))
    rate = defaults.rates[optimizer]
    _follow_default(f"{prefix}_learning_rate", rate)
    learning_rate, _ = address.value(f"{prefix}_learning_rate", rate, _short)
    steps, _ = address.value(f"{prefix}_steps", defaults.steps, address.whole_number(-(10**9), 10**9))
    schedule, _ = address.value(f"{prefix}_schedule", defaults.schedule, address.one_of("constant", "cosine"))
    drop_rate, _ = address.value(f"{prefix}_dropout", 0.0, address.number(0.0, 0.9))
    clip, _ = address.value(f"{prefix}_clip", False, lambda words: words == "1", lambda on: str(int(on)))
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{prefix}_settings"):
        st.segmented_control(
            text("optimizer"),
            ("adamw", "sgd"),
            format_func=text.group("optimizers").__getitem__,
            key=f"{prefix}_optimizer",
            required=True,
            persist_state="session",
            help=text("optimizer_help"),
        )
        st.text_input(
            text("learning_rate"),
            key=f"{prefix}_learning_rate",
            persist_state="session",
            help=text("learning_rate_help"),
            width=150,
        )
        st.number_input(text("steps"), step=1, key=f"{prefix}_steps", persist_state="session", width=150)
        with st.popover(text("settings"), icon=":material/tune:"):
            st.segmented_control(
                text("schedule"),
                ("constant", "cosine"),
                format_func=text.group("schedules").__getitem__,
                key=f"{prefix}_schedule",
                required=True,
                persist_state="session",
            )
            st.slider(
                text("drop_rate"),
                0.0,
                0.9,
                step=0.05,
                key=f"{prefix}_dropout",
                persist_state="session",
                help=text("drop_rate_help"),
            )
            st.toggle(text("max_norm"), key=f"{prefix}_clip", persist_state="session", help=text("max_norm_help"))
    try:
        return TrainConfig(
            learning_rate=_as_number(learning_rate),
            steps=int(steps),
            optimizer=optimizer,
            warmup_steps=min(5, int(steps)) if schedule == "cosine" else 0,
            cosine=schedule == "cosine",
            max_norm=1.0 if clip else None,
            drop_rate=float(drop_rate),
            measure_every=defaults.measure_every,
            seed=seed,
        )
    except InputError as error:
        st.warning(error_sentence(error), icon=":material/error:")
        mend = {
            "bad_learning_rate": (f"{prefix}_learning_rate", rate),
            "bad_steps": (f"{prefix}_steps", MAX_STEPS if steps > MAX_STEPS else defaults.steps),
        }
        if error.code in mend:
            key, value = mend[error.code]
            shown = f"{value:,}" if isinstance(value, int) else value
            mend_button(text("mend_value", value=shown), f"mend_{key}", _put, key, value)
        return None


def mend_button(words: str, key: str, act: Callable[..., None], *args: Any) -> None:
    """A button that mends what the sentence above it says."""
    st.button(words, key=key, icon=":material/build:", on_click=act, args=args)


def transport(name: str, plan: Plan | None) -> Training | None:
    """Play, pause, one step, reset, speed; the section's training, if there is one. No plan, no play."""
    text = page_text("train")
    training = own_trainings().get(name)
    going = training is not None and training.going
    st.session_state.setdefault("train_speed", "full")
    with st.container(horizontal=True, vertical_alignment="center", key="train_transport"):
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
            label_visibility="collapsed",
        )
    if training is not None:
        training.seconds_a_step = SPEEDS[st.session_state["train_speed"]]
        if plan is not None and plan != training.plan:
            st.info(text("changed"), icon=":material/difference:")
    return training


def remembered(name: str, training: Training | None) -> KeptRun | None:
    """What is kept of a training that the address names and that is no longer here; says so where nothing is."""
    run_id, _ = address.value("train_run", "", _short)
    if training is not None:
        st.session_state["train_run"] = training.id
        address.put("train_run", training.id)
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


def follow_training(training: Training | None, draw: Callable[[], None]) -> None:
    """Draw again and again while a record is on its way, then let the whole page run once more."""
    if training is None or not training.going:
        draw()
        return

    @st.fragment(run_every=LOOK_EVERY_SECONDS)
    def followed() -> None:
        still = training.going
        draw()
        if not still:
            st.rerun()

    followed()


def state_line(training: Training, millions: str) -> None:
    """What a training is doing, in words: its place in the queue, how far it is, what went wrong."""
    text = page_text("train")
    if training.error is not None:
        st.warning(error_sentence(training.error), icon=":material/error:")
        return
    done = len(training.run.records)
    steps = training.plan.config.steps
    words = text(f"states.{training.state}", ahead=training.ahead, millions=millions, step=max(0, done - 1))
    if training.state == "playing":
        left = training.seconds_left
        words = text(
            "left", step=max(0, done - 1), steps=steps, seconds="…" if left is None else f"{math.ceil(left):,}"
        )
    if training.going:
        st.progress(max(0, done - 1) / steps, text=words)
    else:
        st.caption(words)


def scrubber(run_id: str, last: int) -> int:
    """The slider over a run's records, at the newest whenever one came; the step to look at."""
    text = page_text("train")
    state = st.session_state
    if last == 0:
        return 0
    if state.get("_train_seen") != (run_id, last):
        came_from_address = address.given() is not None and "train_scrubber" in (address.given() or {})
        state["_train_seen"] = (run_id, last)
        if not came_from_address:
            state["train_scrubber"] = last
    step, _ = address.value("train_scrubber", last, address.whole_number(0, last))
    st.slider(text("scrubber"), 0, last, key="train_scrubber", persist_state="session", label_visibility="collapsed")
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
        training.seconds_a_step = SPEEDS[st.session_state.get("train_speed", "full")]
        st.session_state["train_run"] = training.id
    return training


def _follow_default(key: str, default: str) -> None:
    """Where a field still holds the former default, let it have the new one."""
    state = st.session_state
    former = state.get(f"_default_{key}")
    if former is not None and former != default and state.get(key) == former:
        state[key] = default
    state[f"_default_{key}"] = default


def _as_number(words: str) -> float:
    try:
        return float(str(words).strip().replace("−", "-").replace(",", "."))
    except ValueError:
        raise InputError(
            "bad_learning_rate", f"{words!r} is no learning rate", learning_rate=words, limit="1,000,000"
        ) from None


def _short(words: str) -> str:
    if len(words) > 24:
        raise ValueError(words[:24])
    return words


def _put(key: str, value: object) -> None:
    st.session_state[key] = value
