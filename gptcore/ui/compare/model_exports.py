"""Take a comparison of models along: its table, every analysis, its charts, and code that gives the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gptcore.examples import Example
from gptcore.results.comparison import ModelComparison
from gptcore.results.text_costs import costs_frame, text_costs
from gptcore.ui.compare.exports import comparison_downloads, script_on_page
from gptcore.ui.export.code import examples_code, model_code, temperature_code
from gptcore.ui.export.downloads import loss_of
from gptcore.ui.export.inputs import inputs_of
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text

if TYPE_CHECKING:
    from gptcore.results.report import Report


def models_script(
    choices: Mapping[str, ModelChoice],
    examples: Sequence[Example],
    temperature: float = 1.0,
    *,
    per_byte: bool = False,
) -> str:
    """A script that runs as it stands beside `gptcore` and prints each model's perplexity and log-probabilities.

    Args:
        choices: The models by name.
        examples: What each of them scores.
        temperature: The logits are divided by it.
        per_byte: Whether bits per byte come last: what models with different vocabularies are compared in.
    """
    codes = {name: model_code(choice) for name, choice in choices.items()}
    setup = sorted({line for lines, _ in codes.values() for line in lines.splitlines()})
    names, end = "Example, score", ""
    if per_byte:
        names = "Example, costs_frame, score, text_costs"
        end = (
            "\n# Different vocabularies: perplexity per token is not comparable, bits per byte of the same text are.\n"
            "costs = text_costs(reports)\nprint(costs_frame(costs).to_string())\n"
        )
    models = "".join(f"    {name!r}: lambda: {model},\n" for name, (_, model) in codes.items())
    return (
        f"# What is needed.\nfrom gptcore import {names}\n" + "\n".join(setup) + "\n\n"
        "# The models, and the examples that each of them scores.\n"
        f"models = {{  # one is in memory at a time\n{models}}}\n"
        f"{examples_code(examples)}\n"
        "# One model after the other.\nreports = []\nfor name, load in models.items():\n"
        f"    report = score(load(), examples{temperature_code(temperature)})\n"
        "    reports.append((name, report))\n"
        '    print(f"{name}: cross-entropy {report.cross_entropy:.4f} nats, perplexity {report.perplexity:,.2f}")\n'
        '    print(report.to_frame()[["target_piece", "log_probability", "rank", "predicted_piece"]].to_string())\n'
        f"{end}"
    )


def models_code(
    choices: Mapping[str, ModelChoice], examples: Sequence[Example], temperature: float, *, per_byte: bool = False
) -> None:
    """The script, on the page."""
    script_on_page(models_script(choices, examples, temperature, per_byte=per_byte))


def vocabularies_downloads(
    named: Sequence[tuple[str, Report]],
    choices: Mapping[str, ModelChoice],
    examples: Sequence[Example],
    temperature: float,
    figures: Mapping[str, Any],
) -> None:
    """Buttons for the table, analyses, charts, script and notebook of models with different vocabularies."""
    frame = costs_frame(text_costs(named))
    comparison_downloads(
        "vocabularies",
        inputs=_inputs(choices, examples, temperature),
        table=lambda: frame,
        analysis=lambda: {
            "costs": frame.to_dict(orient="records"),
            "models": {name: report.to_dict() for name, report in named},
        },
        figures=figures,
        script=models_script(choices, examples, temperature, per_byte=True),
        cells=("from gptcore import charts\n\ncharts.bits_per_byte_bars(costs)",),
    )


def _inputs(choices: Mapping[str, ModelChoice], examples: Sequence[Example], temperature: float) -> dict[str, str]:
    first = next(iter(choices.values()))
    return {**inputs_of(first, examples, temperature), page_text("exports")("model"): "\n".join(choices)}


def models_downloads(
    comparison: ModelComparison,
    choices: Mapping[str, ModelChoice],
    examples: Sequence[Example],
    temperature: float,
    figures: Mapping[str, Any],
) -> None:
    """Buttons for a comparison's table, analyses, charts, script and notebook."""
    comparison_downloads(
        "models",
        inputs=_inputs(choices, examples, temperature),
        numbers={
            name: loss_of(report.cross_entropy)
            for name, report in zip(comparison.names, comparison.reports, strict=True)
        },
        table=comparison.to_long_frame,
        analysis=comparison.to_dict,
        figures=figures,
        script=models_script(choices, examples, temperature),
        cells=("from gptcore import ModelComparison, charts\n\ncharts.model_bars(ModelComparison.of(reports))",),
    )
