"""Many seeds or many examples, one after the other or side by side, on threads, processes or a cluster."""

from __future__ import annotations

import operator
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import AbstractContextManager
from typing import SupportsIndex

import numpy as np
import torch

from gptcore.config import GPTConfig
from gptcore.errors import CancelCheck, InputError, never_cancelled
from gptcore.examples import Example, check_context, check_examples, encode
from gptcore.language_model import LanguageModel
from gptcore.results.comparison import ExampleRecord
from gptcore.results.seeds import SeedRecord
from gptcore.scoring import score
from gptcore.sweeps.cache import SweepCache, shared_cache, sweep_key
from gptcore.sweeps.streamed_model import StreamedModel
from gptcore.sweeps.workers import Workers, workers_for
from gptcore.tokenizers.model_rows import fit_tokenizer

TOP_K = 5
"""The most likely tokens that a sweep's reports keep; scoring the seed alone gives more."""
_LOOK_SECONDS = 0.1


def sweep_seeds(
    config: GPTConfig,
    examples: Sequence[Example],
    seeds: Iterable[SupportsIndex],
    executor: Executor | None = None,
    *,
    temperature: float = 1.0,
    finished: SweepCache | None = None,
    here: bool = False,
    stopped: CancelCheck = never_cancelled,
) -> Iterator[SeedRecord]:
    """Score the examples with the untrained model of each seed; yields a record a seed as they finish, in any order.

    Every record equals that of the seed alone. Closing the iterator, or leaving the loop, stops the work: at once
    on this process's threads, elsewhere after what has begun.

    Args:
        config: The shape of the model.
        examples: One to eight examples, or a batch of them already encoded.
        seeds: Taken as they are needed, so a range may be as long as one likes.
        executor: Where the work is done: any of `concurrent.futures`, or a Dask client's. None is the scheduler
            that GPT_EXPLORER_SCHEDULER names, else a thread a core of this process, each in a few MB of its own.
        temperature: The logits are divided by it; 1 is the model itself.
        finished: Where finished seeds are kept and looked up; None is the process's own.
        here: Whether to use this machine's cores, whatever GPT_EXPLORER_SCHEDULER names.
        stopped: Asked ten times a second: once it returns True, the iterator ends.

    Raises:
        InputError: At once for examples that cannot be scored; for a bad seed when it is its turn; one of
            CLUSTER_FAULTS where the cluster that GPT_EXPLORER_SCHEDULER names cannot be used, or is lost.

    >>> from gptcore import SIZES
    >>> example = Example("every effort moves", "effort moves you")
    >>> losses = {r.seed: r.report.cross_entropy for r in sweep_seeds(SIZES["toy"], [example], range(3))}
    >>> [losses[seed] for seed in range(3)]
    [2.69399, 2.13128, 2.48236]
    """
    check_examples(examples)
    examples = tuple(examples)
    check_context(encode(examples, fit_tokenizer(None, config.vocab_size)), config.context_length)
    store = shared_cache() if finished is None else finished
    key = sweep_key(config, examples, temperature)
    with_workers = workers_for(executor, here=here, stopped=stopped)
    return _sweep(config, examples, map(_plain, seeds), with_workers, temperature, store, key, stopped)


def compare_examples(
    model: LanguageModel, examples: Sequence[Example], *, temperature: float = 1.0
) -> Iterator[ExampleRecord]:
    """Score each example by itself: yields a record a row, in order.

    Raises:
        InputError: Naming the row, before anything is scored.
    """
    check_context(encode(examples, model.tokenizer), model.config.context_length)
    return (
        ExampleRecord(index, score(model, [example], temperature=temperature)) for index, example in enumerate(examples)
    )


def score_seed(
    config: GPTConfig,
    examples: Sequence[Example],
    seed: int,
    temperature: float = 1.0,
    stopped: CancelCheck = never_cancelled,
) -> SeedRecord:
    """One seed's record, at next to no memory."""
    model: StreamedModel | None = getattr(_of_this_thread, "model", None)
    if model is None or model.config != config:
        model = _of_this_thread.model = StreamedModel(config)
    model.stopped = stopped
    report = score(model.draw(seed), examples, temperature=temperature, top_k=TOP_K)
    return SeedRecord(report, torch.cat(model.logit_std).numpy() / temperature)


_of_this_thread = threading.local()


def _plain(seed: SupportsIndex) -> int:
    """A seed as the store and other processes know it; what is no whole number is refused when it is its turn."""
    return operator.index(seed) if isinstance(seed, np.integer) else seed  # type: ignore[return-value]


def _sweep(
    config: GPTConfig,
    examples: tuple[Example, ...],
    seeds: Iterator[int],
    with_workers: AbstractContextManager[Workers],
    temperature: float,
    finished: SweepCache,
    key: str,
    stopped: CancelCheck,
) -> Iterator[SeedRecord]:
    with with_workers as workers:
        running: dict[Future[SeedRecord], int] = {}

        def collect() -> Iterator[SeedRecord]:
            return _collect(running, workers, finished, key, stopped)

        try:
            for seed in seeds:
                if stopped():
                    return
                known = finished.get(key, seed)
                if known is not None:
                    yield known
                    continue
                future = workers.executor.submit(score_seed, config, examples, seed, temperature, *workers.arguments)
                running[future] = seed
                if len(running) >= workers.pending:
                    yield from collect()
            while running and not stopped():
                yield from collect()
        finally:
            for future in running:
                future.cancel()


def _collect(
    running: dict[Future[SeedRecord], int],
    workers: Workers,
    finished: SweepCache,
    key: str,
    stopped: CancelCheck,
) -> Iterator[SeedRecord]:
    """Wait for one seed at least, keep all that are done, then yield them: what is done is not lost by a stop."""
    done: set[Future[SeedRecord]] = set()
    while not done and not stopped():
        done = wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED).done
        if not done and workers.cluster is not None:
            workers.cluster.check()
    records, dropped = [], False
    for future in done:
        seed = running.pop(future)
        try:
            records.append(future.result())
        except CancelledError:
            dropped = True
        else:
            finished.put(key, seed, records[-1])
    yield from records
    if dropped and not stopped():
        raise workers.cluster.lost() if workers.cluster else InputError("seeds_dropped", "the executor dropped seeds")
