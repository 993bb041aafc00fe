"""A page of a scored text as spans for the running text: levels, numbers as written, likeliest tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from gptcore import number_format
from gptcore.charts.surprise_levels import UNSCORED, Scale, surprise_levels
from gptcore.text_units import TextUnit, split_units
from gptcore.texts import Text
from gptcore.token_display import visible
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.running_text import PENDING, TextSpans

if TYPE_CHECKING:
    from gptcore.results.report import Floats, Ids
    from gptcore.results.text_report import TextReport

Unit = Literal["token", "word", "character", "line", "sentence"]
UNITS: tuple[Unit, ...] = get_args(Unit)
SUMMED_UNITS = ("token", "word", "character")
"""Units whose surprise is the sum over their tokens; that of a line or a sentence is given per token."""
PAGE_TOKENS = 1_500


@dataclass(frozen=True)
class Units:
    """A text cut into units, S of them, that cover it without gaps.

    Attributes:
        start, end: (S,) offsets in the text, in characters.
        first_token: (S,) index of the first token of each.
        tokens: (S,) how many tokens each has.
        surprisal_nats: (S,) −ln p, summed or per token; nan where nothing is scored.
        rank: (S,) the highest rank among the scored tokens; 0 where nothing is scored.
    """

    start: Ids
    end: Ids
    first_token: Ids
    tokens: Ids
    surprisal_nats: Floats
    rank: Ids

    @property
    def page(self) -> Ids:
        """(S,) the page that each unit stands on, from 0."""
        return self.first_token // PAGE_TOKENS


def units_of(report: TextReport, unit: Unit) -> Units:
    """Cut a scored text into units; tokens that share a character are one."""
    text = report.text
    if unit == "token":
        begins = np.ones(len(text.token_id), dtype=bool)
        begins[1:] = text.start[1:] >= np.maximum.accumulate(text.end)[:-1]
    else:
        unit_of_token = np.searchsorted(_unit_begins(text.text, unit), text.start, side="right")
        begins = np.diff(unit_of_token, prepend=-1) != 0
    first = np.flatnonzero(begins)
    tokens = np.diff(np.append(first, len(text.token_id)))
    scored = report.scored
    sums = np.add.reduceat(np.where(scored, report.surprisal_nats, 0.0).astype(np.float64), first)
    counts = np.add.reduceat(scored.astype(np.int64), first)
    with np.errstate(divide="ignore", invalid="ignore"):
        surprisal = np.where(counts > 0, sums if unit in SUMMED_UNITS else sums / counts, np.nan)
    start = text.start[first]
    return Units(
        start=start,
        end=np.append(start[1:], len(text.text)),
        first_token=first,
        tokens=tokens,
        surprisal_nats=surprisal,
        rank=np.maximum.reduceat(np.where(scored, report.rank, 0), first),
    )


@lru_cache(maxsize=8)
def _unit_begins(text: str, unit: TextUnit) -> Ids:
    """Where each unit of a text begins; the same for every window that comes in."""
    return split_units(text, unit).begins


def levels_of(report: TextReport, units: Units, scale: Scale) -> Ids:
    """The level of each unit on a scale."""
    return surprise_levels(units.surprisal_nats, units.rank, report.uniform_cross_entropy, scale)


def labels_of(unit: Unit) -> list[str]:
    """What the values of a span are, in the reader's language."""
    words = page_text("long_text").group("running_text")
    names = ["surprise" if unit in SUMMED_UNITS else "mean", "probability", "rank"]
    names += ["entropy", "context"] if unit == "token" else ["tokens"]
    return [words[name] for name in names]


def spans_of(report: TextReport, units: Units, unit: Unit, scale: Scale, page: int) -> TextSpans:
    """The spans of one page."""
    text = page_text("long_text")
    places = np.flatnonzero(units.page == page)
    level = levels_of(report, units, scale)[places]
    level = np.where((level == UNSCORED) & (units.first_token[places] > 0), PENDING, level)
    whole = report.text.text
    pieces = [whole[units.start[place] : units.end[place]] for place in places]
    return TextSpans(
        text=pieces,
        level=level.tolist(),
        index=units.first_token[places].tolist(),
        name=[visible(piece if len(piece) <= 60 else f"{piece[:59]}…") for piece in pieces],
        values=[_values(report, units, int(place), unit, text) for place in places],
        likeliest=[_likeliest(report, units, int(place)) if unit == "token" else [] for place in places],
    )


def _values(report: TextReport, units: Units, place: int, unit: Unit, text: Text) -> list[str]:
    surprisal, index = float(units.surprisal_nats[place]), int(units.first_token[place])
    if math.isnan(surprisal):
        return [text("running_text.no_score" if index == 0 else "running_text.not_yet")]
    values = [
        text(
            "running_text.surprise_value",
            nats=number_format.nats(surprisal),
            bits=number_format.nats(surprisal / math.log(2)),
        ),
        text(
            "running_text.probability_value",
            p=number_format.probability(math.exp(-surprisal)),
            one_in=number_format.one_in(surprisal),
        ),
        text(
            "running_text.rank_value",
            rank=number_format.count(int(units.rank[place])),
            vocabulary=number_format.count(report.vocab_size),
        ),
    ]
    if unit != "token":
        return [*values, number_format.count(int(units.tokens[place]))]
    return [
        *values,
        text("running_text.entropy_value", nats=number_format.nats(float(report.entropy_nats[index]))),
        text("running_text.context_value", tokens=number_format.count(int(report.context_tokens[index]))),
    ]


def _likeliest(report: TextReport, units: Units, place: int) -> list[tuple[str, str]]:
    index = int(units.first_token[place])
    if not report.scored[index]:
        return []
    probabilities: Sequence[float] = report.top_probabilities[index].tolist()
    return [
        (visible(piece), number_format.percent(p))
        for piece, p in zip(report.top_pieces[index], probabilities, strict=True)
    ]
