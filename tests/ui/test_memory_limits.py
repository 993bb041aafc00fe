"""What memory is free, below every limit, and what is said where it is not enough."""

import resource
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from gptcore.errors import InputError
from gptcore.ui import memory, memory_limits
from gptcore.ui.jobs.job import Job
from gptcore.ui.memory import check_memory, memory_errors_as_sentences
from gptcore.ui.memory_limits import available_memory, control_group_memory, is_out_of_memory

GIB = 2**30


def group(folder: Path, limit: str, used: int, spare: int, *, version: int = 2) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.max", "memory.current", "inactive_file")
    if version == 1:
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {spare}\nactive_file 7\n")


def test_a_control_group_and_those_around_it_count(tmp_path: Path) -> None:
    group(tmp_path / "app" / "worker", "max", 3 * GIB, 0)
    group(tmp_path / "app", str(4 * GIB), 3 * GIB, GIB // 2)
    group(tmp_path, str(9 * GIB), 3 * GIB, 0)
    assert list(control_group_memory(tmp_path, "0::/app/worker\n")) == [GIB + GIB // 2, 6 * GIB]


def test_a_container_that_knows_only_names_of_the_outside(tmp_path: Path) -> None:
    group(tmp_path, str(2 * GIB), GIB, 0)
    assert list(control_group_memory(tmp_path, "0::/kubepods/pod123/abc\n")) == [GIB]


def test_the_first_version_of_control_groups(tmp_path: Path) -> None:
    group(tmp_path / "memory" / "docker", str(GIB), GIB // 4, 0, version=1)
    assert list(control_group_memory(tmp_path, "3:cpu,cpuacct:/docker\n2:memory:/docker\n")) == [3 * GIB // 4]


@pytest.mark.parametrize("membership", ["", "0::/\n", "0::/gone\n1:name=systemd:/x\n"])
def test_no_control_group_is_no_limit(membership: str, tmp_path: Path) -> None:
    assert list(control_group_memory(tmp_path, membership)) == []


def test_the_least_of_all_limits_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < available_memory() <= psutil.virtual_memory().total
    monkeypatch.setattr(memory_limits, "control_group_memory", lambda: iter([5 * GIB, 12_345]))
    assert available_memory() == 12_345
    monkeypatch.setattr(memory_limits, "control_group_memory", lambda: iter([-7]))
    assert available_memory() == 0


def test_its_own_limit_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    used = psutil.Process().memory_info().vms
    monkeypatch.setattr(
        resource,
        "getrlimit",
        lambda kind: (used + GIB if kind == resource.RLIMIT_AS else resource.RLIM_INFINITY, resource.RLIM_INFINITY),
    )
    assert abs(min(memory_limits._own_limits()) - GIB) < GIB // 4
    monkeypatch.setattr(memory, "available_memory", available_memory)
    with pytest.raises(InputError) as caught:
        check_memory(2 * GIB)
    assert caught.value.code == "no_memory"


def caused_by(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        RuntimeError("unable to mmap 548105171 bytes from file </x>: Cannot allocate memory (12)"),
        RuntimeError("can't start new thread"),
        RuntimeError("std::bad_alloc"),
        caused_by(ValueError("Error parsing line b'NDM2 43690' in r50k_base.tiktoken"), MemoryError()),
    ],
    ids=lambda error: str(error)[:30] or "MemoryError",
)
def test_every_library_s_word_for_it_becomes_one_sentence(error: Exception) -> None:
    with pytest.raises(InputError) as caught, memory_errors_as_sentences():
        raise error
    assert caught.value.code == "out_of_memory"

    def fails(_: object) -> object:
        raise error

    job: Job[object] = Job("key", fails).start()  # type: ignore[arg-type]
    assert job.wait(20)
    assert isinstance(job.error, InputError)
    assert job.error.code == "out_of_memory"


def test_what_torch_itself_raises_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("out of memory"),
        KeyError("x"),
        RuntimeError("a shape"),
        OSError(2, "no"),
        caused_by(ValueError("a line"), KeyError("x")),
    ],
)
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error)), memory_errors_as_sentences():
        raise error


LIMITED = """
import resource, sys
import psutil, torch
from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.presets import PRESETS
from gptcore.scoring import score
from gptcore.ui.models.cache import ModelShelf
from gptcore.ui.models.choice import ModelChoice
torch.ones(100_000).add_(1.0)
shelf = ModelShelf()
used = psutil.Process().memory_info().vms
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[1]) * 2**20, resource.RLIM_INFINITY))
for size in ("xl", "124M", "mini"):
    try:
        with shelf.turn(ModelChoice(size=size)) as model:
            said = f"{score(model, PRESETS['book']).cross_entropy:.4f}"
    except InputError as error:
        said = error.code
    sys.stdout.write(f"{size} {said}\\n")
"""


@pytest.mark.parametrize("megabytes", [60, 250, 720])
def test_below_any_limit_there_is_a_number_or_a_sentence(megabytes: int) -> None:
    told = subprocess.run(
        [sys.executable, "-c", LIMITED, str(megabytes)], capture_output=True, text=True, check=False, timeout=300
    )
    assert told.returncode == 0, told.stderr[-2000:]
    said = dict(line.split() for line in told.stdout.splitlines())
    assert said["xl"] == "no_memory"
    assert said["124M"] in {"no_memory", "out_of_memory", "10.7940"}
    assert said["mini"] in {"no_memory", "out_of_memory", "10.8303"} or float(said["mini"]) > 10
