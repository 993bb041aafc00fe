"""Reports for pages: scored in turn, kept for whoever asks the same next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

import cachetools
import streamlit as st

from gptcore.examples import Example, TokenBatch, encode
from gptcore.number_format import large_count
from gptcore.ui.models.cache import shelf
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.state.translations import page_text

if TYPE_CHECKING:
    from torch import Tensor

    from gptcore.language_model import LanguageModel
    from gptcore.results.rank_curve import RankCurve
    from gptcore.results.report import Report

Result = TypeVar("Result")


class LRUCache:
    """The last results by what decides them: bounded, safe to share between threads.

    Args:
        most: How many are kept; with a `size`, how large all of them may be together.
        size: How large a result is.
    """

    def __init__(self, most: int, size: Callable[[Any], int] | None = None) -> None:
        self._results: cachetools.LRUCache[Hashable, object] = cachetools.LRUCache(most, size)
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> object | None:
        """What is kept under a key, or None."""
        with self._lock:
            return self._results.get(key)

    def keep(self, key: Hashable, result: object) -> None:
        """Keep a result, unless it alone is too large; the one asked for longest ago goes when there are too many."""
        with self._lock, suppress(ValueError):  # raised where it is too large
            self._results[key] = result


_KEPT = LRUCache(most=256)

MOST_POSITIONS = 64
"""Of a text of more scored positions the hidden states are not kept: 3 KB a position at the smallest GPT-2."""


def prepare(
    choice: ModelChoice, examples: Sequence[Example], temperature: float = 1.0, index: int = 0
) -> tuple[Report, RankCurve]:
    """Make and keep what a page will ask for, outside of any visitor's run."""
    with shelf().turn(choice) as model:
        report = _score(choice, examples, temperature)(model)
        _KEPT.keep(_report_key(choice, examples, temperature), report)  # at once: someone may be waiting for it
        curve = _curve(choice, examples, index, temperature)(model)
        _KEPT.keep(_curve_key(choice, examples, index, temperature), curve)
    return report, curve


def report_for(choice: ModelChoice, examples: Sequence[Example], temperature: float = 1.0) -> Report:
    """The report of examples under a model, said while it is made.

    Raises:
        InputError: As `gptcore.score` does, and "no_memory".
    """
    return _get_or_compute(_report_key(choice, examples, temperature), choice, _score(choice, examples, temperature))


def kept_report(choice: ModelChoice, examples: Sequence[Example], temperature: float = 1.0) -> Report | None:
    """The report of examples under a model where it is kept: nothing is computed, nobody waited for."""
    return cast("Report | None", _KEPT.get(_report_key(choice, examples, temperature)))


def rank_curve_for(choice: ModelChoice, examples: Sequence[Example], index: int, temperature: float = 1.0) -> RankCurve:
    """One scored position's whole distribution under a model."""
    key = _curve_key(choice, examples, index, temperature)
    return _get_or_compute(key, choice, _curve(choice, examples, index, temperature))


def with_model(choice: ModelChoice, key: Hashable, make: Callable[[LanguageModel], Result]) -> Result:
    """Any other result of a model, made in turn and kept under (choice, key)."""
    return _get_or_compute((key, choice), choice, make)


def _get_or_compute(key: Hashable, choice: ModelChoice, make: Callable[[LanguageModel], Result]) -> Result:
    said_here = st.container()  # there whether something is said in it or not: what follows keeps its place
    if not choice.of_kind.shared:  # its weights may change under the same name: nothing is kept
        with said_here, _progress_message(choice) as tell_place, shelf().turn(choice, tell_place) as model:
            return make(model)
    result = cast("Result | None", _KEPT.get(key))
    if result is None:
        with said_here, _progress_message(choice) as tell_place, shelf().turn(choice, tell_place) as model:
            result = cast("Result | None", _KEPT.get(key))  # whoever was ahead may have asked the same
            if result is None:
                result = make(model)
        _KEPT.keep(key, result)
    return result


def _report_key(choice: ModelChoice, examples: Sequence[Example], temperature: float) -> Hashable:
    return "report", choice, tuple(examples), temperature


def _curve_key(choice: ModelChoice, examples: Sequence[Example], index: int, temperature: float) -> Hashable:
    return "curve", choice, tuple(examples), index, temperature


def _score(choice: ModelChoice, examples: Sequence[Example], temperature: float) -> Callable[[LanguageModel], Report]:
    def make(model: LanguageModel) -> Report:
        from gptcore.scoring import score

        batch = encode(examples, model.tokenizer)
        return score(model, batch, temperature=temperature, hidden_states=_hidden_states(choice, model, batch))

    return make


def _curve(
    choice: ModelChoice, examples: Sequence[Example], index: int, temperature: float
) -> Callable[[LanguageModel], RankCurve]:
    def make(model: LanguageModel) -> RankCurve:
        from gptcore.scoring import rank_curve

        batch = encode(examples, model.tokenizer)
        hidden = _hidden_states(choice, model, batch)
        return rank_curve(model, batch, index, temperature=temperature, hidden_states=hidden)

    return make


def _hidden_states(choice: ModelChoice, model: LanguageModel, batch: TokenBatch) -> Tensor:
    """The scored positions' hidden states: another position or temperature needs the output head alone."""
    from gptcore.scoring import scored_hidden_states

    key = "hidden", choice, batch.examples
    hidden = cast("Tensor | None", _KEPT.get(key)) if choice.of_kind.shared else None
    if hidden is None:
        hidden = scored_hidden_states(model, batch)
        if choice.of_kind.shared and len(hidden) <= MOST_POSITIONS:
            _KEPT.keep(key, hidden)
    return hidden


@contextmanager
def _progress_message(choice: ModelChoice) -> Iterator[Callable[[int], None]]:
    """Say what is being done, and one's place in the queue while there is one."""
    text = page_text("models")
    place = st.empty()

    def tell_place(ahead: int) -> None:
        place.caption(text("queue", ahead=ahead))

    if shelf().holds(choice) or choice.size == "toy":  # its few thousand weights are drawn at once
        words = text("scoring")
    elif choice.of_kind.seeded:
        words = text(
            "drawing",
            weights=large_count(choice.config.parameters, text.language),
        )
    else:
        words = text("loading")
    with st.spinner(words):
        yield tell_place
    place.empty()
