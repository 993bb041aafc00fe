"""The app's words in the reader's language; `gptcore.texts` reads them."""

from __future__ import annotations

import streamlit as st

from gptcore.texts import LANGUAGES, Text, prose_in, text_in
from gptcore.ui.state.browser import notes_of_the_run

_LANGUAGE = "language"


def current_language() -> str:
    """The visitor's language: what they chose, else what the address says, else their browser's first."""
    return notes_of_the_run().get(_LANGUAGE) or _chosen_language()


def settle_language() -> None:
    """Let the language stay what it is now until this run ends: every sentence asks for it."""
    notes_of_the_run()[_LANGUAGE] = _chosen_language()


def unsettle_language() -> None:
    """Ask the visitor again: a run begins."""
    notes_of_the_run().pop(_LANGUAGE, None)


def _chosen_language() -> str:
    chosen = st.session_state.get("lang") or st.query_params.get("lang")
    return chosen if chosen in LANGUAGES else browser_language()


def browser_language() -> str:
    """The browser's language: "zh" for one that asks for any Chinese, else "en"."""
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def page_text(section: str) -> Text:
    """The words of one page or part ("explore", "examples", "errors", …) in the visitor's language."""
    return text_in(current_language(), section)


def in_a_row(*sentences: str) -> str:
    """Sentences one after the other: with a space between them in English, without one in Chinese. Empty ones drop."""
    return (" " if current_language() == "en" else "").join(filter(None, sentences))


def prose(name: str) -> str:
    """A longer text: `prose/<language>/<name>.md`, as Markdown."""
    return prose_in(current_language(), name)


def language_script(language: str) -> str:
    """What tells the browser a page's language, for its fonts, its hyphenation and screen readers.

    Args:
        language: One of LANGUAGES, never what a visitor typed.
    """
    code = {"zh": "zh-CN"}.get(language, language)
    return f"document.documentElement.lang = '{code}'"
