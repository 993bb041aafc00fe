"""Words, sentences, lines and characters: gold cuts, and nothing lost in any text."""

import sys
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptcore.text_units import TextUnit, split_units

UNITS: list[TextUnit] = ["word", "character", "line", "sentence"]


def cut(text: str, unit: TextUnit) -> list[str]:
    units = split_units(text, unit)
    return [text[start:end] for start, end in zip(units.start, units.end, strict=True)]


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("word", "It's 3.14, isn't it?", ["It's", "3.14", ",", "isn't", "it", "?"]),
        ("word", "  every  effort  ", ["every", "effort"]),
        ("word", "天气很好, ok", ["天", "气", "很", "好", ",", "ok"]),
        ("word", "naïve cafe\u0301", ["naïve", "cafe\u0301"]),
        ("word", "   ", ["   "]),
        ("word", "", []),
        ("character", "e\u0301a👩\u200d🚀\r\n天", ["e\u0301", "a", "👩\u200d🚀", "\r\n", "天"]),
        ("line", "one\n\ntwo\r\nthree\rfour", ["one", "", "two", "three", "four"]),
        ("line", "one\n", ["one"]),
        ("sentence", "He came. She left!  Why?", ["He came.", "She left!", "Why?"]),
        ("sentence", 'He said "Stop!" Then he left.', ['He said "Stop!"', "Then he left."]),
        ("sentence", "In the U.S.A. it costs 3.14 etc. and more.", ["In the U.S.A. it costs 3.14 etc. and more."]),
        ("sentence", "今天很好。真的吗？“是的。”好！", ["今天很好。", "真的吗？", "“是的。”", "好！"]),
        ("sentence", "Really?! Yes... No.", ["Really?!", "Yes...", "No."]),
        ("sentence", "no full stop\nnext line", ["no full stop", "next line"]),
    ],
)
def test_gold_cuts(unit: TextUnit, text: str, expected: list[str]) -> None:
    assert cut(text, unit) == expected


@given(st.text(st.sampled_from("aB.!? \n\r\t\"'3,天。👩\u200d🚀\u0301éß“”"), max_size=60), st.sampled_from(UNITS))
def test_units_follow_each_other_and_hold_all_but_white_space(text: str, unit: TextUnit) -> None:
    units = split_units(text, unit)
    at = 0
    for index, (begins, start, end) in enumerate(zip(units.begins, units.start, units.end, strict=True)):
        assert begins <= start <= end
        assert text[at:start].strip() == ""
        assert begins == 0 if index == 0 else begins >= at
        at = end
    assert text[at:].strip() == ""
    assert len(units.begins) > 0 or text == ""


def test_only_words_with_a_letter_or_digit_count() -> None:
    assert split_units("a, b! – 3", "word").counted.tolist() == [True, False, True, False, False, True]


def test_a_unit_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="syllable"):
        split_units("every", "syllable")  # type: ignore[arg-type]


def test_chinese_words_where_a_segmenter_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = ModuleType("jieba")
    pairs.cut = lambda run: [run[i : i + 2] for i in range(0, len(run), 2)]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "jieba", pairs)
    monkeypatch.setattr("gptcore.text_units.find_spec", lambda name: name == "jieba")
    assert cut("天气很好, ok 是", "word") == ["天气", "很好", ",", "ok", "是"]
