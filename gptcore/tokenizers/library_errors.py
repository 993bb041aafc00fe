"""What goes wrong in the `tokenizers` library, as this library says it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gptcore.errors import InputError


def bad_vocabulary(source: str, reason: str) -> InputError:
    """The error of a vocabulary file that cannot be read."""
    return InputError("bad_vocabulary", f"{source} cannot be read: {reason}", file=source, reason=reason)


@contextmanager
def library_errors(error: Callable[[str], InputError]) -> Iterator[None]:
    """Let whatever the tokenizers library raises, a panic of its Rust code too, come out as an InputError."""
    try:
        yield
    except InputError:
        raise
    except BaseException as problem:
        if not isinstance(problem, Exception) and type(problem).__name__ != "PanicException":
            raise
        raise error(str(problem).partition("\n")[0][:120] or type(problem).__name__) from None
