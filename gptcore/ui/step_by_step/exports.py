"""Take the eleven steps along: a row for each position, all numbers, and code that gives the same."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gptcore.examples import Example
from gptcore.results.steps import Steps
from gptcore.ui.export.code import script_for
from gptcore.ui.export.downloads import analysis_downloads
from gptcore.ui.models.choice import ModelChoice


def steps_downloads(steps: Steps, choice: ModelChoice, examples: Sequence[Example]) -> None:
    """Buttons for the steps' table, numbers, script and notebook.

    Args:
        steps: The calculation, step by step.
        choice: The model that the steps are of.
        examples: The examples that were scored.
    """
    with st.container(horizontal=True, key="downloads_steps"):
        analysis_downloads(
            "steps_download",
            "step_by_step",
            table=steps.to_frame,
            analysis=steps.to_dict,
            figures={},
            script=script_for(choice, examples),
            cells=("report.plot()", 'report.plot("log_probabilities")', 'report.plot("perplexity")'),
        )
