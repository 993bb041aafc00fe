"""The charts of comparisons: their numbers are the tables', they stay small, and whatever was typed stays text."""

import math
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptcore import Example, number_format
from gptcore.charts.compared_texts import MOST_STEPS, difference_waterfall, text_losses
from gptcore.charts.seed_spread import position_spread, seed_positions
from gptcore.charts.seeds import MOST_DOTS, seed_losses, stacked
from gptcore.charts.theme import DARK, Style
from gptcore.config import SIZES
from gptcore.initialization import untrained_model
from gptcore.results.comparison import ExampleRecord, aligned_rows
from gptcore.results.seeds import SeedTable
from gptcore.sweeps.runner import compare_examples
from gptcore.texts import LANGUAGES, text_in

NASTY = ("<b>a</b>", '&"$x$', "\n![x](http://y)")


def words(key: str, language: str = "en") -> dict[str, str]:
    return text_in(language, "compare").group(key)


def table_of(count: int, pieces: tuple[str, ...] = (" effort", " moves", " you")) -> SeedTable:
    """Return a made-up table of so many seeds."""
    chance = np.random.default_rng(7)
    log_probability = chance.normal(-10.94, 0.66, (count, len(pieces))).astype(np.float32)
    loss = -log_probability.mean(axis=1, dtype=np.float64)
    return SeedTable(
        np.arange(count) * 3,
        loss,
        np.exp(loss),
        log_probability,
        np.full(count, 1 / 3),
        pieces,
        50_257,
        example=np.zeros(len(pieces), dtype=np.int64),
        position=np.arange(len(pieces)),
    )


def markers(figure: go.Figure) -> dict[str, list[float]]:
    (trace,) = [trace for trace in figure.data if trace.mode == "markers"]
    return {"x": list(trace.x), "seed": [row[0] for row in trace.customdata], "size": list(trace.marker.size)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 2, 40, MOST_DOTS])
def test_every_seed_is_a_dot_at_its_loss(count: int, language: str) -> None:
    table = table_of(count)
    dots = markers(seed_losses(table, words("chart_seeds", language), Style(DARK, 1.4)))
    assert dict(zip(dots["seed"], dots["x"], strict=True)) == dict(
        zip(table.seeds.tolist(), table.cross_entropy.tolist(), strict=True)
    )


def test_perplexity_is_the_same_picture_with_other_numbers() -> None:
    table = table_of(40)
    losses = seed_losses(table, words("chart_seeds"))
    perplexities = seed_losses(table, words("chart_seeds"), perplexity=True)
    np.testing.assert_allclose(np.log(markers(perplexities)["x"]), markers(losses)["x"])
    assert perplexities.layout.xaxis.type == "log"
    np.testing.assert_allclose(10 ** np.array(perplexities.layout.xaxis.range), np.exp(losses.layout.xaxis.range))
    (uniform,) = [shape for shape in perplexities.layout.shapes if shape.line.dash == "dash"]
    assert uniform.x0 == pytest.approx(50_257)


def test_the_lines_stand_at_ln_v_and_at_the_mean_with_their_numbers() -> None:
    table = table_of(40)
    summary = table.summary()
    figure = seed_losses(table, words("chart_seeds"))
    assert [s.x0 for s in figure.layout.shapes if s.type == "line"] == pytest.approx([math.log(50_257), summary.mean])
    (band,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert (band.x1 - band.x0) / 2 == pytest.approx(summary.standard_error)
    said = " ".join(annotation.text for annotation in figure.layout.annotations)
    for number in (number_format.nats(summary.mean), number_format.nats(summary.standard_error), "10.8249"):
        assert number in said


def test_a_chosen_seed_is_marked_and_named() -> None:
    figure = seed_losses(table_of(40), words("chart_seeds"), chosen=12)
    dots = markers(figure)
    assert [seed for seed, size in zip(dots["seed"], dots["size"], strict=True) if size == max(dots["size"])] == [12]
    assert "seed 12" in [annotation.text for annotation in figure.layout.annotations]


@pytest.mark.parametrize("perplexity", [False, True])
def test_more_seeds_than_dots_are_counted_apart_at_ln_v(perplexity: bool) -> None:
    table = table_of(5000)
    (bars,) = seed_losses(table, words("chart_seeds"), perplexity=perplexity).data
    assert sum(bars.y) == 5000
    uniform = 50_257 if perplexity else math.log(50_257)
    below = sum(count for x, count in zip(bars.x, bars.y, strict=True) if x < uniform)
    assert below == table.summary().below_uniform


def test_ten_thousand_seeds_stay_below_a_megabyte() -> None:
    table = table_of(10_000, tuple(f" word{n}" for n in range(12)))
    figures = (
        seed_losses(table, words("chart_seeds")),
        seed_positions(table, words("chart_seed_positions")),
        position_spread(table, words("chart_spread")),
    )
    assert sum(len(figure.to_json()) for figure in figures) < 1_000_000


def test_the_heat_map_is_the_table_from_best_to_worst() -> None:
    table = table_of(40)
    (heat,) = seed_positions(table, words("chart_seed_positions")).data
    order = np.argsort(table.cross_entropy)
    assert heat.customdata[0].tolist() == table.seeds[order].tolist()
    assert heat.z.tolist() == table.log_probability[order].T.tolist()


@pytest.mark.parametrize("count", [1, 40])
def test_each_positions_spread_is_the_tables(count: int) -> None:
    table = table_of(count)
    figure = position_spread(table, words("chart_spread"))
    means = next(trace for trace in figure.data if trace.mode == "markers")
    assert list(means.x) == pytest.approx(table.log_probability.mean(axis=0).tolist(), rel=1e-6)
    assert figure.data[0].x[:2].tolist() == [table.log_probability[:, 0].min(), table.log_probability[:, 0].max()]
    uniform = [shape.x0 for shape in figure.layout.shapes]
    assert uniform == pytest.approx([-math.log(50_257)])


@given(st.lists(st.floats(-50, 50), max_size=60), st.floats(0.01, 3.0))
def test_stacked_dots_never_overlap(values: list[float], apart: float) -> None:
    ascending = np.array(sorted(values))
    levels = np.array(stacked(ascending, apart), dtype=int)
    assert len(levels) == len(values)
    for level in set(levels.tolist()):
        for left, right in pairwise(ascending[levels == level].tolist()):
            assert right >= left + apart - 1e-9


def compared(*texts: str) -> list[ExampleRecord]:
    examples = [Example(text, alignment="shifted") for text in texts]
    return list(compare_examples(untrained_model(SIZES["mini"], 1), examples))


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_stand_at_their_perplexity_or_their_bits(language: str) -> None:
    records = compared("the dog bites", "the man bites the dog", "今天天气很好")
    for per_byte, values in (
        (False, [record.report.perplexity for record in records]),
        (True, [record.bits_per_byte for record in records]),
    ):
        figure = text_losses(records, words("chart_texts", language), per_byte=per_byte)
        (marks,) = [trace for trace in figure.data if trace.mode == "markers+text"]
        assert list(marks.x) == values
    assert (
        number_format.perplexity(records[0].report.perplexity)
        in text_losses(records, words("chart_texts")).data[1].text[0]
    )


def test_the_waterfall_leads_from_one_sum_to_the_other() -> None:
    first, second = compared("the dog bites the man", "the big man bites the dog")
    rows = aligned_rows(first.report, second.report)
    figure = difference_waterfall(first, second, rows, words("chart_difference"))
    (bars,) = [trace for trace in figure.data if trace.type == "bar"]
    assert list(bars.x) == rows.change.tolist()
    assert bars.base[0] == first.total_log_probability
    for (base, change), following in zip(
        zip(bars.base, bars.x, strict=True), [*bars.base[1:], second.total_log_probability], strict=True
    ):
        assert base + change == pytest.approx(following, abs=1e-9)


def test_a_long_waterfall_keeps_the_biggest_steps_and_the_sum() -> None:
    first, second = compared("one two three four " * 15, "one two three five " * 15)
    rows = aligned_rows(first.report, second.report)
    assert len(rows) > MOST_STEPS
    figure = difference_waterfall(first, second, rows, words("chart_difference"))
    (bars,) = [trace for trace in figure.data if trace.type == "bar"]
    assert len(bars.x) <= MOST_STEPS
    assert sum(bars.x) == pytest.approx(second.total_log_probability - first.total_log_probability, abs=1e-6)
    assert max(bars.x, key=abs) == max(rows.change.tolist(), key=abs)


def test_what_was_typed_is_never_markup() -> None:
    table = table_of(5, NASTY)
    first, second = compared("a" + NASTY[0] + NASTY[1], "b" + NASTY[2])
    figures = [
        seed_positions(table, words("chart_seed_positions")),
        position_spread(table, words("chart_spread")),
        difference_waterfall(first, second, aligned_rows(first.report, second.report), words("chart_difference")),
    ]
    for figure in figures:
        names = " ".join(figure.layout.yaxis.ticktext).replace("<b>Text 1</b>", "").replace("<b>Text 2</b>", "")
        assert "<" not in names
        assert "\n" not in names
