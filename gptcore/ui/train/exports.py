"""What is left of a training: its model for the other pages or as a file, its numbers, its charts, its code."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from gptcore.config import GPTConfig
from gptcore.errors import InputError
from gptcore.results.training import TrainingRun
from gptcore.tables import csv_bytes
from gptcore.ui.export.code import examples_code, model_code
from gptcore.ui.export.downloads import analysis_downloads, loss_of
from gptcore.ui.export.inputs import inputs_of
from gptcore.ui.models.kinds import own_models
from gptcore.ui.state.translations import page_text
from gptcore.ui.train.plan import Plan
from gptcore.ui.train.session import Training, own_trainings
from gptcore.ui.widgets.basics import download

if TYPE_CHECKING:
    import plotly.graph_objects as go

_OWN_BYTES = 1_000_000_000
"""How much memory one visitor's own models may take together; the newest always stays."""
_CHARTS_OF_TARGETS = (
    "from gptcore import charts\n\nlast = len(records) - 1\ncharts.watched_probabilities(run, last)",
    "charts.perplexity_curve(run, last)",
)
_CHARTS_OF_TEXT = ("from gptcore import charts\n\ncharts.two_losses(run, steps=config.steps)",)
_HALF_ABOVE = 50_000_000
"""Models of more weights are saved in float16: a file of 650 MB is more than a browser should fetch."""


def keep_and_save(training: Training | None, run: TrainingRun, plan: Plan, figures: Mapping[str, go.Figure]) -> None:
    """Buttons for the model of a run that pauses or is over, and for all that can be taken along of it."""
    text = page_text("train")
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
        download(text("records"), lambda: csv_bytes(run.to_frame()), "steps.csv", "text/csv", "train_records")
        if run.watched is not None:
            download(
                text("targets"),
                lambda: csv_bytes(run.targets_frame()),
                "targets.csv",
                "text/csv",
                "train_targets",
            )
        config = _config(plan, training)  # now: a file is made where nobody's session is known
        analysis_downloads(
            "train_download",
            "train",
            inputs=_inputs(plan),
            numbers=_numbers(run),
            table=run.to_frame,
            csv=False,
            analysis=lambda: training_analysis(run, plan, config),
            figures=figures,
            script=training_script(plan, len(run.records)),
            cells=_CHARTS_OF_TARGETS if plan.examples else _CHARTS_OF_TEXT,
        )
    if st.session_state.pop("_train_open_explore", False):
        st.switch_page("pages/explore.py")


def training_script(plan: Plan, records: int | None = None) -> str:
    """A Python script that runs as it stands beside `gptcore` and prints the same numbers.

    Args:
        plan: What is trained, on what, and how.
        records: How many there are of a run that ended or pauses before its last step.
    """
    setup, model = model_code(plan.choice)
    settings = ", ".join(f"{name}={value!r}" for name, value in plan.config.to_dict().items())
    if plan.examples:
        imports = "from gptcore import Example, TrainConfig, TrainingRun, encode, train, watched_targets\n"
        learned = f"{examples_code(plan.examples)}batch = encode(examples, model.tokenizer)\n"
        steps, watched = "train(model, [batch], config, watched=batch)", ", watched_targets(batch)"
        table = "run.targets_frame().tail(len(record.target_probability))"
    else:
        imports = "from gptcore import TrainConfig, TrainingRun, gpt2_tokenizer, split_text, train\n"
        learned = f"text = split_text({plan.text!r}, gpt2_tokenizer(), held_out={plan.held_out!r})\n"
        steps, watched = "train(model, text.training, config, validation=text.validation)", ""
        table = 'run.to_frame().dropna(subset="validation_cross_entropy")'
    if records is not None and records <= plan.config.steps:
        imports, steps = f"from itertools import islice\n{imports}", f"islice({steps}, {records})"
    return (
        f"# What is needed.\n{imports}{setup}\n\n"
        f"# The model, what it learns, and how.\nmodel = {model}\n{learned}config = TrainConfig({settings})\n\n"
        f"# The training: a record before every update and after the last.\nrecords = []\nfor record in {steps}:\n"
        "    records.append(record)\n"
        '    print(f"{record.step:4}  {record.cross_entropy:8.4f} nats  {record.perplexity:12,.2f}")\n\n'
        "# All records as a table.\n"
        f"run = TrainingRun(tuple(records), model.config.vocab_size, config.to_dict(){watched})\n"
        f"print({table}.to_string())\n"
    )


def training_analysis(run: TrainingRun, plan: Plan, config: GPTConfig | None) -> dict[str, Any]:
    """All of a run as plain values: what it was made with, and every step.

    Args:
        run: The training to draw.
        plan: What is trained, on what, and how.
        config: The model's shape, where it is known.
    """
    from gptcore.scoring import versions

    choice = plan.choice
    untrained = choice.of_kind.seeded
    return {
        "model": {
            "kind": choice.kind,
            "name": choice.size if untrained else choice.name,
            "seed": choice.seed if untrained else None,
            **(config.to_dict() if config is not None else {}),
        },
        "versions": versions(),
        **(
            {"examples": [asdict(example) for example in plan.examples]}
            if plan.examples
            else {"text": plan.text, "held_out": plan.held_out}
        ),
        **run.to_dict(),
    }


def _inputs(plan: Plan) -> dict[str, str]:
    """What is trained on what, by name."""
    text, config = page_text("train"), plan.config
    named = inputs_of(plan.choice, plan.examples)
    if not plan.examples:
        named = {page_text("exports")("texts"): plan.text, **named}
    return named | {
        text("optimizer"): text(f"optimizers.{config.optimizer}"),
        text("learning_rate"): f"{config.learning_rate:g}",
        text("steps"): str(config.steps),
    }


def _numbers(run: TrainingRun) -> dict[str, str]:
    """The loss before the first step and after the last, by name."""
    text = page_text("exports")
    ends = {record.step: record for record in (run.records[0], run.records[-1])}
    return {text("step", step=step): loss_of(end.cross_entropy) for step, end in ends.items()}


def _config(plan: Plan, training: Training | None) -> GPTConfig | None:
    """The model's shape; None for one that went with its visitor."""
    with contextlib.suppress(InputError):
        return plan.choice.config if training is None else training.config
    return None


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

    from gptcore.weights.checkpoints import save_checkpoint

    assert training.model is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_checkpoint(training.model, path, dtype=torch.float16 if half else torch.float32)
        return path.read_bytes()
