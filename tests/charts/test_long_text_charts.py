"""The charts of long texts and lists: their numbers are the results', a long text stays small, text stays text."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from gptcore.charts.long_text import MAX_DOTS, mean_width, moving_mean, rank_histogram, strides, surprise_along
from gptcore.charts.many_texts import list_losses
from gptcore.charts.surprise_levels import SCALES, level_names, surprise_levels
from gptcore.charts.theme import DARK, DESK, LIGHT, Style
from gptcore.texts import text_in

UNIFORM = math.log(50_257)
NASTY = "<b>x</b>"


def words(key: str, section: str = "long_text", language: str = "en") -> dict[str, str]:
    return text_in(language, section).group(key)


def surprisals(count: int) -> np.ndarray[Any, Any]:
    values = np.random.default_rng(1).gamma(2.0, 2.0, count)
    values[0] = math.nan
    return values


def along(count: int, **more: Any) -> go.Figure:
    return surprise_along(surprisals(count), [NASTY] * count, UNIFORM, words("chart_surprise_along"), DESK, **more)


def test_the_curve_shows_every_scored_token_and_none_that_has_no_score() -> None:
    dots = along(50).data[0]
    assert [point[0] for point in dots.customdata] == list(range(1, 50))
    np.testing.assert_allclose(dots.y, surprisals(50)[1:])
    np.testing.assert_array_equal(dots.x, np.arange(2, 51))
    assert all("<b>" not in point[1] for point in dots.customdata)


@pytest.mark.parametrize("width", [1, 2, 5, 8])
def test_the_moving_mean_is_the_mean_of_the_scored_tokens_around(width: int) -> None:
    values = surprisals(40)
    values[20] = math.nan
    for place, mean in enumerate(moving_mean(values, width)):
        around = values[max(0, place - width // 2) : place + (width - width // 2)]
        around = around[np.isfinite(around)]
        assert math.isnan(mean) if not len(around) else mean == pytest.approx(around.mean())


def test_a_long_text_keeps_its_extremes_and_stays_small() -> None:
    values = surprisals(200_000)
    figure = surprise_along(values, ["x"] * 200_000, UNIFORM, words("chart_surprise_along"))
    assert len(figure.data[0].x) <= MAX_DOTS
    assert max(figure.data[0].y) == np.nanmax(values)
    assert min(figure.data[0].y) == np.nanmin(values)
    assert len(figure.to_json()) < 200_000


def test_windows_that_are_still_to_come_leave_the_curve_open() -> None:
    values = surprisals(600)
    values[300:] = math.nan
    mean = surprise_along(values, ["x"] * 600, UNIFORM, words("chart_surprise_along")).data[1]
    assert np.isfinite(np.asarray(mean.y, dtype=float)).all()
    assert max(mean.x) <= 300 + mean_width(600)


def test_the_opened_token_is_marked() -> None:
    assert list(along(50, selected=7).data[2].x) == [8]
    assert list(along(50, selected=0).data[2].x) == []  # it has no score
    assert list(along(50, selected=99).data[2].x) == []


def test_the_histogram_counts_every_rank_once() -> None:
    rank = np.array([1, 1, 2, 10, 11, 100, 101, 1_000, 1_001, 50_257])
    (bars,) = rank_histogram(rank, words("chart_ranks")).data
    assert list(bars.y) == [2, 2, 2, 2, 2]
    assert sum(bars.y) == len(rank)
    assert bars.x[0] == "1"
    (empty,) = rank_histogram(np.array([], dtype=np.int64), words("chart_ranks")).data
    assert list(empty.y) == [0, 0, 0, 0, 0]


def test_the_strides_show_perplexity_and_time_at_each() -> None:
    figure = strides([64, 128, 256], [12.5, 13.0, 17.25], [4.0, 2.0, 1.0], words("chart_strides", "differences"))
    line, bars = figure.data
    assert list(line.x) == list(bars.x) == ["64", "128", "256"]
    assert list(line.y) == [12.5, 13.0, 17.25]
    assert list(bars.y) == [4.0, 2.0, 1.0]
    assert list(line.text) == ["12.50", "13.00", "17.25"]


@pytest.mark.parametrize("count", [1, 5, 300, 5_000])
def test_a_list_has_a_dot_or_a_place_in_a_bar_for_every_text(count: int) -> None:
    losses = np.random.default_rng(2).normal(9, 1, count + 1)
    losses[0] = math.nan  # a row without a score
    (trace,) = list_losses(losses, UNIFORM, words("chart_list", "many_texts")).data
    if count <= 300:
        assert [point[0] for point in trace.customdata] == list(range(1, count + 1))
        np.testing.assert_allclose(trace.x, losses[1:])
    else:
        assert sum(trace.y) == count


@pytest.mark.parametrize("scale", SCALES)
def test_levels_rise_with_surprise_and_have_a_name_each(scale: Any) -> None:
    surprisal = np.linspace(0, 14, 200)
    rank = np.unique(np.geomspace(1, 50_257, 200).astype(int))
    rank = np.interp(np.linspace(0, 1, 200), np.linspace(0, 1, len(rank)), rank).astype(int)
    levels = surprise_levels(surprisal, rank, UNIFORM, scale)
    assert (np.diff(levels) >= 0).all()
    assert set(levels) == {0, 1, 2, 3, 4}
    assert len(set(level_names(scale, UNIFORM, "over {edge}"))) == 5


def test_above_ln_v_is_the_last_level() -> None:
    around = np.array([UNIFORM * 0.999, UNIFORM * 1.001])
    assert surprise_levels(around, np.array([5, 5]), UNIFORM, "surprise").tolist() == [3, 4]


def contrast(first: str, second: str) -> float:
    """Return the contrast of two hex colours as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_every_level_can_be_read(palette: Any) -> None:
    for background, text in palette.surprise_levels:
        assert contrast(palette.paper if background == "transparent" else background, text) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_projected_charts_have_larger_type(palette: Any) -> None:
    small, large = (
        rank_histogram(np.array([1, 2]), words("chart_ranks"), Style(palette, scale)) for scale in (1.0, 1.45)
    )
    assert large.data[0].textfont.size > small.data[0].textfont.size
