"""A text to learn: split into what is learned and what is held out, and cut into windows.

No torch here: a page says how many tokens there are before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gptcore.errors import InputError
from gptcore.examples import IGNORED
from gptcore.tokenizers.base import Tokenizer

THE_VERDICT = Path(__file__).parents[1] / "data" / "the_verdict.txt"
"""The opening of Edith Wharton's story "The Verdict" (1908), which is in the public domain."""

WINDOW = 64
ROWS = 4


@dataclass(frozen=True)
class Rows:
    """Rows of token ids as one rectangle.

    Attributes:
        inputs: (B, T) int64 padded with token 0.
        targets: (B, T) int64 the inputs moved by one; IGNORED where nothing is scored.
    """

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]


@dataclass(frozen=True)
class LearningText:
    """A text's token ids in two parts, the end held out, each cut into windows of `window` tokens.

    Within a part every token but the first is predicted exactly once.
    """

    training_ids: tuple[int, ...]
    validation_ids: tuple[int, ...]
    window: int
    training: tuple[Rows, ...]
    validation: tuple[Rows, ...]


def shipped_text() -> str:
    """The text that ships: some 1,000 words."""
    return THE_VERDICT.read_text(encoding="utf-8").strip()


def split_text(
    text: str, tokenizer: Tokenizer, *, window: int = WINDOW, rows: int = ROWS, held_out: float = 0.2
) -> LearningText:
    """A text split at a token: the last `held_out` share is never learned.

    Args:
        text: The text.
        tokenizer: Turns text into token ids; by default the one that belongs to the vocabulary.
        window: Tokens that are read together.
        rows: Windows in a batch.
        held_out: Share of the text, at its end, that is never learned.

    Raises:
        InputError: "empty_text"; "text_too_short" where the part to learn has no whole window or the part held out
            has nothing to predict; "bad_setting"; and the tokenizer's own.

    >>> from gptcore.tokenizers import gpt2_tokenizer
    >>> learned = split_text("every effort moves you " * 10, gpt2_tokenizer(), window=8, rows=2)
    >>> len(learned.training_ids), len(learned.validation_ids), [batch.inputs.shape for batch in learned.training]
    (33, 8, [(2, 8), (2, 8)])
    """
    if not 0 < held_out < 1:
        raise InputError(
            "bad_setting",
            f"held_out is above 0 and below 1, not {held_out!r}",
            setting="held_out",
            allowed="above 0 and below 1",
        )
    if not text.strip():
        raise InputError("empty_text", "there is no text to learn", field="text")
    ids = tokenizer.encode(text)
    learned = round(len(ids) * (1 - held_out))
    if learned < window + 1 or len(ids) - learned < 2:
        needed = max(round((window + 1) / (1 - held_out)), round(2 / held_out)) + 1
        raise InputError(
            "text_too_short",
            f"{len(ids)} tokens; learning with windows of {window} takes at least {needed}",
            field="text",
            tokens=len(ids),
            needed=needed,
            window=window,
        )
    training_ids, validation_ids = ids[:learned], ids[learned:]
    return LearningText(
        tuple(training_ids),
        tuple(validation_ids),
        window,
        windows_of(training_ids, window, rows),
        windows_of(validation_ids, window, rows),
    )


def windows_of(ids: Sequence[int], window: int, rows: int) -> tuple[Rows, ...]:
    """Windows side by side, `rows` to a batch; what is left over at the end is a shorter row of its own.

    >>> [batch.targets.tolist() for batch in windows_of([1, 2, 3, 4, 5, 6], window=2, rows=2)]
    [[[2, 3], [4, 5]], [[6]]]
    """
    starts = range(0, len(ids) - 1, window)
    batches = []
    for first in range(0, len(starts), rows):
        chosen = [ids[start : start + window + 1] for start in starts[first : first + rows]]
        shape = len(chosen), max(len(row) for row in chosen) - 1
        inputs = np.zeros(shape, dtype=np.int64)
        targets = np.full(shape, IGNORED, dtype=np.int64)
        for b, row in enumerate(chosen):
            inputs[b, : len(row) - 1] = row[:-1]
            targets[b, : len(row) - 1] = row[1:]
        batches.append(Rows(inputs, targets))
    return tuple(batches)
