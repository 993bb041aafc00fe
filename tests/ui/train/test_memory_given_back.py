"""A training that is let go of gives its memory back at once: nothing waits for garbage collection."""

import gc
import time
import weakref
from collections.abc import Callable

import pytest

from gptcore.presets import SEVEN_WORD_EXAMPLES
from gptcore.training.config import TrainConfig
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.train import session
from gptcore.ui.train.plan import Plan
from gptcore.ui.train.session import Trainings

PLAN = Plan(ModelChoice(size="toy"), TrainConfig(1e-3, steps=2_000), SEVEN_WORD_EXAMPLES)


def until(done: Callable[[], bool], seconds: float = 60.0) -> bool:
    give_up = time.monotonic() + seconds
    while not done() and time.monotonic() < give_up:
        time.sleep(0.05)
    return done()


@pytest.mark.parametrize("over", [False, True], ids=["in the middle", "once it is over"])
@pytest.mark.parametrize("how", ["reset", "stop_all"])
def test_its_model_is_freed(how: str, over: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    given_back: list[float] = []
    monkeypatch.setattr(session, "give_memory_back", lambda: given_back.append(time.monotonic()))
    trainings = Trainings()
    training = trainings.start("fit", PLAN)
    training.play()
    assert until(lambda: len(training.run.records) > 2 or training.error is not None)
    assert training.error is None
    if over:
        training.end(30)
    model = weakref.ref(training.model)
    assert model() is not None
    gc.collect()
    gc.disable()  # it runs after the next visitor's rerun, which may be long in coming
    try:
        given_back.clear()
        trainings.reset("fit") if how == "reset" else trainings.stop_all()
        assert until(lambda: model() is None, 10)
        assert until(lambda: len(given_back) > 0, 10)
    finally:
        gc.enable()
    assert len(training.run.records) > 2  # what was seen stays
