"""The pictures of the steps: logits and probabilities, targets beside predictions, flattening."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from gptcore import number_format
from gptcore.results.steps import HEAD, Steps
from gptcore.ui.widgets.basics import current_style
from gptcore.ui.widgets.html_picture import shown

_HEAT_PERCENT = 52  # of the muted colour at the most: text stays readable on it


Kind = Literal["logits", "probabilities"]


Marks = Literal["both", "own", "target"]


def matrix(steps: Steps, kind: Kind, marks: Marks, words: Mapping[str, str], endings: Sequence[str] = ()) -> str:
    """Rows of logits or probabilities: all columns of seven words, or the head, the target and the last of many.

    Args:
        steps: The calculation, step by step.
        kind: What the line stands for; it decides the colour.
        marks: Which cells are marked.
        words: Texts by name: target, own, likeliest (with {rank}), last (with {rank}).
        endings: What stands at the end of each row, as HTML.
    """
    values = steps.cell_logits if kind == "logits" else steps.cell_probabilities
    low, high = float(values.min()), float(values.max())
    heat = (values - low) / (high - low) if high > low else np.zeros_like(values)
    legend = {
        "target": f'<span class="t">● {html.escape(words["target"])}</span>',
        "own": f'<span class="o">◇ {html.escape(words["own"])}</span>',
    }
    rows = []
    for row in range(steps.shown):
        cells = [_cell(steps, row, column, kind, marks, float(heat[row, column])) for column in range(values.shape[1])]
        if not steps.whole:
            gap = '<td class="gap">…</td>'
            cells = [*cells[:HEAD], gap, cells[HEAD], gap, cells[HEAD + 1]]
        out = endings[row] if row < len(endings) else ""
        rows.append(f'<tr><th scope="row">{shown(steps.prompt_piece[row])}</th>{"".join(cells)}{out}</tr>')
    kind_of_columns = "whole" if steps.whole else "ends"
    kept = [legend[name] for name in ("target", "own") if marks in ("both", name)]
    return (
        f'<div class="legend">{"".join(kept)}</div><table class="{kind_of_columns}">'
        f"<thead><tr><td></td>{_heads(steps, words)}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _heads(steps: Steps, words: Mapping[str, str]) -> str:
    if steps.whole:
        return "".join(f'<th scope="col" class="mono">{shown(piece)}</th>' for piece in steps.cell_pieces[0])
    names = [words["likeliest"].format(rank=rank) for rank in range(1, HEAD + 1)]
    names += ["", words["target"], "", words["last"].format(rank=number_format.count(steps.vocab_size))]
    return "".join(f'<th scope="col">{html.escape(name)}</th>' if name else "<td></td>" for name in names)


def _cell(steps: Steps, row: int, column: int, kind: Kind, marks: Marks, heat: float) -> str:
    token = int(steps.cell_ids[row, column])
    value = float((steps.cell_logits if kind == "logits" else steps.cell_probabilities)[row, column])
    is_target, is_own = token == int(steps.target_id[row]), token == int(steps.predicted_id[row])
    classes = ["cell"]
    if is_target and marks != "own":
        classes.append("target")
    if is_own and marks != "target":
        classes.append("own")
    if marks != "both" and len(classes) == 1:
        classes.append("faded")
    sign = ("● " if "target" in classes else "") + ("◇ " if "own" in classes else "")
    written = number_format.nats(value) if kind == "logits" else number_format.probability(value)
    piece = "" if steps.whole else f'<span class="piece">{shown(steps.cell_pieces[row][column])}</span>'
    rank = number_format.count(int(steps.cell_rank[row, column]))
    return (
        f'<td class="{" ".join(classes)}" style="--heat:{heat * _HEAT_PERCENT:.0f}%" title="id {token}, #{rank}">'
        f"{piece}{sign}{written}</td>"
    )


def wanted_and_chosen(steps: Steps, words: Mapping[str, str]) -> str:
    """Each text's targets above the tokens that the model chose, and both as text. words: wanted, chosen."""
    most = 8  # tokens in a row; of more, the text stands on a line of its own
    parts = []
    for example in range(len(steps.predicted_text)):
        places = np.flatnonzero(steps.example == example)
        rows, lines = [], []
        for name, ids, pieces, joined, kind in (
            ("wanted", steps.target_id, steps.target_piece, steps.target_text, "t"),
            ("chosen", steps.predicted_id, steps.predicted_piece, steps.predicted_text, "o"),
        ):
            chips = "".join(
                f'<td class="chip {kind} mono">{shown(pieces[n])}<small>{int(ids[n])}</small></td>'
                for n in places[:most]
            )
            text = f"“{shown(joined[example], 240)}”"
            if len(places) <= most:
                chips += f'<td class="joined {kind}">{text}</td>'
            else:
                chips += '<td class="gap">…</td>'
                lines.append(f'<div class="line {kind}">{text}</div>')
            rows.append(f'<tr><th scope="row">{html.escape(words[name])}</th>{chips}</tr>')
        parts.append(f'<table class="texts"><tbody>{"".join(rows)}</tbody></table>{"".join(lines)}')
    return "".join(parts)


def flattening(steps: Steps, words: Mapping[str, str]) -> str:
    """(B, T, V) and (B, T) laid out as B slabs, then as one stack of rows, each beside its target.

    Args:
        steps: The calculation, step by step.
        words: Texts by name: text (with {number}), logits (with {count}), targets, flatten, ignored.
    """
    series = current_style().palette.series
    B, T, V = steps.logits_shape
    most = 4  # rows of each text, and
    texts = 3
    bar = f'<span class="bar"><span>{html.escape(words["logits"].format(count=number_format.count(V)))}</span></span>'
    slabs, stack = [], []
    scored = 0
    for b in range(B):
        rows = []
        for t in range(T):
            ignored = steps.targets[b, t] < 0
            piece = "" if ignored else steps.prompt_piece[scored]
            surprisal = "" if ignored else f"−ln p = {number_format.nats(-float(steps.log_probability[scored]))}"
            target = words["ignored"] if ignored else str(int(steps.targets[b, t]))
            if t < most and b < texts:
                name = f'<span class="name">{shown(piece, 9)}</span>'
                rows.append(f'<div class="row">{name}{bar}<span class="id">{html.escape(target)}</span></div>')
                number = f'<span class="mono">{b * T + t + 1}</span>'
                stack.append(
                    f'<div class="row" style="--colour:{series[b]}">{number}{bar}'
                    f'<span class="id">{html.escape(target)}</span><span>{surprisal}</span></div>'
                )
            scored += not ignored
        if rows:
            more = "<div>⋮</div>" if most < T else ""
            slabs.append(f'<div class="title">{html.escape(words["text"].format(number=b + 1))}</div>')
            slabs.append(f'<div class="slab" style="--colour:{series[b]}">{"".join(rows)}{more}</div>')
    if most < T or texts < B:
        stack.append("<div>⋮</div>")
    shapes = f"{steps.logits_shape} → {steps.flat_shape}<br>{steps.targets.shape} → ({steps.targets.size},)"
    arrow = f'<div class="arrow"><span class="mono">{shapes}</span><b>→</b>{html.escape(words["flatten"])}</div>'
    stacked = f'<div class="slab" style="--colour:var(--muted)">{"".join(stack)}</div>'
    return f'<div class="flatten"><div>{"".join(slabs)}</div>{arrow}{stacked}</div>'
