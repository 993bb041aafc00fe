"""The inputs to start from show what is said of them, under the small model that ships."""

import pytest

from gptcore import Example, GPTModel, score, trained_small_model
from gptcore.presets import PRESETS
from gptcore.ui.compare.fields import PAIRS
from gptcore.ui.compare.model_fields import SENTENCES
from gptcore.weights.held_out import held_out_bits_per_byte


@pytest.fixture(scope="module")
def small() -> GPTModel:
    return trained_small_model()


def test_a_repetitive_text_becomes_easy_by_being_repeated(small: GPTModel) -> None:
    report = score(small, PRESETS["repetitive"])
    whale = [n for n, piece in enumerate(report.target_piece) if piece == " whale"]
    first, *again = report.target_probability[whale]
    assert len(again) == 3
    assert min(again) > 10 * first
    assert report.perplexity < 30
    (example,) = PRESETS["repetitive"]
    phrase = str(example.prompt).partition(" and")[0]
    assert report.perplexity < score(small, [Example(phrase, alignment="shifted")]).perplexity / 5


def test_a_target_without_its_space_is_harder(small: GPTModel) -> None:
    with_space, without = (score(small, [example]) for example in PAIRS["leading_space"])
    assert with_space.target_piece[0] == " " + without.target_piece[0]
    assert with_space.perplexity < 10
    assert without.perplexity > 10_000


def test_a_typo_makes_a_text_harder(small: GPTModel) -> None:
    right, wrong = (score(small, [example]) for example in PAIRS["typo"])
    assert right.perplexity * 3 < wrong.perplexity


def test_a_language_that_the_model_never_read_is_harder_by_the_byte_too(small: GPTModel) -> None:
    english, chinese = (score(small, [example]) for example in PAIRS["languages"])
    assert english.bits_per_byte * 3 < chinese.bits_per_byte


def test_the_usual_word_order_is_easier(small: GPTModel) -> None:
    usual, unusual = (score(small, [example]) for example in PAIRS["word_order"])
    assert usual.perplexity < unusual.perplexity


def test_a_sentence_like_the_training_text_is_easier_than_an_unfamiliar_one(small: GPTModel) -> None:
    learned, unfamiliar = (score(small, SENTENCES[name]) for name in ("learned", "not_learned"))
    assert learned.perplexity < 10
    assert unfamiliar.perplexity > 100 * learned.perplexity
    assert learned.bits_per_byte < held_out_bits_per_byte() < unfamiliar.bits_per_byte
