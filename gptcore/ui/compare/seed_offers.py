"""Before a sweep starts: what is stored is shown as such, and a large one is run only when somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from gptcore import number_format
from gptcore.config import GPTConfig
from gptcore.ui.state.translations import page_text

if TYPE_CHECKING:
    from gptcore.results.seeds import SeedRecord

MOST_WEIGHTS = 1_000_000_000
"""Random weights, of all models together, that a sweep may draw without being asked: 40 models of the small size."""


def ask_to_run(config: GPTConfig, count: int, start: Callable[[Any], object], key: Any) -> None:
    """Say what there would be to compute, with the button that starts it.

    Args:
        config: The shape of the models.
        count: How many seeds.
        start: Starts the sweep, given its key.
        key: What it is about.
    """
    text = page_text("sweeps")
    with st.container(border=True, key="seed_ask"):
        weights = number_format.large_count(config.parameters, text.language)
        st.markdown(text("ask", count=number_format.count(count), weights=weights))
        _run_button(text("run", count=number_format.count(count)), start, key, kind="primary")


def offer_to_run(records: Sequence[SeedRecord], start: Callable[[Any], object], key: Any) -> None:
    """Say that these are stored and what made them, with the button that computes them here.

    Args:
        records: The stored seeds.
        start: Starts the sweep, given its key.
        key: What it is about.
    """
    text = page_text("sweeps")
    torch = records[0].report.provenance.versions["torch"].partition("+")[0]  # without the name of its build
    with st.container(horizontal=True, vertical_alignment="center", key="seed_stored"):
        st.caption(text("stored", count=number_format.count(len(records)), torch=torch), width="stretch")
        _run_button(text("run_here"), start, key, kind="secondary")


def _run_button(label: str, start: Callable[[Any], object], key: Any, kind: Any) -> None:
    st.button(
        label,
        key="seed_run",
        type=kind,
        icon=":material/play_arrow:",
        on_click=_run,
        args=(start, key),
        width="content",
    )


def _run(start: Callable[[Any], object], key: Any) -> None:
    start(key)
