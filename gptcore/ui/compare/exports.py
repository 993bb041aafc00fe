"""Take a comparison along: its table, its numbers, its charts, and code that gives the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from gptcore import number_format
from gptcore.examples import Example
from gptcore.sweeps.seed_lists import write_seeds
from gptcore.ui.export.code import config_code, examples_code, model_code, temperature_code
from gptcore.ui.export.downloads import analysis_downloads, loss_of
from gptcore.ui.export.inputs import inputs_of
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text

if TYPE_CHECKING:
    from gptcore.results.comparison import ExampleRecord
    from gptcore.results.seeds import SeedRecord, SeedTable


def seeds_script(
    choice: ModelChoice, examples: Sequence[Example], seeds: Sequence[int], temperature: float = 1.0
) -> str:
    """A script that runs as it stands beside `gptcore` and prints a sweep's numbers."""
    setup, config = config_code(choice)
    parsing = "" if isinstance(seeds, range) else "from gptcore import parse_seeds\n"
    wanted = repr(seeds) if isinstance(seeds, range) else f"parse_seeds({write_seeds(seeds)!r})"
    return (
        f"# What is needed.\nfrom gptcore import Example, SeedTable, sweep_seeds\n{setup}\n{parsing}\n"
        "# Every seed scores the same examples.\n"
        f"{examples_code(examples)}"
        f"records = list(sweep_seeds({config}, examples, {wanted}{temperature_code(temperature)}))\n"
        "table = SeedTable.of(records)\n"
        "summary = table.summary()\n\n"
        "# A row for each seed, then mean and spread.\nprint(table.to_frame().to_string())\n"
        'print(f"mean cross-entropy    {summary.mean:.4f} ± {summary.standard_error:.4f} nats")\n'
        'print(f"standard deviation    {summary.standard_deviation:.4f} nats")\n'
        'print(f"below ln V            {summary.below_uniform} of {summary.count}")\n'
    )


def inputs_script(
    choice: ModelChoice, examples: Sequence[Example], pair: tuple[int, int], temperature: float = 1.0
) -> str:
    """A script that runs as it stands beside `gptcore` and prints a comparison of inputs."""
    setup, model = model_code(choice)
    first, second = pair
    return (
        f"# What is needed.\nfrom gptcore import Example, aligned_rows, compare_examples\n{setup}\n\n"
        f"# Each example is scored by itself.\nmodel = {model}\n"
        f"{examples_code(examples)}"
        f"records = list(compare_examples(model, examples{temperature_code(temperature)}))\n\n"
        "# The losses, then two examples token by token.\nfor record in records:\n"
        '    print(f"{record.example + 1}  cross-entropy {record.report.cross_entropy:.4f} nats  "\n'
        '          f"perplexity {record.report.perplexity:,.2f}  bits per byte {record.bits_per_byte:.3f}")\n'
        f"print(aligned_rows(records[{first}].report, records[{second}].report).to_string())\n"
    )


def seeds_code(choice: ModelChoice, examples: Sequence[Example], seeds: Sequence[int], temperature: float) -> None:
    """The script, on the page."""
    script_on_page(seeds_script(choice, examples, seeds, temperature))


def inputs_code(choice: ModelChoice, examples: Sequence[Example], pair: tuple[int, int], temperature: float) -> None:
    """The script, on the page."""
    script_on_page(inputs_script(choice, examples, pair, temperature))


def seeds_downloads(
    records: Sequence[SeedRecord],
    table: SeedTable,
    choice: ModelChoice,
    examples: Sequence[Example],
    seeds: Sequence[int],
    temperature: float,
    figures: Mapping[str, Any],
) -> None:
    """Buttons for a sweep's table, numbers, charts, script and notebook."""
    from gptcore.results.seeds import sweep_to_dict

    text, summary = page_text("compare"), table.summary()
    mean = f"{number_format.nats(summary.mean)} ± {number_format.nats(summary.standard_error)}"
    comparison_downloads(
        "seeds",
        inputs={
            **inputs_of(choice, examples, temperature, seeded=False),
            text("views.seeds"): write_seeds(seeds),
        },
        numbers={
            text("mean_loss.label"): mean,
            text("spread.label"): number_format.nats(summary.standard_deviation),
            text("below.label"): text("below.value", below=summary.below_uniform, count=summary.count),
        },
        table=table.to_long_frame,
        analysis=lambda: sweep_to_dict(records),
        figures=figures,
        script=seeds_script(choice, examples, seeds, temperature),
        cells=(
            "from gptcore import charts\n\ncharts.seed_losses(table)",
            "charts.seed_positions(table)",
            "charts.position_spread(table)",
        ),
    )


def inputs_downloads(
    records: Sequence[ExampleRecord],
    rows: Any,
    choice: ModelChoice,
    examples: Sequence[Example],
    pair: tuple[int, int],
    temperature: float,
    figures: Mapping[str, Any],
) -> None:
    """Buttons for a comparison's aligned table, numbers, charts, script and notebook."""
    text, (first, second) = page_text("compare"), pair
    comparison_downloads(
        "inputs",
        inputs=inputs_of(choice, examples, temperature),
        numbers={
            text("chart_texts.row", number=record.example + 1): loss_of(record.report.cross_entropy)
            for record in records
        },
        table=lambda: rows,
        analysis=lambda: {
            "texts": [{**record.report.to_dict(), "bits_per_byte": record.bits_per_byte} for record in records],
            "difference": {
                "from": pair[0] + 1,
                "to": pair[1] + 1,
                "positions": json.loads(rows.to_json(orient="records", double_precision=15)),
            },
        },
        figures=figures,
        script=inputs_script(choice, examples, pair, temperature),
        cells=(
            "from gptcore import charts\n\ncharts.text_losses(records)",
            f"rows = aligned_rows(records[{first}].report, records[{second}].report)\n"
            f"charts.difference_waterfall(records[{first}], records[{second}], rows)",
        ),
    )


def comparison_downloads(name: str, **files: Any) -> None:
    """Buttons for a comparison's files, as `analysis_downloads` takes them."""
    with st.container(horizontal=True, key=f"downloads_{name}"):
        analysis_downloads(f"download_{name}", name, **files)


def script_on_page(script: str) -> None:
    """A script under its heading."""
    text = page_text("explore")
    part = st.expander(text("code"), icon=":material/code:", key="code", on_change="rerun")
    if not part.open:
        return
    with part:
        st.caption(text("code_lead"))
        st.code(script, language="python")
