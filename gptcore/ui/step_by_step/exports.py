"""Take the eleven steps along: a row for each position, all numbers, and code that gives the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from gptcore.examples import Example
from gptcore.results.steps import Steps
from gptcore.ui.export.code import examples_code, model_code
from gptcore.ui.export.downloads import analysis_downloads, chain_numbers
from gptcore.ui.export.inputs import inputs_of
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import current_style


def steps_script(choice: ModelChoice, examples: Sequence[Example]) -> str:
    """A script that runs as it stands beside `gptcore` and prints the numbers of all steps."""
    setup, model = model_code(choice)
    return (
        f"# What is needed.\nfrom gptcore import Example, run_steps, score\n{setup}\n\n"
        f"# The model, the examples, and the eleven steps.\nmodel = {model}\n"
        f"{examples_code(examples)}"
        "steps = run_steps(model, examples)\n\n"
        "# A row for each scored position, then what the last steps make of them.\n"
        "print(steps.to_frame().to_string())\n"
        'print(f"mean log-probability  {steps.mean_log_probability:.4f} nats")\n'
        'print(f"cross-entropy         {steps.cross_entropy:.4f} nats")\n'
        'print(f"perplexity            {steps.perplexity:,.2f}")\n\n'
        "# Other pages take the log of the softmax in one go; in float32 the last digits can differ.\n"
        "report = score(model, examples)\n"
    )


def _figures(steps: Steps) -> dict[str, Any]:
    """The charts of all steps, by title."""
    from gptcore.charts.ruler import perplexity_ruler
    from gptcore.charts.step_by_step import balance, log_curve
    from gptcore.ui.widgets.figures import KeptFigure

    text, explore, style = page_text("step_by_step"), page_text("explore"), current_style()
    marks = ((explore("chart_perplexity.this"), steps.perplexity),)
    ruler = KeptFigure(perplexity_ruler, (marks, steps.vocab_size), explore.group("chart_perplexity"), style)
    return {
        text("titles.7"): KeptFigure(log_curve, (steps,), text.group("chart_log"), style),
        text("titles.8"): KeptFigure(balance, (steps,), text.group("chart_balance"), style),
        text("titles.11"): ruler,
    }


def _has_chart(step: int, steps: Steps) -> bool:
    """Whether a chart is to be seen, of which a picture can be taken; small vocabularies are shown as a table."""
    if st.session_state["predict"] and not st.session_state["shown"]:
        return False
    return step in (7, 8, 9, 11) or (step in (2, 3) and not steps.whole)


def steps_downloads(step: int, steps: Steps, choice: ModelChoice, examples: Sequence[Example]) -> None:
    """Buttons for the steps' table, numbers, charts, script and notebook.

    Args:
        step: The step on the screen.
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
            figures=_figures(steps),
            inputs=inputs_of(choice, examples),
            numbers=chain_numbers(steps),
            script=steps_script(choice, examples),
            picture=_has_chart(step, steps),
            cells=("report.plot()", 'report.plot("log_probabilities")', 'report.plot("perplexity")'),
        )
