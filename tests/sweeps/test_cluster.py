"""A Dask cluster that is lost, comes back, or has no workers: said in words, and never waited for in silence."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.examples import Example
from gptcore.lists import score_list
from gptcore.sweeps import cluster
from gptcore.sweeps.cache import SweepCache
from gptcore.sweeps.runner import sweep_seeds
from gptcore.weights.checkpoints import trained_small_model
from tests.support.serving import free_port

pytest.importorskip("distributed")
TOY, TEXTS = SIZES["toy"], [Example("every effort moves", "effort moves you")]
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # of Dask's own making


@contextmanager
def scheduler(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host=127.0.0.1", f"--port={port}"]
    with running([*command, "--no-dashboard", "--no-show"], folder / "scheduler.txt") as process:
        yield process


@contextmanager
def worker(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "distributed.cli.dask_worker", f"tcp://127.0.0.1:{port}", "--nthreads=1"]
    command += ["--no-nanny", "--no-dashboard", f"--local-directory={folder}"]
    with running(command, folder / "worker.txt") as process:
        yield process


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    number = free_port()
    monkeypatch.setenv(cluster.SCHEDULER_VARIABLE, f"tcp://127.0.0.1:{number}")
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 20.0)
    yield number
    cluster.close_clients()


def losses(count: int = 5, *, here: bool = False) -> dict[int, float]:
    records = sweep_seeds(TOY, TEXTS, range(count), finished=SweepCache(), here=here)
    return {record.seed: record.report.cross_entropy for record in records}


def test_it_is_found_again_after_it_was_lost(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = losses(here=True)
    with scheduler(port, tmp_path), worker(port, tmp_path):
        assert losses() == pytest.approx(expected)
        sweep = sweep_seeds(TOY, TEXTS, range(100_000), finished=SweepCache())
        next(sweep)
        client = next(iter(cluster._CLIENTS.values()))
    with pytest.raises(InputError) as caught:
        list(sweep)
    assert caught.value.code == "cluster_lost"
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1.0)
    with pytest.raises(InputError) as caught:
        losses()
    assert caught.value.code in {"cluster_lost", "no_cluster"}
    assert losses(here=True) == expected
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 20.0)
    with scheduler(port, tmp_path), worker(port, tmp_path):
        deadline = time.monotonic() + 40
        while client.status == "connecting" and time.monotonic() < deadline:
            time.sleep(0.1)
        assert losses() == pytest.approx(expected)


def test_one_without_workers_is_said_after_a_while(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 2.0)
    with scheduler(port, tmp_path):
        for rows in (lambda: losses(), lambda: list(score_list(trained_small_model, ["The cat sat."]))):
            start = time.monotonic()
            with pytest.raises(InputError) as caught:
                rows()
            assert caught.value.code == "no_cluster_workers"
            assert time.monotonic() - start < 60
        stop_at = time.monotonic() + 0.5
        assert list(sweep_seeds(TOY, TEXTS, range(3), stopped=lambda: time.monotonic() > stop_at)) == []


def test_workers_that_leave_in_the_middle_are_missed(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 2.0)
    with scheduler(port, tmp_path):
        with worker(port, tmp_path):
            sweep = sweep_seeds(TOY, TEXTS, range(100_000), finished=SweepCache())
            next(sweep)
        with pytest.raises(InputError) as caught:
            list(sweep)
        assert caught.value.code == "no_cluster_workers"


def test_an_address_where_nobody_answers(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1.0)
    with pytest.raises(InputError) as caught:
        losses()
    assert caught.value.code == "no_cluster"
    assert caught.value.details["address"] == f"tcp://127.0.0.1:{port}"


def test_a_list_on_two_workers_has_the_numbers_that_it_has_here(port: int, tmp_path: Path) -> None:
    rows = [f"The cat sat on the mat {n} times." for n in range(40)] + ["", "The keys are on the table."]
    with ThreadPoolExecutor(1) as here:
        expected = {r.index: r.cross_entropy for r in score_list(trained_small_model, rows, executor=here)}
    with scheduler(port, tmp_path), worker(port, tmp_path / "one"), worker(port, tmp_path / "two"):
        records = list(score_list(trained_small_model, rows))
    assert [record.index for record in records] == list(range(42))
    assert records[40].error is not None
    assert {record.index: record.cross_entropy for record in records} == pytest.approx(expected, abs=1e-5, nan_ok=True)
