"""Scripts and notebooks that give the same numbers anywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from gptcore.examples import Example
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.kinds import size_code


def script_for(choice: ModelChoice, examples: Sequence[Example], temperature: float = 1.0) -> str:
    """A Python script that runs as it stands beside `gptcore` and prints the same numbers."""
    setup, model = model_code(choice)
    return (
        f"# What is needed.\nfrom gptcore import Example, score\n{setup}\n\n"
        f"# The model, the examples, and the whole calculation.\nmodel = {model}\n"
        f"{examples_code(examples)}"
        f"report = score(model, examples{temperature_code(temperature)})\n\n"
        "# A row for each scored position, then the three numbers.\nprint(report.to_frame().to_string())\n"
        'print(f"mean log-probability  {report.mean_log_probability:.4f} nats")\n'
        'print(f"cross-entropy         {report.cross_entropy:.4f} nats")\n'
        'print(f"perplexity            {report.perplexity:,.2f}")\n'
    )


def model_code(choice: ModelChoice) -> tuple[str, str]:
    """The imports, and the expression that makes a model."""
    return choice.of_kind.code(choice)


def config_code(choice: ModelChoice) -> tuple[str, str]:
    """The import, and the expression that makes a model's configuration."""
    if not choice.of_kind.seeded:
        return "from gptcore import GPTConfig", repr(choice.config)
    return "from gptcore import SIZES", size_code(choice)


_INSTALL = """\
# Once, in the folder of GPT Loss Explorer; or start Jupyter in that folder.
# %pip install '.[app]'"""


def notebook_of(script: str, charts: Sequence[str] = ()) -> str:
    """A script as a Jupyter notebook (nbformat 4.5).

    Each of its parts is a cell; the comment that a part begins with stands before it as a sentence.

    Args:
        script: Parts of Python, an empty line between them.
        charts: Expressions that draw the charts, a cell each at the end.
    """
    cells: list[dict[str, Any]] = []

    def add(kind: str, source: str) -> None:
        extra: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
        cells.append({"cell_type": kind, "id": f"cell-{len(cells)}", "metadata": {}, "source": source, **extra})

    add("markdown", "# GPT Loss Explorer\n\nThis notebook gives the numbers of the page that it was exported from.")
    add("code", _INSTALL)
    for part in script.strip().split("\n\n"):
        lines = part.splitlines()
        said = list(takewhile(lambda line: line.startswith("# "), lines))
        if said:
            add("markdown", "\n".join(line.removeprefix("# ") for line in said))
        add("code", "\n".join(lines[len(said) :]))
    if charts:
        add("markdown", "The charts of the page.")
    for chart in charts:
        add("code", chart)
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def examples_code(examples: Sequence[Example]) -> str:
    """The statement that lists the examples."""
    return "examples = [\n" + "".join(f"    {example_code(example)},\n" for example in examples) + "]\n"


def example_code(example: Example) -> str:
    """An example as an expression of Python."""
    extra = "" if example.alignment == "paired" else f', alignment="{example.alignment}"'
    extra += ", first_token=True" if example.first_token else ""
    if isinstance(example.prompt, str):
        target = f", {example.target!r}" if example.target else ""
        return f"Example({example.prompt!r}{target}{extra})"
    target = f", {list(example.target)!r}" if example.target else ""
    return f"Example.from_ids({list(example.prompt)!r}{target}{extra})"


def temperature_code(temperature: float) -> str:
    """The argument that a temperature other than 1 takes."""
    return f", temperature={temperature!r}" if temperature != 1.0 else ""
