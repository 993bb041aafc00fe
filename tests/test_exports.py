"""What can be taken along gives the same numbers anywhere: script, notebook, JSON, table, charts."""

import json
import math
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import plotly.graph_objects as go
import pytest

from gptcore import Example, Report, score
from gptcore.initialization import untrained_model
from gptcore.ui.exports import charts_page, model_code, notebook_for, script_for
from gptcore.ui.models import ModelChoice
from tests import ROOT

MINI = ModelChoice(size="mini", seed=7)
CASES: dict[str, tuple[ModelChoice, list[Example], float]] = {
    "paired": (MINI, [Example("every effort moves", " effort moves you"), Example("I", " am")], 1.0),
    "ids": (MINI, [Example.from_ids([16833, 3626, 6100], [3626, 6100, 345])], 1.0),
    "shifted": (MINI, [Example('it\'s "quoted" \\ and\n\nbroken\tup, {braced} %s', alignment="shifted")], 1.0),
    "shifted ids": (MINI, [Example.from_ids([40, 1107, 588], alignment="shifted")], 1.0),
    "continuation": (MINI, [Example("今天天气很好", "，👨‍👩‍👧 é́ \u202e\x00 '''\"\"\"", "continuation")], 1.0),
    "another model": (ModelChoice(size="mini", seed=2**32 - 1, context_length=1024), [Example("a", " b")], 0.7),
}


def reported(case: str) -> Report:
    choice, examples, temperature = CASES[case]
    return score(untrained_model(choice.config, choice.seed), examples, temperature=temperature)


def run(*arguments: str) -> str:
    """Run Python from the project's folder, and return what it printed."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    finished = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


def printed_numbers(output: str) -> dict[str, float]:
    """Return the three numbers that a script prints last."""
    found = re.findall(r"^(mean log-probability|cross-entropy|perplexity) +(-?[\d,.]+)", output, re.MULTILINE)
    return {name: float(number.replace(",", "")) for name, number in found}


def expected_numbers(report: Report) -> dict[str, Any]:
    """Return them with the tolerance of their digits: one in the last of the cross-entropy's 4 decimals.

    Another process may divide a sum among another number of threads, and float32 then rounds elsewhere.
    """
    return {
        "mean log-probability": pytest.approx(report.mean_log_probability, abs=1e-4),
        "cross-entropy": pytest.approx(report.cross_entropy, abs=1e-4),
        "perplexity": pytest.approx(report.perplexity, rel=1e-4),
    }


def test_the_script_runs_as_it_stands_and_prints_the_same_numbers(tmp_path: Path) -> None:
    """The script of the first view, copied next to the project's folder gptcore and started."""
    path = tmp_path / "score.py"
    path.write_text(script_for(*CASES["paired"]), "utf-8")
    output = run("-c", f"import runpy; runpy.run_path({str(path)!r}, run_name='__main__')")
    assert printed_numbers(output) == expected_numbers(reported("paired"))
    assert output.splitlines()[0].split()[:2] == ["example", "position"]


def test_every_kind_of_example_comes_through_the_script_unchanged(tmp_path: Path) -> None:
    """All in one process, since importing torch takes longer than any of them."""
    paths = []
    for number, case in enumerate(CASES):
        path = tmp_path / f"{number}.py"
        path.write_text(script_for(*CASES[case]) + "print('=' * 20)\n", "utf-8")
        paths.append(str(path))
    output = run("-c", f"import runpy\nfor path in {paths!r}:\n    runpy.run_path(path, run_name='__main__')")
    parts = output.split("=" * 20)[:-1]
    assert len(parts) == len(CASES)
    for case, part in zip(CASES, parts, strict=True):
        assert printed_numbers(part) == expected_numbers(reported(case)), case


@pytest.mark.parametrize("case", CASES)
def test_the_notebook_is_valid_and_its_cells_are_the_script(case: str) -> None:
    notebook = nbformat.reads(notebook_for(*CASES[case]), as_version=4)
    nbformat.validate(notebook)
    assert "\n\n".join(cell.source for cell in notebook.cells) == script_for(*CASES[case]).strip()
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells) >= 2


@pytest.mark.parametrize("case", CASES)
def test_the_analysis_survives_json(case: str) -> None:
    report = reported(case)
    back: dict[str, Any] = json.loads(json.dumps(report.to_dict(), ensure_ascii=False))
    assert back["cross_entropy"] == report.cross_entropy
    assert [row["log_probability"] for row in back["positions"]] == report.log_probability.tolist()
    assert [row["target_piece"] for row in back["positions"]] == list(report.target_piece)
    assert back["model"]["seed"] == CASES[case][0].seed
    assert back["temperature"] == CASES[case][2]
    examples = [
        make(row["prompt"], row["target"], alignment=row["alignment"])
        for row in back["examples"]
        for make in [Example if isinstance(row["prompt"], str) else Example.from_ids]
    ]
    assert examples == CASES[case][1]  # enough to make it again


def test_the_table_has_a_row_a_position_and_the_reports_digits() -> None:
    report = reported("continuation")
    lines = report.to_frame().to_csv(index=False)
    assert lines.startswith("example,position,prompt_token_id,prompt_piece,target_token_id,target_piece,")
    probabilities = report.to_frame()["target_probability"].to_numpy()
    assert np.array_equal(probabilities, report.target_probability)


def test_a_script_for_any_kind_of_model_is_python(tmp_path: Path) -> None:
    for kind in ("trained_small", "gpt2", "trained_here"):
        setup, model = model_code(ModelChoice(kind=kind, name='it\'s "one"\n'))
        script = compile(f"{setup}\nmodel = {model}\n", "script", "exec")
        assert script.co_names[-1] == "model"  # one assignment, and nothing that a name smuggled in after it


class Tags(HTMLParser):
    """Collect what a page would load, and the text of its headings."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.headings: list[str] = []
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value for name, value in attrs if name in {"src", "href"} and value]
        self._in_heading = tag in {"h1", "h2"}
        if self._in_heading:
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_heading = False

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.headings[-1] += data


def test_the_charts_page_needs_no_internet_and_reads_no_markup_in_titles() -> None:
    figures = {"<b>first</b>": go.Figure(go.Bar(x=[1, math.e], y=[0, 1])), "second": go.Figure(go.Bar(x=[3], y=[0]))}
    page = charts_page("All & <more>", figures)
    tags = Tags()
    tags.feed(page)
    assert tags.loads == []
    assert tags.headings == ["All & <more>", "<b>first</b>", "second"]
    assert page.count("Plotly.newPlot(") == 2
    assert "2.718281828459045" in page
