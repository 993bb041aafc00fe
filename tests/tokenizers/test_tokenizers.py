"""Text to ids and back: nothing lost, nothing slow, nothing fetched."""

import hashlib
import socket
import time
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptcore import InputError
from gptcore.tokenizers.base import MAX_CHARACTERS, check_ids, clean_text
from gptcore.tokenizers.choice import tokenizer_for
from gptcore.tokenizers.gpt2 import END_OF_TEXT, GPT2Tokenizer, gpt2_tokenizer
from gptcore.tokenizers.seven_words import SEVEN_WORDS, seven_word_tokenizer
from tests import ROOT

any_text = st.text(st.characters(codec=None))  # lone surrogates too
FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}\u200d\N{BOY}"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("every effort moves", [16833, 3626, 6100]),
        (" effort moves you", [3626, 6100, 345]),
        ("I really like", [40, 1107, 588]),
        (" really like chocolate", [1107, 588, 11311]),
        (" like this chocolate", [588, 428, 11311]),
        ("", []),
    ],
)
def test_the_book_s_texts(text: str, ids: list[int]) -> None:
    assert gpt2_tokenizer().encode(text) == ids
    assert gpt2_tokenizer().decode(ids) == text


def test_a_missing_space_changes_every_id() -> None:
    assert len(gpt2_tokenizer().encode(" effort")) == 1
    assert len(gpt2_tokenizer().encode("effort")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "今天天气很好",
        FAMILY,
        "e\u0301\u0323",
        "\x00a\x00",
        "مرحبا بالعالم",
        "a\u202eb",
        "\ufeffabc",
        "<b>&amp;</b> $x$",
        "\r\n\t ",
    ],
)
def test_whatever_is_typed_comes_back(text: str) -> None:
    assert gpt2_tokenizer().decode(gpt2_tokenizer().encode(text)) == text


@given(any_text)
def test_round_trip(text: str) -> None:
    ids = gpt2_tokenizer().encode(text)
    assert gpt2_tokenizer().decode(ids) == clean_text(text)
    assert all(0 <= token_id < 50_257 for token_id in ids)


@given(any_text)
def test_clean_text_changes_lone_surrogates_only(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode()  # every encoding can hold it
    assert clean_text(cleaned) == cleaned
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert cleaned == text


def test_surrogates() -> None:
    assert clean_text("a\ud800b") == "a\ufffdb"
    assert clean_text("\ud83d\ude00") == "\N{GRINNING FACE}"  # a pair is the character that it stands for


@given(st.lists(st.integers(0, 50_256), max_size=12))
def test_ids_decode_to_the_bytes_of_their_pieces(ids: list[int]) -> None:
    """What is whole is text and what is not is in hex: no byte turns into U+FFFD."""
    tokenizer = gpt2_tokenizer()
    raw = b"".join(tokenizer._encoding.decode_single_token_bytes(token_id) for token_id in ids)
    try:
        assert tokenizer.decode(ids) == raw.decode()
    except UnicodeDecodeError:
        in_hex = tokenizer.decode(ids)
        assert "⟨" in in_hex
        assert in_hex.count("\ufffd") == raw.count("\ufffd".encode())


def test_a_part_of_a_character_is_shown_in_hex() -> None:
    tokenizer = gpt2_tokenizer()
    ids = tokenizer.encode("今")
    assert len(ids) == 2
    assert tokenizer.decode(ids) == "今"
    assert [tokenizer.piece(token_id) for token_id in ids] == ["⟨e4 bb⟩", "⟨8a⟩"]
    assert tokenizer.decode(ids[:1]) == "⟨e4 bb⟩"
    assert tokenizer.decode([*ids[:1], 33]) == "⟨e4 bb⟩B"


def test_end_of_text_is_plain_text_unless_asked_for() -> None:
    tokenizer = gpt2_tokenizer()
    ids = tokenizer.encode(f"a{END_OF_TEXT}b")
    assert 50256 not in ids
    assert len(ids) > 3
    assert tokenizer.decode(ids) == f"a{END_OF_TEXT}b"
    assert tokenizer.encode(f"a{END_OF_TEXT}b", end_of_text_is_special=True) == [64, 50256, 65]
    assert tokenizer.piece(50256) == END_OF_TEXT


@pytest.mark.parametrize("tokenizer", [gpt2_tokenizer(), seven_word_tokenizer()], ids=lambda tokenizer: tokenizer.name)
def test_the_limit_comes_before_any_encoding(tokenizer: GPT2Tokenizer) -> None:
    with pytest.raises(InputError) as caught:
        tokenizer.encode("a" * (MAX_CHARACTERS + 1))
    assert caught.value.code == "too_many_characters"
    assert caught.value.details == {"characters": 20_001, "limit": 20_000}
    with pytest.raises(InputError):  # this one makes tiktoken panic
        tokenizer.encode(" " * 1_000_000 + "x")


UNITS = (
    " ",
    "\n",
    "\r\n",
    "\t",
    "a",
    "aA",
    "ab ",
    "7",
    "-",
    "=",
    "!",
    "'",
    "'s",
    "é",
    "今",
    FAMILY,
    "\u0301",
    "\x00",
    "\ud800",
)
MORE_UNITS = (
    "\u00a0",
    "\u3000",
    "\u200d",
    "\U0010ffff",
    "ก็",
    "مرحبا ",
    END_OF_TEXT,
    "x" + " " * 999,
    "ed",
    "ZyZ",
    "\u2028",
)


@pytest.mark.parametrize("unit", UNITS + MORE_UNITS, ids=ascii)
def test_twenty_thousand_characters_of_anything_take_no_time(unit: str) -> None:
    """Neither a panic nor a wait: a run of one thing is what byte pair encoders are slow at."""
    text = (unit * MAX_CHARACTERS)[: MAX_CHARACTERS - 1] + "x"
    start = time.process_time()  # this process's own: a busy machine is not a slow encoder
    ids = gpt2_tokenizer().encode(text)
    decoded = gpt2_tokenizer().decode(ids)
    assert time.process_time() - start < 2
    assert decoded == clean_text(text)


@given(st.lists(st.tuples(any_text, st.integers(1, 3000)), min_size=1, max_size=6))
def test_long_runs_of_anything_come_back(runs: list[tuple[str, int]]) -> None:
    text = "".join(unit * times for unit, times in runs)[:MAX_CHARACTERS]
    assert gpt2_tokenizer().decode(gpt2_tokenizer().encode(text)) == clean_text(text)


def test_the_vocabulary_is_the_published_one() -> None:
    vocabulary = (ROOT / "gptcore" / "data" / "r50k_base.tiktoken").read_bytes()
    published = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"
    assert hashlib.sha256(vocabulary).hexdigest() == published
    assert gpt2_tokenizer().vocab_size == 50_257


def test_it_is_read_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert GPT2Tokenizer().encode("every effort moves") == [16833, 3626, 6100]


@pytest.mark.parametrize("token_id", [-1, 50_257, 2**63, -(10**30)])
def test_an_id_outside_the_vocabulary_is_refused(token_id: int) -> None:
    for refuses in (
        gpt2_tokenizer().piece,
        lambda i: gpt2_tokenizer().decode([0, i]),
        lambda i: check_ids([i], 50_257),
    ):
        with pytest.raises(InputError, match="is not an id of the vocabulary: 0 to 50,256") as caught:
            refuses(token_id)
        assert caught.value.code == "id_out_of_range"
        assert caught.value.details == {"id": token_id, "limit": 50_256}


@given(st.lists(st.integers(0, 6)), st.sampled_from([" ", "  ", "\n", "\u3000"]))
def test_seven_words_round_trip(ids: list[int], between: str) -> None:
    tokenizer = seven_word_tokenizer()
    assert tokenizer.encode(tokenizer.decode(ids)) == ids
    assert tokenizer.encode(between.join(SEVEN_WORDS[i] for i in ids)) == ids


@pytest.mark.parametrize("text", ["every effort counts", "Every", "a,effort", "zoo\x00", "a" * 20_000])
def test_an_eighth_word_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is none of the seven words: a, effort, every") as caught:
        seven_word_tokenizer().encode(text)
    assert caught.value.code == "unknown_word"
    assert str(caught.value.details["word"]) in text
    assert len(str(caught.value)) < 200


def test_tokenizer_for_a_vocabulary() -> None:
    assert tokenizer_for(7) is seven_word_tokenizer()
    assert tokenizer_for(50_257) is gpt2_tokenizer()
    with pytest.raises(ValueError, match="no tokenizer here has a vocabulary of 8; there are 7 and 50,257"):
        tokenizer_for(8)
