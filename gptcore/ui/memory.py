"""Memory of the process: what is free, what is given back, and what the garbage collector may skip."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator

from gptcore.errors import InputError
from gptcore.ui.memory_limits import available_memory, is_out_of_memory


def give_memory_back() -> None:
    """Let the C library return what was freed: glibc keeps a gigabyte of a training's small blocks otherwise."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library has no such call
            ctypes.CDLL("libc.so.6").malloc_trim(0)


def check_memory(wanted: int) -> None:
    """Refuse work that needs more memory than is free, with a tenth to spare.

    Args:
        wanted: What the work needs, in bytes.

    Raises:
        InputError: "no_memory" (wanted and free, in GB).
    """
    if not fits(wanted):
        free = available_bytes() or 0
        raise InputError(
            "no_memory",
            f"this model needs {wanted / 2**30:.1f} GB, and {free / 2**30:.1f} GB are free",
            wanted=f"{wanted / 2**30:.1f}",
            free=f"{free / 2**30:.1f}",
        )


def fits(wanted: int) -> bool:
    """Whether so many bytes are free, with a tenth to spare; True where the system does not tell."""
    free = available_bytes()
    return free is None or wanted * 1.1 <= free


def available_bytes() -> int | None:
    """Memory that this process can still get, in bytes; None where the system does not tell."""
    return available_memory()


@contextlib.contextmanager
def memory_errors_as_sentences() -> Iterator[None]:
    """Turn an allocation that fails, in whichever library, into a sentence.

    Raises:
        InputError: "out_of_memory" in place of what the library raised.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise InputError("out_of_memory", "there is not enough memory here for this calculation") from None


_SETTLED = {"modules": 0}
_MANY_MODULES = 100


def settle() -> None:
    """Take what has been imported out of garbage collection: it will not become garbage.

    Called at the end of runs; does something only after torch, or again as much as it, was imported meanwhile.
    """
    if "torch" in sys.modules and len(sys.modules) > _SETTLED["modules"] + _MANY_MODULES:
        _SETTLED["modules"] = len(sys.modules)
        gc.collect()
        gc.freeze()
