"""The settings of a training: fields that say what is wrong with what was typed, and mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from gptcore.errors import InputError
from gptcore.number_reading import LONGEST_NUMBER, read_decimal
from gptcore.training.config import MAX_LEARNING_RATE, MAX_STEPS, TrainConfig
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, error_sentence
from gptcore.ui.widgets.glossary import meaning

_ANY = 10**15
"""What a field of whole numbers can hold: more steps than can be are refused with a sentence, never replaced."""


@dataclass(frozen=True)
class Defaults:
    """The settings that a section starts with; `rates` by optimizer."""

    rates: dict[str, str]
    steps: int
    schedule: str = "constant"
    measure_every: int = 10


def settings(prefix: str, defaults: Defaults, seed: int) -> TrainConfig | None:
    """The settings' fields, keyed `<prefix>_learning_rate` and so on; None while one of them needs mending."""
    text = page_text("train")
    optimizer, _ = url.value(f"{prefix}_optimizer", "adamw", url.one_of("adamw", "sgd"))
    rate = defaults.rates[optimizer]
    _follow_default(f"{prefix}_learning_rate", rate)
    learning_rate, _ = url.value(f"{prefix}_learning_rate", rate, str)
    steps, _ = url.value(f"{prefix}_steps", defaults.steps, url.whole_number(-_ANY, _ANY))
    schedule, _ = url.value(f"{prefix}_schedule", defaults.schedule, url.one_of("constant", "cosine"))
    drop_rate, _ = url.value(f"{prefix}_dropout", 0.0, url.number(0.0, 0.9))
    clip = url.switch(f"{prefix}_clip")
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
        st.number_input(
            text("steps"), step=1, key=f"{prefix}_steps", persist_state="session", help=meaning("step"), width=150
        )
        with st.popover(text("settings"), icon=":material/tune:"):
            st.segmented_control(
                text("schedule"),
                ("constant", "cosine"),
                format_func=text.group("schedules").__getitem__,
                key=f"{prefix}_schedule",
                required=True,
                persist_state="session",
                help=text("schedule_help"),
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
    for name in ("optimizer", "schedule", "dropout", "clip"):
        if (given := url.refused(f"{prefix}_{name}")) is not None:
            st.warning(text("refused_setting", given=code_span(given)), icon=":material/error:")
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
    """A button that suggest_fixes what the sentence above it says."""
    st.button(words, key=key, icon=":material/build:", on_click=act, args=args)


def _follow_default(key: str, default: str) -> None:
    """Where a field still holds the former default, let it have the new one."""
    state = st.session_state
    former = state.get(f"_default_{key}")
    if former is not None and former != default and state.get(key) == former:
        state[key] = default
    state[f"_default_{key}"] = default


def _as_number(words: str) -> float:
    try:
        return read_decimal(words)
    except ValueError:
        given, limit = words[:LONGEST_NUMBER], f"{MAX_LEARNING_RATE:,.0f}"
        raise InputError(
            "bad_learning_rate", f"{given!r} is no learning rate", learning_rate=given, limit=limit
        ) from None


def _put(key: str, value: object) -> None:
    st.session_state[key] = value


def short_words(words: str) -> str:
    """A reader of a few words, whatever they are.

    Raises:
        ValueError: Above 24 characters.
    """
    if len(words) > 24:
        raise ValueError(words[:24])
    return words
