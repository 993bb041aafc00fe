"""The scripts in the page's head, which work before Streamlit's own are fetched, and where they cannot be."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from gptcore.ui.widgets.early_presses import early_presses_script


@cache
def head_scripts() -> tuple[str, ...]:
    """Each script, always the same, since the page's policy knows it by its hash."""
    return early_presses_script(), (Path(__file__).parent / "missing_scripts.js").read_text("utf-8")
