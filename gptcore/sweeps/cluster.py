"""A Dask cluster that sweeps run on: connected when it is needed, and again after it was lost."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import Executor
from typing import Any

from gptcore.errors import CancelCheck, InputError, never_cancelled

SCHEDULER_VARIABLE = "GPT_EXPLORER_SCHEDULER"
"""Names the environment variable that holds a Dask scheduler's address, such as tcp://10.0.0.5:8786."""
CONNECT_SECONDS = 10.0
WORKER_SECONDS = 10.0
"""How long a scheduler may be without workers before that is said."""
_ASK_SECONDS = 1.0

CLUSTER_FAULTS = ("no_cluster_client", "no_cluster", "cluster_lost", "no_cluster_workers")
"""The codes of what can be wrong with a cluster; this machine's own cores do not have these."""


class Cluster:
    """A scheduler that has workers, as an executor of `concurrent.futures`.

    Args:
        address: The scheduler's address.
        stopped: Asked while workers are waited for; once it returns True, nothing is waited for any more.

    Raises:
        InputError: "no_cluster_client" where Dask is not installed, "no_cluster" where no scheduler answers at the
            address, "no_cluster_workers" where it has had no worker for ten seconds.
    """

    def __init__(self, address: str, stopped: CancelCheck = never_cancelled) -> None:
        self._address = address
        self._client = _connected(address)
        self._asked = -_ASK_SECONDS
        self._without_workers_since: float | None = None
        while self._lacks_workers() and not stopped():
            time.sleep(0.1)
            self.check()
        self.executor: Executor = self._client.get_executor(pure=False)

    def check(self) -> None:
        """Look whether it is still there; asks the scheduler at most once a second.

        Raises:
            InputError: "cluster_lost", or "no_cluster_workers" after ten seconds without one.
        """
        if self._client.status != "running":
            raise self.lost()
        if self._lacks_workers():
            since = self._without_workers_since or time.monotonic()
            self._without_workers_since = since
            if time.monotonic() - since >= WORKER_SECONDS:
                raise InputError(
                    "no_cluster_workers", f"the scheduler at {self._address} has no workers", address=self._address
                )
        else:
            self._without_workers_since = None

    def lost(self) -> InputError:
        """What to say of work that the cluster dropped."""
        return InputError(
            "cluster_lost", f"the Dask scheduler at {self._address} is no longer there", address=self._address
        )

    def _lacks_workers(self) -> bool:
        if time.monotonic() - self._asked >= _ASK_SECONDS:
            try:
                self._workers = len(self._client.scheduler_info(n_workers=1)["workers"])
            except Exception as error:  # whatever Dask raises where the scheduler is gone
                raise self.lost() from error
            self._asked = time.monotonic()
        return self._workers == 0


_CLIENTS: dict[str, Any] = {}
_CONNECTING = threading.Lock()


def _connected(address: str) -> Any:
    """A Dask client, shared by the process as long as it is connected."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "no_cluster_client", f"{SCHEDULER_VARIABLE} is set, but `distributed` is not installed"
        ) from None
    with _CONNECTING:
        client = _CLIENTS.get(address)
        if client is not None and client.status != "running":
            close_clients()
            client = None
        if client is None:
            try:
                client = _CLIENTS[address] = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
            except Exception as error:  # whatever Dask raises for what is no address, or where nobody answers
                raise InputError("no_cluster", f"no Dask scheduler answers at {address}", address=address) from error
        return client


def close_clients() -> None:
    """Close every connection; the next sweep connects anew."""
    while _CLIENTS:
        _, client = _CLIENTS.popitem()
        with contextlib.suppress(Exception):  # one that lost its scheduler cannot say goodbye to it
            client.close(timeout=1)
