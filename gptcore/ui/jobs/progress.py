"""A job as the page shows it: drawn again and again while it runs, how far it is, the time left, and a stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from gptcore.ui.jobs.job import Job
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import drawn_in_fragment

LOOK_EVERY_SECONDS = 0.5
"""How often a page looks at a running job."""


def follow(going: Callable[[], bool], draw: Callable[[], None]) -> bool:
    """Draw something again and again while it is going on, then let the whole page run once more.

    What is drawn keeps its place when the going ends, and is not built anew: a fragment is a container, too.

    Returns:
        Whether it had ended before: what was drawn now is all of it.
    """
    if not going():
        with st.container():
            draw()
        return True

    @st.fragment(run_every=LOOK_EVERY_SECONDS)
    def followed() -> None:
        still = going()
        with drawn_in_fragment():
            draw()
        if not still:
            st.rerun()

    followed()
    return False


def status(job: Job[Any], unit: str, key: str) -> None:
    """How far a job is: progress, rate, time left or place in the queue, and while it is active a stop.

    Args:
        job: The job.
        unit: What is counted, in the reader's language ("seeds").
        key: The key of the widget, which tests and stylesheets use.
    """
    text = page_text("jobs")
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        if job.total:
            st.progress(min(1.0, job.done / job.total), text=_how_far(job, unit))
        else:
            st.caption(_how_far(job, unit))
        if job.active:
            st.button(
                text("stop"),
                key=f"{key}_stop",
                icon=":material/stop_circle:",
                on_click=job.cancel,
                width="content",
            )


def _how_far(job: Job[Any], unit: str) -> str:
    text = page_text("jobs")
    if job.queued and job.ahead:
        return text("queue", ahead=job.ahead)
    total = f"{job.total:,}" if job.total else "?"
    words = [text("done", done=f"{job.done:,}", total=total, unit=unit) if job.total else f"{job.done:,} {unit}"]
    if job.cancelled:
        words.append(text("stopped"))
    elif job.active:
        if job.paused:
            words.append(text("paused"))
        elif job.per_second is not None:
            words.append(text("rate", rate=_rate(job.per_second), unit=unit))
            if job.seconds_left is not None:
                words.append(_time_left(job.seconds_left))
    return " · ".join(words)


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:.2g}"


def _time_left(seconds: float) -> str:
    """About how long, in words: seconds, minutes, hours."""
    text = page_text("jobs")
    if seconds < 90:
        return text("seconds_left", seconds=f"{max(1, seconds):.0f}")
    if seconds < 5400:
        return text("minutes_left", minutes=f"{seconds / 60:.0f}")
    return text("hours_left", hours=f"{seconds / 3600:.1f}")
