"""CONTRIBUTING's "How to change it", followed in a copy of the project: a word, a preset and a chart."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gptcore.texts import text_in
from tests import ROOT

CHART = '''"""How unsure the model is at each position."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from gptcore.charts.theme import DESK, Style, new_figure
from gptcore.results.report import Report


def entropies(report: Report, words: Mapping[str, str], style: Style = DESK) -> go.Figure:
    """Each position's entropy as a bar.

    Args:
        report: What is drawn.
        words: axis.
        style: How it is drawn.
    """
    bars = go.Bar(x=list(range(1, report.positions + 1)), y=report.entropy_nats, marker={"color": style.palette.mean})
    return new_figure(style, [bars], height=240, yaxis={"title": {"text": words["axis"]}})
'''
ON_THE_PAGE = """
        from gptcore.charts.entropies import entropies
        from gptcore.ui.state.translations import page_text
        from gptcore.ui.widgets.basics import chart, current_style
        from gptcore.ui.widgets.figures import KeptFigure

        words = page_text("explore").group("chart_entropies")
        chart(KeptFigure(entropies, (report,), words, current_style()), "chart_entropies", words["summary"])
"""
LOOK = """
import json
from streamlit.testing.v1 import AppTest
import gptcore
from gptcore import Example, SIZES, charts, score, untrained_model

report = score(untrained_model(SIZES["toy"], 1), [Example("every effort moves", "effort moves you")])
seen = {"file": gptcore.__file__, "public": len(charts.entropies(report).data[0].y)}
for language in ("en", "zh"):
    at = AppTest.from_file("app.py", default_timeout=60)
    at.query_params["lang"], at.query_params["size"] = language, "mini"
    at.run()
    drawn = {each.proto.alt: json.loads(each.proto.spec) for each in at.get("plotly_chart")}
    (alt,) = [alt for alt in drawn if alt.startswith("Entropy!")]
    menu = next(each for each in at.get("menu_button") if "preset" in each.proto.id)
    seen[language] = {
        "errors": [each.value for each in at.exception],
        "said": [each.value for each in [*at.title, *at.header, *at.subheader, *at.markdown]],
        "bars": len(drawn[alt]["data"]),
        "presets": [str(option) for option in menu.proto.options],
    }
print(json.dumps(seen))
"""


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(before) == 1, (path.name, before)
    path.write_text(text.replace(before, after), "utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "app.py", "pages", "gptcore", ".streamlit", "pyproject.toml"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


@pytest.mark.slow
def test_a_word_a_preset_and_a_chart_take_the_files_that_contributing_names(copy: Path) -> None:
    guide = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8").partition("## How to change it")[2]
    words = copy / "gptcore" / "ui" / "text"

    assert "`gptcore/ui/text/en/<page>.toml` and `zh/<page>.toml`" in guide  # a word
    for language in ("en", "zh"):
        title = text_in(language, "explore")("title")
        change(words / language / "explore.toml", f'"{title}"', f'"Changed {language}"')

    assert "`PRESETS` in `gptcore/presets.py`, and its name in both `examples.toml` files under `[presets]`" in guide
    change(
        copy / "gptcore" / "presets.py",
        '    "book": (',
        '    "new": (Example("so it goes", alignment="shifted"),),\n    "book": (',
    )
    for language in ("en", "zh"):
        change(words / language / "examples.toml", "[presets]\n", f'[presets]\nnew = "New preset {language}"\n')

    assert "a function in `gptcore/charts/`" in guide  # a chart
    assert "`gptcore/charts/__init__.py`" in guide
    (copy / "gptcore" / "charts" / "entropies.py").write_text(CHART, "utf-8")
    for language in ("en", "zh"):
        path = words / language / "explore.toml"
        path.write_text(path.read_text("utf-8") + '\n[chart_entropies]\naxis = "nats"\nsummary = "Entropy!"\n', "utf-8")
    change(
        copy / "gptcore" / "charts" / "__init__.py",
        "_HOME = {\n",
        '_HOME = {\n    "entropies": ("entropies", "explore", "chart_entropies"),\n',
    )
    change(copy / "pages" / "explore.py", "        table(report)\n", f"        table(report)\n{ON_THE_PAGE}")

    lint = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "-q", "gptcore", "pages"], cwd=copy, capture_output=True, text=True
    )
    assert lint.stdout == ""
    seen = looked_at(copy)
    assert Path(seen["file"]).is_relative_to(copy)
    assert seen["public"] == 3
    for language in ("en", "zh"):
        assert seen[language]["errors"] == []
        assert any(f"Changed {language}" in words for words in seen[language]["said"])
        assert seen[language]["bars"] == 1
        assert f"New preset {language}" in seen[language]["presets"]


def looked_at(copy: Path) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOOK], cwd=copy, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-3000:]
    found: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return found


def test_words_that_are_saved_are_read_again_by_make_dev_alone(copy: Path) -> None:
    script = (
        "import os, sys\nfrom gptcore.texts import text_in, _FOLDER\n"
        "path = _FOLDER / 'en' / 'explore.toml'\n"
        "assert str(path).startswith(os.getcwd())\n"
        "before = text_in('en', 'explore')\n"
        "assert text_in('en', 'explore') is before\n"
        "path.write_text(path.read_text('utf-8').replace(before('title'), 'Saved'), 'utf-8')\n"
        "os.utime(path, ns=(1, 1))\n"
        "print(text_in('en', 'explore')('title'))\n"
    )
    for value, expected in (("0", text_in("en", "explore")("title")), ("1", "Saved")):
        change_back = (ROOT / "gptcore" / "ui" / "text" / "en" / "explore.toml").read_bytes()
        (copy / "gptcore" / "ui" / "text" / "en" / "explore.toml").write_bytes(change_back)
        environment = {**os.environ, "PYTHONPATH": str(copy), "GPT_EXPLORER_DEV": value}
        run = subprocess.run(
            [sys.executable, "-c", script], cwd=copy, env=environment, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == expected
    makefile = (ROOT / "Makefile").read_text("utf-8")
    dev = makefile.partition("\ndev:")[2].partition("\n\n")[0]
    assert "GPT_EXPLORER_DEV=1" in dev
    assert "gptcore/ui/text" in dev  # a saved word runs the page again
    assert "runOnSave=true" in dev
