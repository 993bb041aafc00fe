"""What the app's words state as fact, against the computation; in both languages."""

import math
from itertools import product

import numpy as np
import pytest
import torch

from gptcore import number_format, score, trained_small_model, untrained_model
from gptcore.config import MAX_SEED, SIZES
from gptcore.presets import PRESETS
from gptcore.texts import LANGUAGES, text_in
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.training.config import TrainConfig

V = SIZES["124M"].vocab_size
BOOK = SIZES["124M"].with_(context_length=256)

STATED = [
    ("glossary", "meanings.v", f"{V:,}"),
    ("glossary", "meanings.token", f"{V:,}"),
    ("glossary", "meanings.token", f"{V - 1:,}"),
    ("glossary", "meanings.uniform", f"ln\u00a0{V:,}\u00a0=\u00a0{math.log(V):.4f}"),
    ("glossary", "meanings.nat", f"{1 / math.log(2):.4f}"),
    ("glossary", "meanings.nat", f"{math.e:.2f}"),
    ("glossary", "meanings.hidden", str(BOOK.emb_dim)),
    ("glossary", "meanings.scientific", number_format.one_in(-math.log(7.4540e-05))),
    ("glossary", "meanings.flatten", f"({2 * 3}, {V})"),
    ("perplexity", "landmarks.beyond", f"{math.log(2 * V) - math.log(V):.4f}"),
    ("perplexity", "chart_surprise.summary", f"{math.log(2):.4f}"),
    ("perplexity", "chart_exponential.summary", f"{math.e:.2f}"),
    ("step_by_step", "sentences.7", f"{math.log(2):.4f}"),
    ("models", "seed_help", f"{MAX_SEED:,}"),
]
"""(file, key, the number that is computed here)"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_in_words_are_those_that_are_computed(language: str) -> None:
    missing = [(key, number) for file, key, number in STATED if number not in text_in(language, file)(key)]
    assert missing == []
    large = number_format.large_count(BOOK.parameters, language)
    assert large.replace(" million", "") in text_in(language, "models")("size_help")


def test_the_small_models_size_is_the_stated_one() -> None:
    parameters = trained_small_model().config.parameters
    assert f"{parameters / 1e6:.0f} million" in text_in("en", "models")("model_help")
    assert f"{round(parameters / 1e6) * 100:,} 万" in text_in("zh", "models")("model_help")


def test_a_missing_space_changes_the_ids_of_the_first_word_only() -> None:
    encode = gpt2_tokenizer().encode
    with_space, without = encode(" effort moves you"), encode("effort moves you")
    assert with_space[1:] == without[2:] == [6100, 345]
    assert with_space[0] not in without


def test_a_yes_no_question_is_a_bit_at_best() -> None:
    """A die of six needs 2.67 questions on average, its 2.585 bits notwithstanding: two or three for each face."""
    fewest = min(
        sum(lengths) / 6
        for lengths in product(range(1, 6), repeat=6)
        if sum(2.0**-length for length in lengths) <= 1  # Kraft: such questions can be asked
    )
    assert fewest == pytest.approx(16 / 6)
    assert fewest > math.log2(6)
    assert "at best" in text_in("en", "perplexity")("readings.few")


def test_the_mean_of_perplexities_lies_on_either_side() -> None:
    """So nothing is said of the direction: the longer text counts more in the one, and not in the other."""
    for (long, short), below in (((100.0, 1.0), True), ((1.0, 100.0), False)):
        of_all = math.exp(0.9 * math.log(long) + 0.1 * math.log(short))
        assert ((long + short) / 2 < of_all) is below


def test_the_one_call_rounds_no_probability_to_0() -> None:
    logits = torch.tensor([0.0, 200.0])
    assert logits.softmax(-1)[0] == 0
    assert logits.log_softmax(-1)[0] == -200


def test_each_target_is_a_factor_in_the_perplexity_and_leaving_one_out_may_raise_it() -> None:
    report = score(untrained_model(SIZES["mini"], 123), PRESETS["book"])
    assert np.prod(report.perplexity_factor) == pytest.approx(report.perplexity, rel=1e-5)
    assert (report.perplexity_factor > 1).all()
    easiest = int(report.surprisal_nats.argmin())
    assert math.exp(np.delete(report.surprisal_nats, easiest).mean()) > report.perplexity


def test_warm_up_and_cosine_do_what_their_help_says() -> None:
    config = TrainConfig(1.0, steps=40, warmup_steps=5, cosine=True)
    rates = [config.learning_rate_at(step) for step in range(40)]
    assert rates[:5] == sorted(rates[:5])
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[-1] == pytest.approx(0.1)


def test_a_letter_has_1_byte_and_a_chinese_character_3() -> None:
    assert (len(b"a"), len("天".encode())) == (1, 3)
