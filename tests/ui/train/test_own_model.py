"""A model that a visitor trained, on the pages that score it in a job of their own."""

import time
from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from gptcore import untrained_model
from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.ui.models import catalog, kinds
from gptcore.ui.models.kinds import own_model
from gptcore.ui.train.session import end_all
from tests.support.visiting import press, settled, visit, warnings

PATIENCE = 120
MINI = SIZES["mini"].with_(emb_dim=16, n_heads=2, n_layers=1)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    yield
    end_all()
    st.cache_resource.clear()


def run_until_it_says(at: AppTest, label: str) -> str:
    give_up = time.monotonic() + PATIENCE
    while not (found := [str(metric.value) for metric in at.metric if metric.label.startswith(label)]):
        assert time.monotonic() < give_up
        assert warnings(at) == []
        time.sleep(0.2)
        settled(at.run())
    return found[0]


def test_it_is_used_where_a_thread_of_its_own_scores() -> None:
    at = visit("train")
    at.session_state["train_steps"] = 1
    press(settled(at.run()), "train_step")
    give_up = time.monotonic() + PATIENCE
    while not any(m.label == "Step" and m.value == "1" for m in at.metric):
        assert time.monotonic() < give_up
        time.sleep(0.2)
        settled(at.run())
    while not any(button.key == "train_use" for button in at.button):
        settled(at.run())
    press(at, "train_use")
    at.switch_page("pages/long_text.py").run()
    assert float(run_until_it_says(settled(at), "Cross-entropy").replace(",", "")) > 1
    at.switch_page("pages/compare.py").run()
    at.session_state["compare"] = "list"
    assert float(run_until_it_says(settled(at.run()), "Cross-entropy").replace(",", "")) > 1


def test_another_model_of_the_same_name_is_another_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"mini+1": untrained_model(MINI, 1)}
    for module in (kinds, catalog):
        monkeypatch.setattr(module, "own_models", lambda: own)
    first = catalog.choice_of("trained_here/mini+1")
    assert first == catalog.choice_of("trained_here/mini+1")
    assert own_model(first) is own["mini+1"]
    own["mini+1"] = untrained_model(MINI, 2)
    second = catalog.choice_of("trained_here/mini+1")
    assert second != first
    assert own_model(second) is own["mini+1"]
    with pytest.raises(InputError):
        own_model(first)  # freed with its last owner
