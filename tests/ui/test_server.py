"""The server that `make app` starts: the same pages, warmed up, with a sentence in place of a traceback."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gptcore.texts import LANGUAGES, text_in
from tests.bench.visitors import visitors
from tests.support.serving import serving


def broken_page() -> None:
    """Show what a visitor sees where a script broke."""
    import streamlit as st

    from gptcore.ui.server import _say_sorry

    st.session_state["lang"] = st.query_params["lang"]
    st.session_state["suppressed"] = _say_sorry(ValueError("a path, a line, a variable"))


@pytest.mark.slow
def test_it_warms_up_and_shows_the_books_numbers(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    with serving(log, "gptcore/ui/server.py", {"GPT_EXPLORER_WARM": "1"}) as server:
        with visitors(server.url, [""]) as (first,):
            first.run()
            first_seen = dict(first.metrics)
        with visitors(server.url, ["lang=zh"]) as (second,):
            second.run()
    perplexity = float(first_seen["Perplexity"].replace(",", ""))
    assert perplexity == pytest.approx(48725.82, abs=0.1)  # .78 on one thread of PyTorch's
    assert list(second.metrics.values()) == list(first_seen.values())
    assert set(second.metrics) & set(first_seen) == set()  # in the other language
    assert "could not be warmed up" not in log.read_text("utf-8")
    assert "Traceback" not in log.read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_that_broke_says_so_without_a_traceback(language: str) -> None:
    at = AppTest.from_function(broken_page)
    at.query_params["lang"] = language
    at.run()
    assert [error.value for error in at.error] == [text_in(language, "app")("unexpected")]
    assert not at.exception
    assert at.session_state["suppressed"] is True
