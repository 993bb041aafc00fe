"""The app's words in the reader's language: a folder a language, a file a page, the same keys in each."""

from __future__ import annotations

import string
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

LANGUAGES = {"en": "English", "zh": "中文"}
_FOLDER = Path(__file__).parents[1] / "text"


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
        return words.format(**values) if values else words

    def group(self, key: str) -> dict[str, str]:
        """A whole table of words, such as those of one chart."""
        table = self._table[key]
        if not isinstance(table, dict):
            raise KeyError(f"{self.section}.{key} is not a table of words")
        return table

    def has(self, key: str) -> bool:
        """Whether there are words under a top-level key."""
        return isinstance(self._table.get(key), str)


@cache
def text_in(language: str, section: str) -> Text:
    """The words of one file in one language."""
    return Text(language, section, tomllib.loads((_FOLDER / language / f"{section}.toml").read_text("utf-8")))


def current_language() -> str:
    """The visitor's language: what they chose, else what the address says, else their browser's first."""
    chosen = st.session_state.get("lang") or st.query_params.get("lang")
    return chosen if chosen in LANGUAGES else browser_language()


def browser_language() -> str:
    """The browser's language: "zh" for one that asks for any Chinese, else "en"."""
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def page_text(section: str) -> Text:
    """The words of one page or part ("explore", "examples", "errors", …) in the visitor's language."""
    return text_in(current_language(), section)


def prose(name: str) -> str:
    """A longer text: `prose/<language>/<name>.md`, as Markdown."""
    return _prose(current_language(), name)


@cache
def _prose(language: str, name: str) -> str:
    return (_FOLDER / "prose" / language / f"{name}.md").read_text("utf-8")


def fields(words: str) -> set[str]:
    """The names of the {values} that some words want; a test compares them between languages."""
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}
