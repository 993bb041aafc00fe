"""Every word that a person reads: a folder a language, a file a page, the same keys in each. No Streamlit here."""

from __future__ import annotations

import os
import re
import string
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "English", "zh": "中文"}
DEVELOPMENT_VARIABLE = "GPT_EXPLORER_DEV"
"""Names the environment variable that `make dev` sets to 1: words are then read again whenever they are saved."""
_FOLDER = Path(__file__).parent / "ui" / "text"
_NEVER_BROKEN = re.compile(r"(?<=\bln) (?=[{V\d])|(?<=[\w)}*²]) = (?=[{*\d−+])|(?<=[}*\d]) (?=(?:nats?|bits?|MB|GB)\b)")
"""Spaces of one expression: between ln and its number, around an equals sign, between a number and its unit."""


class _OneAndMore(string.Formatter):
    """Puts in values as `str.format` does, and chooses between two wordings by a number.

    >>> _OneAndMore().format("{n} {n:|token|tokens}, {m} {m:|word|words}", n=1, m="1,024")
    '1 token, 1,024 words'
    """

    def format_field(self, value: object, format_spec: str) -> str:
        if not format_spec.startswith("|"):
            return str(super().format_field(value, format_spec))
        one, more = format_spec[1:].split("|")
        return one if str(value) == "1" else more


_NUMBERS = _OneAndMore()


class Text:
    """One file's words. A missing key is a KeyError; a test compares the languages before anyone sees it."""

    def __init__(self, language: str, section: str, table: dict[str, Any]) -> None:
        self.language = language
        self.section = section
        self._table = table

    def __call__(self, key: str, **values: object) -> str:
        """The words under a key ("title" or "table.key"), with {values} put in."""
        words: Any = self._table
        for part in key.split("."):
            words = words[part]
        if not isinstance(words, str):
            raise KeyError(f"{self.section}.{key} is a table of words, not words")
        if not values:
            return words
        return _NUMBERS.format(words, **values) if ":|" in words else words.format(**values)

    def group(self, key: str) -> dict[str, str]:
        """A whole table of words, such as those of one chart."""
        table = self._table[key]
        if not isinstance(table, dict):
            raise KeyError(f"{self.section}.{key} is not a table of words")
        return table

    def has(self, key: str) -> bool:
        """Whether there are words under a top-level key."""
        return isinstance(self._table.get(key), str)


def text_in(language: str, section: str) -> Text:
    """The words of one file in one language."""
    return _text(language, section, _version(language, f"{section}.toml"))


def prose_in(language: str, name: str) -> str:
    """A longer text of one language, as Markdown."""
    return _prose(language, name, _version("prose", language, f"{name}.md"))


def _version(*path: str) -> int:
    """When a file was last saved, where somebody is working on the words; else they are read once."""
    return _FOLDER.joinpath(*path).stat().st_mtime_ns if os.environ.get(DEVELOPMENT_VARIABLE) == "1" else 0


@lru_cache(512)
def _text(language: str, section: str, version: int) -> Text:
    table = tomllib.loads((_FOLDER / language / f"{section}.toml").read_text("utf-8"))
    return Text(language, section, _all_unbroken(table))


@lru_cache(64)
def _prose(language: str, name: str, version: int) -> str:
    return (_FOLDER / "prose" / language / f"{name}.md").read_text("utf-8")


def unbroken(words: str) -> str:
    r"""The same words, in which no line ends within an expression such as "ln V = 10.8249 nats".

    >>> unbroken("below ln V = {loss} nats").replace("\u00a0", "_")
    'below ln_V_=_{loss}_nats'
    """
    return _NEVER_BROKEN.sub(lambda space: space[0].replace(" ", "\u00a0"), words)


def _all_unbroken(table: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _all_unbroken(words) if isinstance(words, dict) else unbroken(words) if isinstance(words, str) else words
        for key, words in table.items()
    }


def fields(words: str) -> set[str]:
    """The names of the {values} that some words want; a test compares them between languages."""
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}
