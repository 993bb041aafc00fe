"""Finished trainings: their steps are kept when their visitor is gone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from gptcore.results.training import TrainingRun
from gptcore.ui.train.plan import Plan

_RECENT_RUNS = 24


@dataclass(frozen=True)
class KeptRun:
    """What is left of a training when its visitor is gone: its steps, not its model."""

    name: str
    plan: Plan
    run: TrainingRun


_KEPT: OrderedDict[str, KeptRun] = OrderedDict()


_KEPT_LOCK = threading.Lock()


def keep_run(run_id: str, kept: KeptRun) -> None:
    """Keep a training's steps under its id, for a page that is opened again; the oldest go."""
    with _KEPT_LOCK:
        _KEPT[run_id] = kept
        while len(_KEPT) > _RECENT_RUNS:
            _KEPT.popitem(last=False)


def kept_run(run_id: str) -> KeptRun | None:
    """The steps that are kept under an id."""
    with _KEPT_LOCK:
        return _KEPT.get(run_id)
