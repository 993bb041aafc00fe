"""Text to token ids and back. No torch here: a page shows tokens before torch is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptcore._lazy import lazy_exports

if TYPE_CHECKING:
    from gptcore.tokenizers.base import Tokenizer as Tokenizer
    from gptcore.tokenizers.choice import tokenizer_for as tokenizer_for
    from gptcore.tokenizers.gpt2 import GPT2Tokenizer as GPT2Tokenizer
    from gptcore.tokenizers.gpt2 import gpt2_tokenizer as gpt2_tokenizer
    from gptcore.tokenizers.seven_words import SEVEN_WORDS as SEVEN_WORDS
    from gptcore.tokenizers.seven_words import SevenWordTokenizer as SevenWordTokenizer
    from gptcore.tokenizers.seven_words import seven_word_tokenizer as seven_word_tokenizer

_HOME = {
    "Tokenizer": "base",
    "tokenizer_for": "choice",
    "GPT2Tokenizer": "gpt2",
    "gpt2_tokenizer": "gpt2",
    "SEVEN_WORDS": "seven_words",
    "SevenWordTokenizer": "seven_words",
    "seven_word_tokenizer": "seven_words",
}
__all__ = sorted(_HOME)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, _HOME)
