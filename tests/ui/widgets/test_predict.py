"""Predict first: no page shows a result before it has asked, and each says the choice beside the number."""

import time

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gptcore import number_format
from gptcore.config import SIZES
from gptcore.examples import Example, encode
from gptcore.initialization import untrained_model
from gptcore.presets import PRESETS
from gptcore.results.training import StepRecord, TrainingRun
from gptcore.scoring import score
from gptcore.tokenizers.seven_words import seven_word_tokenizer
from gptcore.training.config import TrainConfig
from gptcore.training.logit_gradients import follow_gradients
from gptcore.ui.train.learn_text import course_of
from gptcore.ui.widgets.predict import perplexity_ranges, range_of
from tests import ROOT
from tests.support.visiting import settled

PERPLEXITY = number_format.perplexity(score(untrained_model(SIZES["mini"], seed=123), PRESETS["book"]).perplexity)


def opened(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page(f"pages/{page}.py")
    for key, words in {"size": "mini", "predict": "1", **query}.items():
        app.query_params[key] = words
    return settled(app.run())


def said(app: AppTest) -> str:
    """Return all that is written on the page, without its tables and charts."""
    elements = [app.metric, app.markdown, app.caption, app.success, app.info, app.header, app.subheader, app.button]
    return " ".join(str(getattr(each, "value", "") or each.label) for kind in elements for each in kind)


@pytest.mark.parametrize("name", ["explore", "perplexity"])
def test_the_perplexity_is_asked_for_before_it_is_shown(name: str) -> None:
    app = opened(name)
    assert PERPLEXITY not in said(app)
    assert PERPLEXITY.partition(".")[0] not in said(app)
    assert "p = " not in " ".join(element.proto.json for element in app.get("bidi_component"))
    right = range_of(float(PERPLEXITY.replace(",", "")), 50_257)
    assert right == 3
    app.button(key="predict_choice_4").click().run()
    assert PERPLEXITY in app.success[0].value.replace("\\", "")
    app.session_state["seed"] = 5  # another model is another question
    app.run()
    assert [button.label for button in app.button if str(button.key).startswith("predict_choice")]


def test_each_page_asks_and_answers() -> None:
    asked: tuple[tuple[str, dict[str, str]], ...] = (
        ("compare", {"seed_count": "3"}),
        ("compare", {"compare": "inputs"}),
        ("compare", {"compare": "list"}),
        ("train", {}),
        ("train", {"train_section": "backpropagation"}),
        ("long_text", {}),
    )
    for page, query in asked:
        app = opened(page, **query)
        assert not app.metric, page
        assert not app.get("plotly_chart"), page
        app.button(key="predict_choice_1").click().run()
        for _ in range(100):  # what is computed in the background is drawn when it is there
            app = settled(app.run())
            if app.metric or app.get("plotly_chart"):
                break
            time.sleep(0.1)
        assert app.metric or app.get("plotly_chart"), page


def test_a_step_of_backpropagation_is_asked_for_and_answered() -> None:
    app = opened("train", train_section="backpropagation")
    shown = app.subheader[0].value
    assert "p\u00a0=\u00a00.10619" in shown
    model = untrained_model(SIZES["toy"], seed=123)
    batch = encode((Example("every effort moves", "effort moves you"),), seven_word_tokenizer())
    steps = follow_gradients(model, batch, TrainConfig(0.1, steps=1, optimizer="sgd"))
    after = [float(g.probability[0][g.shown_token_id[0] == g.target_token_id[0]][0]) for g in steps]
    assert after[1] > 2 * after[0]
    app.button(key="predict_choice_3").click().run()
    assert number_format.probability(after[1]) in app.success[0].value.replace("\\", "")


@pytest.mark.parametrize(("losses", "course"), [((5.0, 4.0, 3.0), 0), ((5.0, 4.0, 4.5), 1), ((5.0, 5.1, 5.2), 2)])
def test_the_course_of_the_held_out_loss(losses: tuple[float, ...], course: int) -> None:
    none, no_ids = np.empty(0), np.empty(0, np.int64)
    records = [StepRecord(n, 1.0, None, None, none, none, no_ids, (), 1.0, loss) for n, loss in enumerate(losses)]
    assert course_of(TrainingRun(tuple(records), 50_257, {})) == course


def test_nothing_is_asked_while_the_switch_is_off() -> None:
    app = opened("explore", predict="0")
    assert PERPLEXITY in said(app)
    assert not [button for button in app.button if str(button.key).startswith("predict_")]


def test_ranges_hold_every_perplexity_once() -> None:
    assert len(set(perplexity_ranges(50_257))) == 4
    assert [range_of(value, 50_257) for value in (1.0, 40.0, 40.1, 1_000.0, 50_257.0, 50_258.0)] == [0, 0, 1, 1, 2, 3]
