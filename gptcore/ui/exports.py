"""Take it along: tables, the whole analysis, and code that gives the same numbers anywhere."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from gptcore.config import SIZES
from gptcore.examples import Example
from gptcore.results import Report
from gptcore.ui.elements import download
from gptcore.ui.models import ModelChoice
from gptcore.ui.texts import page_text


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
        return "from gptcore.weights import trained_small_model", "trained_small_model()"
    if choice.kind == "gpt2":
        return "from gptcore.gpt2_folders import find_gpt2\nfrom gptcore.weights import load_gpt2", (
            f"load_gpt2(find_gpt2()[{choice.name!r}].path)"
        )
    return (
        "from gptcore.weights import load_checkpoint  # the model as it was saved on the Train page",
        'load_checkpoint("model.safetensors")',
    )


def config_code(choice: ModelChoice) -> tuple[str, str]:
    """The import, and the expression that makes a model's configuration."""
    if choice.kind != "untrained":
        return "from gptcore import GPTConfig", repr(choice.config)
    config = f'SIZES["{choice.size}"]'
    if choice.context_length != SIZES[choice.size].context_length:
        config += f".with_(context_length={choice.context_length})"
    return "from gptcore.config import SIZES", config


def notebook_of(script: str) -> str:
    """A script as a Jupyter notebook (nbformat 4.5), a cell for each of its parts."""
    parts = script.strip().split("\n\n")
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"cell-{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": part}
        for n, part in enumerate(part for part in parts if part)
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def charts_page(title: str, figures: Mapping[str, go.Figure]) -> str:
    """Charts as one HTML page that needs no internet, each under its title."""
    parts = [
        f"<h2>{escape(name)}</h2>" + figure.to_html(full_html=False, include_plotlyjs=n == 0)
        for n, (name, figure) in enumerate(figures.items())
    ]
    return (
        f"<!doctype html><meta charset='utf-8'><title>{escape(title)}</title><h1>{escape(title)}</h1>{''.join(parts)}"
    )


def report_downloads(
    report: Report,
    choice: ModelChoice,
    examples: Sequence[Example],
    temperature: float,
    figures: Mapping[str, go.Figure],
) -> None:
    """Buttons for a report's table, analysis, charts, script and notebook."""
    with st.container(horizontal=True, key="downloads"):
        analysis_downloads(
            "download",
            "score",
            names={"csv": "positions", "json": "report", "html": "charts"},
            csv=lambda: report.to_frame().to_csv(index=False),
            analysis=report.to_dict,
            figures=figures,
            script=script_for(choice, examples, temperature),
        )


def analysis_downloads(
    key: str,
    name: str,
    *,
    analysis: Callable[[], Any],
    figures: Mapping[str, go.Figure],
    script: str,
    csv: Callable[[], str] | None = None,
    names: Mapping[str, str] | None = None,
) -> None:
    """Buttons for the files of a whole analysis, each made when its button is pressed.

    key    what the buttons' keys begin with
    name   of the files, without their endings
    csv    the table, where this is the place for it
    names  of files that are called something else, by what their buttons' keys end with
    """
    text = page_text("exports")
    files: dict[str, tuple[Callable[[], str] | None, str, str]] = {
        "csv": (csv, "csv", "text/csv"),
        "json": (lambda: json_of(analysis()), "json", "application/json"),
        "html": (lambda: charts_page(text("charts_title"), figures), "html", "text/html"),
        "script": (lambda: script, "py", "text/x-python"),
        "notebook": (lambda: notebook_of(script), "ipynb", "application/x-ipynb+json"),
    }
    for kind, (make, ending, mime) in files.items():
        if make is not None:
            download(text(kind), make, f"{(names or {}).get(kind, name)}.{ending}", mime, f"{key}_{kind}")


def json_of(analysis: Any) -> str:
    """An analysis as JSON, which knows neither infinity nor nan: they are null.

    >>> json_of({"perplexity": math.inf, "steps": (1, 2.5)}).split()
    ['{', '"perplexity":', 'null,', '"steps":', '[', '1,', '2.5', ']', '}']
    """
    return json.dumps(_finite(analysis), ensure_ascii=False, allow_nan=False, indent=1)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
