"""The figures from a notebook: one line, English words, the same figure as on the page."""

import subprocess
import sys

import pytest

from gptcore import Example, GPTModel, charts, score
from gptcore.charts.report_positions import target_probabilities
from gptcore.texts import text_in
from tests import ROOT

HOSTILE = Example("every effort <script>alert(1)</script>", " effort <b>bold</b>", "continuation")


def test_a_figure_in_one_line_is_the_pages_figure(book_model: GPTModel) -> None:
    report = score(book_model, [Example("every effort moves", " effort moves you")])
    words = text_in("en", "explore").group("chart_target_probabilities")
    on_page = target_probabilities(report, words)
    assert report.plot().to_json() == on_page.to_json() == charts.target_probabilities(report).to_json()
    chinese = text_in("zh", "explore").group("chart_target_probabilities")
    in_chinese = report.plot(words=chinese).to_json()
    assert in_chinese == target_probabilities(report, chinese).to_json() != on_page.to_json()


@pytest.mark.parametrize("kind", ["target_probabilities", "log_probabilities", "perplexity", "top_tokens"])
def test_every_kind_draws(toy_model: GPTModel, kind: str) -> None:
    report = score(toy_model, [Example("every effort moves", "effort moves you")])
    assert len(report.plot(kind).data) > 0
    assert len(report.plot("top_tokens", index=2, k=3).data[0].y) == 3
    with pytest.raises(ValueError, match="kind is one of"):
        report.plot("pie")


def test_every_public_figure_is_a_function_with_english_words() -> None:
    for name in charts.__all__:
        assert callable(getattr(charts, name))
        module, file, table = charts._HOME[name]
        assert text_in("en", file).group(table), (name, module)
    assert set(charts.__all__) <= set(dir(charts))


def test_a_notebook_shows_the_chain_and_the_table_and_no_markup_of_the_text(book_model: GPTModel) -> None:
    report = score(book_model, [HOSTILE])
    shown = report._repr_html_()
    assert f"{report.mean_log_probability:.4f}".replace("-", "−") in shown
    assert f"{report.cross_entropy:.4f} nats" in shown
    assert f"{report.perplexity:,.2f}" in shown
    assert "<script" not in shown
    assert "<b>bold" not in shown
    assert shown.count("<tr>") == 2 + report.positions


def test_charts_need_no_streamlit() -> None:
    script = "import sys, gptcore; gptcore.charts.target_probabilities; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
