"""What is left of a training: its tables, its script, its model for the other pages or as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from gptcore.training_results import TrainingRun
from gptcore.ui.elements import download
from gptcore.ui.exports import model_code
from gptcore.ui.models import own_models
from gptcore.ui.texts import page_text
from gptcore.ui.training_plans import Plan
from gptcore.ui.trainings import Training, own_trainings

if TYPE_CHECKING:
    import plotly.graph_objects as go

_OWN_BYTES = 1_000_000_000
"""How much memory one visitor's own models may take together; the newest always stays."""
_HALF_ABOVE = 50_000_000
"""Models of more weights are saved in float16: a file of 650 MB is more than a browser should fetch."""


def keep_and_save(training: Training | None, run: TrainingRun, plan: Plan, figures: Mapping[str, go.Figure]) -> None:
    """Buttons for the model and the tables of a run that pauses or is over, and the script that runs it again."""
    text, exports = page_text("train"), page_text("exports")
    with st.container(horizontal=True, key="train_keep"):
        if training is not None and training.model is not None:
            st.button(
                text("use"),
                key="train_use",
                icon=":material/search_insights:",
                help=text("use_help"),
                on_click=_use,
                args=(training.name,),
            )
            half = training.model.config.parameters > _HALF_ABOVE
            download(
                text("save_half" if half else "save"),
                lambda: _file_of(training, half),
                "model.safetensors",
                "application/octet-stream",
                "train_save",
            )
        download(text("records"), lambda: run.to_frame().to_csv(index=False), "steps.csv", "text/csv", "train_records")
        if run.watched is not None:
            download(
                text("targets"),
                lambda: run.targets_frame().to_csv(index=False),
                "targets.csv",
                "text/csv",
                "train_targets",
            )
        download(exports("script"), lambda: training_script(plan), "train.py", "text/x-python", "train_download_script")
    if st.session_state.pop("_train_open_explore", False):
        st.switch_page("pages/explore.py")


def training_script(plan: Plan) -> str:
    """A Python script that runs as it stands beside `gptcore` and prints the same losses."""
    setup, model = model_code(plan.choice)
    settings = ", ".join(f"{name}={value!r}" for name, value in plan.config.to_dict().items())
    if plan.examples:
        rows = "".join(f"    {example!r},\n" for example in plan.examples)
        return (
            f"from gptcore import Example, TrainConfig, train\n{setup}\n"
            "from gptcore.examples import encode\nfrom gptcore.tokenizer import gpt2_tokenizer\n\n"
            f"model = {model}\nbatch = encode([\n{rows}], gpt2_tokenizer())\n"
            f"config = TrainConfig({settings})\n\n"
            "for record in train(model, [batch], config, watched=batch):\n"
            '    print(f"{record.step:4}  {record.cross_entropy:8.4f} nats  {record.perplexity:12,.2f}")\n'
        )
    return (
        f"from gptcore import TrainConfig, train\n{setup}\n"
        "from gptcore.learning_text import split_text\nfrom gptcore.tokenizer import gpt2_tokenizer\n\n"
        f"model = {model}\ntext = split_text({plan.text!r}, gpt2_tokenizer(), held_out={plan.held_out!r})\n"
        f"config = TrainConfig({settings})\n\n"
        "for record in train(model, text.training, config, validation=text.validation):\n"
        "    if record.validation_cross_entropy is not None:\n"
        "        print(record.step, record.training_cross_entropy, record.validation_cross_entropy)\n"
    )


def _use(name: str) -> None:
    """End the training, put its model on every page's list, choose it there, and go to Explore."""
    training = own_trainings().get(name)
    model = training.end() if training is not None else None
    if model is None:
        return
    models = own_models()
    models.pop(model.origin.name, None)
    models[model.origin.name] = model
    while len(models) > 1 and sum(own.config.weight_bytes for own in models.values()) > _OWN_BYTES:
        del models[next(iter(models))]
    st.session_state["model"] = f"trained_here/{model.origin.name}"
    st.session_state["_train_open_explore"] = True


def _file_of(training: Training, half: bool) -> bytes:
    """The model as a safetensors file, as `gptcore.weights.load_checkpoint` reads it."""
    import torch

    from gptcore.weights import save_checkpoint

    assert training.model is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_checkpoint(training.model, path, dtype=torch.float16 if half else torch.float32)
        return path.read_bytes()
