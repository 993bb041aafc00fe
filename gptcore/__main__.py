"""The command line: start the app, score one text, or score a table of many.

python -m gptcore app
python -m gptcore score essay.txt --stride 64
python -m gptcore score - --json < essay.txt
python -m gptcore score-list sentences.csv scores.csv --prompt-column sentence
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gptcore.config import MAX_SEED
from gptcore.errors import InputError

DONE, WRONG_INPUT, INTERRUPTED = 0, 2, 130
_EXIT_CODES = """exit codes:
  0    done
  2    wrong input: one sentence on standard error says what and where
  130  interrupted; score-list goes on when the same command is given again"""
_SCORE = "Score one text of any length; print its numbers, or every token as JSON or CSV."
_SCORE_LIST = """Score each row of a table, and write the table with the scores as new columns.

A row is in OUT.csv as soon as it is scored: after a kill, the same command goes on where it was. Rows that cannot be
scored are kept, and their column "error" says why. With GPT_EXPLORER_SCHEDULER set, a Dask cluster does the work."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command == "score" and given.by and not given.csv:
        parser.error(f"--by {given.by} needs --csv")
    if given.command == "score-list" and str(given.results) == "-":
        parser.error("OUT.csv is a file, so that an interrupted run can go on: not standard output")
    if given.command == "app":
        from gptcore.ui.launch import run_app  # not for those who installed the library alone

        return run_app(given.port, given.address, open_browser=not given.no_browser)
    try:
        from gptcore import command_line  # imports torch, for which --help need not wait

        if given.command == "score":
            command_line.score_command(given)
        else:
            command_line.score_list_command(given)
    except BrokenPipeError:  # whoever read the output, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes it once more at its end
        return DONE
    except (InputError, OSError, ValueError) as error:
        print(f"gptcore: {_with_options(error)}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("gptcore: interrupted", file=sys.stderr)
        return INTERRUPTED
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m gptcore",
        description=__doc__,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, short: str, description: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=short,
            description=description,
            epilog=_EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    app = command("app", "start the app in a browser", "Start the app on this machine.")
    app.add_argument("--port", type=int, default=8501)
    app.add_argument("--address", default="127.0.0.1", help="0.0.0.0 answers everyone who can reach this machine")
    app.add_argument("--no-browser", action="store_true", help="open no browser")

    score = command("score", "score one text", _SCORE)
    score.add_argument("file", metavar="FILE", help="a text file in UTF-8, UTF-16 or GB18030; - is standard input")
    form = score.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the whole analysis as JSON")
    form.add_argument("--csv", action="store_true", help="print one row for each token, or for each unit of --by")
    units = ["word", "character", "line", "sentence"]
    score.add_argument("--by", choices=units, help="with --csv: one row for each of these")
    score.add_argument("--ids", action="store_true", help="the file holds token ids")

    many = command("score-list", "score a table of texts", _SCORE_LIST)
    many.add_argument("table", metavar="IN.csv", type=Path, help="its first line names the columns")
    many.add_argument("results", metavar="OUT.csv", type=Path, help="the same columns and the scores")
    many.add_argument("--prompt-column", metavar="NAME", help="the column of texts, or of prompts")
    many.add_argument("--target-column", metavar="NAME", help="the column of targets: only these are scored then")
    many.add_argument("--overwrite", action="store_true", help="begin OUT.csv anew")

    for each in (score, many):
        each.add_argument("--model", default="small", help="small (default), a size such as 124M, a file or a folder")
        each.add_argument("--seed", type=_seed, default=123, help="of a size's random weights (default 123)")
        each.add_argument("--stride", type=int, help="tokens that each window scores (default: half the context)")
        each.add_argument("--first-token", action="store_true", help="score the first token too, after end-of-text")
        each.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def _with_options(error: Exception) -> str:
    """What is wrong, with a command's option where the library's sentence ends with an argument of Python's."""
    said = str(error)
    for argument, option in (("first_token=True", "--first-token"), ("(prompt_column)", "(--prompt-column)")):
        if said.endswith(argument):
            return said.removesuffix(argument) + option
    return said


def _seed(typed: str) -> int:
    seed = int(typed) if typed.strip().isdecimal() else -1
    if not 0 <= seed <= MAX_SEED:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 to {MAX_SEED:,}")
    return seed


if __name__ == "__main__":
    sys.exit(main())
