"""The texts that the page starts from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from gptcore.training.text_batches import THE_VERDICT

STARTING_TEXTS: dict[str, Path] = {
    "gettysburg": THE_VERDICT.parent / "texts" / "gettysburg.txt",
    "verdict": THE_VERDICT,
    "mixed": THE_VERDICT.parent / "texts" / "mixed.txt",
    "peach_blossom_spring": THE_VERDICT.parent / "texts" / "peach_blossom_spring.txt",
    "language_model_zh": THE_VERDICT.parent / "texts" / "language_model_zh.txt",
}
"""By the name that the words of the page have for them; the first is there when the page opens."""


@cache
def starting_text(name: str) -> str:
    """One of STARTING_TEXTS, without the line break at its end."""
    return STARTING_TEXTS[name].read_text("utf-8").rstrip("\n")
