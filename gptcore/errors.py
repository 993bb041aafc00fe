"""What a caller got wrong, in a form that a page can put into the reader's language; and work that was cancelled."""

from __future__ import annotations

from collections.abc import Callable

CancelCheck = Callable[[], bool]
"""Asked between two pieces of long work; True means that nobody wants the rest."""


def never_cancelled() -> bool:
    """The check of work that runs to its end."""
    return False


class Cancelled(Exception):  # noqa: N818  # nothing went wrong
    """Ends long work whose `CancelCheck` returned True."""


class InputError(ValueError):
    """A wrong input: an English sentence, a stable code, and the values that the sentence names.

    Attributes:
        code: Names the kind of mistake ("empty_prompt", "too_many_tokens", …).
        example: Index of the row at fault, or None where it concerns no single row.
        field: "prompt" or "target", or None.
        details: The values in the sentence, by name.

    >>> error = InputError("too_many_tokens", "300 tokens; the context holds 256", tokens=300, limit=256)
    >>> error.code, error.details["limit"], str(error)
    ('too_many_tokens', 256, '300 tokens; the context holds 256')
    """

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        example: int | None = None,
        field: str | None = None,
        **details: object,
    ) -> None:
        super().__init__(code, sentence)  # these come back when it is pickled, from another process
        self.code = code
        self.example = example
        self.field = field
        self.details = details

    def __str__(self) -> str:
        return str(self.args[1])

    def at(self, example: int) -> InputError:
        """The same mistake, saying which row it is in."""
        return InputError(self.code, str(self), example=example, field=self.field, **self.details)
