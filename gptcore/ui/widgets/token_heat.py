"""A row of many tokens as running text, coloured by surprise: a chip each would take screens."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import numpy as np

from gptcore import number_format
from gptcore.charts.surprise_levels import level_names, surprise_levels
from gptcore.examples import IGNORED, EncodedExample
from gptcore.results.report import Report
from gptcore.token_display import visible
from gptcore.token_lens import TokenLens, token_lens
from gptcore.tokenizers.base import Tokenizer
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import current_style
from gptcore.ui.widgets.running_text import TextSpans, running_text
from gptcore.ui.widgets.token_chips import MOST_LIKELY, WHOLE_POSITION
from gptcore.ui.widgets.token_lens import parts_of

_WORDS = {
    "label": "heat.label",
    "scale": "heat.scale",
    "likeliest": "details.likeliest",
    "whole": "details.to_whole",
}


def token_heat_map(
    row: EncodedExample,
    tokenizer: Tokenizer,
    key: str,
    report: Report,
    *,
    first_index: int,
    on_position: Callable[[int], None],
) -> None:
    """Draw a row as running text; what is pressed tells of its position, and opens it.

    Args:
        row: The encoded example.
        tokenizer: Where its tokens come from.
        key: The key of the widget.
        report: The scores.
        first_index: Index of this row's first scored position in the report.
        on_position: Called with the index of a scored position that is chosen.
    """
    text = page_text("examples")
    words = {name: text(key) for name, key in _WORDS.items()}
    running_text(
        heat_spans(row, tokenizer, report, first_index),
        key,
        words,
        current_style(),
        labels=[text(f"details.{name}") for name in ("surprisal", "probability", "rank", "share")],
        legend=level_names("surprise", report.uniform_cross_entropy, page_text("long_text")("levels.above")),
        on_span=on_position,
        whole=f".st-key-{WHOLE_POSITION}",
    )


def heat_spans(row: EncodedExample, tokenizer: Tokenizer, report: Report, first_index: int) -> TextSpans:
    """The spans of a row: a token each, or the tokens of one character together."""
    parts = parts_of(row)
    if "text" in parts:
        ids = parts["text"]
        scored = [False, *(target != IGNORED for target in row.targets.tolist())]
    else:
        ids = parts["target"]
        scored = [True] * len(ids)
    spans = TextSpans([], [], [], [], [], [])
    at, index = 0, first_index
    for group in token_lens(ids, tokenizer).groups():
        count = sum(scored[at : at + len(group.tokens)])
        _append(spans, group, report, index, count)
        at, index = at + len(group.tokens), index + count
    return spans


def _append(spans: TextSpans, group: TokenLens, report: Report, index: int, count: int) -> None:
    """Append a group of tokens, of which `count` are scored, at `index` and after it in the report."""
    text = page_text("examples")
    places = slice(index, index + count)
    surprisal = float(report.surprisal_nats[places].sum()) if count else np.nan
    rank = int(report.rank[places].max()) if count else 0
    written = "".join(span.text or "�" for span in group.characters) or "".join(t.text for t in group.tokens)
    level = surprise_levels(np.array([surprisal]), np.array([rank]), report.uniform_cross_entropy, "surprise")
    spans.text.append(written)
    spans.level.append(int(level[0]))
    spans.index.append(index if count else -1)
    spans.name.append(visible(written))
    if not count:
        spans.values.append([text("heat.unscored")])
        spans.likeliest.append([])
        return
    factor = float(np.exp(surprisal / report.positions))
    spans.values.append(
        [
            text("details.surprisal_value", surprisal=number_format.nats(surprisal)),
            text(
                "details.probability_value",
                p=number_format.probability(float(np.exp(-surprisal)), -surprisal),
                one_in=number_format.one_in(surprisal),
            ),
            text(
                "details.rank_value",
                rank=number_format.count(rank),
                vocabulary=number_format.count(report.vocab_size),
            ),
            text(
                "details.share_value",
                share=number_format.percent(float(report.share_of_loss[places].sum())),
                factor=number_format.factor(factor),
            ),
        ]
    )
    likeliest = zip(report.top_pieces[index], report.top_probabilities[index].tolist(), strict=True)
    alone = [(visible(piece), number_format.probability(p)) for piece, p in islice(likeliest, MOST_LIKELY)]
    spans.likeliest.append(alone if count == 1 else [])
