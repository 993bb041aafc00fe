"""Take a scored list along: its table, its numbers, its chart, and code that gives the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from gptcore import number_format
from gptcore.results.lists import list_total
from gptcore.ui.compare.exports import script_on_page
from gptcore.ui.compare.list_fields import TextList
from gptcore.ui.compare.list_table import list_table
from gptcore.ui.export.code import model_code
from gptcore.ui.export.downloads import analysis_downloads
from gptcore.ui.export.inputs import inputs_of
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gptcore.results.lists import ListRecord

LONGEST_IN_SCRIPT = 200
"""A list of more rows is read by the script from the table that is taken along."""


def list_downloads(
    records: Sequence[ListRecord],
    entered: TextList,
    choice: ModelChoice,
    figures: Mapping[str, go.Figure],
    *,
    first_token: bool,
) -> None:
    """Buttons for a list's table, numbers, chart, script and notebook."""
    script = list_script(entered, choice, first_token=first_token)
    text, total = page_text("many_texts"), list_total(records)
    script_on_page(script)
    with st.container(horizontal=True, key="downloads_list"):
        analysis_downloads(
            "download_list",
            "many_texts",
            inputs=inputs_of(choice),
            numbers={
                text("cards.loss"): number_format.nats(total.cross_entropy),
                text("cards.perplexity"): number_format.perplexity_at(total.cross_entropy),
            },
            table=lambda: list_table(records, entered),
            analysis=lambda: {"rows": [_as_dict(record) for record in records]},
            figures=figures,
            script=script,
            cells=(
                "import math\n\nfrom gptcore import charts\n\n"
                "charts.list_losses([record.cross_entropy for record in records], math.log(model.config.vocab_size))",
            ),
        )


def list_script(entered: TextList, choice: ModelChoice, *, first_token: bool) -> str:
    """A script that runs as it stands beside `gptcore` and prints the list's numbers."""
    setup, model = model_code(choice)
    option = ", first_token=True" if first_token else ""
    if len(entered.rows) <= LONGEST_IN_SCRIPT:
        reading, rows = "", "[\n" + "".join(f"    {row!r},\n" for row in entered.rows) + "]"
    else:
        prompt, target = entered.columns[entered.prompt_column], None
        if entered.target_column is not None:
            target = entered.columns[entered.target_column]
        reading = "import pandas as pd\n"
        table = 'pd.read_csv("many_texts.csv", keep_default_na=False, dtype=str)'
        columns = (
            f"[{prompt!r}]" if target is None else f"[[{prompt!r}, {target!r}]].itertuples(index=False, name=None)"
        )
        rows = f"list({table}{columns})"
    return (
        f"# What is needed.\n{reading}from gptcore import score_list\n{setup}\n\n"
        "# The model, and the rows: a text each, or a prompt with its target.\n"
        f"model = {model}\n"
        f"rows = {rows}\n\n"
        "# A record for each row, as soon as it is scored.\nrecords = []\n"
        f"for record in score_list(model, rows{option}):\n"
        "    records.append(record)\n"
        "    if record.error is None:\n"
        '        print(f"{record.index + 1}  {record.tokens} tokens  cross-entropy {record.cross_entropy:.4f} nats  "\n'
        '              f"perplexity {record.perplexity:,.2f}  bits per byte {record.bits_per_byte:.4f}")\n'
        "    else:\n"
        '        print(f"{record.index + 1}  {record.error}")\n'
    )


def _as_dict(record: ListRecord) -> dict[str, Any]:
    names = (
        "index", "prompt", "target", "tokens", "bytes", "total_log_probability", "cross_entropy", "perplexity",
        "bits_per_byte", "most_surprising_piece", "most_surprising_nats",
    )  # fmt: skip
    return {name: getattr(record, name) for name in names} | {"error": str(record.error) if record.error else None}
