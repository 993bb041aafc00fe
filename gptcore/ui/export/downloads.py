"""Take it along: tables, the whole analysis, and code that gives the same numbers anywhere."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from gptcore import number_format
from gptcore.charts.theme import in_light
from gptcore.examples import Example
from gptcore.results.report import Report
from gptcore.results.steps import Steps
from gptcore.tables import csv_bytes
from gptcore.texts import Text
from gptcore.ui.export.code import notebook_of, script_for
from gptcore.ui.export.inputs import inputs_of, name_in_pictures
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import download
from gptcore.ui.widgets.pictures import page_picture

MOST_ROWS = 500
"""Rows of a table on an exported page; the CSV has them all."""

_PAGE_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#17202e}"
    "dt{font-weight:600}dd{margin:0 0 .5rem;white-space:pre-wrap;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;font-size:13px;display:block;overflow-x:auto}"
    "td,th{padding:.2rem .6rem;border-bottom:1px solid #d8dee8;text-align:left;white-space:pre}"
    "pre{background:#eef1f6;padding:1rem;overflow-x:auto}@media print{pre{white-space:pre-wrap}}"
)


def report_page(
    text: Text,
    figures: Mapping[str, go.Figure],
    *,
    numbers: Mapping[str, str] | None = None,
    table: pd.DataFrame | None = None,
    script: str = "",
) -> str:
    """A whole analysis as one HTML page that needs no internet; its charts can still be zoomed and pointed at.

    Args:
        text: The words, in the language of the page; no visitor is known when the file is made.
        figures: Charts by title.
        numbers: What the analysis found, and what it was made of, by name.
        table: Its table.
        script: The Python code that gives the same numbers.
    """
    title = text("charts_title")
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in (numbers or {}).items())
    parts = [f"<dl>{facts}</dl>"] if facts else []
    for n, (name, figure) in enumerate(figures.items()):
        parts += [f"<h2>{escape(name)}</h2>", in_light(figure).to_html(full_html=False, include_plotlyjs=n == 0)]
    if table is not None:
        shown = table.head(MOST_ROWS)
        more = (
            f"<p>{escape(text('more_rows', rows=len(table), shown=len(shown)))}</p>" if len(table) > len(shown) else ""
        )
        parts += [f"<h2>{escape(text('table_title'))}</h2>", _table_in_html(shown), more]
    if script:
        parts += [f"<h2>{escape(text('made_title'))}</h2>", f"<pre>{escape(script)}</pre>"]
    return (
        f"<!doctype html><html lang='{text.language}'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_PAGE_STYLE}</style>"
        f"<body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>"
    )


def _table_in_html(table: pd.DataFrame) -> str:
    """A table with all digits that float32 has, so that no small probability is rounded away."""
    cells = table.astype(object).where(table.notna(), "")
    return cells.to_html(index=False, border=0, float_format="{:.8g}".format)


def loss_of(cross_entropy: float) -> str:
    """A cross-entropy and its perplexity as one line of a report's numbers."""
    perplexity = number_format.perplexity_at(cross_entropy)
    return page_text("exports")("loss_of", cross_entropy=number_format.nats(cross_entropy), perplexity=perplexity)


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
            table=report.to_frame,
            inputs=inputs_of(choice, examples, temperature),
            numbers=chain_numbers(report),
            analysis=report.to_dict,
            figures=figures,
            script=script_for(choice, examples, temperature),
            cells=("report.plot()", 'report.plot("log_probabilities")', 'report.plot("perplexity")'),
        )


def chain_numbers(report: Report | Steps) -> dict[str, str]:
    """The three numbers of the chain, by name, in the reader's language."""
    explore = page_text("explore")
    return {
        explore("mean_log_probability.label"): number_format.nats(report.mean_log_probability),
        explore("cross_entropy.label"): number_format.nats(report.cross_entropy),
        explore("perplexity.label"): number_format.perplexity_at(report.cross_entropy),
    }


def analysis_downloads(
    key: str,
    name: str,
    *,
    analysis: Callable[[], Any],
    figures: Mapping[str, go.Figure],
    script: str,
    table: Callable[[], pd.DataFrame] | None = None,
    csv: bool = True,
    inputs: Mapping[str, str] | None = None,
    numbers: Mapping[str, str] | None = None,
    cells: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    picture: bool = True,
) -> None:
    """Buttons for the files of a whole analysis, each made when its button is pressed.

    Args:
        key: What the buttons' keys begin with.
        name: Of the files, without their endings.
        analysis: Makes the whole analysis as plain values, for JSON.
        figures: Charts by title.
        script: The Python script.
        table: Makes the table, where this is the place for it.
        csv: Whether there is a button for the table by itself.
        inputs: What the analysis is of, by name: the exported page and the charts' pictures say it.
        numbers: What it found, by name: the exported page says it before its charts.
        cells: Code that draws the charts, for the end of the notebook.
        picture: Whether there is a button for one picture of all charts on the page.
        names: Of files that are called something else, by what their buttons' keys end with.
    """
    text = page_text("exports")
    said = {**(inputs or {}), **(numbers or {})}
    if inputs:
        name_in_pictures(inputs)
    files: dict[str, tuple[Callable[[], str | bytes] | None, str, str]] = {
        "csv": ((lambda: csv_bytes(table())) if table and csv else None, "csv", "text/csv"),
        "json": (lambda: json_of(analysis()), "json", "application/json"),
        "html": (
            lambda: report_page(text, figures, numbers=said, table=table() if table else None, script=script),
            "html",
            "text/html",
        ),
        "script": (lambda: script, "py", "text/x-python"),
        "notebook": (lambda: notebook_of(script, cells), "ipynb", "application/x-ipynb+json"),
    }
    for kind, (make, ending, mime) in files.items():
        if make is not None and (kind != "html" or figures or table):
            download(text(kind), make, f"{(names or {}).get(kind, name)}.{ending}", mime, f"{key}_{kind}")
    if figures and picture:
        page_picture(f"{key}_png")


def json_of(analysis: Any) -> str:
    """An analysis as JSON, which knows neither infinity nor nan nor a missing number: they are null.

    >>> json_of({"perplexity": math.inf, "steps": (1, 2.5)}).split()
    ['{', '"perplexity":', 'null,', '"steps":', '[', '1,', '2.5', ']', '}']
    """
    return json.dumps(_finite(analysis), ensure_ascii=False, allow_nan=False, indent=1)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)) else value
