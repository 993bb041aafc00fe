"""On Chinese pages no space stands between two sentences: the full stop has its own width."""

import re

import pytest

from tests.support.visiting import visit

SPACE = re.compile("[。，；：？！] +(?=[\u4e00-\u9fff])")
PAGES = [
    ("explore", {"prompt_1": "今天", "target_1": "很好"}),
    ("explore", {"model": "trained_small"}),
    ("step_by_step", {}),
    ("perplexity", {}),
    ("long_text", {"model": "trained_small", "long_text": "The sea was calm. "}),
    ("compare", {"compare": "inputs"}),
    ("compare", {"compare": "models"}),
    ("compare", {"compare": "seeds", "seed_list": "1,2"}),
    ("train", {}),
    ("train", {"train_section": "text"}),
    ("train", {"train_section": "backpropagation"}),
    ("classroom", {}),
]


@pytest.mark.parametrize(("place", "query"), PAGES)
def test_no_space_between_two_sentences(place: str, query: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gptcore.ui.state.translations.browser_language", lambda: "zh")
    at = visit(place, lang="zh", **query)
    shown = [element.value for kind in (at.markdown, at.caption, at.info, at.warning, at.success) for element in kind]
    assert any("\u4e00" <= character <= "\u9fff" for words in shown for character in words)
    assert [words for words in shown if SPACE.search(words)] == []
