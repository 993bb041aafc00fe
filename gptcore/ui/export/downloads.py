"""Take it along: tables, the whole analysis, and code that gives the same numbers anywhere."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from gptcore.examples import Example
from gptcore.results.report import Report
from gptcore.ui.export.code import notebook_of, script_for
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import download


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

    Args:
        key: What the buttons' keys begin with.
        name: Of the files, without their endings.
        analysis: Makes the whole analysis as plain values, for JSON.
        figures: Charts by title.
        script: The Python script.
        csv: The table, where this is the place for it.
        names: Of files that are called something else, by what their buttons' keys end with.
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
