"""Files that somebody else wrote: only regular files are read, and never more of one than a limit."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from gptcore.errors import InputError

MAX_JSON_BYTES = 2**20
"""The longest configuration that is read."""


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, in bytes, without waiting for anybody.

    A named pipe, a device or a socket would block or never end, so only a regular file is opened.

    Raises:
        InputError: "weights_missing" where there is no such file; "weights_not_a_file" for anything but a regular
            file; "weights_unreadable" where the system refuses to open it.
    """
    name = display_name(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise InputError("weights_missing", f"there is no file {name}", file=name) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError("weights_unreadable", f"{name} cannot be opened: {reason}", file=name, reason=reason) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError("weights_not_a_file", f"{name} is not a regular file", file=name)
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, limit: int) -> bytes:
    """The content of a regular file.

    Raises:
        InputError: As `open_regular`, and "weights_file_too_large" above `limit` bytes.
    """
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        name = display_name(path)
        raise InputError(
            "weights_file_too_large", f"{name} is longer than the {limit:,} bytes that are read", file=name, limit=limit
        )
    return content


def read_json(path: Path, limit: int = MAX_JSON_BYTES) -> dict[str, Any]:
    """A JSON file that holds one object.

    Raises:
        InputError: As `read_regular`, and "weights_bad_json" for anything but a JSON object.
    """
    try:
        parsed = json.loads(read_regular(path, limit))
    except InputError:
        raise
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        name = display_name(path)
        raise InputError("weights_bad_json", f"{name} cannot be read as JSON", file=name)
    return parsed


def display_name(path: Path) -> str:
    """A file's name as text that can be shown: bytes that are not UTF-8 become U+FFFD.

    >>> display_name(Path("models") / "model.safetensors")
    'model.safetensors'
    """
    return os.fsencode(path.name).decode("utf-8", "replace")
