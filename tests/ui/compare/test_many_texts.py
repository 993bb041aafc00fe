"""Compare → Many texts: the library's numbers row by row, the file's own columns, sentences for broken tables."""

import csv
import io
import re
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gptcore import Example, score, score_text, trained_small_model
from gptcore.number_format import nats
from gptcore.tables import csv_bytes
from gptcore.texts import LANGUAGES, text_in
from gptcore.ui.compare.list_exports import list_script
from gptcore.ui.compare.list_fields import EXAMPLE_LIST, TextList
from gptcore.ui.compare.list_table import list_table
from gptcore.ui.models.choice import ModelChoice
from tests import ROOT

SMALL = ModelChoice("trained_small")
LIST = "The cat sat on the mat.\nThe capital of France is\t Paris\n"


def opened(language: str = "en", **query: object) -> AppTest:
    """Return the view with these values in its address, run once."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/compare.py")
    app.context["locale"] = {"en": "en-US", "zh": "zh-CN"}[language]
    for key, value in {"compare": "list", "model": "trained_small", "list_text": LIST, **query}.items():
        app.query_params[key] = str(value)
    return app.run()


def finished(app: AppTest) -> AppTest:
    """Run the page until its job is over."""
    give_up = time.monotonic() + 60
    while not app.get("download_button"):
        assert time.monotonic() < give_up
        assert not app.exception
        time.sleep(0.1)
        app.run()
    return app


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_has_the_librarys_numbers(language: str) -> None:
    app = finished(opened(language))
    names = text_in(language, "many_texts").group("columns")
    table = app.dataframe[0].value
    model = trained_small_model()
    text = score_text(model, "The cat sat on the mat.")
    pair = score(model, [Example("The capital of France is", " Paris", "continuation")])
    assert table[names["tokens"]].tolist() == [text.token_count, pair.positions]
    assert table[names["cross_entropy"]].tolist() == pytest.approx([text.cross_entropy, pair.cross_entropy], abs=1e-4)
    assert table[names["text"]].tolist() == ["The cat sat on the mat.", "The capital of France is"]
    assert table[names["target"]].tolist() == ["", " Paris"]
    total = (text.total_nats + pair.cross_entropy * pair.positions) / (text.token_count + pair.positions)
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown[text_in(language, "many_texts")("cards.loss")] == nats(total)
    assert not app.exception


def test_the_first_token_can_be_scored_too() -> None:
    tokens = [finished(opened(first_token=n)).dataframe[0].value["Tokens"].tolist() for n in (0, 1)]
    assert tokens[1][0] == tokens[0][0] + 1
    assert tokens[1][1] == tokens[0][1]  # a target never needed it


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_keeps_its_columns(delimiter: str, encoding: str) -> None:
    rows = [["id", "prompt", "target"], ["7", "The capital of France is", " Paris"], ["8", "One\nline", " more"]]
    table = io.StringIO()
    csv.writer(table, delimiter=delimiter).writerows(rows)
    app = opened()
    app.file_uploader(key="list_upload").upload("items.csv", table.getvalue().encode(encoding)).run()
    shown = finished(app).dataframe[0].value
    assert shown["id"].tolist() == ["7", "8"]
    assert shown["prompt"].tolist() == ["The capital of France is", "One\nline"]
    assert shown["target"].tolist() == [" Paris", " more"]
    assert app.selectbox(key="list_prompt").value == 1
    app.selectbox(key="list_target").set_value(-1).run()
    whole = finished(app).dataframe[0].value["Tokens"].tolist()
    assert whole[0] == score_text(trained_small_model(), "The capital of France is").token_count


def test_columns_without_a_known_name_are_chosen() -> None:
    app = opened()
    app.file_uploader(key="list_upload").upload("x.csv", b"a,b,c\n1,The cat sat,x\n").run()
    app.selectbox(key="list_prompt").set_value(1).run()
    assert finished(app).dataframe[0].value["Tokens"].tolist() == [2]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'text\n"never closed\nsecond\n', "broken_quotes"),
        (b"prompt,target\na,b\nc,d,e\n", "ragged_row"),
        (b",,\n1,2,3\n", "empty_table"),
        (b"text\n", "empty_table"),
        (b"text\n" + b"a b\n" * 10_001, "too_many_rows"),
        (bytes(range(256)) * 9, "binary_file"),
    ],
)
def test_a_broken_table_is_a_sentence(data: bytes, code: str, language: str) -> None:
    app = opened(language)
    app.file_uploader(key="list_upload").upload("x.csv", data).run()
    text = text_in(language, "errors")(code)
    assert any(re.split(r"\{", text)[0] in warning.value for warning in app.warning)
    assert not app.exception


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("pasted", ["", "  \n \n", "a\tb\tc\n"])
def test_a_list_that_cannot_be_read_has_a_way_out(pasted: str, language: str) -> None:
    app = opened(language)
    app.text_area(key="list_text").set_value(pasted).run()
    assert [*app.warning, *app.info]
    assert app.text_area(key="list_text").value == pasted
    app.button(key="fix_list").click().run()
    assert app.text_area(key="list_text").value == EXAMPLE_LIST
    assert not app.exception


@pytest.mark.parametrize("language", LANGUAGES)
def test_empty_rows_are_kept_marked_and_counted(language: str) -> None:
    app = finished(opened(language, list_text="The cat sat.\n\na\nThe dog sat.\n"))
    text = text_in(language, "many_texts")
    table = app.dataframe[0].value
    assert len(table) == 4
    reasons = table[text("columns.error")].tolist()
    assert [bool(reason) for reason in reasons] == [False, True, True, False]
    assert reasons[1] == text("empty_text")
    assert any(text("marked", marked=2, rows=4) == caption.value for caption in app.caption)


def test_a_formula_stays_text_in_the_table() -> None:
    from gptcore import score_list

    rows = ("=cmd|' /C calc'!A0 is bad", "@x is y")
    entered = TextList(rows, ("=evil",), tuple((row,) for row in rows), 0, None)
    table = csv_bytes(list_table(list(score_list(trained_small_model(), rows)), entered)).decode("utf-8-sig")
    cells = list(csv.reader(io.StringIO(table)))
    assert not any(re.match(r"[=@+]", cell) for row in cells for cell in row)
    assert cells[1][1] == "'" + rows[0]


@pytest.mark.parametrize("count", [3, 300])
def test_the_script_gives_the_views_numbers(
    count: int, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gptcore import score_list

    rows = tuple(f"Row {n} of 'a' list" for n in range(count))
    entered = TextList(rows, ("Text",), tuple((row,) for row in rows), 0, None)
    records = list(score_list(trained_small_model(), rows))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "many_texts.csv").write_bytes(csv_bytes(list_table(records, entered)))
    exec(list_script(entered, SMALL, first_token=False), {})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == count
    assert f"cross-entropy {records[-1].cross_entropy:.4f} nats" in printed[-1]
