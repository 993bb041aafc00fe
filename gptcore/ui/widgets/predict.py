"""Predict first: a question before a result, with choices; then the visitor's choice beside what was computed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from gptcore import number_format
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import plain

_GIVEN = "_predicted"


@dataclass(frozen=True)
class _Given:
    """What a visitor answered: to which question, with which choice; None where they only looked."""

    subject: str
    choice: int | None
    words: str


def is_covered(name: str, *subject: object) -> bool:
    """Whether a result is still hidden: the visitor predicts first and has not answered for this subject.

    Args:
        name: The result's name on its page.
        *subject: What the result depends on: at another one the question is asked again.
    """
    if not st.session_state.get("predict"):
        return False
    given = _given().get(name)
    return given is None or given.subject != _digest(subject)


def ask_first(
    name: str,
    subject: Sequence[object],
    question: str,
    choices: Sequence[str],
    *,
    key: str = "predict",
    on_answer: Callable[[], None] | None = None,
) -> None:
    """Ask, in the place of a result that `is_covered`.

    Args:
        name: The result's name.
        subject: What it depends on.
        question: In the visitor's language, as Markdown.
        choices: Plain texts, in an order that gives nothing away.
        key: How the keys of what is drawn begin: `{key}_question`, `{key}_show`, `{key}_choice_1`, …
        on_answer: Called when the visitor has answered.
    """
    text, digest = page_text("predict"), _digest(subject)
    with st.container(border=True, horizontal_alignment="center", key=f"{key}_question"):
        st.subheader(question, anchor=False, text_alignment="center")
        with st.container(horizontal=True, horizontal_alignment="center", key=f"{key}_choices"):
            for n, words in enumerate(choices):
                st.button(
                    plain(words),
                    key=f"{key}_choice_{n + 1}",
                    on_click=_answer,
                    args=(name, _Given(digest, n, words), on_answer),
                )
        st.button(
            text("show"),
            key=f"{key}_show",
            icon=":material/visibility:",
            shortcut="S",
            type="tertiary",
            on_click=_answer,
            args=(name, _Given(digest, None, ""), on_answer),
        )


def compare_with_choice(name: str, right: int | None, answer: str) -> None:
    """Say what the visitor chose beside what was computed; nothing where they were not asked.

    Args:
        name: The result's name.
        right: Which choice was right; None while the computation goes on.
        answer: What was computed, as plain text.
    """
    given = _given().get(name)
    if not st.session_state.get("predict") or given is None:
        return
    text, values = page_text("predict"), {"choice": plain(given.words), "answer": plain(answer)}
    with st.container(key="predict_answer"):
        if right is None:
            if given.choice is not None:
                st.caption(text("waiting", **values))
        elif given.choice is None:
            st.info(text("looked", **values), icon=":material/visibility:")
        elif given.choice == right:
            st.success(text("right", **values), icon=":material/check:")
        else:
            st.info(text("wrong", **values), icon=":material/close:")


def forget_answers() -> None:
    """Let every question be asked again."""
    st.session_state.pop(_GIVEN, None)


def perplexity_edges(vocab_size: int) -> list[int]:
    """Where the ranges end from which a perplexity is chosen: two between 1 and V, evenly on a log scale, then V.

    >>> perplexity_edges(50_257), perplexity_edges(7)
    ([40, 1000, 50257], [2, 4, 7])
    """
    between = [vocab_size ** (part / 3) for part in (1, 2)]
    rounded = [round(edge, -math.floor(math.log10(edge))) for edge in between]
    return [int(edge) for edge in rounded] + [vocab_size]


def perplexity_ranges(vocab_size: int) -> tuple[str, ...]:
    """The ranges that a perplexity can lie in, as choices."""
    text = page_text("predict")
    low, middle, V = (number_format.count(edge) for edge in perplexity_edges(vocab_size))
    return (
        text("ranges.up_to", high=low),
        text("ranges.between", low=low, high=middle),
        text("ranges.between", low=middle, high=V),
        text("ranges.above", low=V),
    )


def range_of(perplexity: float, vocab_size: int) -> int:
    """Which of `perplexity_ranges` a perplexity lies in.

    >>> range_of(48_725.8, 50_257), range_of(75_749.2, 50_257), range_of(1.0, 50_257)
    (2, 3, 0)
    """
    return sum(perplexity > edge for edge in perplexity_edges(vocab_size))


def ask_for_perplexity(name: str, subject: Sequence[object], vocab_size: int) -> None:
    """Ask in which range the perplexity of the texts will lie."""
    question = page_text("predict")("perplexity", vocabulary=number_format.count(vocab_size))
    ask_first(name, subject, question, perplexity_ranges(vocab_size))


def compare_perplexity(name: str, perplexity: float, cross_entropy: float, vocab_size: int) -> None:
    """Say the range that was chosen beside the perplexity."""
    written = number_format.perplexity_at(cross_entropy)
    compare_with_choice(name, range_of(perplexity, vocab_size), written)


def _given() -> dict[str, _Given]:
    given: dict[str, _Given] = st.session_state.setdefault(_GIVEN, {})
    return given


def _answer(name: str, given: _Given, on_answer: Callable[[], None] | None) -> None:
    _given()[name] = given
    if on_answer is not None:
        on_answer()


def _digest(subject: Sequence[object]) -> str:
    return hashlib.sha256(repr(tuple(subject)).encode("utf-8", "surrogatepass")).hexdigest()
