"""Tokens as chips: each prompt token above the target it predicts, with ids; a click opens the position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from gptcore import number_format
from gptcore.examples import IGNORED, EncodedExample, Example, text_ids
from gptcore.token_display import visible
from gptcore.tokenizers.base import Tokenizer
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import after_earlier
from gptcore.ui.widgets.identity import Identity

if TYPE_CHECKING:
    from gptcore.results.report import Report

MOST_UNALIGNED = 200
"""So many tokens of a row that does not line up are drawn; how many more there are is said."""

MOST_LIKELY = 5
"""So many of the model's likeliest tokens are told beside a chip."""

_UNSPACED = "\u0e00"
"""From here on (Thai, Chinese, Japanese, …) most scripts put no spaces between words."""

WHOLE_POSITION = "one_position"
"""The key of the part of a page that tells all of a position."""

_FOLDER = Path(__file__).parent
_CHIPS = st.components.v2.component(
    "aligned_tokens",
    css=(_FOLDER / "token_chips.css").read_text("utf-8"),
    js=(_FOLDER / "token_chips.js").read_text("utf-8"),
    isolate_styles=False,
)


def aligned_tokens(
    row: EncodedExample,
    tokenizer: Tokenizer,
    key: str,
    *,
    first_index: int = 0,
    on_position: Callable[[int], None] | None = None,
    report: Report | None = None,
) -> None:
    """An encoded example's chips. Text goes in as text nodes, never as markup.

    Args:
        row: The encoded example.
        tokenizer: Turns text into token ids; by default the one that belongs to the vocabulary.
        key: The key of the widget, which tests and stylesheets use.
        first_index: Index of this row's first scored position in the report.
        on_position: Called with the index of a scored position that is chosen.
        report: Once there is one: each chip then has its target's probability, and more on demand.
    """
    text = page_text("examples")
    ids = tuple(row.inputs.tolist()), tuple(row.targets.tolist())
    slips = frozenset(row.misaligned_positions)
    details = on_position is not None
    columns = _columns(*ids, slips, Identity(tokenizer), first_index, report, text.language, details=details)
    _show(columns, text("predicts"), text("chips_label"), key, on_position)


@lru_cache(maxsize=128)
def _columns(
    inputs: tuple[int, ...],
    targets: tuple[int, ...],
    slips: frozenset[int],
    tokenizer: Identity[Tokenizer],
    first_index: int,
    report: Report | None,
    language: str,
    *,
    details: bool,
) -> Sequence[dict[str, Any]]:
    """What each chip shows; the same for everybody who reads the same report in the same language."""
    scored = 0
    columns: list[dict[str, Any]] = []
    for t, (prompt_id, target_id) in enumerate(zip(inputs, targets, strict=True)):
        column: dict[str, Any] = {"prompt": _token(prompt_id, tokenizer.result)}
        if target_id != IGNORED:
            column |= {
                "target": _token(target_id, tokenizer.result),
                "index": first_index + scored,
                "slip": t in slips,
            }
            if report is not None:
                column["surprise"] = _surprise(report, first_index + scored)
                if details:
                    column["details"] = _details(report, first_index + scored)
            scored += 1
        columns.append(column)
    for before, column in pairwise(columns):
        if any(_same_word(before.get(line), column.get(line)) for line in ("prompt", "target")):
            column["joined"] = True
    return columns


def _same_word(before: dict[str, str] | None, token: dict[str, str] | None) -> bool:
    """Whether a token goes on with the word before it: only letters of scripts that put spaces between words.

    >>> _same_word({"piece": "␣choc"}, {"piece": "olate"}), _same_word({"piece": "I"}, {"piece": "␣really"})
    (True, False)
    """
    if before is None or token is None:
        return False
    ends = before["piece"][-1:] + token["piece"][:1]
    return len(ends) == 2 and all(character.isalpha() and character < _UNSPACED for character in ends)


def unaligned_tokens(example: Example, tokenizer: Tokenizer, key: str) -> None:
    """The chips of a row whose parts do not line up, so that a reader sees why."""
    text = page_text("examples")
    prompt = text_ids(example.prompt, tokenizer, "prompt")
    target = text_ids(example.target, tokenizer, "target")
    columns: list[dict[str, Any]] = [{} for _ in range(min(max(len(prompt), len(target)), MOST_UNALIGNED))]
    for name, ids in (("prompt", prompt), ("target", target)):
        for t, token_id in enumerate(ids[:MOST_UNALIGNED]):
            columns[t][name] = _token(token_id, tokenizer)
    left_out = {name: len(ids) - MOST_UNALIGNED for name, ids in (("prompt", prompt), ("target", target))}
    if max(left_out.values()) > 0:
        more = {name: {"piece": "…", "id": f"+{n:,}", "bytes": ""} for name, n in left_out.items() if n > 0}
        columns.append(more)
    _show(columns, "", text("chips_label"), key, None)


def position_details(report: Report, index: int, key: str) -> None:
    """What a chip tells of its position, by itself: beside whatever else a visitor chose it by."""
    _CHIPS(key=key, data={"details": _details(report, index), "words": _details_words()})


def _surprise(report: Report, index: int) -> dict[str, Any]:
    """How surprising a target is: in words, as a length against the largest, as a colour against uniform guessing."""
    from gptcore.charts.theme import surprise_colour

    surprisal = float(report.surprisal_nats[index])
    p = number_format.probability(float(report.target_probability[index]), -surprisal)
    return {
        "probability": f"p = {p}",
        "length": surprisal / max(float(report.surprisal_nats.max()), 1e-9),
        "colour": surprise_colour(surprisal, report.uniform_cross_entropy),
        "words": page_text("examples")(
            "surprise",
            one_in=number_format.one_in(surprisal),
            rank=number_format.count(int(report.rank[index])),
            surprisal=number_format.nats(surprisal),
            share=number_format.percent(float(report.share_of_loss[index])),
        ),
    }


def _details(report: Report, index: int) -> dict[str, Any]:
    """What is told of a position beside its chip: its number in words and the model's likeliest tokens."""
    text = page_text("examples")
    surprisal, rank = float(report.surprisal_nats[index]), int(report.rank[index])
    facts = {
        "probability": text(
            "details.probability_value",
            p=number_format.probability(float(report.target_probability[index]), -surprisal),
            one_in=number_format.one_in(surprisal),
        ),
        "rank": text(
            "details.rank_value", rank=number_format.count(rank), vocabulary=number_format.count(report.vocab_size)
        ),
        "surprisal": text("details.surprisal_value", surprisal=number_format.nats(surprisal)),
        "share": text(
            "details.share_value",
            share=number_format.percent(float(report.share_of_loss[index])),
            factor=number_format.factor(float(report.perplexity_factor[index])),
        ),
    }
    likeliest = zip(report.top_pieces[index], report.top_probabilities[index].tolist(), strict=True)
    return {
        "title": text(
            "details.title",
            prompt=after_earlier(visible(report.prompt_piece[index]), first=int(report.position[index]) == 0),
            target=visible(report.target_piece[index]),
        ),
        "facts": [[text(f"details.{name}"), value] for name, value in facts.items()],
        "likeliest": [
            [visible(piece), number_format.probability(p), place == rank]
            for place, (piece, p) in enumerate(islice(likeliest, MOST_LIKELY), start=1)
        ],
    }


def _token(token_id: int, tokenizer: Tokenizer) -> dict[str, str]:
    piece = tokenizer.piece(token_id)
    return {"piece": visible(piece), "id": str(token_id), "bytes": piece.encode().hex(" ") if piece[:1] != "⟨" else ""}


def _show(
    columns: Sequence[dict[str, Any]], predicts: str, label: str, key: str, on_position: Callable[[int], None] | None
) -> None:
    def chosen() -> None:
        index = st.session_state[key].get("position")
        if on_position is not None and isinstance(index, int):
            on_position(index)

    _CHIPS(
        key=key,
        data={
            "columns": list(columns),
            "predicts": predicts,
            "label": label,
            "choose": on_position is not None,
            "words": _details_words(),
        },
        on_position_change=chosen,
    )


def _details_words() -> dict[str, str]:
    words = page_text("examples").group("details")
    return {name: words[name] for name in ("close", "likeliest", "to_whole")} | {"whole": f".st-key-{WHOLE_POSITION}"}
