"""What stands beside the tokens of Explore: a position's details where it was chosen."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from gptcore import Example, score
from gptcore.config import SIZES
from gptcore.examples import Alignment, encode
from gptcore.initialization import untrained_model
from gptcore.presets import PRESETS
from gptcore.texts import LANGUAGES, text_in
from gptcore.tokenizers import gpt2_tokenizer
from gptcore.ui.widgets.running_text import TextSpans
from gptcore.ui.widgets.token_heat import heat_spans
from tests.support.visiting import address_of, settled, typed, visit


def component(at: AppTest, key: str) -> dict[str, Any]:
    """Return what a component of the page was given."""
    (found,) = [element for element in at.get("bidi_component") if element.key == key]
    data: dict[str, Any] = json.loads(found.proto.json)
    return data


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chip_brings_its_positions_details_along(language: str) -> None:
    words = text_in(language, "examples").group("details")
    report = score(untrained_model(SIZES["mini"], 123), PRESETS["book"])
    data = component(visit(lang=language), "chips_2_scored")
    details = data["columns"][1]["details"]
    assert data["columns"][1]["index"] == 4
    assert [name for name, _ in details["facts"]] == [words[n] for n in ("probability", "rank", "surprisal", "share")]
    shown = " ".join(value for _, value in details["facts"])
    for number in (
        f"{report.target_probability[4]:.4e}",
        f"{report.rank[4]:,}",
        f"{report.surprisal_nats[4]:.4f}",
        f"{100 * report.share_of_loss[4]:.1f}",
    ):
        assert number in shown
    assert [piece for piece, _, _ in details["likeliest"]] == [p.replace(" ", "␣") for p in report.top_pieces[4][:5]]
    assert data["words"]["to_whole"] == words["to_whole"]


def test_a_position_chosen_in_a_chart_is_told_below_the_charts_until_another_is_chosen() -> None:
    at = visit()
    assert "position_of_chart" not in [element.key for element in at.get("bidi_component")]
    at.session_state["position"], at.session_state["_position_of_chart"] = 6, 5  # as a click on a bar does
    at = settled(at.run())
    assert "␣chocolate" in component(at, "position_of_chart")["details"]["title"]
    at = settled(at.selectbox(key="position").select(2).run())
    assert "position_of_chart" not in [element.key for element in at.get("bidi_component")]


def lens(at: AppTest, text: str) -> list[str]:
    """Return the pictures of characters, bytes and tokens that hold a piece of HTML."""
    return [part.proto.body for part in at.get("html") if 'class="lens"' in part.proto.body and text in part.proto.body]


@pytest.mark.parametrize("language", LANGUAGES)
def test_pieces_of_characters_are_laid_over_them_without_being_asked(language: str) -> None:
    words = text_in(language, "token_lens")
    at = visit(lang=language, alignment="shifted", prompt_1="我喜欢")
    (drawn,) = lens(at, "⟨e6 88⟩")
    assert ">我<" in drawn
    assert "22755" in drawn
    said = words("partial", token="`⟨e6 88⟩`", held=2, bytes=3, character="`我`")
    assert any(said in caption.value for caption in at.caption)


def test_the_lens_opens_on_demand_draws_the_space_or_not_and_takes_no_markup() -> None:
    at = visit(alignment="shifted", prompt_1="every effort <b>you</b>")
    assert lens(at, "") == []
    at = settled(at.toggle(key="lens").set_value(True).run())
    (drawn,) = lens(at, "␣effort")
    assert "<b>" not in drawn
    assert "lt;" in drawn
    assert any("3626" in caption.value and "14822, 419" in caption.value for caption in at.caption)
    at = settled(at.toggle(key="lens_1_rows_spaces").set_value(False).run())
    assert lens(at, "␣") == []
    assert len(lens(at, "3626")) == 1
    assert lens(visit(**address_of(at)), "␣") == []
    at = settled(at.text_area(key="prompt_1").set_value("").run())  # no tokens, and no reason to lose the switch
    assert lens(at, "") == []
    assert at.toggle(key="lens_1_rows_spaces").value is False


def test_step_one_shows_the_lens_of_byte_pieces() -> None:
    at = visit("step_by_step", alignment="shifted", prompt_1="我喜欢")
    assert len(lens(at, "⟨e6 88⟩")) == 1


@pytest.mark.parametrize("opened", ["step_by_step", "perplexity"])
def test_the_texts_open_above_what_they_change_and_stay_open_through_a_mistake(opened: str) -> None:
    at = visit(opened)
    assert "prompt_1" not in [field.key for field in at.text_area]
    at = settled(at.button(key="change_texts").click().run())
    assert "scroll_to_texts_editor" in [element.key for element in at.get("bidi_component")]
    at = settled(at.text_area(key="target_1").set_value(" effort").run())
    assert len(at.warning) == 1
    assert at.button(key="close_texts").disabled
    at = settled(at.text_area(key="target_1").set_value(" effort moves me").run())
    assert at.text_area(key="target_1").value == " effort moves me"
    at = settled(at.button(key="close_texts").click().run())
    assert "prompt_1" not in [field.key for field in at.text_area]


LONG = "Four score and seven years ago our fathers brought forth on this continent a new nation, in Liberty, 我喜欢"


@pytest.mark.parametrize(("alignment", "target"), [("shifted", ""), ("continuation", f" {LONG}"), ("paired", LONG)])
def test_a_row_of_many_tokens_is_a_heat_map_with_every_number_of_the_report(alignment: Alignment, target: str) -> None:
    example = Example(LONG, target, alignment)
    report = score(untrained_model(SIZES["mini"], 123), [example])
    (row,) = encode([example], gpt2_tokenizer()).rows
    assert report.positions > 24
    spans = heat_spans(row, gpt2_tokenizer(), report, 0)
    assert "".join(spans.text) == LONG + target * (alignment == "continuation")
    scored = [index for index in spans.index if index >= 0]
    assert scored == sorted(set(scored))
    assert scored[0] == 0
    nats = sum(float(v[0].split()[0]) for v, index in zip(spans.values, spans.index, strict=True) if index >= 0)
    assert nats == pytest.approx(report.surprisal_nats.sum(), abs=0.0001 * report.positions)
    at = visit(alignment=alignment, prompt_1=LONG, target_1=target)
    assert component(at, "heat_1")["spans"] == as_json(spans)
    assert "chips_1_scored" not in [element.key for element in at.get("bidi_component")]


def as_json(spans: TextSpans) -> dict[str, Any]:
    """Return spans as they arrive in a browser."""
    found: dict[str, Any] = json.loads(json.dumps(asdict(spans)))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("typed_in", "alone"),
    [
        ({"prompt_1": "我喜欢"}, "我喜欢"),
        ({"target_1": "every effort"}, "every effort"),
        ({"prompt_1": "我喜欢", "target_1": " you"}, "我喜欢"),
    ],
)
def test_one_sentence_in_the_default_mode_is_scored_by_itself_in_one_click(
    typed_in: dict[str, str], alone: str, language: str
) -> None:
    words = text_in(language, "examples")
    at = visit(lang=language, **typed_in)
    assert words("how.paired") in [part.value for part in at.markdown]
    assert at.button(key="mend_shifted_1").label.endswith(f"`{alone.replace(' ', '␣')}`")
    at = settled(at.button(key="mend_shifted_1").click().run())
    assert typed(at) == [(alone, "")]
    assert at.session_state["alignment"] == "shifted"
    assert at.warning == []
    assert len(at.metric) == 3
