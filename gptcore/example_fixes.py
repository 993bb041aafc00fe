"""Fixes for an example whose target does not line up with its prompt, and the checks behind them."""

from __future__ import annotations

import re
import unicodedata
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
    """What could be meant by a row whose parts do not line up, best first.

    Only rows that do line up are offered, and only where their token ids differ from what stands there.

    >>> from gptcore.tokenizers import gpt2_tokenizer
    >>> [fix.code for fix in suggest_fixes(Example("every effort moves", "effort moves you"), gpt2_tokenizer())]
    ['leading_space', 'continuation', 'shifted']
    >>> (fix,) = suggest_fixes(Example("I like ", "the sea", "continuation"), gpt2_tokenizer())
    >>> fix.code, fix.example.prompt, fix.example.target
    ('move_space', 'I like', ' the sea')
    """
    candidates = []
    target = example.target
    if ends_in_space(example):
        prompt, words = str(example.prompt).rstrip(" "), str(target)
        moved = words if words.startswith(" ") or example.alignment == "paired" else f" {words}"
        candidates.append(Fix("move_space", replace(example, prompt=prompt, target=moved)))
    elif lacks_leading_space(example):
        target = f" {target}"
        candidates.append(Fix("leading_space", replace(example, target=target)))
    if example.alignment == "paired":
        candidates.append(Fix("continuation", Example(example.prompt, target, "continuation")))
        candidates.append(Fix("shifted", Example(example.prompt, alignment="shifted")))
    before = _ids(example, tokenizer)
    for candidate in candidates:
        after = _ids(candidate.example, tokenizer)
        if after is not None and after != before:
            yield candidate


def _ids(example: Example, tokenizer: Tokenizer) -> tuple[list[int], list[int]] | None:
    """(inputs, targets) of an example; None for one that does not line up."""
    try:
        encoded = encode_example(example, tokenizer)
    except InputError:
        return None
    return encoded.inputs.tolist(), encoded.targets.tolist()


def lacks_leading_space(example: Example) -> bool:
    """Whether the target of a text most likely lost the space that belongs to its first token.

    GPT-2's tokens carry the space before a word: " effort" is one token, "effort" is two. No space belongs where the
    two are written as one: after an opening quote or bracket, "$", "-", "/", "@" and the like, between the digits of
    a number or the letters of an abbreviation, within a word with an apostrophe, a web address or a file's path, and in
    scripts that are written without spaces.
    """
    prompt, target = example.prompt, example.target
    if not isinstance(prompt, str) or not isinstance(target, str) or not prompt or not target:
        return False
    last, first = prompt[-1], target[0]
    if not first.isalnum() or _without_spaces(first) or _without_spaces(last):
        return False
    if first.isdigit() and (last.isdigit() or (last in ".,:" and prompt[-2:-1].isdigit())):
        return False  # a number, or a time of day
    if _goes_on(prompt, target):
        return False
    if last == '"':
        return prompt.count('"') % 2 == 0  # a closing one
    return last.isalnum() or last in _BEFORE_A_SPACE or unicodedata.category(last).startswith("M")


def ends_in_space(example: Example) -> bool:
    """Whether the prompt ends in the space that belongs to the target's first word.

    GPT-2 has learned " word" as one token, so a word after a space that is a token of its own surprises it by many
    nats.
    """
    prompt, target = example.prompt, example.target
    if not isinstance(prompt, str) or not isinstance(target, str) or not prompt.strip() or not target.strip():
        return False
    return prompt.endswith(" ") and not prompt[:-1].endswith("\n") and not _without_spaces(target.lstrip()[0])


def _goes_on(prompt: str, target: str) -> bool:
    """Whether a prompt breaks off within a word: "don’" + "t", "U." + "S.", "www." + "example"."""
    start, last = prompt[:-1], prompt[-1]
    if last == "’":
        return start[-1:].isalnum() and start.count("‘") <= start.count("’")  # no quotation is open
    if last not in ".:?":
        return False
    begun = prompt.rpartition(" ")[2].rpartition("\n")[2]
    if "://" in begun or begun.startswith("www.") or (last == ":" and begun in ("http:", "https:")):
        return True
    return re.fullmatch(r"(?:[^\W\d_]\.)+", begun) is not None and not target[1:2].isalnum()


_BEFORE_A_SPACE = frozenset(".,;:!?)]}”’»%…")


def _without_spaces(character: str) -> bool:
    """Whether a character is of a script that puts no spaces between words: Chinese, Japanese, Thai and the like.

    >>> [_without_spaces(character) for character in "中の，กa1é"]
    [True, True, True, True, False, False, False]
    """
    return unicodedata.east_asian_width(character) in "WF" or "\u0e00" <= character <= "\u0eff"


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
