"""Which step of a training is asked about."""

import numpy as np
import pytest

from gptcore.classroom import Question
from gptcore.results.training import StepRecord, TrainingRun
from gptcore.ui.room.offers import offer_step, offered_step


@pytest.mark.parametrize(("index", "step", "answer"), [(0, "1", "lower"), (1, "2", "higher"), (2, "2", "higher")])
def test_the_step_after_the_one_that_is_shown(index: int, step: str, answer: str) -> None:
    nothing = np.zeros(1)
    records = tuple(
        StepRecord(number, loss, None, None, nothing, nothing, np.zeros(1, np.int64), ("a",))
        for number, loss in enumerate((2.0, 1.5, 1.7))
    )
    offer_step(TrainingRun(records, 7, {}), index)
    question = offered_step()
    assert isinstance(question, Question)
    assert question.details is not None
    assert question.answer is not None
    assert (question.details["step"], question.options[int(question.answer)]) == (step, answer)
    offer_step(TrainingRun(records[:1], 7, {}), 0)
    assert offered_step() is None
