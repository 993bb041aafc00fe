"""A report as a notebook shows it: the three numbers of the chain, and the table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from gptcore import number_format
from gptcore.token_display import visible

if TYPE_CHECKING:
    from gptcore.results.report import Report

MOST_ROWS = 60
"""Rows that are shown of a long table; `to_frame()` has them all."""


def report_html(report: Report) -> str:
    """The chain from mean log-probability to perplexity, and a row for each scored position, as HTML."""
    chain = (
        ("mean log-probability", f"{number_format.nats(report.mean_log_probability)} nats", "× −1"),
        ("cross-entropy", f"{number_format.nats(report.cross_entropy)} nats", "exp"),
        ("perplexity", number_format.perplexity_at(report.cross_entropy), ""),
    )
    cells = "".join(
        f"<td style='text-align:center'><small>{name}</small><br><b>{value}</b></td>"
        + (f"<td style='text-align:center'>{step} →</td>" if step else "")
        for name, value, step in chain
    )
    baseline = (
        f"uniform guessing over {number_format.count(report.vocab_size)} tokens: "
        f"ln V = {number_format.nats(report.uniform_cross_entropy)} nats"
    )
    temperature = report.provenance.temperature
    at = "" if temperature == 1.0 else f"; at temperature {temperature:g}"
    return f"<table><tr>{cells}</tr></table><p><small>{escape(baseline + at)}</small></p>{_table(report)}"


def _table(report: Report) -> str:
    names = ("text", "position", "read", "target", "p(target)", "ln p", "rank", "top prediction")
    rows = [
        (
            str(int(report.example[n]) + 1),
            str(int(report.position[n]) + 1),
            visible(report.prompt_piece[n]),
            visible(report.target_piece[n]),
            number_format.probability(float(report.target_probability[n])),
            number_format.nats(float(report.log_probability[n])),
            number_format.count(int(report.rank[n])),
            visible(report.predicted_piece[n]),
        )
        for n in range(min(report.positions, MOST_ROWS))
    ]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    left = report.positions - len(rows)
    more = f"<p><small>and {number_format.count(left)} more</small></p>" if left > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
