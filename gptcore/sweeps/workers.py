"""Where a sweep computes: threads of this process, an executor of the caller's, or a Dask cluster."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from gptcore.errors import CancelCheck, never_cancelled
from gptcore.sweeps.cluster import SCHEDULER_VARIABLE, Cluster

MAX_PENDING_EXTERNAL = 64
"""Seeds that wait at another's executor at a time, whose number of workers is not known here."""


@dataclass(frozen=True)
class Workers:
    """Where seeds are computed.

    Attributes:
        executor: What takes them.
        pending: How many to have there at a time.
        arguments: Further arguments of `score_seed`.
        cluster: The Dask cluster behind the executor, where there is one.
    """

    executor: Executor
    pending: int
    arguments: tuple[Any, ...] = ()
    cluster: Cluster | None = None


@contextmanager
def workers_for(executor: Executor | None, *, here: bool, stopped: CancelCheck) -> Iterator[Workers]:
    """The caller's executor, else the cluster that GPT_EXPLORER_SCHEDULER names, else a thread a core.

    What is made here ends here.

    Args:
        executor: The caller's, or None.
        here: Whether a cluster is passed over.
        stopped: Whether nobody waits for the work any more.
    """
    if executor is not None:
        yield Workers(executor, MAX_PENDING_EXTERNAL)
        return
    cluster = None if here else scheduler_cluster(stopped)
    if cluster is not None:
        yield Workers(cluster.executor, MAX_PENDING_EXTERNAL, cluster=cluster)
        return
    stop = threading.Event()
    cores = core_count()
    pool = ThreadPoolExecutor(cores, thread_name_prefix="sweep", initializer=use_one_torch_thread)
    try:
        yield Workers(pool, 2 * cores, (stop.is_set,))
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def scheduler_cluster(stopped: CancelCheck = never_cancelled) -> Cluster | None:
    """The cluster that GPT_EXPLORER_SCHEDULER names; None where it names none.

    Raises:
        InputError: As `Cluster` does.
    """
    address = os.environ.get(SCHEDULER_VARIABLE)
    return Cluster(address, stopped) if address else None


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
