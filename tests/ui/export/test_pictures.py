"""What the pictures of a page's charts say they are of, and which pages offer all charts in one."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests import ROOT


def opened(page: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.switch_page(f"pages/{page}.py")
    for key, value in {"size": "mini", **query}.items():
        at.query_params[key] = value
    return at.run()


def components(at: AppTest, name: str) -> list[dict[str, Any]]:
    found = [each.proto for each in at.get("bidi_component") if each.proto.component_name == name]
    return [json.loads(proto.json or "{}") for proto in found]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_picture_names_texts_model_and_seed(language: str) -> None:
    at = opened("explore", alignment="shifted", prompt_1="every effort <b>moves</b> you", lang=language, seed="77")
    (pictures,) = components(at, "pictures")
    assert pictures["note"].startswith("every effort <b>moves</b> you · ")
    assert "mini" in pictures["note"]
    assert pictures["note"].endswith({"en": "Seed 77", "zh": "种子 77"}[language])
    assert len(components(at, "page_picture")) == 1
    assert not at.exception


def test_a_long_text_is_named_by_its_beginning() -> None:
    at = opened("explore", alignment="shifted", prompt_1="word " * 100)
    (pictures,) = components(at, "pictures")
    assert "word word … · " in pictures["note"]
    assert len(pictures["note"]) < 400


def test_a_page_without_an_analysis_names_the_model_alone() -> None:
    at = opened("perplexity", seed="77")
    (pictures,) = components(at, "pictures")
    assert "77" in pictures["note"]
    assert not at.exception
