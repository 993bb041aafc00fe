"""Scripts and notebooks that give the same numbers anywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gptcore.config import SIZES
from gptcore.examples import Example
from gptcore.ui.models.choice import ModelChoice


def script_for(choice: ModelChoice, examples: Sequence[Example], temperature: float = 1.0) -> str:
    """A Python script that runs as it stands beside `gptcore` and prints the same numbers."""
    setup, model = model_code(choice)
    return (
        f"from gptcore import Example, score\n{setup}\n\n"
        f"model = {model}\n"
        f"{examples_code(examples)}"
        f"report = score(model, examples{temperature_code(temperature)})\n\n"
        "print(report.to_frame().to_string())\n"
        'print(f"mean log-probability  {report.mean_log_probability:.4f} nats")\n'
        'print(f"cross-entropy         {report.cross_entropy:.4f} nats")\n'
        'print(f"perplexity            {report.perplexity:,.2f}")\n'
    )


def model_code(choice: ModelChoice) -> tuple[str, str]:
    """The imports, and the expression that makes a model."""
    if choice.kind == "untrained":
        setup, config = config_code(choice)
        return f"from gptcore import untrained_model\n{setup}", f"untrained_model({config}, seed={choice.seed})"
    if choice.kind == "trained_small":
        return "from gptcore import trained_small_model", "trained_small_model()"
    if choice.kind == "gpt2":
        return "from gptcore import find_gpt2, load_gpt2", (f"load_gpt2(find_gpt2()[{choice.name!r}].path)")
    return (
        "from gptcore import load_checkpoint  # the model as it was saved on the Train page",
        'load_checkpoint("model.safetensors")',
    )


def config_code(choice: ModelChoice) -> tuple[str, str]:
    """The import, and the expression that makes a model's configuration."""
    if choice.kind != "untrained":
        return "from gptcore import GPTConfig", repr(choice.config)
    config = f'SIZES["{choice.size}"]'
    if choice.context_length != SIZES[choice.size].context_length:
        config += f".with_(context_length={choice.context_length})"
    return "from gptcore import SIZES", config


def notebook_of(script: str) -> str:
    """A script as a Jupyter notebook (nbformat 4.5), a cell for each of its parts."""
    parts = script.strip().split("\n\n")
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"cell-{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": part}
        for n, part in enumerate(part for part in parts if part)
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def examples_code(examples: Sequence[Example]) -> str:
    """The statement that lists the examples."""
    return "examples = [\n" + "".join(f"    {example_code(example)},\n" for example in examples) + "]\n"


def example_code(example: Example) -> str:
    """An example as an expression of Python."""
    extra = "" if example.alignment == "paired" else f', alignment="{example.alignment}"'
    if isinstance(example.prompt, str):
        target = f", {example.target!r}" if example.target else ""
        return f"Example({example.prompt!r}{target}{extra})"
    target = f", {list(example.target)!r}" if example.target else ""
    return f"Example.from_ids({list(example.prompt)!r}{target}{extra})"


def temperature_code(temperature: float) -> str:
    """The argument that a temperature other than 1 takes."""
    return f", temperature={temperature!r}" if temperature != 1.0 else ""
