"""Take a scored text along: tables, analysis, the coloured text, and code that gives the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from gptcore import number_format
from gptcore.charts.surprise_levels import Scale, level_names
from gptcore.charts.theme import LIGHT
from gptcore.tables import csv_bytes
from gptcore.ui.export.code import model_code, notebook_of
from gptcore.ui.export.downloads import json_of, report_page
from gptcore.ui.export.inputs import inputs_of, name_in_pictures
from gptcore.ui.long_text.coloured import levels_sentence
from gptcore.ui.long_text.source import LongText
from gptcore.ui.long_text.spans import Unit, levels_of, units_of
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets import running_text as component
from gptcore.ui.widgets.basics import download
from gptcore.ui.widgets.pictures import page_picture

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gptcore.results.text_report import TextReport

_CHARTS = (
    "from gptcore import charts\n\n"
    "charts.surprise_along(report.surprisal_nats, report.text.pieces, report.uniform_cross_entropy)",
    "charts.rank_histogram(report.rank[report.scored])",
)
LONGEST_IN_SCRIPT = 20_000
"""A text of more characters stands in a file beside the script."""


def long_text_downloads(
    report: TextReport, choice: ModelChoice, entered: LongText, figures: Mapping[str, go.Figure]
) -> None:
    """Buttons for a scored text's tables, analysis, coloured text, charts, script and notebook."""
    text, exports = page_text("long_text"), page_text("exports")
    unit: Unit = st.session_state["unit"]
    scale: Scale = st.session_state["long_scale"]
    script = long_text_script(choice, entered)
    inputs = {exports("texts"): entered.text, **inputs_of(choice), **_numbers(report)}
    name_in_pictures({**inputs_of(choice), exports("texts"): entered.text})
    if "long_file" in st.query_params:
        st.caption(text("address_left_out"))
    with st.expander(page_text("explore")("code"), icon=":material/code:"):
        st.code(script, language="python")
    with st.container(horizontal=True, key="downloads_long"):
        download(
            text("csv_tokens"), lambda: csv_bytes(report.to_frame()), "tokens.csv", "text/csv", "download_long_csv"
        )
        if unit != "token":
            name = text(f"units.{unit}")
            download(
                text("csv_units", unit=name),
                lambda: csv_bytes(report.by(unit)),
                f"{unit}s.csv",
                "text/csv",
                "download_long_units",
            )
        download(
            text("json"),
            lambda: json_of(report.to_dict()),
            "long_text.json",
            "application/json",
            "download_long_json",
        )
        download(
            text("html"),
            lambda: coloured_page(report, unit, scale),
            "coloured_text.html",
            "text/html",
            "download_long_html",
        )
        download(
            exports("html"),
            lambda: report_page(
                exports,
                figures,
                numbers=inputs,
                table=report.by(unit) if unit != "token" else report.to_frame(),
                script=script,
            ),
            "charts.html",
            "text/html",
            "download_long_charts",
        )
        download(exports("script"), lambda: script, "long_text.py", "text/x-python", "download_long_script")
        download(
            exports("notebook"),
            lambda: notebook_of(script, _CHARTS),
            "long_text.ipynb",
            "application/x-ipynb+json",
            "download_long_notebook",
        )
        page_picture("download_long_png")
        if len(entered.text) > LONGEST_IN_SCRIPT:
            download(text("text_file"), lambda: entered.text, "text.txt", "text/plain", "download_long_text")


def _numbers(report: TextReport) -> dict[str, str]:
    """What was found, by name."""
    text = page_text("long_text")
    return {
        text("cross_entropy.label"): number_format.nats(report.cross_entropy),
        text("perplexity.label"): number_format.perplexity_at(report.cross_entropy),
        text("bits_per_byte.label"): number_format.bits_per_byte(report.bits_per_byte),
        text("token_count.label"): number_format.count(report.token_count),
    }


def long_text_script(choice: ModelChoice, entered: LongText) -> str:
    """A script that runs as it stands beside `gptcore` and prints the same numbers."""
    setup, model = model_code(choice)
    options = "" if entered.stride is None else f", stride={entered.stride}"
    options += ", first_token=True" if entered.first_token else ""
    reading, words = "", repr(entered.text)
    if len(entered.text) > LONGEST_IN_SCRIPT:
        reading, words = "from pathlib import Path\n", 'Path("text.txt").read_text("utf-8")'
    return (
        f"# What is needed.\n{reading}from gptcore import score_text\n{setup}\n\n"
        "# The model, the text, and the whole calculation.\n"
        f"model = {model}\n"
        f"text = {words}\n"
        f"report = score_text(model, text{options})\n\n"
        "# The numbers of the whole text.\n"
        'print(f"cross-entropy         {report.cross_entropy:.4f} nats")\n'
        'print(f"perplexity            {report.perplexity:,.2f}")\n'
        'print(f"bits per byte         {report.bits_per_byte:.4f}")\n'
        'print(f"tokens scored         {report.token_count:,}")\n\n'
        "# A row for each token, then one for each word.\n"
        "print(report.to_frame().to_string())\n"
        'print(report.by("word").to_string())\n'
    )


def coloured_page(report: TextReport, unit: Unit, scale: Scale) -> str:
    """The coloured text as one HTML page that needs nothing else; each span's numbers appear on pointing at it."""
    text = page_text("long_text")
    units = units_of(report, unit)
    levels = levels_of(report, units, scale).tolist()
    surprisal = units.surprisal_nats.tolist()
    whole = report.text.text
    spans = []
    for start, end, level, nats, rank in zip(
        units.start.tolist(), units.end.tolist(), levels, surprisal, units.rank.tolist(), strict=True
    ):
        kind = "unscored" if level < 0 else str(level)
        numbers = "" if level < 0 else f' title="{nats:.4f} nats, 1 in {number_format.one_in(nats)}, rank {rank:,}"'
        spans.append(f'<span class="running-text-{kind}"{numbers}>{escape(whole[start:end])}</span>')
    legend = "".join(
        f'<span class="running-text-legend-item"><span class="running-text-swatch running-text-{level}">abc</span>'
        f"{escape(name)}</span>"
        for level, name in enumerate(level_names(scale, report.uniform_cross_entropy, text("levels.above")))
    )
    summary = (
        f"{text('cross_entropy.label')} {number_format.nats(report.cross_entropy)} · "
        f"{text('perplexity.label')} {number_format.perplexity_at(report.cross_entropy)} · "
        f"{text('bits_per_byte.label')} {number_format.bits_per_byte(report.bits_per_byte)} · "
        f"{text('token_count.label')} {number_format.count(report.token_count)}"
    )
    return _PAGE.format(
        language=text.language,
        title=escape(text("running")),
        css=_page_css(),
        summary=escape(summary),
        levels=escape(levels_sentence(unit, scale, report.uniform_cross_entropy)),
        legend=legend,
        body="".join(spans),
    )


_PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>{css}</style>
<h1>{title}</h1><p>{summary}</p><p>{levels}</p><div class="running-text"><div class="running-text-legend">{legend}</div>
<div class="running-text-body">{body}</div></div></html>
"""


def _page_css() -> str:
    levels = "".join(
        f"--running-text-background-{level}:{background};--running-text-colour-{level}:{colour};"
        for level, (background, colour) in enumerate(LIGHT.surprise_levels)
    )
    own = (
        f":root{{{levels}--st-font:system-ui,sans-serif;--st-text-color:{LIGHT.text};--st-border-color:{LIGHT.grid};"
        "--st-base-radius:8px}body{max-width:52rem;margin:2rem auto;padding:0 1rem;font-family:var(--st-font)}"
        ".running-text .running-text-body{max-height:none}"
    )
    return own + component.STYLES
