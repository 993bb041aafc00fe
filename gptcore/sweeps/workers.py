"""Where a sweep computes: threads of this process, an executor of the caller's, or a Dask cluster."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch

from gptcore.errors import InputError

SCHEDULER_VARIABLE = "GPT_EXPLORER_SCHEDULER"
"""Names the environment variable that holds a Dask scheduler's address, such as tcp://10.0.0.5:8786."""


MAX_PENDING_EXTERNAL = 64
"""Seeds that wait at another's executor at a time, whose number of workers is not known here."""


@contextmanager
def _workers(executor: Executor | None) -> Iterator[tuple[Executor, int, tuple[Any, ...]]]:
    """(executor, seeds to have in flight, further arguments of score_seed); what is made here ends here."""
    executor = executor or scheduler_executor()
    if executor is not None:
        yield executor, MAX_PENDING_EXTERNAL, ()
        return
    stop = threading.Event()
    cores = core_count()
    pool = ThreadPoolExecutor(cores, thread_name_prefix="sweep", initializer=use_one_torch_thread)
    try:
        yield pool, 2 * cores, (stop.is_set,)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def scheduler_executor() -> Executor | None:
    """The executor of the cluster that GPT_EXPLORER_SCHEDULER names; None where it names none.

    Raises:
        InputError: "no_cluster_client" or "no_cluster".
    """
    address = os.environ.get(SCHEDULER_VARIABLE)
    return _cluster(address) if address else None


@cache
def _cluster(address: str) -> Executor:
    """The executor of a Dask scheduler, connected once for the process.

    Raises:
        InputError: "no_cluster_client", "no_cluster".
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
