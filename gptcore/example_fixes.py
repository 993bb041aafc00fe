"""Fixes for an example whose target does not line up with its prompt, and the checks behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gptcore.errors import InputError
from gptcore.examples import Example, encode_example
from gptcore.tokenizers.base import Tokenizer


@dataclass(frozen=True)
class Fix:
    """A changed example that a page offers as a button; `code` names what it does."""

    code: str
    example: Example


def suggest_fixes(example: Example, tokenizer: Tokenizer) -> Iterator[Fix]:
    """What could be meant by a row whose parts do not line up, best first; only rows that do line up.

    >>> from gptcore.tokenizers import gpt2_tokenizer
    >>> [mend.code for mend in suggest_fixes(Example("every effort moves", "effort moves you"), gpt2_tokenizer())]
    ['leading_space', 'continuation', 'shifted']
    """
    candidates = []
    target = example.target
    if lacks_leading_space(example):
        target = f" {target}"
        candidates.append(Fix("leading_space", replace(example, target=target)))
    if example.alignment == "paired":
        candidates.append(Fix("continuation", Example(example.prompt, target, "continuation")))
        candidates.append(Fix("shifted", Example(example.prompt, alignment="shifted")))
    for candidate in candidates:
        try:
            encode_example(candidate.example, tokenizer)
        except InputError:
            continue
        yield candidate


def lacks_leading_space(example: Example) -> bool:
    """Whether the target of a text most likely lost the space that belongs to its first token.

    GPT-2's tokens carry the space before a word: " effort" is one token, "effort" is two.
    """
    prompt, target = example.prompt, example.target
    if not isinstance(prompt, str) or not isinstance(target, str) or not prompt or not target:
        return False
    return target[0].isascii() and target[0].isalnum() and not prompt[-1].isspace() and prompt[-1].isascii()


def joins_differently(example: Example, tokenizer: Tokenizer) -> bool:
    """Whether prompt + target encoded as one text gives other tokens than the two encoded apart.

    False where they cannot be encoded as one: too long together, or no longer two of the seven words.

    >>> from gptcore.tokenizers import gpt2_tokenizer
    >>> joins_differently(Example("every eff", "ort moves", "continuation"), gpt2_tokenizer())
    True
    """
    prompt, target = example.prompt, example.target
    if example.alignment != "continuation" or not isinstance(prompt, str) or not isinstance(target, str):
        return False
    try:
        return tokenizer.encode(prompt + target) != tokenizer.encode(prompt) + tokenizer.encode(target)
    except InputError:
        return False
