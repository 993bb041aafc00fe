"""Many seeds or many examples, one after the other or side by side, on threads, processes or a cluster."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch

from gptcore.config import GPTConfig
from gptcore.errors import InputError
from gptcore.examples import Example, check_context, encode
from gptcore.model import GPTModel
from gptcore.scoring import score
from gptcore.streaming import StreamedModel
from gptcore.sweep_cache import SweepCache, shared_cache, sweep_key
from gptcore.sweep_results import ExampleRecord, SeedRecord
from gptcore.tokenizer import tokenizer_for

SCHEDULER_VARIABLE = "GPT_EXPLORER_SCHEDULER"
"""Names the environment variable that holds a Dask scheduler's address, such as tcp://10.0.0.5:8786."""
TOP_K = 5
"""The most likely tokens that a sweep's reports keep; scoring the seed alone gives more."""
_LOOK_SECONDS = 0.1
IN_FLIGHT_ELSEWHERE = 64
"""Seeds that wait at another's executor at a time, whose number of workers is not known here."""


def sweep_seeds(
    config: GPTConfig,
    examples: Sequence[Example],
    seeds: Iterable[int],
    executor: Executor | None = None,
    *,
    temperature: float = 1.0,
    finished: SweepCache | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[SeedRecord]:
    """Score the examples with the untrained model of each seed; yields a record a seed as they finish, in any order.

    seeds     taken as they are needed, so a range may be as long as one likes
    executor  where the work is done: any of `concurrent.futures`, or a Dask client's. None is the scheduler that
              GPT_EXPLORER_SCHEDULER names, else a thread a core of this process, each in a few MB of its own
    finished  where finished seeds are kept and looked up; None is the process's own
    stopped   asked ten times a second: once it returns True, the iterator ends

    Every record equals that of the seed alone. Closing the iterator, or leaving the loop, stops the work: at once on
    this process's threads, elsewhere after what has begun.
    Raises InputError at once for examples that cannot be scored; for a bad seed when it is its turn.

    >>> from gptcore.config import SIZES
    >>> example = Example("every effort moves", "effort moves you")
    >>> losses = {r.seed: r.report.cross_entropy for r in sweep_seeds(SIZES["toy"], [example], range(3))}
    >>> [losses[seed] for seed in range(3)]
    [2.69399, 2.13128, 2.48236]
    """
    examples = tuple(examples)
    check_context(encode(examples, tokenizer_for(config.vocab_size)), config.context_length)
    store = shared_cache() if finished is None else finished
    key = sweep_key(config, examples, temperature)
    return _sweep(config, examples, iter(seeds), executor, temperature, store, key, stopped)


def compare_examples(
    model: GPTModel, examples: Sequence[Example], *, temperature: float = 1.0
) -> Iterator[ExampleRecord]:
    """Score each example by itself: yields a record a row, in order.

    Raises InputError, naming the row, before anything is scored.
    """
    check_context(encode(examples, tokenizer_for(model.config.vocab_size)), model.config.context_length)
    return (
        ExampleRecord(index, score(model, [example], temperature=temperature)) for index, example in enumerate(examples)
    )


def score_seed(
    config: GPTConfig,
    examples: Sequence[Example],
    seed: int,
    temperature: float = 1.0,
    stopped: Callable[[], bool] = lambda: False,
) -> SeedRecord:
    """One seed's record, at next to no memory."""
    model: StreamedModel | None = getattr(_of_this_thread, "model", None)
    if model is None or model.config != config:
        model = _of_this_thread.model = StreamedModel(config)
    model.stopped = stopped
    report = score(model.draw(seed), examples, temperature=temperature, top_k=TOP_K)
    return SeedRecord(report, torch.cat(model.logit_std).numpy() / temperature)


_of_this_thread = threading.local()


def _sweep(
    config: GPTConfig,
    examples: tuple[Example, ...],
    seeds: Iterator[int],
    executor: Executor | None,
    temperature: float,
    finished: SweepCache,
    key: str,
    stopped: Callable[[], bool],
) -> Iterator[SeedRecord]:
    with _workers(executor) as (workers, in_flight, more):
        running: dict[Future[SeedRecord], int] = {}
        try:
            for seed in seeds:
                if stopped():
                    return
                known = finished.get(key, seed)
                if known is not None:
                    yield known
                    continue
                running[workers.submit(score_seed, config, examples, seed, temperature, *more)] = seed
                if len(running) >= in_flight:
                    yield from _collect(running, finished, key, stopped)
            while running and not stopped():
                yield from _collect(running, finished, key, stopped)
        finally:
            for future in running:
                future.cancel()


def _collect(
    running: dict[Future[SeedRecord], int], finished: SweepCache, key: str, stopped: Callable[[], bool]
) -> Iterator[SeedRecord]:
    """Wait for one seed at least, keep all that are done, then yield them: what is done is not lost by a stop."""
    done: set[Future[SeedRecord]] = set()
    while not done and not stopped():
        done = wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED).done
    records = []
    for future in done:
        seed = running.pop(future)
        records.append(future.result())
        finished.put(key, seed, records[-1])
    yield from records


@contextmanager
def _workers(executor: Executor | None) -> Iterator[tuple[Executor, int, tuple[Any, ...]]]:
    """(executor, seeds to have in flight, further arguments of score_seed); what is made here ends here."""
    address = os.environ.get(SCHEDULER_VARIABLE)
    if executor is None and address:
        executor = _cluster(address)
    if executor is not None:
        yield executor, IN_FLIGHT_ELSEWHERE, ()
        return
    stop = threading.Event()
    cores = core_count()
    pool = ThreadPoolExecutor(cores, thread_name_prefix="sweep", initializer=use_one_torch_thread)
    try:
        yield pool, 2 * cores, (stop.is_set,)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


@cache
def _cluster(address: str) -> Executor:
    """The executor of a Dask scheduler, connected once for the process.

    Raises InputError("no_cluster_client", "no_cluster").
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "no_cluster_client", f"{SCHEDULER_VARIABLE} is set, but `distributed` is not installed"
        ) from None
    try:
        executor: Executor = Client(address, timeout=10, set_as_default=False).get_executor(pure=False)
    except (OSError, ValueError) as error:
        raise InputError("no_cluster", f"no Dask scheduler answers at {address}", address=address) from error
    return executor


def core_count() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def use_one_torch_thread() -> None:
    """Let the calling thread, and no other, compute on one core.

    `torch.set_num_threads` sets its own thread and what threads to come begin with: so a thread that ends at once
    sets the latter back. The first sum makes this thread take its beginning, which else would come later and undo this.
    """
    with _setting_threads:
        threads = torch.get_num_threads()
        torch.ones(100_000).add_(1.0)
        torch.set_num_threads(1)
        restorer = threading.Thread(target=torch.set_num_threads, args=(threads,))
        restorer.start()
        restorer.join()


_setting_threads = threading.Lock()
