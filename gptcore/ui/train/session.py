"""One visitor's trainings: begun, paused, stepped, stopped. Their steps are kept, their models freed with the visit."""

from __future__ import annotations

import atexit
import copy
import secrets
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import streamlit as st

from gptcore.errors import CancelCheck, InputError
from gptcore.examples import encode
from gptcore.results.training import StepRecord, TrainingRun, WatchedTargets
from gptcore.ui.jobs.job import Job
from gptcore.ui.jobs.turn_queue import FairGate
from gptcore.ui.memory import check_memory, give_memory_back
from gptcore.ui.models.kinds import own_model
from gptcore.ui.train.finished_runs import KeptRun, keep_run
from gptcore.ui.train.plan import Plan

if TYPE_CHECKING:
    from gptcore.model import GPTModel

State = Literal["waiting", "preparing", "playing", "paused", "finished", "stopped", "preempted", "failed"]
_GATE = FairGate()
_STARTED: weakref.WeakSet[Training] = weakref.WeakSet()


class Training:
    """A run of a plan on a thread of its own. Any thread may ask; the visitor's thread commands.

    Attributes:
        name: The section that shows it.
        source: A model of the visitor's own to go on from, where the plan chooses one.
    """

    def __init__(self, plan: Plan, name: str, source: GPTModel | None = None) -> None:
        self.id = secrets.token_hex(6)
        self.plan = plan
        self.name = name
        self.model: GPTModel | None = None
        self.config = plan.choice.config
        self._tokenizer = plan.choice.tokenizer
        self._source = source
        self._watched: WatchedTargets | None = None
        self._job: Job[StepRecord] = Job(plan, self._records, plan.config.steps + 1, gate=_GATE, paused=True)

    def start(self) -> Training:
        """Begin, or queue up; it pauses at step 0 until `play` or `step_once`."""
        _STARTED.add(self)
        self._job.start()
        return self

    def play(self) -> None:
        """Go on until the end."""
        self._job.play()

    def step_once(self) -> None:
        """Make one more update, then pause."""
        self._job.step_once()

    def pause(self) -> None:
        """Pause after the step that is being made."""
        self._job.pause()

    def pace(self, seconds_per_step: float) -> None:
        """Take at least so many seconds for each step; 0 is as fast as it goes."""
        self._job.seconds_per_record = seconds_per_step

    def stop(self) -> None:
        """End it within a layer's time; what was reached stays. Returns at once."""
        self._job.cancel()

    def end(self, seconds: float = 3.0) -> GPTModel | None:
        """End it and wait until its optimizer is gone; the model as the last step left it."""
        self.stop()
        return self.model if self._job.wait(seconds) else None

    def let_go(self) -> None:
        """End it, and free its model as soon as its thread is done with it. Returns at once."""
        self.stop()

        def free() -> None:
            self._job.wait()
            self.model = self._source = None
            give_memory_back()

        threading.Thread(target=free, name="free", daemon=True).start()

    @property
    def going(self) -> bool:
        """Whether another record is on its way."""
        return self._job.going

    @property
    def active(self) -> bool:
        """Whether it could still go on."""
        return self._job.active

    @property
    def ahead(self) -> int:
        """How many wait before it."""
        return self._job.ahead if self._job.queued else 0

    @property
    def error(self) -> InputError | None:
        """What ended it, in a form for the reader."""
        error = self._job.error
        if error is None or isinstance(error, InputError):
            return error
        return InputError("training_failed", f"training ended: {type(error).__name__}", reason=type(error).__name__)

    @property
    def seconds_left(self) -> float | None:
        """About how long it will take yet."""
        return self._job.seconds_left

    @property
    def state(self) -> State:
        """What it is doing, in one word."""
        if self._job.error is not None:
            return "failed"
        if self._job.active:
            if self._job.queued and self._job.ahead:
                return "waiting"
            if self._job.done == 0:
                return "preparing"
            return "playing" if self.going else "paused"
        if self._job.preempted:
            return "preempted"
        return "finished" if self._job.done == self.plan.config.steps + 1 else "stopped"

    @property
    def run(self) -> TrainingRun:
        """The steps so far."""
        return TrainingRun(tuple(self._job.records), self.config.vocab_size, self.plan.config.to_dict(), self._watched)

    def _records(self, stopped: CancelCheck) -> Iterator[StepRecord]:
        """The run, step by step. On the job's thread."""
        from gptcore.training.loop import train, training_bytes, watched_targets

        plan = self.plan
        tokenizer = self._tokenizer
        watched = encode(plan.examples, tokenizer) if plan.examples else None
        learned = None if watched else plan.split(tokenizer)
        batches = [watched] if watched else list(learned.training) if learned else []
        rows, length = batches[0].inputs.shape
        check_memory(training_bytes(self.config, plan.config, (rows, length)))
        model = self._make_model()
        self._watched = watched_targets(watched) if watched else None
        self.model = model
        steps = train(
            model,
            batches,
            plan.config,
            watched=watched,
            validation=learned.validation if learned else (),
            stopped=stopped,
        )
        try:
            for record in steps:
                model.origin = replace(model.origin, kind="trained_here", name=self._model_name(record.step))
                yield record
        finally:
            steps.close()  # type: ignore[attr-defined]
            give_memory_back()
            keep_run(self.id, KeptRun(self.name, plan, self.run))

    def _make_model(self) -> GPTModel:
        from gptcore.model import GPTModel

        choice = self.plan.choice
        if self._source is not None:
            model, self._source = copy.deepcopy(self._source), None
            return model
        loaded = choice.of_kind.load(choice)
        assert isinstance(loaded, GPTModel)  # as `Plan.check` says
        return loaded

    def _model_name(self, step: int) -> str:
        choice = self.plan.choice
        start = choice.size if choice.of_kind.seeded else choice.name or choice.kind
        return f"{start}+{step}"


@atexit.register
def end_all() -> None:
    """End every training, so that the process does not end in the middle of one's step."""
    for training in list(_STARTED):
        training.stop()
    for training in list(_STARTED):
        training.end()


class Trainings:
    """One visitor's trainings, one a section."""

    def __init__(self) -> None:
        self._trainings: dict[str, Training] = {}

    def get(self, name: str) -> Training | None:
        """The training of a section, going on or over."""
        return self._trainings.get(name)

    def start(self, name: str, plan: Plan) -> Training:
        """Begin a plan in place of what the section had."""
        self.reset(name)
        source = own_model(plan.choice) if not plan.choice.of_kind.shared else None
        for other in self._trainings.values():
            other.stop()  # a visitor trains one model at a time
        training = self._trainings[name] = Training(plan, name, source).start()
        return training

    def reset(self, name: str) -> None:
        """Stop a section's training and let go of it and its model."""
        training = self._trainings.pop(name, None)
        if training is not None:
            training.let_go()

    def stop_all(self) -> None:
        """Stop whatever goes on, and let go of the models."""
        for training in list(self._trainings.values()):
            training.let_go()
        self._trainings.clear()


@st.cache_resource(scope="session", on_release=Trainings.stop_all, show_spinner=False)
def own_trainings() -> Trainings:
    """This visitor's trainings; all are stopped when they leave."""
    return Trainings()
