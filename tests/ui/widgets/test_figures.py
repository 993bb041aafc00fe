"""Figures kept for everybody: the same as drawn anew, drawn once, apart by language, style and data, bounded."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import plotly.graph_objects as go
import plotly.io
import pytest
from cachetools import LRUCache
from plotly.tools import return_figure_from_figure_or_data

from gptcore import Example, Report, score, untrained_model
from gptcore.charts.report_positions import highlighted, log_probabilities, target_probabilities
from gptcore.charts.theme import DARK, DESK, LIGHT, Style, in_light
from gptcore.config import SIZES
from gptcore.texts import text_in
from gptcore.ui.widgets import figures
from gptcore.ui.widgets.figures import KeptFigure

WORDS = text_in("en", "explore").group("chart_target_probabilities")
ZH = text_in("zh", "explore").group("chart_target_probabilities")


@pytest.fixture(scope="module")
def report() -> Report:
    examples = [Example("every effort moves", " effort moves you"), Example("I really like", " really like chocolate")]
    return score(untrained_model(SIZES["mini"], seed=123), examples)


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> LRUCache[Any, Any]:
    kept: LRUCache[Any, Any] = LRUCache(figures.KEPT_BYTES, getsizeof=lambda spec: spec["bytes"])
    monkeypatch.setattr(figures, "_KEPT", kept)
    return kept


def sent(figure: go.Figure) -> dict[str, Any]:
    """Return what `st.plotly_chart` sends of a figure."""
    as_dict = return_figure_from_figure_or_data(figure, validate_figure=True)
    spec: dict[str, Any] = json.loads(plotly.io.to_json(as_dict, validate=False))
    return spec


@pytest.mark.parametrize("style", [DESK, Style(DARK), Style(LIGHT, 1.45)])
@pytest.mark.parametrize("words", [WORDS, ZH])
@pytest.mark.parametrize("selected", [None, 0, 4])
def test_what_is_sent_is_what_is_drawn_anew(
    report: Report, style: Style, words: dict[str, str], selected: int | None
) -> None:
    drawn = target_probabilities(report, words, style, selected=selected)
    for _ in range(2):  # from the cache as well
        kept = KeptFigure(target_probabilities, (report,), words, style)
        assert sent(kept.with_shapes(highlighted(report, selected, style))) == sent(drawn)


def test_two_visitors_share_one_drawing_and_a_selection_draws_nothing(report: Report) -> None:
    calls = []

    def draw(*data: Any, **options: Any) -> go.Figure:
        calls.append(data)
        return log_probabilities(*data, **options)

    for selected in (None, 0, 5, 0):
        figure = KeptFigure(draw, (report,), WORDS | {"mean": "{mean}"}, DESK)
        shapes = sent(figure.with_shapes(highlighted(report, selected, DESK)).clickable())["layout"]["shapes"]
        assert len(shapes) == 1 + (selected is not None)
    assert len(calls) == 1
    for words, style in ((WORDS | {"mean": "({mean})"}, DESK), (WORDS | {"mean": "{mean}"}, Style(DARK))):
        sent(KeptFigure(draw, (report,), words, style))
    assert len(calls) == 3


def test_other_data_is_another_figure(report: Report) -> None:
    again = score(untrained_model(SIZES["mini"], seed=7), [Example("every effort moves", " effort moves you")])
    one, other = (sent(KeptFigure(target_probabilities, (r,), WORDS, DESK)) for r in (report, again))
    assert one["data"] != other["data"]


def test_what_cannot_be_hashed_is_told_apart_by_what_it_came_from() -> None:
    def draw(amounts: list[int], words: dict[str, str], style: Style) -> go.Figure:
        return go.Figure(go.Bar(y=amounts))

    seen = [sent(KeptFigure(draw, ([n],), {}, DESK, by=n))["data"][0]["y"] for n in (1, 2, 1)]
    assert seen == [[1], [2], [1]]


def test_points_to_be_clicked_do_not_fade(report: Report) -> None:
    plain = KeptFigure(target_probabilities, (report,), WORDS, DESK)
    clickable = sent(plain.clickable())
    assert clickable["layout"]["clickmode"] == "event+select"
    assert all(trace["unselected"] == {"marker": {"opacity": 1}} for trace in clickable["data"])
    assert "clickmode" not in sent(plain)["layout"]  # what is kept was not changed


def test_it_can_be_taken_along_as_any_figure(report: Report) -> None:
    kept = KeptFigure(target_probabilities, (report,), WORDS, Style(DARK))
    assert WORDS["axis"] in kept.to_html(include_plotlyjs=False)
    assert in_light(kept).layout.xaxis.title.text == WORDS["axis"]


def test_the_kept_figures_stay_within_their_bytes(
    report: Report, monkeypatch: pytest.MonkeyPatch, empty: LRUCache[Any, Any]
) -> None:
    size = len(plotly.io.to_json(target_probabilities(report, WORDS), validate=False))
    small: LRUCache[Any, Any] = LRUCache(3.5 * size, getsizeof=lambda spec: spec["bytes"])
    monkeypatch.setattr(figures, "_KEPT", small)
    for number in range(8):
        sent(KeptFigure(target_probabilities, (report,), WORDS | {"axis": str(number)}, DESK))
    assert 1 <= len(small) <= 4
    assert small.currsize <= small.maxsize


def test_many_threads_get_their_own_language(report: Report) -> None:
    def one(number: int) -> tuple[str, str]:
        words = (WORDS, ZH)[number % 2]
        spec = sent(KeptFigure(target_probabilities, (report,), words, DESK))
        return spec["layout"]["xaxis"]["title"]["text"], words["axis"]

    with ThreadPoolExecutor(8) as pool:
        assert all(shown == expected for shown, expected in pool.map(one, range(200)))
