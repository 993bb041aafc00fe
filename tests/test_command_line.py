"""The command line: the library's numbers, a code for how it ended, and one sentence for what went wrong."""

import csv
import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest

from gptcore import GPTModel, score_text
from gptcore.__main__ import main
from gptcore.config import SIZES, GPTConfig
from tests import ROOT

TEXT = "every effort moves you forward " * 8


@pytest.fixture
def essay(tmp_path: Path) -> Path:
    path = tmp_path / "essay.txt"
    path.write_text(TEXT, "utf-8")
    return path


def run(capfdbinary: pytest.CaptureFixture[bytes], *arguments: object) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a command."""
    code = main([str(argument) for argument in arguments])
    captured = capfdbinary.readouterr()
    return code, captured.out.decode(), captured.err.decode()


def test_the_numbers_of_a_text(capfdbinary: pytest.CaptureFixture[bytes], essay: Path, toy_model: GPTModel) -> None:
    expected = score_text(toy_model, TEXT, stride=4)
    code, out, err = run(capfdbinary, "score", essay, "--model", "toy", "--stride", 4)
    assert code == 0
    assert f"{expected.cross_entropy:.4f} nats" in out
    assert f"{expected.perplexity:.2f} per token" in out
    assert f"{expected.bits_per_byte:.4f}" in out
    assert "window" in err  # the progress bar
    assert run(capfdbinary, "score", essay, "--model", "toy", "--quiet")[2] == ""


def test_json_and_csv(capfdbinary: pytest.CaptureFixture[bytes], essay: Path, toy_model: GPTModel) -> None:
    expected = score_text(toy_model, TEXT)
    _, out, _ = run(capfdbinary, "score", essay, "--model", "toy", "--json")
    written = json.loads(out)
    assert written["cross_entropy"] == pytest.approx(expected.cross_entropy)
    assert len(written["tokens"]) == 40
    _, out, _ = run(capfdbinary, "score", essay, "--model", "toy", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["piece"] for row in rows] == TEXT.split()
    assert rows[0]["log_probability"] == rows[0]["rank"] == ""
    assert float(rows[-1]["log_probability"]) == pytest.approx(expected.log_probability[-1])
    _, out, _ = run(capfdbinary, "score", essay, "--model", "toy", "--csv", "--by", "line")
    assert len(list(csv.DictReader(io.StringIO(out)))) == 1


def test_csv_of_a_text_with_carriage_returns(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, text = tmp_path / "essay.txt", "every\r\neffort\rmoves\r\n"
    path.write_text(text, "utf-8", newline="")
    monkeypatch.setitem(SIZES, "tiny", GPTConfig(50_257, 16, emb_dim=8, n_heads=2, n_layers=1))
    for by, column in [((), "piece"), (("--by", "character"), "text")]:
        _, out, _ = run(capfdbinary, "score", path, "--model", "tiny", "--csv", *by)
        rows = list(csv.DictReader(io.StringIO(out, newline="")))
        assert "".join(row[column] for row in rows) == text
        assert list(pd.read_csv(io.StringIO(out), keep_default_na=False)[column]) == [row[column] for row in rows]


def test_standard_input_and_ids(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, toy_model: GPTModel
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"[2, 1, 4, 5]")))
    code, out, _ = run(capfdbinary, "score", "-", "--ids", "--model", "toy", "--json")
    assert code == 0
    assert json.loads(out)["cross_entropy"] == pytest.approx(score_text(toy_model, [2, 1, 4, 5]).cross_entropy)


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (b"", [], "empty"),
        (b"every", [], "at least two"),
        (b"every", [], "--first-token"),
        (b"every dog", [], "none of the seven words"),
        (b"\x00\x01\x02", [], "no text"),
        (b"every \xff\xfe effort \xe9", [], "UTF-8"),
        (b"every effort", ["--stride", "0"], "from 1 to 16"),
        (b"every effort", ["--stride", "17"], "from 1 to 16"),
        (b"every effort", ["--first-token"], "end-of-text"),
        (b"every effort", ["--model", "gigantic"], "--model"),
        (b"every effort", ["--ids"], "not a token id"),
    ],
)
def test_wrong_input_is_one_sentence(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, content: bytes, arguments: list[str], said: str
) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    model = [] if "--model" in arguments else ["--model", "toy"]
    code, out, err = run(capfdbinary, "score", path, "--quiet", *model, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("gptcore: ")
    assert err.count("\n") == 1
    assert said in err


def test_a_table_of_many_columns_names_the_option(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("a,b,c\nevery,effort,moves\n", "utf-8")
    code, _, err = run(capfdbinary, "score-list", source, target, "--model", "toy")
    assert code == 2
    assert "--prompt-column" in err
    source.write_text("text\nevery effort\n", "utf-8")
    assert run(capfdbinary, "score-list", source, target, "--model", "toy")[1].startswith("1 row scored, 1 token:")
    target.write_text("something else\n", "utf-8")
    _, _, err = run(capfdbinary, "score-list", source, target, "--model", "toy")
    assert "something else: " in err


def test_a_file_that_is_not_there(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    for command in (["score", tmp_path / "no.txt"], ["score-list", tmp_path / "no.csv", tmp_path / "out.csv"]):
        code, _, err = run(capfdbinary, *command)
        assert code == 2
        assert "there is no file" in err


def test_a_list(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("who,says,then\nAda,every effort,moves\nBob,,\nCleo,you moves,forward zoo\n", "utf-8")
    command = ["score-list", source, target, "--model", "toy", "--prompt-column", "says", "--target-column", "then"]
    code, out, err = run(capfdbinary, *command)
    assert code == 0
    assert "2 rows scored, 3 tokens" in out
    assert "rows without a score: 1" in err
    rows = list(csv.DictReader(io.StringIO(target.read_text("utf-8"))))
    assert [row["tokens"] for row in rows] == ["1", "0", "2"]
    assert [row["who"] for row in rows] == ["Ada", "Bob", "Cleo"]
    written = target.read_bytes()
    code, out, err = run(capfdbinary, *command)
    assert code == 0
    assert "3 of 3 rows are finished already" in err
    assert target.read_bytes() == written
    code, _, err = run(capfdbinary, *command, "--stride", 2)
    assert code == 2
    assert "another table, model or stride" in err
    assert run(capfdbinary, *command, "--stride", 2, "--overwrite")[0] == 0


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["score", "--help"], 0), ([], 2), (["nothing"], 2)])
def test_help_and_usage(capfdbinary: pytest.CaptureFixture[bytes], arguments: list[str], code: int) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    captured = capfdbinary.readouterr()
    assert caught.value.code == code
    assert b"usage: python -m gptcore" in captured.out + captured.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["score", "essay.txt", "--by", "word"], "--by word needs --csv"),
        (["score", "essay.txt", "--by", "word", "--json"], "--by word needs --csv"),
        (["score", "essay.txt", "--seed", "abc"], "argument --seed: a seed is a whole number"),
        (["score-list", "in.csv", "-"], "OUT.csv is a file"),
    ],
)
def test_options_that_make_no_command(
    capfdbinary: pytest.CaptureFixture[bytes], arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert said in capfdbinary.readouterr().err.decode()


def test_one_of_a_kind(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("64, 64", "utf-8")
    _, out, _ = run(capfdbinary, "score", path, "--ids", "--quiet")
    assert "(1 byte)" in out
    assert "(1 word)" in out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_named_pipe(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(TEXT,), daemon=True)
    writer.start()
    code, out, _ = run(capfdbinary, "score", pipe, "--model", "toy", "--json", "--quiet")
    writer.join()
    assert (code, json.loads(out)["token_count"]) == (0, 39)
    code, _, err = run(capfdbinary, "score-list", pipe, tmp_path / "out.csv")
    assert (code, err) == (2, f"gptcore: there is no file {pipe} on disk, and a table is read twice\n")


@pytest.mark.parametrize("closed", ["by its reader", "from the start"])
def test_an_output_that_nobody_reads(tmp_path: Path, closed: str) -> None:
    path = tmp_path / "essay.txt"
    path.write_text(TEXT * 250, "utf-8")
    command = [sys.executable, "-m", "gptcore", "score", str(path), "--model", "toy", "--csv", "--quiet"]
    if closed == "from the start":
        command = ["sh", "-c", '"$@" >&-', "sh", *command]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b"" if closed == "from the start" else b"token_id,")
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    expected = (2, "gptcore: standard output is closed\n") if closed == "from the start" else (0, "")
    assert (process.wait(), err) == expected


def test_an_interruption(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, essay: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gptcore.command_line.prepare_text", interrupted)
    code, _, err = run(capfdbinary, "score", essay, "--model", "toy")
    assert (code, err) == (130, "gptcore: interrupted\n")


def test_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def run_app(*given: object, **named: object) -> int:
        asked.append((given, named))
        return 7

    monkeypatch.setattr("gptcore.ui.launch.run_app", run_app)
    assert main(["app", "--port", "8600", "--no-browser"]) == 7
    assert asked == [((8600, "127.0.0.1"), {"open_browser": False})]
