"""Explore without a browser: what an address shows, what the page says, what its controls do; in both languages."""

import json
from typing import Any

import pytest

from gptcore import Example, score
from gptcore.config import SIZES
from gptcore.initialization import untrained_model
from gptcore.presets import PRESETS
from gptcore.texts import LANGUAGES, text_in
from tests.support.visiting import (
    address_of,
    alt_texts,
    choose,
    metrics,
    notices,
    open_part,
    press,
    settled,
    type_in,
    typed,
    visit,
    warnings,
)

BOOK = [(example.prompt, example.target) for example in PRESETS["book"]]


def shown_numbers(
    examples: list[Example], *, seed: int = 123, temperature: float = 1.0, length: int = 256
) -> dict[str, str]:
    """Return what the page must show, made without it."""
    report = score(untrained_model(SIZES["mini"].with_(context_length=length), seed), examples, temperature=temperature)
    return {
        "mean_log_probability": f"−{-report.mean_log_probability:.4f}",
        "cross_entropy": f"{report.cross_entropy:.4f}",
        "perplexity": f"{report.perplexity:,.2f}",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_click_shows_the_same_texts_under_the_trained_model_and_back(language: str) -> None:
    words = text_in(language, "invitation")
    at = visit(size="mini", lang=language)
    untrained = metrics(at)
    assert at.button(key="use_other_model").label == words("untrained.offered")
    at = press(at, "use_other_model")
    assert at.selectbox(key="model").value == "trained_small"
    assert typed(at) == BOOK
    assert metrics(at) != untrained
    assert at.button(key="use_other_model").label == words("trained_small.offered")
    assert metrics(press(at, "use_other_model")) == untrained


@pytest.mark.slow
def test_the_first_view_is_the_books_and_has_its_numbers() -> None:
    """The real size, 652 MB: to the digits printed in the book."""
    at = visit(size="124M")
    assert typed(at) == BOOK
    assert metrics(at) == {
        "mean_log_probability": "−10.7940",
        "cross_entropy": "10.7940",
        "perplexity": "48,725.82",
    }
    positions = open_part(at, "table").dataframe[0].value
    assert positions["rank"].tolist() == [258, 7_247, 37_218, 40_358, 877, 49_549]
    assert [f"{p:.4e}" for p in positions["target_probability"]] == [
        "7.4540e-05",
        "3.1061e-05",
        "1.1563e-05",
        "1.0337e-05",
        "5.6776e-05",
        "4.7559e-06",
    ]
    assert address_of(at) == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_of_the_page_is_there_in_both_languages(language: str) -> None:
    at = visit(lang=language)
    text = text_in(language, "explore")
    assert at.header[0].value == text("title")
    assert [metric.label for metric in at.metric] == [text(f"{key}.label") for key in metrics(at)]
    assert at.subheader[0].value == text("one_position")
    assert {text("table"), text("check"), text("code")} <= {expander.label for expander in at.expander}
    assert len(alt_texts(at)) == 5
    assert all(len(alt) > 20 for alt in alt_texts(at))
    assert warnings(at) == []


def test_the_charts_say_in_words_what_they_show() -> None:
    at = visit()
    probabilities, logs, ruler, top, curve = alt_texts(at)
    assert metrics(at)["perplexity"] in ruler
    assert metrics(at)["mean_log_probability"] in logs
    assert "of 6 targets" in probabilities
    assert "rank" in top
    assert "rank" in curve
    shown = [caption.value.replace("\\", "") for caption in at.caption]
    assert {probabilities, logs, ruler, top, curve} <= set(shown)  # also to be read, not for screen readers only


@pytest.mark.parametrize(
    ("browser", "address", "language"),
    [
        ("en-US", {}, "en"),
        ("zh-CN", {}, "zh"),
        ("zh-TW", {}, "zh"),
        ("de-DE", {}, "en"),
        ("en", {"lang": "zh"}, "zh"),
        ("zh", {"lang": "en"}, "en"),
    ],
)
def test_the_language_is_the_addresss_else_the_browsers(browser: str, address: dict[str, str], language: str) -> None:
    at = visit(browser_language=browser, **address)
    assert at.header[0].value == text_in(language, "explore")("title")
    assert address_of(at) == address


def test_the_language_switch_keeps_everything_else() -> None:
    at = visit(prompt_1="one two", target_1=" two three", seed=5)
    before = metrics(at)
    choose(at, "lang", "zh")
    assert at.header[0].value == text_in("zh", "explore")("title")
    assert metrics(at) == before
    assert typed(at) == [("one two", " two three")]
    assert address_of(at) == {"prompt_1": "one two", "target_1": " two three", "seed": "5", "lang": "zh"}


def test_an_address_shows_exactly_what_it_says() -> None:
    query: dict[str, Any] = {"prompt_1": "every effort moves", "target_1": " effort moves you", "seed": 7, "lang": "zh"}
    at = visit(**query)
    assert typed(at) == [("every effort moves", " effort moves you")]
    assert at.number_input(key="seed").value == 7
    assert metrics(at) == shown_numbers([Example("every effort moves", " effort moves you")], seed=7)
    assert address_of(at) == {key: str(words) for key, words in query.items()}


def test_an_address_with_everything_in_it() -> None:
    at = visit(
        prompt_1="one two three",
        prompt_2="a b",
        alignment="shifted",
        seed=9,
        context_length=1024,
        temperature=0.5,
        position=2,
    )
    examples = [Example("one two three", alignment="shifted"), Example("a b", alignment="shifted")]
    assert metrics(at) == shown_numbers(examples, seed=9, temperature=0.5, length=1024)
    assert at.selectbox(key="context_length").value == 1024
    assert at.number_input(key="temperature").value == 0.5
    assert at.selectbox(key="position").value == 2
    assert all("0.5" in caption.value for caption in at.caption if "1,024" in caption.value or "e^" in caption.value)


def test_ids_in_an_address() -> None:
    at = visit(prompt_1="[40, 1107, 588]", target_1="1107 588 11311", input="ids")
    assert metrics(at) == shown_numbers([Example.from_ids([40, 1107, 588], [1107, 588, 11311])])
    assert typed(at) == [("[40, 1107, 588]", "1107 588 11311")]  # as it was typed


def test_a_temperature_that_is_not_1_is_named_beside_every_number() -> None:
    at = visit(temperature="1.5")
    assert metrics(at) == shown_numbers(list(PRESETS["book"]), temperature=1.5)
    assert sum("1.5" in caption.value for caption in at.caption) >= 3
    at.number_input(key="temperature").set_value(1.0).run()
    assert metrics(at) == shown_numbers(list(PRESETS["book"]))
    assert not any("temperature" in caption.value for caption in at.caption)


def test_typing_changes_numbers_and_address() -> None:
    at = visit()
    type_in(at, target_2=" really like you")
    examples = [PRESETS["book"][0], Example("I really like", " really like you")]
    assert metrics(at) == shown_numbers(examples)
    assert address_of(at)["target_2"] == " really like you"
    type_in(at, target_2=" really like chocolate")
    assert address_of(at) == {}  # the first view again


def test_seed_and_another_seed() -> None:
    at = visit()
    at.number_input(key="seed").set_value(5).run()
    assert metrics(at) == shown_numbers(list(PRESETS["book"]), seed=5)
    press(at, "another_seed")
    seed = int(at.number_input(key="seed").value or 0)
    assert address_of(at) == {"seed": str(seed)}
    assert metrics(at) == shown_numbers(list(PRESETS["book"]), seed=seed)


def test_rows_are_added_and_taken_away() -> None:
    at = visit()
    press(at, "add_example")
    assert typed(at) == [*BOOK, ("", "")]
    assert metrics(at) == {}
    type_in(at, prompt_3="one two", target_3=" two three")
    assert len(metrics(at)) == 3
    press(at, "remove_1")
    assert typed(at) == [BOOK[1], ("one two", " two three")]
    assert metrics(at) == shown_numbers([PRESETS["book"][1], Example("one two", " two three")])
    press(at, "remove_2")
    assert typed(at) == [BOOK[1]]
    assert "remove_1" not in [button.key for button in at.button]  # the last one stays


def test_eight_rows_are_the_most() -> None:
    at = visit(**{f"{field}_{n}": f" {n}" for n in range(1, 10) for field in ("prompt", "target")})
    assert len(typed(at)) == 8
    assert len(metrics(at)) == 3
    assert at.button(key="add_example").disabled


def test_an_empty_row_is_in_the_address_too() -> None:
    at = visit()
    press(at, "add_example")
    again = visit(**address_of(at))
    assert typed(again) == [*BOOK, ("", "")]


def test_text_becomes_ids_and_text_again() -> None:
    at = visit()
    before = metrics(at)
    at.segmented_control(key="input").set_value("ids").run()
    settled(at)
    assert typed(at)[0] == ("16833, 3626, 6100", "3626, 6100, 345")
    assert metrics(at) == before
    assert address_of(at)["input"] == "ids"
    at.segmented_control(key="input").set_value("text").run()
    assert typed(settled(at)) == BOOK
    assert metrics(at) == before


@pytest.mark.parametrize(
    ("preset", "rows", "count"), [("book", 2, 6), ("slip", 2, 6), ("chinese", 1, 9), ("repetitive", 1, 10)]
)
def test_presets_fill_the_fields_and_line_up(preset: str, rows: int, count: int) -> None:
    at = visit(prompt_1="typed before", target_1=" it")
    at.menu_button(key="preset").click(preset).run()
    settled(at)
    assert len(typed(at)) == rows
    assert len(open_part(at, "table").dataframe[0].value) == count


def test_a_slip_is_seen_and_said() -> None:
    at = visit(input="ids", prompt_1="40 1107 588", target_1="588 428 11311")
    assert any("like this chocolate" in notice.replace("␣", " ") for notice in notices(at))
    assert len(metrics(at)) == 3
    assert notices(visit(input="ids", prompt_1="40 1107 588", target_1="1107 588 11311")) == []


def test_shifted_says_that_the_first_token_has_no_score() -> None:
    at = visit(prompt_1="every effort moves you", alignment="shifted")
    assert metrics(at) == shown_numbers([Example("every effort moves you", alignment="shifted")])
    assert any("`every`" in caption.value for caption in at.caption)


def test_changing_the_alignment_keeps_what_was_typed() -> None:
    at = visit()
    choose(at, "alignment", "shifted")
    assert [prompt for prompt, _ in typed(at)] == [prompt for prompt, _ in BOOK]
    choose(at, "alignment", "continuation")
    assert typed(at) == BOOK
    assert metrics(at) == shown_numbers([Example(prompt, target, "continuation") for prompt, target in BOOK])


def test_the_select_box_opens_a_position() -> None:
    at = visit()
    first = alt_texts(at)[3:]
    at.selectbox(key="position").set_value(5).run()
    assert address_of(at) == {"position": "5"}
    assert alt_texts(settled(at))[3:] != first
    assert "␣like" in at.selectbox(key="position").options[4]


def test_a_position_that_is_gone_is_the_first_again() -> None:
    at = visit(position=6)
    press(at, "remove_2")
    assert at.selectbox(key="position").value == 1
    assert (warnings(at), "position" in address_of(at)) == ([], False)


def test_the_table_and_the_check_are_the_reports() -> None:
    at = open_part(open_part(visit(), "table"), "check")
    report = score(untrained_model(SIZES["mini"], 123), PRESETS["book"])
    positions, parts = (frame.value for frame in at.dataframe[:2])
    assert positions["log_probability"].tolist() == report.log_probability.tolist()
    assert positions["position"].tolist() == [1, 2, 3, 1, 2, 3]
    assert parts["perplexity"].tolist() == report.per_example()["perplexity"].tolist()
    check = at.table[0].value.to_string()
    assert f"{report.cross_entropy:.7f}" in check
    assert f"{report.torch_cross_entropy:.7f}" in check


def test_what_is_closed_is_not_built() -> None:
    at = visit()
    assert (len(at.dataframe), len(at.table), len(at.code)) == (0, 0, 0)
    assert "generate" not in [button.key for button in at.button]
    for key in ("table", "check", "code", "generation"):
        open_part(at, key)
    assert (len(at.dataframe), len(at.table), len(at.code)) == (2, 1, 1)
    assert "generate" in [button.key for button in at.button]


def test_the_code_shown_is_the_script() -> None:
    at = visit(prompt_1="it's", target_1=' "it"', seed=5, temperature=0.5, alignment="continuation")
    code = open_part(at, "code").code[0].value
    assert "seed=5" in code
    assert "temperature=0.5" in code
    assert 'Example("it\'s", \' "it"\', alignment="continuation")' in code


def test_projector_mode_and_its_way_out() -> None:
    at = visit(projector=1)
    spec = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert spec["layout"]["font"]["size"] > 13
    press(at, "projector_off")
    assert address_of(at) == {}
    assert json.loads(at.get("plotly_chart")[0].proto.spec)["layout"]["font"]["size"] == 13
