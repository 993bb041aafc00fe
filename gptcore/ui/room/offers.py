"""What a page offers to be asked besides its texts: a step of the training that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from gptcore.classroom import Question
from gptcore.classroom.report_questions import training_question

if TYPE_CHECKING:
    from gptcore.results.training import TrainingRun

_STEP = "_room_training_step"


def offer_step(run: TrainingRun, index: int) -> None:
    """Let the step after the one that is shown be asked about, or the last one where none follows.

    Args:
        run: The training so far.
        index: Which of its records is shown.
    """
    before = min(index, len(run.records) - 2)
    if before < 0:
        st.session_state.pop(_STEP, None)
        return
    one, other = run.records[before], run.records[before + 1]
    st.session_state[_STEP] = (one.cross_entropy, other.cross_entropy, other.step)


def offered_step() -> Question | None:
    """The question about a step of the training that the visitor looked at last; None without one."""
    step: tuple[float, float, int] | None = st.session_state.get(_STEP)
    return training_question(*step) if step is not None else None
