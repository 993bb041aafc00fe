"""What can go wrong with a sweep, and the way on: a cluster that is not there, a store that keeps nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from gptcore import number_format
from gptcore.errors import InputError
from gptcore.sweeps.cluster import CLUSTER_FAULTS
from gptcore.ui.jobs.job import Job
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, error_sentence

_HERE = "_seeds_here"


def on_this_machine() -> bool:
    """Whether this visitor's seeds are computed on this machine, whatever cluster there is."""
    return bool(st.session_state.get(_HERE))


def what_went_wrong(job: Job[Any], start: Callable[[Any], object], key: Any) -> None:
    """Say why a sweep ended early, and why what it finished is not kept for later, where that is so.

    Args:
        job: The sweep.
        start: Starts it again, given its key.
        key: What it is about.
    """
    words = page_text("sweeps")
    if job.error is not None:
        counts = {"done": number_format.count(job.done), "total": number_format.count(job.total or 0)}
        said = error_sentence(job.error) if isinstance(job.error, InputError) else words("failed", **counts)
        st.warning(said, icon=":material/error:")
        if isinstance(job.error, InputError) and job.error.code in CLUSTER_FAULTS:
            st.button(
                words("use_here"), key="seed_here", icon=":material/computer:", on_click=_stay_here, args=(start, key)
            )
    if job.done:
        from gptcore.sweeps.cache import shared_cache

        if fault := shared_cache().fault:
            st.caption(words("not_kept", reason=code_span(fault)))


def _stay_here(start: Callable[[Any], object], key: Any) -> None:
    st.session_state[_HERE] = True
    start(key)
