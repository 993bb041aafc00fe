"""What the commands `score` and `score-list` do."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tqdm import tqdm

from gptcore import number_format
from gptcore.config import SIZES
from gptcore.errors import InputError
from gptcore.examples import parse_ids
from gptcore.initialization import untrained_model
from gptcore.language_model import LanguageModel
from gptcore.list_files import score_list_file
from gptcore.lists import load_source
from gptcore.results.text_report import TextReport
from gptcore.table_files import open_table
from gptcore.tables import csv_text
from gptcore.text_files import read_text_file
from gptcore.weights.checkpoints import trained_small_model
from gptcore.weights.loading import load_model
from gptcore.windows import prepare_text


def score_command(given: argparse.Namespace) -> None:
    """Score one text, and print its numbers, or all of its tokens as JSON or CSV."""
    file = read_text_file(_read(given.file), max_bytes=None)
    text = parse_ids(file.text) if given.ids else file.text
    model = load_source(model_source(given.model, given.seed))
    job = prepare_text(
        model.config, text, stride=given.stride, first_token=given.first_token, tokenizer=model.tokenizer
    )
    report = job.report(tqdm(job.records(model), total=len(job.windows), unit="window", disable=given.quiet))
    if given.json:
        _write(json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False, indent=1) + "\n")
    elif given.csv:
        frame = report.by(given.by) if given.by else report.to_frame()
        _write(csv_text(frame))
    else:
        _write(_summary(report, file.encoding.name))


def score_list_command(given: argparse.Namespace) -> None:
    """Score a table of texts, row by row, into a file; go on where a run before this one ended."""
    table = open_table(given.table, given.prompt_column, given.target_column)
    job = score_list_file(
        model_source(given.model, given.seed),
        table,
        given.results,
        model_name=f"{given.model} seed {given.seed}" if given.model in SIZES else given.model,
        stride=given.stride,
        first_token=given.first_token,
        overwrite=given.overwrite,
    )
    if job.finished:
        print(f"gptcore: {job.finished:,} of {table.row_count:,} rows are finished already", file=sys.stderr)
    scored = failed = tokens = 0
    nats = 0.0
    for record in tqdm(job.run(), total=table.row_count, initial=job.finished, unit="row", disable=given.quiet):
        if record.error:
            failed += 1
            continue
        scored, tokens, nats = scored + 1, tokens + record.tokens, nats - record.total_log_probability
    if tokens:
        _write(
            f"{_count(scored, 'row', 'rows')} scored, {_count(tokens, 'token', 'tokens')}: "
            f"cross-entropy {number_format.nats(nats / tokens)} nats, "
            f"perplexity {number_format.perplexity_at(nats / tokens)}\n"
        )
    if failed:
        print(f"gptcore: rows without a score: {failed:,}; their column error says why", file=sys.stderr)


def model_source(name: str, seed: int) -> Callable[[], LanguageModel]:
    """What loads the model that a command names.

    Args:
        name: "small", the model that this project trained; a size, such as "124M", whose weights are random; or the
            path of a checkpoint, or of a folder with GPT-2's weights.
        seed: Of random weights.

    Raises:
        InputError: "no_such_model".
    """
    if name == "small":
        return trained_small_model
    if name in SIZES:
        return partial(untrained_model, SIZES[name], seed)
    path = Path(name)
    if path.exists():
        return partial(load_model, path)
    raise InputError(
        "no_such_model", f"--model is small, a size ({', '.join(SIZES)}), a file or a folder, not {name!r}", model=name
    )


def _summary(report: TextReport, encoding: str) -> str:
    words, scored = report.per("word"), report.token_count
    rows = [
        ("cross-entropy", f"{number_format.nats(report.cross_entropy)} nats per token"),
        ("perplexity", f"{number_format.perplexity_at(report.cross_entropy)} per token"),
        ("", f"{number_format.perplexity(words.perplexity)} per word ({_count(words.count, 'word', 'words')})"),
        ("bits per byte", f"{report.bits_per_byte:.4f} ({_count(report.byte_count, 'byte', 'bytes')})"),
        ("tokens scored", f"{scored:,} of {len(report.text):,}"),
        ("windows", f"{report.window_count:,} of up to {report.provenance.config.context_length:,} tokens"),
        ("stride", f"{report.stride:,}"),
        ("encoding", encoding),
    ]
    return "".join(f"{name:15}{value}\n" for name, value in rows)


def _count(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


def _read(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read()
    if not Path(path).exists():  # a named pipe will do, such as a shell's <(…)
        raise InputError("no_such_file", f"there is no file {path}", path=path)
    return Path(path).read_bytes()


def _write(text: str) -> None:
    if sys.stdout is None:
        raise OSError("standard output is closed")
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
