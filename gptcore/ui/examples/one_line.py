"""Examples in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

from gptcore.examples import Example
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span


def text_line(examples: Sequence[Example]) -> str:
    """The texts in one line, as inline code."""
    parts = []
    for example in examples[:3]:
        prompt, target = (
            code_span(part if isinstance(part, str) else ", ".join(map(str, part)), 32)
            for part in (example.prompt, example.target)
        )
        parts.append(f"{prompt} → {target}" if example.target else prompt)
    return page_text("app")("joiner").join(parts) + (" …" if len(examples) > 3 else "")
