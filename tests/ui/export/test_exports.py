"""What can be taken along gives the same numbers anywhere: script, notebook, JSON, table, charts."""

import io
import json
import math
import os
import re
import subprocess
import sys
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from gptcore import Example, InputError, Report, TrainConfig, score, train
from gptcore.config import SIZES
from gptcore.examples import encode
from gptcore.initialization import untrained_model
from gptcore.results.comparison import aligned_rows
from gptcore.results.seeds import SeedTable, sweep_to_dict
from gptcore.results.training import StepRecord, TrainingRun
from gptcore.sweeps.runner import compare_examples, sweep_seeds
from gptcore.tables import csv_bytes
from gptcore.texts import text_in
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.training.loop import watched_targets
from gptcore.training.text_batches import split_text
from gptcore.ui.compare.exports import inputs_script, seeds_script
from gptcore.ui.compare.model_exports import models_script
from gptcore.ui.export.code import model_code, notebook_of, script_for
from gptcore.ui.export.downloads import json_of, report_page
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.train.exports import training_analysis, training_script
from gptcore.ui.train.plan import Plan
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
    script = script_for(*CASES[case])
    notebook = nbformat.reads(notebook_of(script), as_version=4)
    nbformat.validate(notebook)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells) >= 6
    assert notebook.cells[0].cell_type == "markdown"
    assert "pip install" in notebook.cells[1].source
    parts = script.strip().split("\n\n")
    said = [cell.source for cell in notebook.cells[2:] if cell.cell_type == "markdown"]
    code = [cell.source for cell in notebook.cells[2:] if cell.cell_type == "code"]
    assert len(said) == len(code) == len(parts)
    assert [f"# {sentence}\n{lines}" for sentence, lines in zip(said, code, strict=True)] == parts


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
    lines = csv_bytes(report.to_frame()).decode("utf-8-sig")
    assert lines.startswith("example,position,prompt_token_id,prompt_piece,target_token_id,target_piece,")
    probabilities = report.to_frame()["target_probability"].to_numpy()
    assert np.array_equal(probabilities, report.target_probability)


def test_a_csv_opens_in_spreadsheets_as_it_is() -> None:
    frame = pd.DataFrame(
        {
            "piece": ["=cmd|' /C calc'!A0", "中文", '"quoted", and\nbroken', None],
            "rank": [1.0, np.nan, 3.0, 4.0],
            "p": [0.5] * 4,
        }
    )
    written = csv_bytes(frame)
    assert written.startswith(b"\xef\xbb\xbf")  # or a spreadsheet would show Chinese as noise
    back = pd.read_csv(io.BytesIO(written), encoding="utf-8-sig", dtype=str, keep_default_na=False)
    assert back["piece"].tolist() == ["'=cmd|' /C calc'!A0", "中文", '"quoted", and\nbroken', ""]
    assert back["rank"].tolist() == ["1", "", "3", "4"]
    assert not csv_bytes(frame[["rank", "p"]]).startswith(b"\xef\xbb\xbf")


@pytest.mark.usefixtures("_narrow")
def test_tidy_tables_have_a_row_a_seed_and_position() -> None:
    records = list(sweep_seeds(MINI.config, PAIR, [7, 3]))
    table = SeedTable.of(records)
    rows = table.to_long_frame()
    places = ["example", "position", "target_piece"]  # the same in every table, so that tables can be joined
    assert rows[rows.seed == 3][places].values.tolist() == records[0].report.to_frame()[places].values.tolist()
    assert len(rows) == len(table.seeds) * len(table.target_piece)
    for n, seed in enumerate(table.seeds.tolist()):
        assert rows[rows.seed == seed].log_probability.tolist() == table.log_probability[n].tolist()
        assert rows[rows.seed == seed].target_piece.tolist() == list(table.target_piece)


def test_a_script_for_any_kind_of_model_is_python(tmp_path: Path) -> None:
    for kind in ("trained_small", "gpt2", "trained_here"):
        setup, model = model_code(ModelChoice(kind=kind, name='it\'s "one"\n'))
        script = compile(f"{setup}\nmodel = {model}\n", "script", "exec")
        assert script.co_names[-1] == "model"  # one assignment, and nothing that a name smuggled in after it
        choices = {name: ModelChoice(kind=kind, name='it\'s "one"\n') for name in ('a"\n', "b")}
        compile(models_script(choices, PAIR), "script", "exec")


# Comparisons and trainings.
TRICKY = 'it\'s "quoted" \\ and\n\n{braced} %s \'\'\' """ <b>今天</b>'
PAIR = [Example("The dog bites", alignment="shifted"), Example(TRICKY, alignment="shifted")]
PLANS = {
    "targets": Plan(MINI, TrainConfig(2e-3, steps=2), tuple(CASES["paired"][1])),
    "targets, paused": Plan(MINI, TrainConfig(0.03, steps=40, optimizer="sgd", cosine=True), (PAIR[1],)),
    "targets, diverged": Plan(MINI, TrainConfig(1e6, steps=40), tuple(CASES["ids"][1])),
    "text": Plan(MINI, TrainConfig(2e-3, steps=3, measure_every=2, drop_rate=0.1), text=TRICKY * 6, held_out=0.1),
}


NARROW = SIZES["mini"].with_(emb_dim=8, n_heads=1, n_layers=1)


@pytest.fixture
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mini size with so few weights that it trains in no time, as RUN_ALL makes it too."""
    monkeypatch.setitem(SIZES, "mini", NARROW)


def trained(case: str) -> TrainingRun:
    """The run of a plan: two records of one that is paused, and what there is of one that diverges."""
    plan, records, watched = PLANS[case], list[StepRecord](), None
    model, tokenizer = untrained_model(plan.choice.config, plan.choice.seed), gpt2_tokenizer()
    if plan.examples:
        watched = encode(plan.examples, tokenizer)
        steps = train(model, [watched], plan.config, watched=watched)
    else:
        text = split_text(plan.text, tokenizer, held_out=plan.held_out)
        steps = train(model, text.training, plan.config, validation=text.validation)
    with suppress(InputError):
        for record in steps:
            records.append(record)
            if case == "targets, paused" and len(records) == 2:
                break
    settings = plan.config.to_dict()
    return TrainingRun(tuple(records), model.config.vocab_size, settings, watched_targets(watched) if watched else None)


def scripts_and_numbers() -> dict[str, tuple[str, list[float], list[float]]]:
    """By case: a script, the numbers in its lines that name nats, and those of the last row of its table."""
    cases: dict[str, tuple[str, list[float], list[float]]] = {}
    for name, seeds, temperature in (("range", range(3), 1.0), ("list", [7, 2, 3], 0.7)):
        table = SeedTable.of(list(sweep_seeds(MINI.config, PAIR, seeds, temperature=temperature)))
        summary = table.summary()
        script = seeds_script(MINI, PAIR, seeds, temperature)
        cases[f"seeds, {name}"] = script, [summary.mean, summary.standard_error, summary.standard_deviation], []
    model = untrained_model(MINI.config, MINI.seed)
    records = list(compare_examples(model, PAIR, temperature=0.7))
    said = [[record.report.cross_entropy, record.report.perplexity, record.bits_per_byte] for record in records]
    rows = aligned_rows(records[1].report, records[0].report)
    cases["inputs"] = inputs_script(MINI, PAIR, (1, 0), 0.7), flat(said), [float(rows.change.iloc[-1])]
    choices = {TRICKY: MINI, "another": ModelChoice(size="mini", seed=8)}
    reports = [score(untrained_model(choice.config, choice.seed), PAIR) for choice in choices.values()]
    said = [[report.cross_entropy, report.perplexity] for report in reports]
    cases["models"] = models_script(choices, PAIR), flat(said), [float(reports[1].log_probability[-1])]
    for case, plan in PLANS.items():
        run = trained(case)
        end = run.records[-1]
        last = [end.validation_cross_entropy or 0.0]
        if plan.examples:
            last = [float(end.target_probability[-1]), float(end.log_probability[-1])]
        said = [[record.cross_entropy, record.perplexity] for record in run.records]
        cases[case] = training_script(plan, len(run.records)), flat(said), last
    return cases


def flat(rows: list[list[float]]) -> list[float]:
    return [value for row in rows for value in row]


RUN_ALL = f"""
import json, pathlib, runpy, sys
from gptcore.config import SIZES, GPTConfig
SIZES["mini"] = {NARROW!r}
for path in sys.argv[1:]:
    if path.endswith("py"):
        runpy.run_path(path, run_name="__main__")
    else:
        names = {{"__name__": "__main__"}}
        for cell in json.loads(pathlib.Path(path).read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                exec(cell["source"], names)
    print("=" * 20)
"""


@pytest.mark.usefixtures("_narrow")
def test_comparisons_and_trainings_print_the_same_numbers_as_script_and_as_notebook(tmp_path: Path) -> None:
    """All in one process again."""
    cases, paths = scripts_and_numbers(), []
    for number, (script, *_) in enumerate(cases.values()):
        for ending, written in (("py", script), ("ipynb", notebook_of(script))):
            paths.append(tmp_path / f"{number}.{ending}")
            paths[-1].write_text(written, "utf-8")
    parts = run("-c", RUN_ALL, *map(str, paths)).split("=" * 20 + "\n")
    for number, (case, (_, in_nats, in_table)) in enumerate(cases.items()):
        from_script, from_notebook = parts[2 * number : 2 * number + 2]
        assert from_script == from_notebook, case
        lines = from_script.splitlines()
        # a thousandth: bits per byte have 3 decimals
        printed = [value for line in lines if " nats" in line for value in decimals(line)]
        assert printed == pytest.approx(in_nats, rel=1e-4, abs=1e-3), case
        for value in in_table:
            assert any(shown == pytest.approx(value, rel=1e-4, abs=1e-6) for shown in decimals(lines[-1])), case


def decimals(line: str) -> list[float]:
    """Return the numbers with decimals in a line."""
    return [float(number.replace(",", "")) for number in re.findall(r"-?\d[\d,]*\.\d+(?:e-?\d+)?", line)]


@pytest.mark.usefixtures("_narrow")
@pytest.mark.parametrize("case", PLANS)
def test_a_trainings_analysis_is_enough_to_make_it_again(case: str) -> None:
    plan, whole = PLANS[case], trained(case)
    back = strict_json(json_of(training_analysis(whole, plan, MINI.config)))
    assert [record["cross_entropy"] for record in back["records"]] == [record.cross_entropy for record in whole.records]
    assert back["records"][-1]["validation_cross_entropy"] == whole.records[-1].validation_cross_entropy
    assert TrainConfig(**back["settings"]) == plan.config
    assert (back["model"]["kind"], back["model"]["name"], back["model"]["seed"]) == ("untrained", "mini", 7)
    assert back["model"]["n_layers"] == MINI.config.n_layers
    assert {"python", "torch", "tiktoken", "numpy"} <= back["versions"].keys()
    if plan.examples:
        probabilities = [record["target_probability"] for record in back["records"]]
        assert probabilities == [record.target_probability.tolist() for record in whole.records]
        assert whole.watched is not None
        assert back["watched"]["target_piece"] == list(whole.watched.target_piece)
        assert [row["prompt"] for row in back["examples"]] == [
            row.prompt if isinstance(row.prompt, str) else list(row.prompt) for row in plan.examples
        ]
    else:
        assert (back["text"], back["held_out"]) == (plan.text, plan.held_out)
        assert "watched" not in back


def strict_json(written: str) -> Any:
    """Read JSON as the standard has it, without infinity and nan."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(written, parse_constant=refuse)


def test_one_seeds_spread_is_null() -> None:
    analysis = sweep_to_dict(list(sweep_seeds(MINI.config, PAIR, [7])))
    assert strict_json(json_of(analysis))["summary"]["standard_deviation"] is None


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
    table = pd.DataFrame({"piece": ["<script>alert(1)</script>", "=1+1"] * 300})
    script = 'print("<script>alert(2)</script>")'
    numbers = {"Texts": "<img src=x onerror=alert(3)>"}
    page = report_page(text_in("zh", "exports"), figures, numbers=numbers, table=table, script=script)
    tags = Tags()
    tags.feed(page)
    assert tags.loads == []
    assert tags.headings == ["GPT 损失探索器", "<b>first</b>", "second", "表格", "生成方法"]
    assert page.count("Plotly.newPlot(") == 2
    assert page.count("<script>alert") == 0
    assert "共 600 行" in page
    assert "2.718281828459045" in page
