"""Bad input on Explore: a sentence that says what is wrong, a mend that suggest_fixes, nothing that was typed lost."""

import pytest

from gptcore.texts import text_in
from tests.support.visiting import (
    address_of,
    choose,
    metrics,
    notices,
    open_part,
    press,
    settled,
    suggest_fixes,
    type_in,
    typed,
    visit,
    warnings,
)

LONG = "a" * 20_001


MISTAKES: list[tuple[dict[str, str], str, str]] = [
    ({"prompt_1": "", "target_1": " b"}, "", "from_book"),
    ({"prompt_1": "a", "target_1": ""}, "", "from_book"),
    ({"prompt_1": "every effort moves", "target_1": "effort moves you"}, "3", "leading_space"),
    ({"prompt_1": "every effort moves", "target_1": " effort moves you on"}, "4", "continuation"),
    ({"prompt_1": "every effort moves", "target_1": " you"}, "1", "shifted"),
    ({"prompt_1": "one", "alignment": "shifted"}, "", "from_book"),
    ({"prompt_1": " a" * 258, "alignment": "shifted"}, "257", "shorten"),
    ({"prompt_1": " a" * 300, "target_1": " b" * 300}, "300", "shorten"),
    ({"prompt_1": " a" * 300, "target_1": " b", "alignment": "continuation"}, "300", "shorten"),
    ({"prompt_1": " a", "target_1": " b" * 300, "alignment": "continuation"}, "300", "shorten"),
    ({"prompt_1": "今" * 300, "alignment": "shifted"}, "", "shorten"),
    ({"prompt_1": LONG, "target_1": LONG}, "20,001", "shorten"),
    ({"prompt_1": LONG, "alignment": "shifted"}, "20,001", "shorten"),
    ({"prompt_1": "1, two, 3", "target_1": "1, 2, 3", "input": "ids"}, "`two`", "as_text"),
    ({"prompt_1": "-1", "target_1": "2", "input": "ids"}, "-1", "from_book"),
    ({"prompt_1": "1", "target_1": "50257", "input": "ids"}, "50,257", "from_book"),
    ({"prompt_1": "1", "target_1": "9" * 12, "input": "ids"}, "999,999,999,999", "from_book"),
    ({"prompt_1": "1.5", "target_1": "2.5", "input": "ids"}, "`1.5`", "as_text"),
    ({"prompt_1": "7 " * 10_001, "target_1": "8 " * 10_001, "input": "ids"}, "20,002", "shorten"),
    ({"prompt_1": "7 " * 300, "target_1": "8 " * 300, "input": "ids"}, "300", "shorten"),
    ({"prompt_1": "1 2", "target_1": "3", "input": "ids"}, "2", "continuation"),
]
"""What is typed, what its sentence quotes of it, and the mend that is offered."""


@pytest.mark.parametrize(
    ("language", "query", "quoted", "mend"),
    [(("en", "zh")[n % 2], *mistake) for n, mistake in enumerate(MISTAKES)],  # in turn: to save time
)
def test_what_is_wrong_is_said_beside_the_field_and_the_mend_mends(
    language: str, query: dict[str, str], quoted: str, mend: str
) -> None:
    at = visit(lang=language, **query)
    assert len(warnings(at)) == 1
    assert quoted in warnings(at)[0]
    assert metrics(at) == {}
    assert len(notices(at)) == 1  # that the numbers come once it is mended
    assert typed(at) == [(query["prompt_1"], query.get("target_1", ""))]
    assert f"mend_{mend}_1" in suggest_fixes(at)
    press(at, f"mend_{mend}_1")
    assert warnings(at) == []
    assert len(metrics(at)) == 3


def test_the_sentence_stands_in_the_row_that_it_is_about() -> None:
    at = visit(prompt_1="a", target_1=" b", prompt_2="a", target_2="", prompt_3="", target_3=" b")
    assert suggest_fixes(at) == ["mend_shifted_2", "mend_from_book_2", "mend_shifted_3", "mend_from_book_3"]
    assert len(warnings(at)) == 2
    press(at, "mend_from_book_2")
    assert typed(at)[0] == ("a", " b")
    assert typed(at)[2] == ("", " b")
    assert suggest_fixes(at) == ["mend_shifted_3", "mend_from_book_3"]


def test_every_mend_of_a_mismatch_leads_to_numbers_and_keeps_the_prompt() -> None:
    for name in ("leading_space", "continuation", "shifted"):
        at = visit(prompt_1="every effort moves", target_1="effort moves you")
        assert suggest_fixes(at) == ["mend_leading_space_1", "mend_continuation_1", "mend_shifted_1"]
        press(at, f"mend_{name}_1")
        assert len(metrics(at)) == 3
        assert typed(at)[0][0] == "every effort moves"
    assert address_of(at)["alignment"] == "shifted"
    choose(at, "alignment", "paired")
    assert typed(at) == [("every effort moves", "effort moves you")]  # the target was kept meanwhile


def test_a_leading_space_is_offered_even_where_the_counts_agree() -> None:
    at = visit(prompt_1="I", target_1="am")
    assert len(metrics(at)) == 3
    assert any("`am`" in notice for notice in notices(at))
    press(at, "mend_leading_space_1")
    assert typed(at) == [("I", " am")]
    assert notices(at) == []


def test_what_was_shortened_is_as_long_as_is_read() -> None:
    at = visit(prompt_1=" a" * 300, target_1=" b" * 20, alignment="continuation")
    press(at, "mend_shorten_1")
    assert typed(at) == [(" a" * 237, " b" * 20)]  # 237 + 20 tokens, of which the last is a target only
    at = visit(prompt_1="今天天气" * 300, alignment="shifted")
    press(at, "mend_shorten_1")
    prompt = typed(at)[0][0]
    assert ("今天天气" * 300).startswith(prompt)  # whole characters, not half of one in hex
    assert len(prompt) > 100


def test_too_long_and_no_ids_either() -> None:
    at = visit(prompt_1="x " * 10_001, target_1="2", input="ids")
    press(at, "mend_shorten_1")
    assert "`x`" in warnings(at)[0]
    press(at, "mend_as_text_1")
    assert "10,001" in warnings(at)[0]


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "right \u202eto left\u202c and \u05d0\u05d1\u05d2 \u0627\u0644\u0639",
        "e\u0301\u0301\u0301 o\u0308",
        "👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
        "\u200b\u200d\ufeff x",
        "tab\tand\r\nlines\n\nmore",
        "   ",
        "<img src=x onerror=alert(1)> <script>alert(1)</script>",
        "![x](http://example.invalid/x.png) [y](javascript:alert(1)) **b** _i_ # h",
        "$x$ $$\\frac{1}{2}$$ :smile: :red[r] :material/home: `code` ``",
        "{braces} {0} %s %(x)s %{customdata[0]}",
        "'quotes' \"and\" \\backslashes\\",
        "a<|endoftext|>b",
        "a" * 400 + "\U0001f600" * 10,
        "=1+1 @x +x",
    ],
)
def test_strange_text_is_scored_as_what_was_typed(text: str) -> None:
    at = visit(prompt_1=text, alignment="shifted")
    assert typed(at) == [(text, "")]
    assert warnings(at) == []
    assert len(metrics(at)) == 3
    again = visit(**address_of(at))
    assert metrics(again) == metrics(at)
    assert typed(again) == [(text, "")]


def test_end_of_text_is_plain_text_and_that_is_said() -> None:
    at = visit(prompt_1="a<|endoftext|>b", alignment="shifted")
    assert any("<|endoftext|>" in notice for notice in notices(at))
    assert len(open_part(at, "table").dataframe[0].value) > 3  # several tokens, not one


@pytest.mark.parametrize(
    ("key", "words"),
    [
        *[("seed", words) for words in ("abc", "-1", "1e99", str(2**63), str(2**32), "1.5", "")],
        *[("temperature", words) for words in ("abc", "0", "nan", "inf", "-1", "1e99")],
        *[("context_length", words) for words in ("7", "0", "abc")],
        ("alignment", "x"),
        ("input", "y"),
        ("lang", "xx"),
        ("size", "huge"),
        *[("position", words) for words in ("999", "0", "-1", "x")],
        ("model", "no such model"),
    ],
)
def test_an_address_that_asks_for_what_cannot_be_is_answered(key: str, words: str) -> None:
    at = visit(**{"target_1": " b", "prompt_1": "a", key: words})
    assert len([sentence for sentence in warnings(at) if f"`{words.replace(' ', '␣')}`" in sentence]) == 1
    assert len(metrics(at)) == 3
    assert typed(at) == [("a", " b")]
    assert key not in address_of(at)
    settled(at.run())
    assert warnings(at) == [] or key == "model"  # that sentence stays until the visitor has chosen another


def test_everything_wrong_at_once() -> None:
    wrong = {
        "seed": "abc",
        "temperature": "nan",
        "context_length": "7",
        "alignment": "x",
        "lang": "xx",
        "position": "x",
    }
    at = visit(**wrong, unknown="parameter")
    assert len(warnings(at)) == len(wrong)
    assert len(metrics(at)) == 3
    assert address_of(at) == {}


def test_a_hundred_kilobytes_in_the_address() -> None:
    text = "word " * 20_000
    at = visit(prompt_1=text, target_1="x")
    assert "100,000" in warnings(at)[0]
    assert typed(at) == [(text, "x")]
    address = address_of(at)
    assert (set(address), len(address["rest"])) == ({"target_1", "rest"}, 32)  # the text waits on the server
    assert text_in("en", "app")("address_too_long") in [caption.value for caption in at.caption]
    press(at, "mend_shorten_1")
    assert len(typed(at)[0][0]) <= 20_000
    press(at, "mend_shifted_1")
    assert len(metrics(at)) == 3


def test_many_tokens_that_do_not_line_up_are_not_all_drawn() -> None:
    at = visit(prompt_1="今" * 9_000, target_1="b")
    assert "18,000" in warnings(at)[0]
    (chips,) = [part for part in at.get("bidi_component") if part.key == "chips_1"]
    assert len(chips.proto.json) < 100_000
    assert chips.proto.json.count('"prompt"') <= 400


def test_what_is_typed_after_a_mistake_is_taken() -> None:
    at = visit(prompt_1="", target_1=" b")
    type_in(at, prompt_1="a")
    assert (warnings(at), len(metrics(at))) == ([], 3)
    type_in(at, target_1="")
    assert len(warnings(at)) == 1
    assert typed(at) == [("a", "")]
