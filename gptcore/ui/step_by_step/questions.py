"""What each step asks before it shows its result: choices that are computed, and which of them is right."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gptcore import number_format
from gptcore.results.steps import Steps
from gptcore.texts import Text
from gptcore.token_display import visible
from gptcore.ui.state.translations import page_text

_LONGEST = 60


@dataclass(frozen=True)
class StepQuestion:
    """A question in the visitor's language: its choices, and the index of the right one."""

    words: str
    choices: tuple[str, ...]
    right: int


def step_question(step: int, steps: Steps) -> StepQuestion:
    """What step 1 to 11 asks."""
    text, V, N = page_text("step_by_step"), steps.vocab_size, steps.positions
    words = text(
        f"questions.{step}",
        vocabulary=number_format.count(V),
        positions=number_format.count(N),
        cells=number_format.count(N * V),
        uniform=number_format.nats(math.log(V)),
        shape=steps.logits_shape,
        loss=number_format.nats(steps.cross_entropy),
    )
    right, choices = _choices(step, steps, text)
    distinct = tuple(dict.fromkeys(choices))
    return StepQuestion(words, distinct, distinct.index(right))


def _choices(step: int, steps: Steps, text: Text) -> tuple[str, list[str]]:
    """The right choice, and all of them in an order that gives nothing away."""
    B, T, V = steps.logits_shape
    N, count = steps.positions, number_format.count
    if step in (1, 2, 6):
        right, others = {1: (N, (B, 2 * N)), 2: (V, (1, T, N)), 6: (N, (1, V, N * V))}[step]
        return count(right), [count(number) for number in sorted({right, *others})]
    if step == 3:
        return number_format.probability(1 / V), [number_format.probability(1 / n) for n in sorted({2, T + 1, V})]
    if step == 4:
        hits = int((steps.predicted_id == steps.target_id).sum())
        return count(hits), [count(number) for number in sorted({0, hits, (N + 1) // 2, N})]
    if step == 5:
        said = [steps.predicted_text[0], steps.target_text[0], "".join(reversed(steps.target_piece[:T]))]
        return _quoted(said[0]), sorted(map(_quoted, said))
    if step == 8:
        worst = int(np.argmin(steps.log_probability))
        shown = sorted({*range(min(N, 6)), worst})
        return _named(steps, worst), [_named(steps, n) for n in shown]
    if step == 10:
        shapes: list[tuple[int, ...]] = [(B, T * V), steps.flat_shape, (B * T * V,)]
        return str(steps.flat_shape), [str(shape) for shape in shapes]
    if step == 11:
        loss = steps.cross_entropy
        guesses = sorted((loss / 2, loss, math.log(V)))
        return number_format.perplexity_at(loss), [number_format.perplexity_at(nats) for nats in guesses]
    signs = text.group("answers")
    if step == 7:
        below = float(steps.log_probability.max()) < 0
        return signs["negative" if below else "zero"], [signs["negative"], signs["zero"], signs["positive"]]
    above = steps.cross_entropy > math.log(V)
    return signs["above" if above else "below"], [signs["above"], signs["below"]]


def _named(steps: Steps, n: int) -> str:
    return visible(steps.target_piece[n])


def _quoted(words: str) -> str:
    return f"“{visible(words)[:_LONGEST]}”"
