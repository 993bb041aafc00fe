"""Logs without what visitors type: an exception is logged by its kind and its place, not by its message."""

from __future__ import annotations

import logging
import traceback
from typing import Any

_LONGEST_CHAIN = 10


def keep_messages_out() -> None:
    """Let every log record of this process leave out the messages of exceptions: they may quote a visitor's text."""
    make = logging.getLogRecordFactory()
    if getattr(make, "without_messages", False):
        return

    def without_messages(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = kind_and_place(record.exc_info[1])
            record.exc_info = None
        return record

    without_messages.without_messages = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(without_messages)


def kind_and_place(error: BaseException) -> str:
    """An exception's traceback, and its causes', with the kind of each and no message.

    >>> try:
    ...     int("a visitor's text")
    ... except ValueError as error:
    ...     kind_and_place(error).splitlines()[-1]
    'ValueError'
    """
    parts: list[str] = []
    each: BaseException | None = error
    while each is not None and len(parts) < _LONGEST_CHAIN:
        frames = "".join(traceback.format_tb(each.__traceback__))
        kind = type(each)
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        parts.append(f"Traceback (most recent call last):\n{frames}{module}{kind.__qualname__}")
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return "\n\nThe above came after this:\n\n".join(parts)
