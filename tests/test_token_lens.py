"""The token lens against the bytes themselves: emoji, combining marks, Chinese, pieces of characters, any tokenizer."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptcore.token_lens import TokenLens, ids_without_space, token_lens
from gptcore.tokenizers import gpt2_tokenizer
from gptcore.tokenizers.base import clean_text
from gptcore.tokenizers.model_rows import RowTokenizer
from gptcore.tokenizers.seven_words import seven_word_tokenizer

GPT2 = gpt2_tokenizer()
FAMILY = "👩‍👩‍👧"


def lens_of(text: str) -> TokenLens:
    return token_lens(GPT2.encode(text), GPT2)


@pytest.mark.parametrize(
    "text", ["every effort moves", "我喜欢学习", FAMILY, "e\u0301tude", "a\u200bb", "\ufffd", "नमस्ते"]
)
def test_characters_and_tokens_cover_the_texts_bytes(text: str) -> None:
    lens = lens_of(text)
    assert lens.raw == text.encode()
    assert "".join(span.text for span in lens.characters) == text
    assert [len(span.text.encode()) for span in lens.characters] == [c.stop - c.start for c in lens.characters]
    for places in ([(c.start, c.stop) for c in lens.characters], [(t.start, t.stop) for t in lens.tokens]):
        assert places[0][0] == 0
        assert places[-1][1] == len(lens.raw)
        assert all(one[1] == other[0] for one, other in pairwise(places))


@given(st.text(max_size=40))
def test_any_text_is_found_again_in_its_groups(text: str) -> None:
    lens = lens_of(text)
    groups = list(lens.groups())
    assert b"".join(group.raw for group in groups) == clean_text(text).encode()
    assert [t.token_id for group in groups for t in group.tokens] == GPT2.encode(text)
    assert "".join(c.text for group in groups for c in group.characters) == clean_text(text)
    for group in groups:
        assert any(t.partial for t in group.tokens) == any(
            c.start < t.stop < c.stop for c in group.characters for t in group.tokens
        )


@given(st.lists(st.integers(0, 50_256), max_size=12))
def test_any_ids_are_laid_over_their_bytes(ids: list[int]) -> None:
    lens = token_lens(ids, GPT2)
    assert [lens.raw[t.start : t.stop] for t in lens.tokens] == [GPT2.token_bytes(i) for i in ids]
    assert lens.raw.decode(errors="ignore") == "".join(c.text for c in lens.characters)
    assert list(lens.to_frame()["byte"]) == [f"{byte:02x}" for byte in lens.raw]


def test_a_byte_of_no_character_has_no_text_and_its_token_is_partial() -> None:
    (half,) = GPT2.encode("我")[1:]
    lens = token_lens([64, half, 65], GPT2)  # "a", ⟨91⟩, "b"
    assert [(c.text, c.start, c.stop) for c in lens.characters] == [("a", 0, 1), ("", 1, 2), ("b", 2, 3)]
    assert [token.partial for token in lens.tokens] == [False, True, False]
    assert [token.text for token in lens.tokens] == ["a", "⟨91⟩", "b"]


def test_a_mark_and_what_an_emoji_is_made_of_are_characters_of_their_own() -> None:
    assert [c.text for c in lens_of("e\u0301").characters] == ["e", "\u0301"]
    assert [c.text for c in lens_of(FAMILY).characters] == ["👩", "\u200d", "👩", "\u200d", "👧"]


def test_a_special_token_holds_no_bytes_and_keeps_its_place() -> None:
    lens = token_lens([64, 50_256, 65], GPT2)
    assert lens.raw == b"ab"
    assert [(t.text, t.start, t.stop, t.partial) for t in lens.tokens][1] == ("<|endoftext|>", 1, 1, False)
    assert len(list(lens.groups())) == 3


def test_the_bytes_are_the_tokenizers_own() -> None:
    seven = seven_word_tokenizer()
    assert token_lens(seven.encode("every effort"), seven).raw == b"everyeffort"  # no token holds the space
    assert token_lens([17], RowTokenizer(None, 20)).tokens[0].text == "#17"  # a row without a token


@pytest.mark.parametrize(("token_id", "without"), [(3626, (14822, 419)), (220, ()), (16833, ()), (1107, (27485,))])
def test_what_a_token_is_without_its_space(token_id: int, without: tuple[int, ...]) -> None:
    (token,) = token_lens([token_id], GPT2).tokens
    assert ids_without_space(token, GPT2) == without
