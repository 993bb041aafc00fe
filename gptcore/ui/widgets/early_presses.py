"""Presses that come before the browser has fetched the counter of presses: none is lost, none merged with another."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

STEP_KEYS = {"Home": "step_first", "ArrowLeft": "step_back", "ArrowRight": "step_next", "End": "step_last"}
"""The buttons of Step by step, by the key that stands for each, by its name in JavaScript."""
TYPING = "input, textarea, select, [contenteditable=true], [role=slider], [role=radiogroup], [role=combobox]"
"""Where a key belongs to what has the focus."""


@cache
def early_presses_script() -> str:
    """The script that keeps such presses: always the same, since the page's policy knows it by its hash."""
    script = Path(__file__).with_suffix(".js").read_text("utf-8")
    return script.replace("NAMES,", f"{json.dumps(STEP_KEYS)},").replace("= TYPING,", f"= {json.dumps(TYPING)},")
