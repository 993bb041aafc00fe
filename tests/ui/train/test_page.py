"""The Train page: play, pause, step, look back; what is wrong is said; in two languages, and in Chromium."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from gptcore import Example, TrainConfig, number_format, train, untrained_model
from gptcore.charts.training import perplexity_curve, two_losses, watched_probabilities
from gptcore.config import SIZES
from gptcore.examples import encode
from gptcore.results.training import StepRecord, TrainingRun
from gptcore.texts import text_in
from gptcore.tokenizers.seven_words import seven_word_tokenizer
from gptcore.training.loop import watched_targets
from gptcore.training.text_batches import shipped_text
from gptcore.ui.train.session import end_all
from tests.support.visiting import settled, visit

PATIENCE = 240  # seconds; a training gives way to everything else that the machine does
SMALL: dict[str, Any] = {"train_steps": 6}  # of the mini size, which `visit` asks for


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Caches outlive an AppTest: whatever a test trains ends with it."""
    yield
    end_all()
    st.cache_resource.clear()


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both languages, the second also where AppTest asks for a widget's words outside of a visit."""
    code = str(request.param)
    monkeypatch.setattr("gptcore.ui.state.translations.browser_language", lambda: code)
    return code


def opened(language: str = "en", **state: Any) -> AppTest:
    """The page, come to from Explore, with some of its fields filled in."""
    app = visit(lang=language)
    for key, value in state.items():
        app.session_state[key] = value
    return settled(app.switch_page("pages/train.py").run())


def press(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def metric(app: AppTest, label: str) -> str:
    return next(str(found.value) for found in app.metric if found.label == label)


def rerun_until(app: AppTest, condition: Callable[[AppTest], bool]) -> AppTest:
    """A browser looks at a running training by itself; an AppTest has to be asked to."""
    give_up = time.monotonic() + PATIENCE
    while not condition(app):
        assert time.monotonic() < give_up, [found.value for found in app.caption]
        time.sleep(0.2)
        app.run()
    return app


def is_still(app: AppTest) -> bool:
    return bool(app.button(key="train_pause").disabled)


def test_playing_to_the_end(language: str, files: dict[str, Callable[[], str]]) -> None:
    text = text_in(language, "train")
    step, perplexity = text("numbers.step"), text("numbers.perplexity")
    app = opened(language, **SMALL)
    assert app.button(key="train_play").label == text("play")
    assert metric(app, step) == "0"
    before = metric(app, perplexity)
    rerun_until(press(app, "train_play"), is_still)
    assert not app.exception
    assert metric(app, step) == "6"
    assert number(metric(app, perplexity)) < number(before) / 100
    assert text("states.finished") in [caption.value for caption in app.caption]
    exports = text_in(language, "exports")
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels[-4:] == [exports(kind) for kind in ("json", "html", "script", "notebook")]
    last = json.loads(files["train.json"]())["records"][-1]
    assert (last["step"], number_format.perplexity(last["perplexity"])) == (6, metric(app, perplexity))
    assert files["train.html"]().count("Plotly.newPlot(") == 2
    cells = json.loads(files["train.ipynb"]())["cells"]
    assert all(cell["source"] in files["train.py"]() for cell in cells[2:-3])  # the last ones draw the charts


def number(written: str) -> float:
    return float(written.replace(",", ""))


def test_one_step_at_a_time_and_back() -> None:
    app = opened(**SMALL)
    first = metric(app, "Cross-entropy loss (nats)")
    rerun_until(press(app, "train_step"), lambda a: metric(a, "Step") == "1" and is_still(a))
    second = metric(app, "Cross-entropy loss (nats)")
    rerun_until(press(app, "train_step"), lambda a: metric(a, "Step") == "2" and is_still(a))
    assert number(second) < number(first)
    app.slider(key="train_scrubber").set_value(0).run()
    assert (metric(app, "Step"), metric(app, "Cross-entropy loss (nats)")) == ("0", first)
    app.slider(key="train_scrubber").set_value(1).run()
    assert (metric(app, "Step"), metric(app, "Cross-entropy loss (nats)")) == ("1", second)
    press(app, "train_reset")
    assert metric(app, "Step") == "0"
    assert "train_scrubber" not in {slider.key for slider in app.slider}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("0", "above 0"),
        ("-1e-5", "above 0"),
        ("1e99", "at most"),
        ("fast", "above 0"),
        ("nan", "above 0"),
        ("1,000", "above 0"),
        ("0,002", "above 0"),
        ("1_0", "above 0"),
        ("２e-3", "above 0"),
        ("٠.١", "above 0"),
        ("0.00200000000000000000000001", "above 0"),
    ],
)
def test_a_learning_rate_that_cannot_be_is_said_and_mended(typed: str, says: str) -> None:
    app = opened(**SMALL)
    app.text_input(key="train_learning_rate").set_value(typed).run()
    assert not app.exception
    assert any(says in warning.value for warning in app.warning)
    assert app.text_input(key="train_learning_rate").value == typed
    assert app.button(key="train_play").disabled
    press(app, "mend_train_learning_rate")
    assert app.text_input(key="train_learning_rate").value == "2e-3"
    assert not app.button(key="train_play").disabled


@pytest.mark.parametrize("typed", [0, -3, 1_000_000, 10**12])
def test_a_number_of_steps_that_cannot_be_is_said_and_mended(typed: int) -> None:
    app = opened()
    app.number_input(key="train_steps").set_value(typed).run()
    assert not app.exception
    assert any("1 to" in warning.value for warning in app.warning)
    assert app.button(key="train_play").disabled
    press(app, "mend_train_steps")
    assert app.number_input(key="train_steps").value == (2000 if typed > 2000 else 40)


def test_a_loss_that_is_no_number_is_said_and_its_steps_stay() -> None:
    app = opened(**SMALL, train_learning_rate="1e6")
    rerun_until(press(app, "train_play"), is_still)
    assert not app.exception
    assert any("no longer a finite number" in warning.value for warning in app.warning)
    assert metric(app, "Step") == "0"


def test_a_model_too_large_is_refused_before_it_is_made() -> None:
    app = opened(size="xl")
    assert not app.exception
    assert any("up to 124M" in warning.value for warning in app.warning)
    assert app.button(key="train_play").disabled


def test_short_memory_is_said_and_nothing_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(**SMALL)
    monkeypatch.setattr("gptcore.ui.memory.available_bytes", lambda: 150_000_000)
    rerun_until(press(app, "train_play"), is_still)
    assert not app.exception
    assert any("GB of memory" in warning.value for warning in app.warning)
    assert "train_records" not in {button.key for button in app.get("download_button")}


@pytest.mark.parametrize("vocabulary", ["seven", "gpt2"])
def test_what_backpropagation_does(language: str, vocabulary: str) -> None:
    app = opened(language, train_section="backpropagation", backpropagation_vocabulary=vocabulary)
    assert not app.exception
    charts = {chart.proto.id.split("-")[-1]: chart for chart in app.get("plotly_chart")}
    assert len(charts) == 2
    push, distribution = (traces(chart) for chart in charts.values())
    assert len(push[0]["y"]) == (7 if vocabulary == "seven" else 12)
    assert sum(value > 0 for value in push[0]["x"]) == 1
    if vocabulary == "seven":
        assert sum(push[0]["x"]) == pytest.approx(0, abs=1e-6)
        assert sum(distribution[1]["x"]) == pytest.approx(1, abs=1e-6)
    app.button(key="backpropagation_step").click().run()
    assert app.slider(key="backpropagation_number").value == 2


def traces(chart: object) -> list[dict[str, list[float]]]:
    """The numbers of a chart's traces, whichever way Plotly wrote them."""

    def values(given: object) -> list[float]:
        if isinstance(given, dict):
            return list(map(float, np.frombuffer(base64.b64decode(given["bdata"]), given["dtype"])))
        assert isinstance(given, list)
        return given

    spec = json.loads(chart.proto.spec)  # type: ignore[attr-defined]
    return [{axis: values(trace[axis]) for axis in "xy"} for trace in spec["data"]]


def test_learning_a_text(language: str, files: dict[str, Callable[[], str]]) -> None:
    app = opened(language, train_section="text", learn_steps=6)
    assert not app.exception
    rerun_until(press(app, "train_play"), is_still)
    assert not app.exception
    labels = {found.label: number(found.value) for found in app.metric}
    learned, held_out = (labels[label] for label in list(labels)[-2:])
    assert learned < held_out < 11.5
    analysis = json.loads(files["train.json"]())
    assert number_format.nats(analysis["records"][-1]["validation_cross_entropy"]) == f"{held_out:.4f}"
    assert analysis["text"] == shipped_text()
    assert files["train.html"]().count("Plotly.newPlot(") == 1


@pytest.mark.parametrize(
    ("typed", "says"), [("", "no text"), ("I", "at least"), ("every effort moves you", "at least")]
)
def test_a_text_that_cannot_be_learned_is_said_and_mended(typed: str, says: str) -> None:
    app = opened(train_section="text", learn_source="own")
    app.text_area(key="learn_text").set_value(typed).run()
    assert not app.exception
    assert any(says in warning.value for warning in app.warning)
    assert app.text_area(key="learn_text").value == typed
    assert app.button(key="train_play").disabled
    press(app, "mend_learn_source")
    assert not app.button(key="train_play").disabled


def test_a_reload_says_what_became_of_the_training() -> None:
    app = opened(**SMALL)
    rerun_until(press(app, "train_step"), lambda a: metric(a, "Step") == "1" and is_still(a))
    run_id = str(app.session_state["train_run"])
    loss = metric(app, "Cross-entropy loss (nats)")
    end_all()  # what the end of a visit does
    st.cache_resource.clear()
    again = opened(**SMALL, train_run=run_id)
    assert not again.exception
    assert any("stopped at step 1" in info.value for info in again.info)
    assert metric(again, "Cross-entropy loss (nats)") == loss
    gone = opened(**SMALL, train_run="0123456789ab")
    assert any("no longer stored" in info.value for info in gone.info)


# The figures hold the numbers of the run


def a_run(steps: int = 3) -> TrainingRun:
    """A run on the seven words."""
    batch = encode([Example("every effort moves", "effort moves you")], seven_word_tokenizer())
    config = TrainConfig(0.01, steps=steps)
    records = tuple(train(untrained_model(SIZES["toy"], 123), [batch], config, watched=batch))
    return TrainingRun(records, 7, config.to_dict(), watched_targets(batch))


def test_the_charts_hold_the_numbers_of_the_run() -> None:
    words = text_in("en", "train").group
    run = a_run()
    bars = watched_probabilities(run, 2, words("chart_targets")).data[0]
    np.testing.assert_allclose(bars.x, run.records[2].target_probability)
    curve = perplexity_curve(run, 1, words("chart_curve")).data
    np.testing.assert_allclose(curve[0].y, run.to_frame().perplexity)
    assert curve[1].x == (1,)
    assert curve[1].y[0] == pytest.approx(run.records[1].cross_entropy)  # the other axis: ln of the perplexity


def test_two_losses_are_drawn_where_they_were_measured_and_their_parting_is_marked() -> None:
    def record(step: int, training: float, validation: float | None) -> StepRecord:
        return replace(
            a_run(1).records[0], step=step, training_cross_entropy=training, validation_cross_entropy=validation
        )

    run = TrainingRun((record(0, 2.0, 2.1), record(1, 1.5, None), record(2, 1.0, 1.8), record(3, 0.5, 2.5)), 7, {})
    figure = two_losses(run, text_in("en", "train").group("chart_losses"), steps=3)
    assert list(figure.data[0].y) == [2.0, 1.0, 0.5]
    assert list(figure.data[1].y) == [2.1, 1.8, 2.5]
    assert [shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1] == [2]
    assert any("step 2" in note.text for note in figure.layout.annotations)


@pytest.mark.parametrize(
    "query", [{"train_dropout": "0.95"}, {"train_dropout": "0_1"}, {"train_optimizer": "adam"}, {"train_schedule": "x"}]
)
def test_a_setting_in_a_link_that_cannot_be_is_said(query: dict[str, str]) -> None:
    app = opened(**query)
    assert not app.exception
    assert any(next(iter(query.values())) in warning.value for warning in app.warning)
