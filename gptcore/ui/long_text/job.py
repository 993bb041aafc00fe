"""A long text scored in the background: window by window, each in turn with other visitors, kept for a reload."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from gptcore.errors import CancelCheck
from gptcore.ui.jobs.job import Job, own_jobs
from gptcore.ui.jobs.turn_queue import FairGate
from gptcore.ui.long_text.source import LongText, prepared_text
from gptcore.ui.models.cache import shelf
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.result_cache import LRUCache

if TYPE_CHECKING:
    from gptcore.results.text_report import TextReport
    from gptcore.results.windows import Measurement, WindowRecord
    from gptcore.text_job import TextJob

JOB = "long_text"
STRIDES_JOB = "long_text_strides"

KEPT_BYTES = 128 * 2**20
"""How much memory the kept windows of all visitors' texts may take: two of the longest texts, or many short ones."""
_TOKEN_BYTES, _WINDOW_BYTES = 52, 1_000


def _size(records: Sequence[WindowRecord]) -> int:
    """About how many bytes the first windows of a text take, with three likeliest tokens of each position."""
    return records[-1].window.stop * _TOKEN_BYTES + len(records) * _WINDOW_BYTES


_SCORED = LRUCache(most=KEPT_BYTES, size=_size)
"""What is scored of the last texts, by what decides it: a page that is loaded again goes on from there."""

Scored = tuple["TextJob", "WindowRecord"]
"""What a job's records are: the prepared text, the same in each, and what one window gave."""


def scoring_job(choice: ModelChoice, entered: LongText) -> Job[Scored] | None:
    """The job that scores a text, started where it is not there yet; None where the text cannot be scored."""
    key = (choice, entered)
    job: Job[Scored] | None = own_jobs().get(JOB, key)
    if job is None:
        prepared = prepared_text(choice, entered)
        job = start_scoring(choice, entered, prepared) if prepared is not None else None
    return job


def start_scoring(choice: ModelChoice, entered: LongText, prepared: TextJob) -> Job[Scored]:
    """Score a text; what is scored already is not computed again."""

    def make(stopped: CancelCheck) -> Iterator[Scored]:
        return _scored(choice, prepared, (choice, entered))

    # Each batch of windows takes a turn at the model, as a page does: the jobs need no queue of their own, and must
    # not be slow to give their turn back.
    return own_jobs().start(JOB, (choice, entered), make, len(prepared.windows), gate=FairGate(), urgent=True)


def _scored(choice: ModelChoice, prepared: TextJob, key: Hashable) -> Iterator[Scored]:
    may_keep = choice.of_kind.shared  # whose weights may change under the same name
    found = _SCORED.get(key) if may_keep else None
    finished: tuple[WindowRecord, ...] = found if isinstance(found, tuple) else ()
    for batch in prepared.batches:
        if batch[0] >= len(finished):
            with shelf().turn(choice) as model:
                finished = (*finished, *prepared.score(model, batch))
            if may_keep:
                _SCORED.keep(key, finished)
        for index in batch:
            yield prepared, finished[index]


@dataclass(frozen=True)
class _Reported:
    """A report of a job's first `done` records, how long it took to make, and when that was."""

    report: TextReport
    done: int
    seconds: float
    at: float


_REPORTED: WeakKeyDictionary[Job[Scored], _Reported] = WeakKeyDictionary()
_REST = 5
"""While a job runs, its next report is made after this many times as long as the last one took."""


def report_of(job: Job[Scored]) -> TextReport | None:
    """The report of the windows that are in; None before the first.

    A page asks twice a second, and the report of a long text takes longer than that: while a job runs, it may be one of
    a moment ago.
    """
    active, records = job.active, job.records
    if not records:
        return None
    last, now = _REPORTED.get(job), time.monotonic()
    if last is not None and (last.done == len(records) or (active and now - last.at < _REST * last.seconds)):
        return last.report
    report = records[0][0].report([record for _, record in records])
    _REPORTED[job] = _Reported(report, len(records), time.monotonic() - now, time.monotonic())
    return report


def measuring_job(choice: ModelChoice, text: str, ways: Sequence[tuple[int, bool]]) -> Job[Measurement]:
    """The job that measures a text once for each (stride, whether the first token is scored)."""
    key = (choice, text, tuple(ways))
    job: Job[Measurement] | None = own_jobs().get(STRIDES_JOB, key)
    if job is not None:
        return job

    def make(stopped: CancelCheck) -> Iterator[Measurement]:
        return _measured(choice, text, ways, stopped)

    return own_jobs().start(STRIDES_JOB, key, make, len(ways), gate=FairGate(), urgent=True)


def _measured(
    choice: ModelChoice, text: str, ways: Sequence[tuple[int, bool]], stopped: CancelCheck
) -> Iterator[Measurement]:
    from gptcore.windows import prepare_text

    for stride, first_token in ways:
        prepared = prepare_text(choice.config, text, stride=stride, first_token=first_token, tokenizer=choice.tokenizer)
        records: list[WindowRecord] = []
        for batch in prepared.batches:
            if stopped():
                return
            with shelf().turn(choice) as model:
                records += prepared.score(model, batch)
        yield prepared.report(records).measurement()
