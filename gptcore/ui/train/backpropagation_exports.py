"""Take along what backpropagation does: every gradient as a table, the charts, and code that gives the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from gptcore.examples import Example
from gptcore.results.training import LogitGradient
from gptcore.training.config import TrainConfig
from gptcore.ui.export.code import examples_code
from gptcore.ui.export.downloads import analysis_downloads, loss_of
from gptcore.ui.state.translations import page_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

_TOKENIZERS = {"toy": "seven_word_tokenizer", "mini": "gpt2_tokenizer"}


def backpropagation_script(size: str, seed: int, examples: Sequence[Example], config: TrainConfig, index: int) -> str:
    """A Python script that prints the loss at every step, and one position's gradient before the first.

    Args:
        size: "toy" or "mini".
        seed: Of the model's random weights.
        examples: What is learned.
        config: Learning rate and steps.
        index: Index of the scored position.
    """
    tokenizer = _TOKENIZERS[size]
    return (
        "# What is needed.\n"
        f"from gptcore import SIZES, Example, TrainConfig, encode, follow_gradients, {tokenizer}, untrained_model\n\n"
        "# The model, and what it learns.\n"
        f'model = untrained_model(SIZES["{size}"], seed={seed})\n'
        f"{examples_code(examples)}"
        f"batch = encode(examples, {tokenizer}())\n"
        f'config = TrainConfig({config.learning_rate!r}, steps={config.steps}, optimizer="sgd")\n\n'
        "# The gradient at the logits before every step, and after the last.\n"
        "gradients = list(follow_gradients(model, batch, config))\n"
        "for gradient in gradients:\n"
        '    print(f"{gradient.step:2}  cross-entropy {gradient.cross_entropy:.4f} nats")\n\n'
        "# One position's tokens before the first step.\n"
        f"print(gradients[0].at({index}).to_string())\n"
    )


def gradients_table(gradients: Sequence[LogitGradient]) -> pd.DataFrame:
    """A row for each step, position and shown token."""
    frames = []
    for gradient in gradients:
        for index in range(gradient.positions):
            frame = gradient.at(index)
            frame.insert(0, "position", index + 1)
            frame.insert(0, "step", gradient.step)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def backpropagation_downloads(
    gradients: Sequence[LogitGradient],
    script: str,
    figures: Mapping[str, go.Figure],
    inputs: Mapping[str, str],
    shown: tuple[int, int],
) -> None:
    """Buttons for the table of gradients, the numbers, the charts, the script and the notebook.

    Args:
        gradients: Before every step, and after the last.
        script: The Python script.
        figures: Charts by title.
        inputs: What is learned, and how, by name.
        shown: The step on the page, from 1, and the index of the position.
    """
    text, (step, index) = page_text("exports"), shown

    def analysis() -> dict[str, Any]:
        losses = [{"step": gradient.step, "cross_entropy": gradient.cross_entropy} for gradient in gradients]
        return {"losses": losses, "gradients": gradients_table(gradients).to_dict("records")}

    with st.container(horizontal=True, key="downloads_backpropagation"):
        analysis_downloads(
            "backpropagation_download",
            "backpropagation",
            inputs=inputs,
            table=lambda: gradients_table(gradients),
            analysis=analysis,
            figures=figures,
            script=script,
            numbers={
                text("step", step=gradient.step): loss_of(gradient.cross_entropy)
                for gradient in gradients[step - 1 : step + 1]
            },
            cells=(
                f"from gptcore import charts\n\ncharts.push_on_logits(gradients[{step - 1}], {index})",
                f"charts.before_and_after(gradients[{step - 1}], gradients[{step}], {index})",
            ),
        )
