"""Lists of texts: each row's numbers are its own, whoever computes them, and a kill loses no finished row."""

import csv
import itertools
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from gptcore import Example, GPTModel, InputError, score, score_text, untrained_model
from gptcore.config import SIZES, GPTConfig
from gptcore.list_files import RESULTS, score_list_file
from gptcore.lists import list_batches, load_source, score_list, score_rows
from gptcore.results.lists import ListRecord, ListRow, list_frame, list_total
from gptcore.table_files import open_table
from gptcore.tokenizers import gpt2_tokenizer
from tests import ROOT

CONFIG = GPTConfig(50_257, 16, emb_dim=8, n_heads=2, n_layers=1)
LOADER = partial(untrained_model, CONFIG, 1)
ROWS: list[ListRow] = [
    "Every effort moves you.",
    "",
    ("Every effort", " moves you forward"),
    "one",
    "今天天气很好。😀",
    "A text that is longer than the context of sixteen tokens, so that it is scored in windows. " * 3,
    ("A prompt that is longer than the context of sixteen tokens. " * 3, "And its target. " * 8),
    (1, 2, 3),
    ((1, 2), (3, 4)),
    ("", "no prompt"),
    ("no target", ""),
    (1, 50_257),
    "=cmd|' /C calc'!A0",
]
MANY: list[ListRow] = [*ROWS, *(f"row {i}" for i in range(300)), *ROWS]
"""Three batches."""
ERRORS = {1: "empty_text", 3: "too_few_tokens", 9: "empty_prompt", 10: "empty_target", 11: "id_out_of_range"}


@pytest.fixture(scope="module")
def tiny() -> GPTModel:
    return LOADER()


class Inline(Executor):
    """Computes on the spot."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_every_row_has_the_numbers_that_it_has_alone(tiny: GPTModel) -> None:
    records = list(score_list(tiny, ROWS))
    assert [record.index for record in records] == list(range(len(ROWS)))
    assert {i: record.error.code for i, record in enumerate(records) if record.error} == ERRORS
    for record in records:
        row = record.row
        if record.error:
            assert record.tokens == 0
            assert math.isnan(record.cross_entropy)
        elif isinstance(row, str) or isinstance(row[0], int):
            alone = score_text(tiny, row)  # type: ignore[arg-type]
            assert record.tokens == alone.token_count
            assert record.bytes == alone.byte_count
            assert record.cross_entropy == pytest.approx(alone.cross_entropy, abs=1e-5)
            assert record.perplexity == pytest.approx(alone.perplexity, rel=1e-5)
            assert record.bits_per_byte == pytest.approx(alone.bits_per_byte, rel=1e-5)
            worst = int(np.nanargmax(alone.surprisal_nats))
            assert record.most_surprising_piece == alone.text.pieces[worst]
            assert record.most_surprising_nats == pytest.approx(alone.surprisal_nats[worst], abs=1e-4)


def test_only_the_target_of_a_pair_is_scored(tiny: GPTModel) -> None:
    (record,) = score_list(tiny, [("Every effort", " moves you forward")])
    expected = score(tiny, [Example("Every effort", " moves you forward", "continuation")])
    assert record.tokens == expected.positions
    assert record.bytes == len(" moves you forward")
    assert record.cross_entropy == pytest.approx(expected.cross_entropy, abs=1e-5)
    prompt, target = "A long prompt that exceeds the context by far. " * 4, "And then the target. " * 6
    (record,) = score_list(tiny, [(prompt, target)], stride=4)
    ids = gpt2_tokenizer().encode(prompt), gpt2_tokenizer().encode(target)
    assert record.tokens == len(ids[1]) > 16


def test_the_first_token_too(tiny: GPTModel) -> None:
    records = list(score_list(tiny, ["one", ("", " two three"), "every effort"], first_token=True))
    assert [record.tokens for record in records] == [1, 2, 2]
    assert [record.bytes for record in records] == [3, 10, 12]
    for record, text in zip(records, ["one", " two three", "every effort"], strict=True):
        assert record.cross_entropy == pytest.approx(score_text(tiny, text, first_token=True).cross_entropy, abs=1e-5)


@pytest.mark.parametrize("executor", [Inline(), ThreadPoolExecutor(3)], ids=["inline", "threads"])
@pytest.mark.parametrize("source", [LOADER, LOADER()], ids=["loader", "model"])
def test_every_executor_gives_the_same_in_the_same_order(
    tiny: GPTModel, executor: Executor, source: GPTModel | partial[GPTModel]
) -> None:
    here = list(score_list(tiny, MANY))
    there = list(score_list(source, iter(MANY), executor=executor))
    assert [record.row for record in there] == MANY
    np.testing.assert_allclose(
        [record.cross_entropy for record in there], [record.cross_entropy for record in here], atol=1e-5
    )


def test_a_source_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    def load() -> GPTModel:
        loaded.append(1)
        return LOADER()

    list(score_list(load, MANY, executor=Inline()))
    assert loaded == [1]
    assert load_source(partial(untrained_model, CONFIG, 1)) is load_source(partial(untrained_model, CONFIG, 1))


def test_rows_are_taken_as_they_are_needed_and_stopping_ends_it(tiny: GPTModel) -> None:
    taken: list[int] = []

    def endless() -> Iterator[str]:
        while True:
            taken.append(1)
            yield "Every effort moves you."

    records = score_list(tiny, endless())
    assert next(records).index == 0
    assert len(taken) <= 17
    records.close()  # type: ignore[attr-defined]
    asked: list[int] = []
    for _ in score_list(tiny, endless(), stopped=lambda: len(asked) > 20):
        asked.append(1)
    assert 20 < len(asked) < 600


def test_step_by_step(tiny: GPTModel) -> None:
    batches = list(list_batches(MANY))
    assert len(batches[0]) == 16
    assert [index for batch in batches for index, _ in batch] == list(range(len(MANY)))
    found = [record.cross_entropy for batch in batches for record in score_rows(tiny, batch)]
    np.testing.assert_allclose(found, [record.cross_entropy for record in score_list(tiny, MANY)], atol=1e-6)


@pytest.mark.parametrize("stride", [0, 17, -2])
def test_a_bad_stride_is_no_row_s_fault(tiny: GPTModel, stride: int) -> None:
    with pytest.raises(InputError) as caught:
        list(score_list(tiny, ["a"], stride=stride))
    assert caught.value.code == "bad_stride"


def test_one_text_is_no_list(tiny: GPTModel) -> None:
    with pytest.raises(TypeError, match="list of texts"):
        score_list(tiny, "every effort moves you")


def test_rows_as_pandas_numpy_and_torch_have_them(tiny: GPTModel) -> None:
    rows: list[Any] = [None, math.nan, pd.NA, ("Every", None), (None, " effort"), "Every effort"]
    records = list(score_list(tiny, rows))
    codes = [record.error and record.error.code for record in records]
    assert codes == ["empty_text"] * 3 + ["empty_target", "empty_prompt", None]
    assert len(list_frame(records)) == 6
    plain: list[ListRow] = [(1, 2, 3), ((1, 2), (3, 4)), ((1,), (3,))]
    expected = [record.total_log_probability for record in score_list(tiny, plain)]
    for array in (np.array, torch.tensor):
        arrays: list[Any] = [array([1, 2, 3]), (array([1, 2]), array([3, 4])), (array([1]), array([3]))]
        assert [record.total_log_probability for record in score_list(tiny, arrays)] == pytest.approx(expected)
        assert [record.target is None for record in score_list(tiny, arrays)] == [True, False, False]


@pytest.mark.parametrize(
    "row", [b"abc", (b"abc", b"d"), 5, [1.0, 2.0], ("a", "b", "c"), {"prompt": "a", "target": "b"}]
)
def test_what_is_no_row_is_named(tiny: GPTModel, row: Any) -> None:
    with pytest.raises(TypeError, match=r"^row 1: a text is a str, or token ids"):
        list(score_list(tiny, ["Every effort", row]))


def test_the_frame_and_the_total(tiny: GPTModel) -> None:
    records = list(score_list(tiny, ROWS))
    frame = list_frame(records)
    assert len(frame) == len(ROWS)
    assert (frame["error"] != "").sum() == len(ERRORS)
    total = list_total(records)
    good = [record for record in records if not record.error]
    assert total.tokens == sum(record.tokens for record in good)
    assert total.cross_entropy == pytest.approx(
        sum(record.cross_entropy * record.tokens for record in good) / total.tokens
    )
    assert list_frame([]).shape == (0, frame.shape[1])
    assert math.isnan(list_total([]).cross_entropy)


TABLE = 'id,text,tokens\n1,"Every effort, moves",x\n\n2,one,y\n3,=cmd|x of text,z\n4,"two\nlines of text",\n'


def run(source: Path, target: Path, **settings: Any) -> list[ListRecord]:
    return list(score_list_file(LOADER, open_table(source), target, **settings).run())


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_keeps_its_columns_and_its_empty_rows(tmp_path: Path, tiny: GPTModel) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(TABLE, "utf-8")
    records = run(source, target)
    rows = read(target)
    assert list(rows[0]) == ["id", "text", "tokens", "tokens_scored", *RESULTS[1:]]
    assert [row["id"] for row in rows] == ["1", "", "2", "3", "4"]
    assert [row["tokens"] for row in rows] == ["x", "", "y", "z", ""]
    assert rows[3]["text"] == "'=cmd|x of text"
    assert rows[4]["text"] == "two\nlines of text"
    assert [bool(row["error"]) for row in rows] == [False, True, True, False, False]
    assert rows[1]["cross_entropy"] == ""
    alone = score_text(tiny, "=cmd|x of text")
    assert float(rows[3]["cross_entropy"]) == pytest.approx(alone.cross_entropy, abs=1e-5)
    assert [record.index for record in records] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "gb18030"])
def test_tables_in_other_encodings(tmp_path: Path, codec: str) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes("编号,文本\n一,今天天气很好。\n二,我们去公园散步。\n".encode(codec))
    run(source, target)
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")  # so that a spreadsheet reads Chinese
    assert "一,今天天气很好。,".encode() in target.read_bytes()
    assert run(source, target) == []


def test_a_cut_file_is_gone_on_with(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(TABLE, "utf-8")
    run(source, target)
    whole = target.read_bytes()
    for length in range(1, len(whole)):
        target.write_bytes(whole[:length])
        if length <= whole.index(b"\n"):  # not even the header: it may be anybody's
            with pytest.raises(InputError) as caught:
                run(source, target)
            assert caught.value.code == "other_results"
            continue
        job = score_list_file(LOADER, open_table(source), target)
        assert job.finished <= whole[:length].count(b"\n")
        if length % 40 == 0:
            assert len(list(job.run())) == 5 - job.finished
            assert [row["error"] for row in read(target)] == [row["error"] for row in read(target)]
            assert len(read(target)) == 5
    target.write_bytes(whole)
    assert run(source, target) == []
    assert target.read_bytes() == whole


@pytest.mark.parametrize("settings", [{"stride": 4}, {"first_token": True}, {"model_name": "another"}])
def test_results_of_other_settings_are_not_mixed(tmp_path: Path, settings: dict[str, Any]) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(TABLE, "utf-8")
    run(source, target)
    before = target.read_bytes()
    with pytest.raises(InputError) as caught:
        run(source, target, **settings)
    assert caught.value.code == "other_results"
    assert target.read_bytes() == before
    assert len(run(source, target, overwrite=True, **settings)) == 5


def test_files_that_are_not_results_are_left_alone(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(TABLE, "utf-8")
    for content in ("my notes\n", "my notes", '"', "id,text,tokens\n1,2,3\n"):
        target.write_text(content, "utf-8")
        with pytest.raises(InputError) as caught:
            run(source, target)
        assert caught.value.code == "other_results"
        assert target.read_text("utf-8") == content
    for bad, code in [(source, "same_file"), (tmp_path / "no" / "out.csv", "no_folder")]:
        with pytest.raises(InputError) as caught:
            run(source, bad)
        assert caught.value.code == code
    assert source.read_text("utf-8") == TABLE


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_table"),
        (b"text\n", "empty_table"),
        (b"a,b,c\n1,2,3\n", "which_columns"),
        (b'text\n"open\n', "broken_quotes"),
        (b"text\na,b\n", "ragged_row"),
        (b"\x00\x01\x02", "binary_file"),
        (b"text\n" + b"every effort\n" * 30_000 + b"\xff\n", "unknown_encoding"),  # beyond what is looked at first
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tables_that_cannot_be_scored(tmp_path: Path, content: bytes, code: str) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_table(source)
    assert caught.value.code == code
    assert not (tmp_path / "out.csv").exists()


def test_a_carriage_return_ends_no_row(tmp_path: Path, tiny: GPTModel) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(b'text,id\n"a\r",1\r\n"the\r\ncat",2\r\n"one\rtwo",3\r\n')
    run(source, target)
    rows = read(target)
    assert [row["text"] for row in rows] == ["a\r", "the\r\ncat", "one\rtwo"]
    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert "\r" in [row["most_surprising_token"].lstrip("'") for row in rows]
    assert run(source, target) == []


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "gb18030", "utf-8"])
@pytest.mark.parametrize("ascii_rows", [0, 14_000])  # more than is looked at first
def test_a_long_table_in_other_encodings(tmp_path: Path, codec: str, ascii_rows: int) -> None:
    source = tmp_path / "in.csv"
    text = "text\n" + "Every effort moves you.\n" * ascii_rows + "今天天气很好，上 a\n我们去公园散步。😀\n" * 7_000
    source.write_bytes(text.encode(codec))
    assert source.stat().st_size > 256_000
    table = open_table(source)
    assert table.row_count == ascii_rows + 14_000
    assert [cells for (cells,) in table.records()] == text.splitlines()[1:]


@pytest.mark.parametrize(
    "content",
    ["\n\nprompt;target\na, b; c, d\n", '"prompt";"target\n(one, word, or more)"\na, b; c, d\n', "a;b\rx, y, z; v\r"],
)
def test_the_separator_is_that_of_the_first_line_with_names(tmp_path: Path, content: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text(content, "utf-8", newline="")
    table = open_table(source)
    assert (table.delimiter, len(table.columns), table.row_count) == (";", 2, 1)


@pytest.mark.parametrize(("good", "bad"), [(b"=cmd", b"\xff=cmd"), (b'"two', b'"t"wo')])
def test_results_that_were_damaged_since_are_not_cut(tmp_path: Path, good: bytes, bad: bytes) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(TABLE + "5,And one more.,\n", "utf-8")
    run(source, target)
    damaged = target.read_bytes().replace(good, bad)
    target.write_bytes(damaged)
    with pytest.raises(InputError) as caught:
        run(source, target)
    assert caught.value.code == "other_results"
    assert target.read_bytes() == damaged


def test_what_cannot_begin_leaves_the_results_as_they_are(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(TABLE, "utf-8")
    with pytest.raises(InputError):
        run(source, target, stride=17)
    assert not target.exists()
    run(source, target)
    before = target.read_bytes()
    with pytest.raises(InputError):
        run(source, target, stride=17, overwrite=True)
    assert target.read_bytes() == before
    with pytest.raises(IsADirectoryError):
        run(source, tmp_path, overwrite=True)


def test_results_of_results_have_columns_of_their_own(tmp_path: Path) -> None:
    files = [tmp_path / f"{i}.csv" for i in range(4)]
    files[0].write_text("text\nEvery effort\n", "utf-8")
    for source, target in itertools.pairwise(files):
        run(source, target)
    with files[-1].open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert len(header) == len(set(header)) == 1 + 3 * len(RESULTS)


def test_results_can_go_to_what_is_no_file_on_a_disk(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(TABLE, "utf-8")
    assert len(run(source, Path(os.devnull))) == 5


@pytest.mark.slow
def test_a_kill_loses_no_finished_row(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    count = 200_000
    source.write_text("text,id\n" + "".join(f"every effort moves you,{i}\n" for i in range(count)), "utf-8")
    command = [sys.executable, "-m", "gptcore", "score-list", str(source), str(target), "--model", "toy", "--quiet"]
    process = subprocess.Popen(command, cwd=ROOT)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and (not target.exists() or target.read_bytes().count(b"\n") < 300):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    written = target.read_bytes()
    finished = written[: written.rindex(b"\n") + 1]
    rows = finished.count(b"\n") - 1
    assert 299 <= rows < count
    toy = partial(untrained_model, SIZES["toy"], 123)
    job = score_list_file(toy, open_table(source), target, model_name="toy seed 123")
    assert job.finished == rows
    for _ in zip(range(100), job.run(), strict=False):
        pass
    assert target.read_bytes().startswith(finished)
    found = read(target)
    assert [row["id"] for row in found] == [str(i) for i in range(len(found))]
    assert len({row["cross_entropy"] for row in found}) < 5  # one text: batches round its last digits
    assert len(found) >= rows + 100


def test_the_toy_scores_lists_too(toy_model: GPTModel) -> None:
    (good, bad) = score_list(toy_model, ["every effort moves you", "every dog"])
    assert good.tokens == 3
    assert bad.error is not None
    assert bad.error.code == "unknown_word"
    assert SIZES["toy"] == toy_model.config
