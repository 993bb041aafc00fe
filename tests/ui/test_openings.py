"""What pages open on where neither an address nor a visitor says it; and that all they do say is kept."""

import pytest
from streamlit.testing.v1 import AppTest

from gptcore import Example, score, trained_small_model
from gptcore.presets import PRESETS
from gptcore.texts import LANGUAGES, text_in
from gptcore.ui.compare.fields import PAIRS
from gptcore.ui.models import download
from gptcore.weights.held_out import held_out_bits_per_byte
from tests import ROOT
from tests.support.visiting import address_of, settled, typed, visit

BOOK = [(example.prompt, example.target) for example in PRESETS["book"]]


def arrive(page: str, **query: str) -> AppTest:
    """Open an address as it stands, on one of its pages."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    at.switch_page(f"pages/{page}.py")
    for key, words in query.items():
        at.query_params[key] = words
    return settled(at.run())


def test_inputs_open_on_a_trained_model_and_two_texts_and_leave_the_book_to_the_other_pages() -> None:
    at = arrive("compare", compare="inputs")
    assert at.selectbox(key="model").value == "trained_small"
    assert typed(at) == [(example.prompt, "") for example in PAIRS["typo"]]
    assert address_of(at)["model"] == "trained_small"  # a link shows the same to everybody
    at = settled(at.switch_page("pages/explore.py").run())
    assert at.selectbox(key="model").value == "untrained"
    assert typed(at) == BOOK
    assert "model" not in address_of(at)


def test_what_was_changed_there_is_the_visitors() -> None:
    at = arrive("compare", compare="inputs")
    at = settled(at.text_area(key="prompt_1").set_value("I had always thought him a genius").run())
    at = settled(at.switch_page("pages/explore.py").run())
    assert at.selectbox(key="model").value == "trained_small"
    assert typed(at)[0] == ("I had always thought him a genius", "")


@pytest.mark.parametrize(
    "query", [{"model": "untrained"}, {"size": "mini"}, {"prompt_1": "every effort", "target_1": " effort moves"}]
)
def test_a_link_that_names_a_model_or_texts_keeps_its_meaning(query: dict[str, str]) -> None:
    at = arrive("compare", compare="inputs", **{"size": "mini", **query})
    assert at.selectbox(key="model").value == "untrained"
    assert typed(at)[0] == ((query["prompt_1"], query["target_1"]) if "prompt_1" in query else BOOK[0])


def test_long_text_opens_on_the_trained_model_and_leaves_the_untrained_one_to_others() -> None:
    at = arrive("long_text")
    assert at.selectbox(key="model").value == "trained_small"
    at = settled(at.switch_page("pages/perplexity.py").run())
    assert at.selectbox(key="model").value == "untrained"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_small_model_says_what_it_does_not_know_beside_what_it_costs(language: str) -> None:
    words = text_in(language, "knowledge")
    cost = score(trained_small_model(), [Example("今天天气很好。", alignment="shifted")]).bits_per_byte
    assert cost > 1.5 * held_out_bits_per_byte()
    times = f"{cost / held_out_bits_per_byte():.1f}"
    said = words("far", which=words("one"), cost=f"{cost:.2f}", usual="1.26", times=times)
    at = visit(lang=language, model="trained_small", alignment="shifted", prompt_1="今天天气很好。")
    assert any(said in info.value and words("read") in info.value for info in at.info)
    both = visit(
        lang=language, model="trained_small", alignment="shifted", prompt_1="今天天气很好。", prompt_2="你好。"
    )
    assert any(words("together") in info.value for info in both.info)
    known = visit(lang=language, model="trained_small", alignment="shifted", prompt_1="Fellow citizens of the Senate")
    assert not any(words("read") in info.value for info in known.info)


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_gpt2_cannot_be_fetched_is_said_in_the_open(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(download.ALLOW_VARIABLE, "1")
    monkeypatch.setattr(download, "can_fetch", lambda: False)
    at = visit(lang=language)
    if [button for button in at.button if button.key == "download_gpt2"]:  # not where GPT-2 lies on this machine
        assert at.button(key="download_gpt2").disabled
        assert text_in(language, "models")("download_no_library") in [caption.value for caption in at.caption]
