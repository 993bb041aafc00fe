"""A scored list as a table: its own columns as they were, then the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from gptcore.errors import InputError
from gptcore.token_display import visible
from gptcore.ui.compare.list_fields import TextList
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import error_sentence

if TYPE_CHECKING:
    from gptcore.results.lists import ListRecord


def list_table(records: Sequence[ListRecord], entered: TextList) -> pd.DataFrame:
    """A row a text: the columns of the list as they were, then the numbers; rows without a score say why."""
    text = page_text("many_texts")
    names = text.group("columns")
    original = pd.DataFrame(list(entered.cells[: len(records)]), columns=list(entered.columns), dtype="object")
    good = [record.error is None for record in records]

    def numbers(name: str) -> list[float | None]:
        return [getattr(record, name) if fine else None for record, fine in zip(records, good, strict=True)]

    scores = pd.DataFrame(
        {
            names["tokens"]: [record.tokens for record in records],
            names["cross_entropy"]: numbers("cross_entropy"),
            names["perplexity"]: numbers("perplexity"),
            names["bits_per_byte"]: numbers("bits_per_byte"),
            names["most_surprising"]: [
                visible(record.most_surprising_piece) if fine and record.most_surprising_piece else ""
                for record, fine in zip(records, good, strict=True)
            ],
        }
    )
    if not all(good):
        scores[names["error"]] = ["" if record.error is None else _reason(record.error) for record in records]
    number = pd.DataFrame({names["row"]: range(1, len(records) + 1)})
    scores.columns = pd.Index(_distinct(list(scores.columns), entered.columns))
    table: pd.DataFrame = pd.concat([number, original, scores], axis="columns")
    return table


def _distinct(own: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Names for our columns that none of the file's columns has."""
    return [name if name not in set(taken) else f"{name} (GPT)" for name in own]


def _reason(error: InputError) -> str:
    text = page_text("many_texts")
    return error_sentence(error, text if text.has(error.code) else None).replace("`", "")
