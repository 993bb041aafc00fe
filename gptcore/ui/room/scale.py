"""A line from a question's smallest to its largest number, with marks on it: light enough for a hundred phones."""

from __future__ import annotations

import html
import math

import streamlit as st

from gptcore.classroom import Question
from gptcore.ui.room.wording import slider_words
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import current_style

_MARK_NAMES = {"perplexity": "mark_here", "target_probability": "mark_probability", "minus_log": "mark_nats"}


def scale(question: Question, own: float | None = None, answer: float | None = None) -> None:
    """Draw the question's axis with the number to compare with, the visitor's guess and the right answer."""
    text, palette = page_text("classroom"), current_style().palette
    marks: list[tuple[float, str, str, str]] = []
    if question.mark is not None:
        name = text(f"{_MARK_NAMES[question.kind]}", vocabulary=f"{question.mark:,.0f}")
        marks.append((question.mark, name, palette.uniform, "┆"))
    if own is not None:
        marks.append((own, text("guess"), palette.mean, "◆"))
    if answer is not None:
        marks.append((answer, text("answer", answer="").rstrip(":： "), palette.target, "●"))
    rows = "".join(_row(question, *mark) for mark in marks)
    low, high = slider_words(question, question.low), slider_words(question, question.high)
    st.html(
        f'<div class="room-scale">{rows}<div class="room-scale-axis"></div>'
        f'<div class="room-scale-ends"><span>{html.escape(low)}</span><span>{html.escape(high)}</span></div></div>'
    )


def _row(question: Question, number: float, name: str, colour: str, sign: str) -> str:
    """One mark above the axis, its name on the side where it has room."""
    share = _place(question, number)
    side = "left" if share <= 50 else "right"
    offset = share if side == "left" else 100 - share
    words = f"{sign} {name}" if side == "left" else f"{name} {sign}"
    style = f"color:{colour};padding-{side}:{offset:.1f}%;text-align:{side}"
    return f'<div class="room-scale-row" style="{style}">{html.escape(words)}</div>'


def _place(question: Question, number: float) -> float:
    """Where a number stands, in percent of the line; what lies beyond it stands at its end."""
    number = min(max(number, question.low), question.high)
    if question.scale == "log":
        return 100.0 * math.log(number / question.low) / math.log(question.high / question.low)
    return 100.0 * (number - question.low) / (question.high - question.low)
