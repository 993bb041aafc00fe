"""Results that are told apart by which they are, not by what they hold."""

from __future__ import annotations

from typing import Generic, TypeVar

Result = TypeVar("Result")


class Identity(Generic[Result]):
    """A result that decides something and cannot be hashed: the same only as itself."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def __hash__(self) -> int:
        return id(self.result)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self.result is other.result
