"""A page's whole analysis as one HTML file has the page's numbers: in its list, its table and its charts."""

import base64
import json
import re
import time
from collections.abc import Callable
from html import unescape
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from gptcore import Example, TrainConfig, encode, number_format, score, train, trained_small_model, untrained_model
from gptcore.config import SIZES
from gptcore.ui.train.session import end_all
from tests.support.visiting import press, visit

Files = dict[str, Callable[[], Any]]
TEXTS = {"prompt_1": "every effort moves", "target_1": " effort moves you", "prompt_2": "a <b>", "target_2": " <b> c"}
EXAMPLES = [Example("every effort moves", " effort moves you"), Example("a <b>", " <b> c")]
MINI = SIZES["mini"]


def numbers_in(page: str) -> dict[str, str]:
    """Return what a report's list says, by name."""
    return {unescape(name): unescape(words) for name, words in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.S)}


def table_in(page: str) -> list[dict[str, str]]:
    """Return a report's table, a dictionary a row."""
    body = page[page.index("<table") : page.index("</table>")]
    rows = [re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", row, re.S) for row in body.split("</tr>")]
    names, *filled = [[unescape(cell) for cell in row] for row in rows if row]
    return [dict(zip(names, row, strict=True)) for row in filled]


def drawn_in(page: str) -> list[np.ndarray[Any, Any]]:
    """Return every array of numbers that a report's charts draw."""
    found = []
    for kind, data in re.findall(r'"dtype":"(\w+)","bdata":"([^"]+)"', page):
        found.append(np.frombuffer(base64.b64decode(json.loads(f'"{data}"')), kind))
    for values in re.findall(r'"[xy]":(\[[-\d.e,+]+\])', page):
        found.append(np.array(json.loads(values), dtype=float))
    return found


def is_drawn(drawn: list[np.ndarray[Any, Any]], values: Any) -> bool:
    """Tell whether a chart of a report draws these numbers, in any order."""
    wanted = np.asarray(values, dtype=float)
    return any(len(each) == len(wanted) and np.allclose(np.sort(each), np.sort(wanted)) for each in drawn)


def waited_for(at: AppTest, files: Files, name: str) -> AppTest:
    """Run the page again until it offers a file."""
    give_up = time.monotonic() + 120
    while name not in files:
        assert time.monotonic() < give_up, sorted(files)
        time.sleep(0.2)
        at.run()
    return at


def run_notebook(written: str) -> None:
    """Run every cell, those that draw the charts too."""
    names: dict[str, Any] = {}
    for cell in json.loads(written)["cells"]:
        if cell["cell_type"] == "code":
            exec(cell["source"], names)


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    code = str(request.param)
    monkeypatch.setattr("gptcore.ui.state.translations.browser_language", lambda: code)
    return code


def loss_line(cross_entropy: float, perplexity: float, language: str) -> str:
    loss, ppl = number_format.nats(cross_entropy), number_format.perplexity(perplexity)
    return (
        f"cross-entropy {loss}\u00a0nats, perplexity {ppl}"
        if language == "en"
        else f"交叉熵 {loss}\u00a0nat，困惑度 {ppl}"
    )


def test_train(language: str, files: Files) -> None:
    batch = encode(EXAMPLES, untrained_model(MINI, 4).tokenizer)
    steps = TrainConfig(1e-3, steps=3)
    expected = list(train(untrained_model(MINI, 4), [batch], steps, watched=batch))
    at = visit("train", lang=language, seed=4, train_steps=3, train_learning_rate="1e-3", **TEXTS)
    try:
        press(at, "train_play")
        give_up = time.monotonic() + 120
        while not at.button(key="train_pause").disabled:
            assert time.monotonic() < give_up
            time.sleep(0.2)
            at.run()
    finally:
        end_all()
        st.cache_resource.clear()
    page = files["train.html"]()
    said = numbers_in(page)
    for record, name in ((expected[0], "Step 0"), (expected[-1], "Step 3")):
        name = name if language == "en" else f"第 {record.step} 步"
        assert said[name] == loss_line(record.cross_entropy, record.perplexity, language)
    assert {"0.001", "AdamW", "3"} <= set(said.values())
    table = table_in(page)
    assert [float(row["cross_entropy"]) for row in table] == pytest.approx([r.cross_entropy for r in expected])
    assert is_drawn(drawn_in(page), [record.perplexity for record in expected])
    assert is_drawn(drawn_in(page), expected[-1].target_probability)
    assert "train.csv" not in files  # the page has a button of its own for the steps
    run_notebook(files["train.ipynb"]())


def test_inputs(language: str, files: Files) -> None:
    model = trained_small_model()
    reports = [score(model, [example]) for example in EXAMPLES]
    at = visit("compare", lang=language, compare="inputs", model="trained_small", **TEXTS)
    waited_for(at, files, "inputs.html")
    page = files["inputs.html"]()
    said, row = numbers_in(page), "Text {}" if language == "en" else "文本 {}"
    for n, report in enumerate(reports, start=1):
        assert said[row.format(n)] == loss_line(report.cross_entropy, report.perplexity, language)
    table = table_in(page)
    change = sum(float(each["change"]) for each in table)
    whole = float(reports[1].log_probability.sum(dtype="f8") - reports[0].log_probability.sum(dtype="f8"))
    assert change == pytest.approx(whole, abs=1e-5)
    places = [each[name] for each in table for name in ("first_position", "second_position")]
    assert {"0", ""} <= set(places) <= {"", *map(str, range(9))}  # whole numbers, also where others are missing
    assert is_drawn(drawn_in(page), [report.perplexity for report in reports])
    assert not re.search(r"\d\.0,", files["inputs.csv"]().decode())
    run_notebook(files["inputs.ipynb"]())


def test_seeds(language: str, files: Files) -> None:
    at = visit("compare", lang=language, compare="seeds", seed_list="3,9", **TEXTS)
    waited_for(at, files, "seeds.html")
    losses = [score(untrained_model(MINI, seed), EXAMPLES).cross_entropy for seed in (3, 9)]
    page = files["seeds.html"]()
    said = numbers_in(page)
    mean, spread = float(np.mean(losses)), float(np.std(losses, ddof=1))
    assert f"{number_format.nats(mean)} ± {number_format.nats(spread / np.sqrt(2))}" in said.values()
    assert number_format.nats(spread) in said.values()
    assert is_drawn(drawn_in(page), losses)
    run_notebook(files["seeds.ipynb"]())


def test_models(language: str, files: Files) -> None:
    at = visit("compare", lang=language, compare="models", **TEXTS)
    waited_for(at, files, "models.html")
    page = files["models.html"]()
    said = numbers_in(page)
    report = score(trained_small_model(), EXAMPLES)
    assert loss_line(report.cross_entropy, report.perplexity, language) in said.values()
    small = [float(row["log_probability"]) for row in table_in(page)][-report.positions :]
    assert small == pytest.approx(report.log_probability.tolist(), abs=1e-6)
    assert is_drawn(drawn_in(page), report.log_probability)


@pytest.mark.parametrize(
    ("place", "query", "name"),
    [
        ("long_text", {"model": "trained_small", "long_text": "The sea was calm. " * 9}, "long_text.ipynb"),
        (
            "compare",
            {"compare": "list", "list_text": "one two\nthree four", "model": "trained_small"},
            "many_texts.ipynb",
        ),
        ("train", {"train_section": "backpropagation"}, "backpropagation.ipynb"),
        ("step_by_step", {}, "step_by_step.ipynb"),
    ],
)
def test_a_notebook_says_what_each_cell_does_and_draws_the_charts(
    place: str, query: dict[str, str], name: str, files: Files
) -> None:
    waited_for(visit(place, **query), files, name)
    cells = json.loads(files[name]())["cells"]
    kinds = [cell["cell_type"] for cell in cells]
    charts = max(n for n, kind in enumerate(kinds) if kind == "markdown")
    assert cells[charts]["source"] == "The charts of the page."
    assert kinds[2:charts] == ["markdown", "code"] * ((charts - 2) // 2)
    assert len(cells) > charts + 1
    run_notebook(files[name]())
