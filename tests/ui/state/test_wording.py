"""How the app's words are written: Chinese set as print sets it, one plain word a concept, each explained."""

import ast
import re
from collections.abc import Iterator
from typing import get_args

import pytest

from gptcore.texts import LANGUAGES, text_in
from gptcore.ui.frame import PAGES
from gptcore.ui.train.session import State
from gptcore.ui.widgets.glossary import WORDS
from tests import ROOT, SOURCES
from tests.ui.state.test_texts import ASKED, FOLDER, SECTIONS, words_of

# How things are said.
HAN = r"[\u4e00-\u9fff]"
CHINESE_VALUES = {"weights", "place", "unit", "field", "allowed", "note", "which"}
"""Placeholders whose values end in Chinese characters, which no space sets off from others."""

BANNED = {
    "en": r"\bmend|guessing evenly|even(ly)? guess|\blikel(y|ier|iest) (than|under)|\blikeliest|own choice|by heart"
    r"|at the side\b|\bsummed\b|hesitat|gradient of length|\baddress\b|\bslip\b|\bapart by\b"
    r"|\b(nats|bits|steps?) a (second|byte|token)\b",
    "zh": r"提示|编号|词表|同样可能|机会|错位|右移|打分|得分|计分|自选|自己的选择|还原对数|抽取|梯度长度|播放|网址"
    r"|[}\d] ?百万|犹豫|改好|背下来|背诵|留出(的|部分)|分道扬镳|自然文本|比特(?!数|）)|谈得上|翻步",
}
"""What was said once, and has one plain word now: uniform guessing, top prediction, fix, validation, link, …"""

SAID_TWO_WAYS = {
    ", ",
    "Model",
    "Size",
    "Text",
    "Train",
    "Step",
    "Show",
    "Seed",
    "Position",
    "Prompt",
    "Back",
    "text",
    "seeds",
    "tokens",
    "bits per byte",
    "× −1",
}
"""English words that stand for two things, which Chinese tells apart."""


def said_in(language: str) -> dict[str, str]:
    """Return everything that a language says, under its file and key; prose too."""
    said = {f"{section}.{key}": words for section in SECTIONS for key, words in words_of(language, section).items()}
    return said | {path.name: path.read_text("utf-8") for path in (FOLDER / "prose" / language).glob("*.md")}


def spacing_faults(words: str) -> list[str]:
    """Return where Chinese touches Latin, digits or a value without a space, or half-width punctuation.

    >>> spacing_faults("第5步"), spacing_faults("第 {n} 步：p = 1"), spacing_faults("对吗?"), spacing_faults("为{n}")
    (['第5'], [], ['吗?'], ['为{n}'])
    """
    plain = re.sub(r"<[^>]*>", "\n", re.sub(r"\*\*|\$[^$]*\$", "", words))
    faults = re.findall(rf"(?={HAN}[A-Za-z0-9])..|(?=[A-Za-z0-9]{HAN})..", plain)
    faults += re.findall(rf"{HAN}[,;:?!()]|[,;:?!()]{HAN}", plain)
    for match in re.finditer(rf"{HAN}%?\{{(\w+)[^}}]*\}}|%?\{{(\w+)[^}}]*\}}{HAN}", plain):
        if (match[1] or match[2]) not in CHINESE_VALUES:
            faults.append(match[0])
    return faults


def test_chinese_is_set_as_print_sets_it() -> None:
    said = {where: words for where, words in said_in("zh").items() if not where.startswith("errors.other")}
    assert {where: faults for where, words in said.items() if (faults := spacing_faults(words))} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_said_in_words_that_were_given_up(language: str) -> None:
    banned = re.compile(BANNED[language])
    said = {where: re.sub(r"\{\w+\}", "{}", words) for where, words in said_in(language).items()}
    assert {where: found[0] for where, words in said.items() if (found := banned.search(words))} == {}


def test_no_term_is_named_two_ways() -> None:
    """A short English label has one Chinese one, in whichever file it stands."""
    english, chinese = said_in("en"), said_in("zh")
    named: dict[str, dict[str, list[str]]] = {}
    for where, words in english.items():
        if len(words.split()) <= 4 and words not in SAID_TWO_WAYS and not where.endswith(".md"):
            named.setdefault(words, {}).setdefault(chinese[where], []).append(where)
    assert {words: ways for words, ways in named.items() if len(ways) > 1} == {}


# Explanations where the words stand.
def calls_of(names: set[str]) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of these functions in the app's rooms, with its place."""
    for path in sorted((ROOT / "gptcore" / "ui").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in names:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_every_number_card_says_what_its_name_means() -> None:
    cards = list(calls_of({"number_card"}))
    assert len(cards) > 8
    assert [where for where, call in cards if "help" not in {word.arg for word in call.keywords}] == []


def test_no_help_is_hidden_with_its_label() -> None:
    """Streamlit draws no question mark beside a label that is not shown."""
    hidden = [
        where
        for where, call in calls_of({"segmented_control", "slider", "select_slider", "selectbox", "number_input"})
        if {"help", "label_visibility"} <= {word.arg for word in call.keywords}
    ]
    assert hidden == []


def test_every_page_explains_its_words() -> None:
    assert set(PAGES) <= set(WORDS)
    names, meanings = (set(text_in("en", "glossary").group(table)) for table in ("names", "meanings"))
    assert names == meanings
    assert names >= {word for words in WORDS.values() for word in words.split()}


# Nothing missing, nothing left over.
def test_every_state_of_a_training_has_words() -> None:
    """All but a failure, which is said by its own error."""
    assert set(get_args(State)) - {"failed"} <= set(text_in("en", "train").group("states"))


def test_no_words_are_left_that_nothing_asks_for() -> None:
    """A key is asked for by name, with its table, or by a name that is put together or handed over."""
    code = "".join(path.read_text("utf-8") for path in SOURCES)
    left = []
    for section in SECTIONS:
        asked = [a for a in ASKED if a.section == section]
        for key in words_of("en", section):
            table, _, name = key.rpartition(".")
            if any(re.fullmatch(a.key, table if a.group else key) for a in asked):
                continue
            quoted = re.search(rf"""["'.]{re.escape(name)}["']""", code)
            if not (quoted or (table and f"{table}.{{" in code)):
                left.append(f"{section}.{key}")
    assert left == []
