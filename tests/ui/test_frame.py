"""What stands around every page: each opens by its own name, and nothing it offers lacks its words."""

import ast
import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import gptcore
from gptcore.presets import PRESETS
from gptcore.texts import LANGUAGES, text_in
from gptcore.ui.compare.fields import PAIRS
from gptcore.ui.frame import PAGES
from tests.bench.visitors import Visitor
from tests.support.serving import serving

PACKAGE = Path(gptcore.__file__).parent
CALLERS_ONLY = {"bad_alignment", "shifted_has_target"}
"""Codes of mistakes that a program can make and no page lets anyone make."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_is_offered_has_words(language: str) -> None:
    assert PRESETS.keys() <= text_in(language, "examples").group("presets").keys()
    assert PAIRS.keys() <= text_in(language, "compare").group("pairs").keys()
    assert PAGES.keys() <= text_in(language, "app").group("pages").keys()


def codes(folder: str) -> set[str]:
    """The codes of all InputErrors that a package raises."""
    return {
        call.args[0].value
        for path in (PACKAGE / folder).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "InputError"
        if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", ["sweeps", "training", "weights", "tokenizers", "ui"])
def test_every_mistake_has_a_sentence(folder: str, language: str) -> None:
    words: set[str] = set()
    for path in (PACKAGE / "ui" / "text" / language).glob("*.toml"):
        words |= {key for key, value in tomllib.loads(path.read_text("utf-8")).items() if isinstance(value, str)}
    assert codes(folder) - CALLERS_ONLY <= words
    assert codes(folder)


def test_a_page_that_lets_a_mistake_through_shows_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("gptcore.ui.explore.details.self_check", fails)
    at = AppTest.from_file(str(PACKAGE.parent / "app.py"), default_timeout=60)
    at.query_params["size"] = "mini"
    at.run()
    assert not at.exception
    assert text_in("en", "errors")("out_of_memory") in [warning.value for warning in at.warning]


@pytest.mark.slow
@pytest.mark.parametrize("script", ["app.py", "gptcore/ui/server.py"])
def test_explore_opens_by_its_name_too(script: str, tmp_path: Path) -> None:
    with serving(tmp_path / "log.txt", script) as server:
        with Visitor(server.url, "size=mini&lang=zh") as at_the_root:
            at_the_root.run()
        with Visitor(server.url, "size=mini&lang=zh", page="explore") as by_name:
            by_name.run()
    assert len(by_name.metrics) == 3
    assert by_name.metrics == at_the_root.metrics
