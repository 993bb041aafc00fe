"""The tokenizer that belongs to a vocabulary."""

from __future__ import annotations

from gptcore.tokenizers.base import Tokenizer
from gptcore.tokenizers.gpt2 import gpt2_tokenizer
from gptcore.tokenizers.seven_words import SevenWordTokenizer, seven_word_tokenizer


def tokenizer_for(vocab_size: int) -> Tokenizer:
    """The tokenizer of a vocabulary's size: 50,257 or 7.

    Raises:
        ValueError: For another.
    """
    if vocab_size == SevenWordTokenizer.vocab_size:
        return seven_word_tokenizer()
    if vocab_size == 50_257:
        return gpt2_tokenizer()
    raise ValueError(f"no tokenizer here has a vocabulary of {vocab_size:,}; there are 7 and 50,257")
