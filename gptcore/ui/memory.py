"""Memory of the process: what is free, what is given back, and what the garbage collector may skip."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys

from gptcore.errors import InputError


def give_memory_back() -> None:
    """Let the C library return what was freed: glibc keeps a gigabyte of a training's small blocks otherwise."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library has no such call
            ctypes.CDLL("libc.so.6").malloc_trim(0)


def check_memory(wanted: int) -> None:
    """Raise InputError("no_memory") where the machine has not so many bytes free, with a tenth to spare."""
    free = available_bytes()
    if free is not None and wanted * 1.1 > free:
        raise InputError(
            "no_memory",
            f"this model needs {wanted / 2**30:.1f} GB, and {free / 2**30:.1f} GB are free",
            wanted=f"{wanted / 2**30:.1f}",
            free=f"{free / 2**30:.1f}",
        )


def available_bytes() -> int | None:
    """Free memory in bytes; None where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


_SETTLED = {"modules": 0}


_MANY_MODULES = 100


def settle() -> None:
    """Take what has been imported out of garbage collection, which Streamlit runs after every rerun.

    Called at the end of runs; does something only after torch, or again as much as it, was imported meanwhile.
    """
    if "torch" in sys.modules and len(sys.modules) > _SETTLED["modules"] + _MANY_MODULES:
        _SETTLED["modules"] = len(sys.modules)
        gc.collect()
        gc.freeze()
