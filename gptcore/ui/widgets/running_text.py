"""Running text coloured by surprise: readable as text, each span with its numbers, a click opens it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from gptcore.charts.theme import Style
from gptcore.ui.widgets.basics import in_fragment

_FOLDER = Path(__file__).parent
STYLES = (_FOLDER / "running_text.css").read_text("utf-8")
"""How the spans look, on the page and in files that are taken along."""

_RUNNING_TEXT = st.components.v2.component(
    "running_text",
    css=STYLES,
    js=(_FOLDER / "running_text.js").read_text("utf-8"),
    isolate_styles=False,
)

PENDING = -2


@dataclass(frozen=True)
class TextSpans:
    """Consecutive spans of a text, in reading order; S of them.

    Attributes:
        text: What stands in the text, with its spaces and line breaks.
        level: From 0 (expected) to 4 (most surprising); −1 for a span that has no score, PENDING for one whose score
            is still to come.
        index: What a click on the span reports.
        name: The span as a reader sees it written out, spaces visible.
        values: Per span, a value for each of the labels; one value alone is a sentence.
        likeliest: Per span, the likeliest tokens and their probabilities, as written.
    """

    text: list[str]
    level: list[int]
    index: list[int]
    name: list[str]
    values: list[list[str]]
    likeliest: list[list[tuple[str, str]]]


def running_text(
    spans: TextSpans,
    key: str,
    words: Mapping[str, str],
    style: Style,
    *,
    labels: list[str],
    legend: list[str],
    selected: int = -1,
    on_span: Callable[[int], None] | None = None,
    whole: str = "",
) -> None:
    """Draw spans as running text, with a legend of the five levels.

    Args:
        spans: What is drawn; a few thousand at most, longer texts are shown a page at a time.
        key: The component's key.
        words: "label", the text's accessible name; "scale", what the levels are of, and in which unit; "likeliest",
            the heading of the likeliest tokens; "whole", the button to all that the page tells of a span.
        style: The reader's theme.
        labels: What each of a span's values is.
        legend: What each of the five levels means.
        selected: The index of the span that is open on the page.
        on_span: Called with the index of a span that the visitor clicks, or opens with Enter.
        whole: A selector of the part of the page that tells all of a span: what is pressed then stays beside it, with
            a button that scrolls there.
    """

    def clicked() -> None:
        index = st.session_state[key].get("span")
        if on_span is not None and isinstance(index, int):
            on_span(index)

    _RUNNING_TEXT(
        key=key,
        data={
            "id": key,
            "spans": asdict(spans),
            "labels": labels,
            "legend": legend,
            "levels": style.palette.surprise_levels,
            "selected": selected,
            "in_fragment": in_fragment(),
            "label": words["label"],
            "scale": words["scale"],
            "likeliest": words["likeliest"],
            "whole": whole,
            "to_whole": words.get("whole", ""),
        },
        on_span_change=clicked,
    )
