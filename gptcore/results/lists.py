"""Results of a list of texts: one record for each row. No torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from gptcore.errors import InputError
from gptcore.results.report import NATS_PER_BIT, perplexity_of

ListText = str | Sequence[int]
ListRow = ListText | tuple[ListText, ListText]
"""A text, or a prompt and its target, each as text or token ids."""


@dataclass(frozen=True)
class ListRecord:
    """One row's numbers, or why it has none.

    Attributes:
        index: The row's place in the list, from 0.
        row: The row as it was given.
        tokens: How many tokens were scored: all but a text's first, or a target's.
        bytes: Their UTF-8 bytes.
        total_log_probability: Of the scored tokens together, in nats.
        most_surprising_piece: The scored token with the least probability, as display text.
        most_surprising_nats: Its surprisal.
        error: Why the row could not be scored; None where it was.
    """

    index: int
    row: ListRow
    tokens: int = 0
    bytes: int = 0
    total_log_probability: float = math.nan
    most_surprising_piece: str = ""
    most_surprising_nats: float = math.nan
    error: InputError | None = None

    @property
    def cross_entropy(self) -> float:
        """Nats per scored token; NaN without a score."""
        return -self.total_log_probability / self.tokens if self.tokens else math.nan

    @property
    def perplexity(self) -> float:
        """exp(cross_entropy)."""
        return perplexity_of(self.cross_entropy)

    @property
    def bits_per_byte(self) -> float:
        """Bits of all scored tokens / their bytes; NaN without bytes."""
        return -self.total_log_probability / NATS_PER_BIT / self.bytes if self.bytes else math.nan

    @property
    def prompt(self) -> ListText:
        """The prompt of a pair, or the whole text."""
        pair = as_pair(self.row)
        return self.row if pair is None else pair[0]  # type: ignore[return-value]

    @property
    def target(self) -> ListText | None:
        """The target of a pair; None for a text."""
        pair = as_pair(self.row)
        return None if pair is None else pair[1]


def as_pair(row: ListRow) -> tuple[ListText, ListText] | None:
    """(prompt, target) of a row that is a pair; None for a text or its token ids.

    >>> as_pair((1, 2)), as_pair(("a", " b")), as_pair(((1,), (2,)))
    (None, ('a', ' b'), ((1,), (2,)))
    """
    if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != 2 or not all(map(_is_text, row)):
        return None
    return row[0], row[1]  # type: ignore[return-value]


def _is_text(part: object) -> bool:
    """Whether this is a text or token ids, an array of them too, rather than one id."""
    return isinstance(part, str | Sequence) or is_missing(part) or getattr(part, "ndim", 0) == 1


def is_missing(text: object) -> bool:
    """Whether this is what a table without a text in this row has there: None, or a NaN of pandas."""
    return text is None or text is pd.NA or (isinstance(text, float) and math.isnan(text))


def list_frame(records: Iterable[ListRecord]) -> pd.DataFrame:
    """A table with one row for each record; rows without a score have NaN and say why in `error`."""
    return pd.DataFrame(
        [
            {
                "row": record.index,
                "prompt": record.prompt,
                "target": record.target,
                "tokens": record.tokens,
                "cross_entropy": record.cross_entropy,
                "perplexity": record.perplexity,
                "bits_per_byte": record.bits_per_byte,
                "most_surprising_token": record.most_surprising_piece,
                "most_surprising_nats": record.most_surprising_nats,
                "error": "" if record.error is None else str(record.error),
            }
            for record in records
        ],
        columns=[
            "row",
            "prompt",
            "target",
            "tokens",
            "cross_entropy",
            "perplexity",
            "bits_per_byte",
            "most_surprising_token",
            "most_surprising_nats",
            "error",
        ],
    )


def list_total(records: Iterable[ListRecord]) -> ListRecord:
    """All rows as one: its cross-entropy is averaged over tokens, never over rows."""
    scored = [record for record in records if record.error is None and record.tokens]
    return ListRecord(
        index=-1,
        row="",
        tokens=sum(record.tokens for record in scored),
        bytes=sum(record.bytes for record in scored),
        total_log_probability=math.fsum(record.total_log_probability for record in scored) if scored else math.nan,
    )
