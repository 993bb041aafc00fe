"""Text files and tables: every encoding that is promised, and a code for each way in which a file can be wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptcore.errors import InputError
from gptcore.tables import choose_columns, read_pasted_list, read_table, safe_cell
from gptcore.text_files import MAX_TEXT_BYTES, check_text_size, read_text_file

CHINESE = "语言模型根据前面的词元预测下一个词元。困惑度越低，说明模型越不感到意外。\r\n第二行。\n"


@pytest.mark.parametrize(
    ("codec", "name", "bom"),
    [
        ("utf-8", "UTF-8", False),
        ("utf-8-sig", "UTF-8", True),
        ("utf-16", "UTF-16", True),
        ("utf-16-le", "UTF-16", False),
        ("utf-16-be", "UTF-16", False),
        ("gb18030", "GB18030", False),
    ],
)
@pytest.mark.parametrize("text", [CHINESE, "今天天气很好，我们去公园散步。", "GPT-2 的困惑度是 29.41。"], ids=len)
def test_encodings_are_found_and_said(text: str, codec: str, name: str, bom: bool) -> None:
    found = read_text_file(text.encode(codec))
    assert (found.text, found.encoding.name, found.encoding.bom) == (text, name, bom)


def test_utf_16_of_the_other_byte_order() -> None:
    found = read_text_file(b"\xfe\xff" + "Every effort".encode("utf-16-be"))
    assert (found.text, found.encoding.name) == ("Every effort", "UTF-16")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50))
def test_any_utf_8_is_read_as_it_is(text: str) -> None:
    assert read_text_file(text.encode("utf-8-sig")).text == text
    if not text.startswith("\ufeff"):
        assert read_text_file(text.encode()).text == text


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 4, "binary_file"),
        (b"PK\x03\x04" + bytes(range(256)), "binary_file"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "binary_file"),
        (b"\x7fELF" + bytes(4096), "binary_file"),
        (b"plain, but\x00 with a NUL inside", "binary_file"),
        ("Les élèves étaient fâchés à cause de la fenêtre.".encode("cp1252"), "unknown_encoding"),
        ("今天天氣很好，我們去公園散步。".encode("big5"), "unknown_encoding"),
        ("今日は天気がいいですね。".encode("shift_jis"), "unknown_encoding"),
        ("오늘은 날씨가 좋습니다.".encode("euc_kr"), "unknown_encoding"),
        ("every effort".encode("utf-32"), "unknown_encoding"),
        (b"\xff\xfea", "unknown_encoding"),  # half of a UTF-16 unit
        (CHINESE.encode()[:-8], "unknown_encoding"),  # cut short inside a character
        (b"\xef\xbb\xbfabc\xff", "unknown_encoding"),
        (b"a" * (MAX_TEXT_BYTES + 1), "too_large"),
        ("天" * (MAX_TEXT_BYTES // 3 + 1), "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_what_cannot_be_read(data: bytes | str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read_text_file(data.encode() if isinstance(data, str) else data)
    assert caught.value.code == code


def test_a_wrong_encoding_is_named() -> None:
    with pytest.raises(InputError) as caught:
        read_text_file("今天天氣很好，我們去公園散步。".encode("big5"))
    assert caught.value.details["guess"] == "Big5"
    with pytest.raises(InputError) as caught:
        read_text_file(CHINESE.encode()[:-8])
    assert caught.value.details["guess"] == "UTF-8"


def test_one_megabyte_is_read_in_any_encoding() -> None:
    text = "a" * MAX_TEXT_BYTES
    assert read_text_file(text.encode("utf-16")).text == text
    check_text_size(text)
    with pytest.raises(InputError) as caught:
        check_text_size(text + "a")
    assert caught.value.details == {"bytes": MAX_TEXT_BYTES + 1, "limit": MAX_TEXT_BYTES}


def test_a_table() -> None:
    table = read_table('id,prompt,target\n1,"Every effort, and",more\n\n2,"two\nlines",\u2028x\n3,short\n\n\n')
    assert table.columns == ("id", "prompt", "target")
    assert table.rows == (
        ("1", "Every effort, and", "more"),
        ("", "", ""),  # an empty row is kept, those at the end are not rows
        ("2", "two\nlines", "\u2028x"),
        ("3", "short", ""),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(delimiter: str) -> None:
    other = ";" if delimiter != ";" else ","
    table = read_table(f'"a{other}{other}{other}"{delimiter}b\r\n1{delimiter}2\r\n')
    assert (table.delimiter, table.rows) == (delimiter, (("1", "2"),))


@pytest.mark.parametrize(
    ("text", "code", "details"),
    [
        ("", "empty_table", {}),
        ("\n\n", "empty_table", {}),
        ('text\n"never closed\nmore\n', "broken_quotes", {"line": 2}),
        ('text\nfine\n"closed" too early"\n', "broken_quotes", {"line": 3}),
        ("text\nHello, world\n", "ragged_row", {"line": 2, "cells": 2, "columns": 1}),
        ("prompt,target\na,b\nc,d,e\n", "ragged_row", {"line": 3, "cells": 3, "columns": 2}),
        ("text\n" + "a\n" * 11, "too_many_rows", {"limit": 10}),
        ("text\n" + "\n" * 10 + "a\n", "too_many_rows", {"limit": 10}),
        ("\r\n\ntext\nfine\nHello, world\n", "ragged_row", {"line": 5, "cells": 2, "columns": 1}),
        ('\n\ntext\n"never closed\n\n', "broken_quotes", {"line": 4}),
        ("text\n" + "a" * 200_000, "cell_too_long", {"line": 2, "limit": 131_072}),
    ],
)
def test_tables_that_cannot_be_read(text: str, code: str, details: dict[str, int]) -> None:
    with pytest.raises(InputError) as caught:
        read_table(text, max_rows=10)
    assert (caught.value.code, caught.value.details) == (code, details)


def test_as_many_rows_as_are_accepted() -> None:
    for text, last in (("\n\ntext\n" + "\n" * 9 + "a\n\n", "a"), ("text\n" + "b\n" * 10 + "\n" * 99, "b")):
        table = read_table(text, max_rows=10)
        assert (len(table.rows), table.rows[-1]) == (10, (last,))
    assert len(read_pasted_list("a\n" * 10 + "\n" * 99, max_rows=10).rows) == 10


def test_a_pasted_list() -> None:
    assert read_pasted_list("one, two\n\n three \n").rows == (("one, two",), ("",), (" three ",))
    pairs = read_pasted_list('a "quote\tb\r\nlonely\r\n')
    assert (pairs.columns, pairs.rows) == (("prompt", "target"), (('a "quote', "b"), ("lonely", "")))
    for text, code in [(" \n", "empty_table"), ("a\tb\nc\td\te", "too_many_tabs"), ("a\n" * 11, "too_many_rows")]:
        with pytest.raises(InputError) as caught:
            read_pasted_list(text, max_rows=10)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("columns", "prompt", "target", "expected"),
    [
        (["anything"], None, None, (0, None)),
        (["anything", "else"], None, None, (0, 1)),
        (["id", "Target", "Prompt"], None, None, (2, 1)),
        (["id", "文本"], None, None, (1, None)),
        (["id", "目标", "提示"], None, None, (2, 1)),
        (["a", "b", "c"], "b", None, (1, None)),
        (["a", "b", "c"], "c", "a", (2, 0)),
        (["prompt", "b", "c"], None, "c", (0, 2)),
    ],
)
def test_columns(columns: list[str], prompt: str | None, target: str | None, expected: tuple[int, int | None]) -> None:
    assert choose_columns(columns, prompt, target) == expected


@pytest.mark.parametrize(
    ("columns", "prompt", "target", "code"),
    [
        (["a", "b", "c"], None, None, "which_columns"),
        (["a", "b", "c"], None, "a", "which_columns"),
        (["a", "b"], "c", None, "no_such_column"),
        (["prompt", "b"], None, "target", "no_such_column"),
        (["prompt", "target"], "Prompt", None, "no_such_column"),
    ],
)
def test_columns_that_are_not_there(columns: list[str], prompt: str | None, target: str | None, code: str) -> None:
    with pytest.raises(InputError) as caught:
        choose_columns(columns, prompt, target)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "text", ["=1+1", "=cmd|' /C calc'!A0", "+cmd", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "-", "-1+cmd"]
)
def test_formulas_stay_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "-1", "+1.5e-3", "1,000", " =1", "'=1"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text
