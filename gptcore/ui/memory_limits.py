"""How much memory this process can still get, below the machine's, its container's and its own limits."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import psutil

_CGROUPS = Path("/sys/fs/cgroup")
_FILES = (  # of a control group: its limit, what it uses, and the name of what it could give back at once
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),  # version 1
)
_FAILED_ALLOCATION = re.compile(
    r"can.?t allocate memory|cannot allocate memory|not enough memory|out of memory|bad_alloc|can't start new thread",
    re.IGNORECASE,
)


def available_memory() -> int:
    """The memory that this process can still get, in bytes: the least that any limit leaves."""
    left: int = min([psutil.virtual_memory().available, *control_group_memory(), *_own_limits()])
    return max(0, left)


def control_group_memory(cgroups: Path = _CGROUPS, membership: str | None = None) -> Iterator[int]:
    """What each control group that this process is in leaves, in bytes; nothing where there are none.

    Args:
        cgroups: Where the control groups are mounted.
        membership: What /proc/self/cgroup says; None reads it.
    """
    try:
        lines = (Path("/proc/self/cgroup").read_text("ascii") if membership is None else membership).splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        top = cgroups / controllers
        own = PurePosixPath(name.lstrip("/"))
        for group in dict.fromkeys([own, *own.parents]):  # within a container the names may be those outside of it
            yield from _left_in(top / group)


def _left_in(group: Path) -> Iterator[int]:
    for limit_file, usage_file, spare_name in _FILES:
        try:
            limit = (group / limit_file).read_text("ascii").strip()
            used = int((group / usage_file).read_text("ascii"))
            spare = re.search(rf"^{spare_name} ([0-9]+)$", (group / "memory.stat").read_text("ascii"), re.MULTILINE)
        except (OSError, ValueError):
            continue
        if limit != "max":
            yield int(limit) - used + (int(spare[1]) if spare else 0)


def _own_limits() -> Iterator[int]:
    """What `ulimit -v` and `ulimit -d` leave, in bytes."""
    if sys.platform == "win32":
        return
    import resource

    used = psutil.Process().memory_info()
    for limit, amount in ((resource.RLIMIT_AS, used.vms), (resource.RLIMIT_DATA, getattr(used, "data", used.vms))):
        allowed = resource.getrlimit(limit)[0]
        if allowed != resource.RLIM_INFINITY:
            yield allowed - amount


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception, or the one that caused it, says that memory could not be had.

    Every library used here has words of its own for it; tiktoken raises a ValueError from the MemoryError.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    (True, True)
    >>> is_out_of_memory(RuntimeError("shapes do not match"))
    False
    """
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    if error.__cause__ is not None and is_out_of_memory(error.__cause__):
        return True
    return not isinstance(error, ValueError) and _FAILED_ALLOCATION.search(str(error)) is not None
