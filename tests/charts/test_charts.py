"""The charts of a report: their numbers are the report's, and whatever was typed stays text."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from gptcore import Example, GPTModel, Report, score
from gptcore.charts.report_distribution import rank_curve, top_tokens
from gptcore.charts.report_positions import MOST_ROWS, log_probabilities, target_probabilities
from gptcore.charts.ruler import perplexity_ruler
from gptcore.charts.theme import DARK, LIGHT, Style, label
from gptcore.config import SIZES
from gptcore.examples import encode
from gptcore.initialization import untrained_model
from gptcore.scoring import rank_curve as rank_curve_of
from gptcore.texts import text_in
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from tests.support.given import score_logits

NASTY = 'a<b>&"$x$ **c**\n![x](http://y)\u202e'
PositionsChart = Callable[..., go.Figure]


def words(key: str, language: str = "en") -> dict[str, str]:
    return text_in(language, "explore").group(key)


@pytest.fixture(scope="module")
def mini_model() -> GPTModel:
    return untrained_model(SIZES["mini"], seed=123)


def shifted(model: GPTModel, text: str) -> Report:
    return score(model, [Example(text, alignment="shifted")])


@pytest.fixture(scope="module")
def report(mini_model: GPTModel) -> Report:
    examples = [Example("every effort moves", " effort moves you"), Example("I really like", " really like chocolate")]
    return score(mini_model, examples)


@pytest.fixture(scope="module")
def long_report(mini_model: GPTModel) -> Report:
    return shifted(mini_model, "one two three " * 12)


def traces(figure: go.Figure) -> list[dict[str, Any]]:
    return [trace.to_plotly_json() for trace in figure.data]


def trace_named_by_marker(figure: go.Figure, **marker: Any) -> dict[str, Any]:
    """Return the one trace whose marker has these settings."""
    (found,) = [t for t in traces(figure) if all(t.get("marker", {}).get(k) == v for k, v in marker.items())]
    return found


def texts_in(figure: go.Figure) -> list[str]:
    """Return every string that Plotly would read pseudo-HTML in, save what our own texts give."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            for part in value.values():
                walk(part)
        elif isinstance(value, list | tuple | np.ndarray):
            for part in value:
                walk(part)

    for trace in traces(figure):
        walk([trace.get("text"), trace.get("customdata"), trace.get("name")])
    layout = figure.layout.to_plotly_json()
    walk([layout.get("annotations"), layout["xaxis"].get("ticktext"), layout["yaxis"].get("ticktext")])
    return found


def test_target_probabilities_are_the_reports(report: Report) -> None:
    figure = target_probabilities(report, words("chart_target_probabilities"))
    targets = trace_named_by_marker(figure, color=LIGHT.target)
    choices = trace_named_by_marker(figure, symbol="diamond-open")
    assert list(targets["x"]) == report.target_probability.astype(float).tolist()
    assert list(choices["x"]) == report.predicted_probability.tolist()
    assert targets["text"][0] == f"{report.target_probability[0]:.4e}"
    assert [row[0] for row in targets["customdata"]] == list(range(6))
    stems = traces(figure)[0]["x"]
    assert list(stems[0::3]) == [1 / 50_257] * 6
    assert list(stems[1::3]) == list(targets["x"])
    assert figure.layout.xaxis.type == "log"
    assert any("1.9898e-05" in note.text for note in figure.layout.annotations)


def test_log_probabilities_and_their_mean_are_the_reports(report: Report) -> None:
    figure = log_probabilities(report, words("chart_log_probabilities"))
    (bars,) = traces(figure)
    assert bars["x"].tolist() == report.log_probability.tolist()
    assert list(bars["text"]) == [f"−{-value:.4f}" for value in report.log_probability]
    assert [shape.x0 for shape in figure.layout.shapes if shape.type == "line"] == [report.mean_log_probability]
    assert f"−{-report.mean_log_probability:.4f}" in figure.layout.annotations[0].text


@pytest.mark.parametrize(
    ("chart", "key"),
    [
        (target_probabilities, "chart_target_probabilities"),
        (log_probabilities, "chart_log_probabilities"),
    ],
)
def test_more_positions_than_rows_fit_become_columns(
    chart: PositionsChart, key: str, report: Report, long_report: Report
) -> None:
    assert report.positions <= MOST_ROWS < long_report.positions
    assert len(chart(report, words(key)).layout.yaxis.ticktext) == report.positions
    columns = chart(long_report, words(key))
    last = traces(columns)[-1]
    assert columns.layout.yaxis.ticktext is None
    assert len(last["x"]) == long_report.positions
    expected = long_report.target_probability if chart is target_probabilities else long_report.log_probability
    assert np.asarray(last["y"], dtype=np.float32).tolist() == expected.tolist()
    assert columns.layout.height < chart(report, words(key)).layout.height * 3


def test_exactly_as_many_as_fit_still_have_rows_of_their_own(mini_model: GPTModel) -> None:
    report = shifted(mini_model, " a" * (MOST_ROWS + 1))
    assert report.positions == MOST_ROWS
    assert len(log_probabilities(report, words("chart_log_probabilities")).layout.yaxis.ticktext) == MOST_ROWS


def test_the_selected_position_is_highlighted(report: Report) -> None:
    def bands(selected: int | None) -> list[float]:
        figure = target_probabilities(report, words("chart_target_probabilities"), selected=selected)
        return [(s.y0 + s.y1) / 2 for s in figure.layout.shapes if s.type == "rect"]

    assert bands(None) == []
    places = traces(target_probabilities(report, words("chart_target_probabilities")))[-1]["y"]
    assert bands(4) == pytest.approx([places[4]])


def test_a_piece_that_looks_like_markup_stays_text(mini_model: GPTModel) -> None:
    report = shifted(mini_model, NASTY)
    tokenizer = gpt2_tokenizer()
    curve = rank_curve_of(mini_model, encode([Example(NASTY, alignment="shifted")], tokenizer), 0)
    figures = [
        target_probabilities(report, words("chart_target_probabilities")),
        log_probabilities(report, words("chart_log_probabilities")),
        top_tokens(report, 0, words("chart_top_tokens")),
        rank_curve(curve, "<b>", words("chart_rank_curve")),
        perplexity_ruler([("<img src=x>", 3.0), ("two", 4.0)], 7, words("chart_perplexity"), lesser=[("<i>", 2.0)]),
    ]
    for figure in figures:
        shown = [text.replace("<b>", "").replace("</b>", "").replace("<br>", "") for text in texts_in(figure)]
        assert shown
        assert [text for text in shown if "<" in text or "\n" in text or "\u202e" in text] == []
    assert any("&lt;" in text for text in texts_in(figures[0]))
    assert any("↵" in text for text in texts_in(figures[0]))


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        ("<b>", "&lt;b&gt;"),
        ("a & b", "a␣&amp;␣b"),
        ("\n\n", "↵↵"),
        ("\u202e", "⟨U+202E⟩"),
        ('"', "&quot;"),
        ("<" * 40, "&lt;" * 8 + "…" + "&lt;" * 8),  # cut before it is escaped, never inside an entity
    ],
)
def test_a_label_shows_what_is_there(piece: str, shown: str) -> None:
    assert label(piece) == shown


def test_the_likeliest_tokens_are_the_reports_with_the_target_among_them(report: Report) -> None:
    figure = top_tokens(report, 2, words("chart_top_tokens"), k=10)
    (bars,) = traces(figure)
    top = report.top_k(2, 10)
    assert list(bars["x"])[:10] == top["probability"].tolist()
    assert [row[2] for row in bars["customdata"]][:10] == top["token_id"].tolist()
    assert bars["x"][-1] == float(report.target_probability[2])  # rank far beyond ten: an eleventh bar
    assert bars["customdata"][-1][1:] == [f"{report.rank[2]:,}", report.target_token_id[2]]
    assert bars["marker"]["color"][-1] == LIGHT.target
    assert bars["marker"]["color"][0] == LIGHT.top_prediction


def test_a_target_among_the_likeliest_is_not_drawn_twice() -> None:
    report = score_logits(torch.tensor([[[5.0, 1.0, 0.0, -1.0]]]), [[0]])
    (bars,) = traces(top_tokens(report, 0, words("chart_top_tokens")))
    assert len(bars["x"]) == 4
    assert bars["marker"]["color"][0] == LIGHT.target


def test_the_rank_curve_is_the_distribution_with_the_target_on_it(mini_model: GPTModel, report: Report) -> None:
    batch = encode([Example("every effort moves", " effort moves you")], gpt2_tokenizer())
    curve = rank_curve_of(mini_model, batch, 1)
    line, mark = traces(rank_curve(curve, " moves", words("chart_rank_curve")))
    assert line["x"].tolist() == curve.rank.tolist()
    assert line["y"].tolist() == curve.probability.tolist()
    assert (list(mark["x"]), list(mark["y"])) == ([curve.target_rank], [curve.target_probability])
    assert curve.target_rank == report.rank[1]


def marks(perplexities: Sequence[tuple[str, float]], vocab_size: int = 50_257) -> tuple[list[float], float]:
    """Return where the marks stand on the ruler, and where it ends."""
    figure = perplexity_ruler(perplexities, vocab_size, words("chart_perplexity"))
    diamonds = [t for t in traces(figure) if t.get("marker", {}).get("symbol") == "diamond"]
    return [t["x"][0] for t in diamonds], 10 ** figure.layout.xaxis.range[1]


def test_the_ruler_never_clamps() -> None:
    assert marks([("a", 48_725.82)])[0] == [48_725.82]
    places, end = marks([("a", 5e9), ("b", 1.0)])
    assert places == [5e9, 1.0]
    assert end >= 5e9
    places, end = marks([("a", math.inf)])
    assert places == pytest.approx([end])  # at the end, its name says that it is infinite
    figure = perplexity_ruler([("a", math.inf)], 7, words("chart_perplexity"))
    assert any("∞" in text for text in texts_in(figure))


def label_spans(figure: go.Figure, line: int, width: float) -> list[tuple[float, float]]:
    """Return from where to where each label below the ruler reaches in one of its lines, in pixels, by guess."""
    low, high = figure.layout.xaxis.range
    spans = []
    for trace in traces(figure):
        positions = trace.get("textposition")
        if positions is None or "bottom" not in str(positions):
            continue
        positions = [positions] * len(trace["x"]) if isinstance(positions, str) else positions
        for x, text, position in zip(trace["x"], trace["text"], positions, strict=True):
            shown = [*text.split("<br>"), ""][line]
            long, place = 6.5 * len(shown), width * (math.log10(x) - low) / (high - low)
            if shown:
                spans.append((place, place + long) if "right" in position else (place - long / 2, place + long / 2))
    return sorted(spans)


@pytest.mark.parametrize("width", [340.0, 1_300.0])
@pytest.mark.parametrize("perplexity", [1.5, 48_725.82, 52_000.0, 3e5, 1e8, 5e11, 9.5e34, 1e300])
def test_labels_of_the_ruler_are_not_in_each_others_way(perplexity: float, width: float) -> None:
    figure = perplexity_ruler([("a", perplexity)], 50_257, words("chart_perplexity"))
    for line in (0, 1):
        spans = label_spans(figure, line, width)
        assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans)), spans
        assert all(start >= 0 and end <= width + 20 for start, end in spans), spans
    (name,) = [note for note in figure.layout.annotations if note.text == words("chart_perplexity")["worse"]]
    assert (name.yref, name.y, name.xanchor) == ("paper", 0, "right")  # below them all, whatever stands above
    assert figure.layout.yaxis.range[0] < -1
    ticks = [t["marker"]["size"] for t in traces(figure) if t.get("marker", {}).get("symbol") == "line-ns"]
    rooms = [t["marker"]["size"] for t in traces(figure) if "bottom" in str(t.get("textposition"))]
    assert rooms == pytest.approx([1.4 * size for size in ticks])  # as long as Plotly draws them: no name is crossed


@pytest.mark.parametrize("gap", [50.0, 400.0])
def test_a_probability_that_float32_cannot_hold_is_drawn_from_its_logarithm(gap: float) -> None:
    report = score_logits(torch.tensor([[[gap, 0.0], [0.0, gap]]]), [[1, 1]])
    figure = target_probabilities(report, words("chart_target_probabilities"))
    targets = trace_named_by_marker(figure, color=LIGHT.target)
    assert targets["x"][0] == pytest.approx(math.exp(-gap), rel=1e-5)
    low, high = figure.layout.xaxis.range
    assert low < math.log10(targets["x"][0]) < 0 <= high
    assert (high - low) / figure.layout.xaxis.dtick < 12  # as many powers of ten as can be read


def test_certain_targets_can_be_drawn() -> None:
    report = score_logits(torch.tensor([[[300.0, 0.0]]]), [[0]])
    assert report.perplexity == 1.0
    for figure in (
        target_probabilities(report, words("chart_target_probabilities")),
        log_probabilities(report, words("chart_log_probabilities")),
        perplexity_ruler([("a", report.perplexity)], report.vocab_size, words("chart_perplexity")),
    ):
        spec = figure.to_json()
        assert "NaN" not in spec
        assert "Infinity" not in spec


@pytest.mark.parametrize("style", [Style(LIGHT), Style(DARK), Style(DARK, 1.45)])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_style_and_language_draws_the_same_numbers(report: Report, style: Style, language: str) -> None:
    figure = target_probabilities(report, words("chart_target_probabilities", language), style)
    targets = trace_named_by_marker(figure, color=style.palette.target)
    assert list(targets["x"]) == report.target_probability.astype(float).tolist()
    assert figure.layout.font.size == style.size(13)
