"""Questions whose answers are numbers of a report: nobody types them in."""

from __future__ import annotations

import math

from gptcore.classroom.questions import MAX_CHARACTERS, MAX_OPTIONS, Kind, Question
from gptcore.errors import InputError
from gptcore.results.report import Report

TOP_OPTIONS = 5
OF_A_POSITION: tuple[Kind, ...] = ("target_probability", "top_token", "minus_log")
"""The kinds that are about one scored position."""
YES_NO = ("yes", "no")
HIGHER_LOWER = ("higher", "lower")


def kinds_for(positions: int, examples: int, *, untrained: bool) -> tuple[Kind, ...]:
    """Return which questions make sense of a report, before it is computed.

    Args:
        positions: How many positions are scored.
        examples: How many texts there are.
        untrained: Whether the model's weights come from a seed.
    """
    kinds: list[Kind] = ["perplexity", "target_probability", "top_token", "minus_log"]
    if positions > 1:
        kinds.append("most_surprising")
    if examples > 1:
        kinds.append("harder_text")
    if untrained:
        kinds.append("below_uniform")
    return tuple(kinds)


def question_of(report: Report, kind: Kind, position: int = 0) -> Question:
    """Make a question about a report.

    Args:
        report: What was computed.
        kind: What is asked: not "training_step" or "free".
        position: Which scored position it is about, from 0, where it is about one.

    Raises:
        InputError: "no_such_position", and "not_askable" where the report has no answer.
    """
    if kind in OF_A_POSITION and not 0 <= position < report.positions:
        raise InputError("no_such_position", f"there is no position {position + 1}", number=position + 1)
    details = _details(report)
    vocabulary = float(report.vocab_size)
    if kind == "perplexity":
        return Question(
            kind, "log", report.perplexity, low=1.0, high=2.0 * vocabulary, mark=vocabulary, details=details
        )
    if kind == "target_probability":
        p = float(report.target_probability[position])
        lowest = 1.0 / (1_000.0 * vocabulary)
        low = lowest if p >= lowest or p == 0.0 else p / 10.0
        details |= _position(report, position)
        return Question(kind, "log", p, low=low, high=1.0, mark=1.0 / vocabulary, details=details)
    if kind == "minus_log":
        surprisal = float(report.surprisal_nats[position])
        uniform = report.uniform_cross_entropy
        high = max(2.0 * uniform, math.ceil(1.25 * surprisal)) if math.isfinite(surprisal) else 2.0 * uniform
        details |= _position(report, position) | {"p": repr(float(report.target_probability[position]))}
        return Question(kind, "linear", surprisal, low=0.0, high=high, mark=uniform, details=details)
    if kind == "top_token":
        return _top_token(report, position, details)
    if kind == "most_surprising":
        shown = min(report.positions, MAX_OPTIONS)
        if shown > 1:
            answer = max(range(shown), key=lambda n: float(report.surprisal_nats[n]))
            return Question(
                kind, "options", float(answer), options=_distinct(report.target_piece[:shown]), details=details
            )
    if kind == "harder_text":
        losses = [float(loss) for loss in report.per_example()["cross_entropy"]][:2]
        if len(losses) == 2:
            options = _distinct(tuple(_text(report, n) for n in range(2)))
            return Question(kind, "options", float(losses[1] > losses[0]), options=options, details=details)
    if kind == "below_uniform":
        below = report.cross_entropy < report.uniform_cross_entropy
        return Question(kind, "options", float(not below), options=YES_NO, details=details)
    raise InputError("not_askable", f"{kind} cannot be asked here")


def training_question(loss: float, next_loss: float, step: int) -> Question:
    """Ask whether a step of training raised or lowered the loss.

    Args:
        loss: Cross-entropy before the step, in nats.
        next_loss: After it.
        step: Its number, from 1.
    """
    details = {"step": str(step), "loss": repr(loss)}
    return Question("training_step", "options", float(next_loss <= loss), options=HIGHER_LOWER, details=details)


def _top_token(report: Report, position: int, details: dict[str, str]) -> Question:
    """The model's first choice among five: those it finds likely, and the target."""
    first = report.predicted_piece[position]
    others = [piece for piece in report.top_pieces[position] if piece != first and piece.strip()]
    target = report.target_piece[position]
    chosen = list(dict.fromkeys([first, *([target] if target.strip() else []), *others]))[:TOP_OPTIONS]
    if len(chosen) < 2 or not first.strip():
        raise InputError("not_askable", "too few tokens to choose from")
    options = sorted(chosen)  # an order that gives nothing away
    return Question(
        "top_token", "options", float(options.index(first)), options=tuple(options),
        details=details | _position(report, position),
    )  # fmt: skip


def _details(report: Report) -> dict[str, str]:
    origin = report.provenance.origin
    texts = _cut("; ".join(_text(report, n) for n in range(len(report.texts))))
    return {
        "texts": texts,
        "model": origin.kind,
        "name": _cut(str(origin.name or ""), 80),
        "seed": "" if origin.seed is None else str(origin.seed),
        "vocabulary": str(report.vocab_size),
    }


def _position(report: Report, position: int) -> dict[str, str]:
    """What the model has read at a position, and what it should predict there."""
    row = int(report.example[position])
    places = [n for n in range(position + 1) if int(report.example[n]) == row]
    prompt, _, alignment = report.texts[row]
    if alignment == "continuation" and isinstance(prompt, str):
        read = prompt + "".join(report.target_piece[n] for n in places[:-1])
    else:
        read = "".join(report.prompt_piece[n] for n in places)
    read = read if len(read) <= 120 else f"…{read[-119:]}"
    return {"prompt": read, "target": _cut(report.target_piece[position], 80)}


def _text(report: Report, example: int) -> str:
    parts = (part if isinstance(part, str) else ", ".join(map(str, part)) for part in report.texts[example][:2])
    return _cut(" → ".join(part for part in parts if part), 140)


def _cut(text: str, longest: int = MAX_CHARACTERS) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _distinct(options: tuple[str, ...]) -> tuple[str, ...]:
    """Options that are told apart: those that look alike, or like nothing, get their number."""
    alike = {option for option in options if options.count(option) > 1 or not option.strip()}
    return tuple(f"{option} ({n})" if option in alike else option for n, option in enumerate(options, start=1))
