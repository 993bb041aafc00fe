"""What is scored: examples, how their targets line up with their prompts, and batches of token ids.

No torch here: a page shows the aligned tokens before torch is imported.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gptcore.errors import InputError
from gptcore.pasted_ids import parse_ids as parse_ids
from gptcore.tokenizers.base import Tokenizer, check_ids

Alignment = Literal["paired", "shifted", "continuation"]
ALIGNMENTS: tuple[Alignment, ...] = get_args(Alignment)
Text = str | tuple[int, ...]
MAX_EXAMPLES = 8
IGNORED = -100
"""Marks a place in a batch that is not scored; the value that `F.cross_entropy` ignores."""


@dataclass(frozen=True)
class Example:
    """One row: what the model reads, and what it should have predicted.

    Attributes:
        prompt, target: Text, or token ids as a tuple; −100 in a paired target marks a place that is not scored.
        alignment: "paired": prompt token i predicts target token i (as many of each); "shifted": `prompt` alone,
            its targets are itself moved by one token; "continuation": the target follows the prompt, and only its
            tokens are scored.
        first_token: Put end-of-text before a shifted text or a continuation, so that its first token is predicted too.

    Raises:
        InputError: ("empty_prompt", "empty_target", "shifted_has_target", "bad_alignment").
        TypeError: For a prompt or target that is neither text nor token ids.
        ValueError: For `first_token` and a paired example.

    >>> Example("every effort moves", " effort moves you").alignment
    'paired'
    """

    prompt: Text
    target: Text = ""
    alignment: Alignment = "paired"
    first_token: bool = False

    def __post_init__(self) -> None:
        for name in ("prompt", "target"):
            given: object = getattr(self, name)
            if isinstance(given, bytes | bytearray) or not isinstance(given, Sequence):
                raise TypeError(
                    f"{name} is a str, or a tuple of token ids, not {type(given).__name__}: "
                    "Example.from_ids makes an example of any sequences of ids"
                )
        if self.first_token and self.alignment == "paired":
            raise ValueError("first_token is for shifted texts and continuations: a paired example names its pairs")
        if self.alignment not in ALIGNMENTS:
            raise InputError("bad_alignment", f"alignment is one of {', '.join(ALIGNMENTS)}, not {self.alignment!r}")
        if not self.prompt:
            raise InputError("empty_prompt", "the prompt is empty", field="prompt")
        if self.alignment == "shifted" and self.target:
            raise InputError(
                "shifted_has_target", "a shifted example has no target: it is the prompt moved by one", field="target"
            )
        if self.alignment != "shifted" and not self.target:
            raise InputError("empty_target", "the target is empty", field="target")

    @classmethod
    def from_ids(
        cls,
        prompt: Sequence[int],
        target: Sequence[int] = (),
        alignment: Alignment = "paired",
        *,
        first_token: bool = False,
    ) -> Example:
        """An example of token ids.

        Raises:
            TypeError: For what is no whole number.

        >>> Example.from_ids([40, 1107, 588], [1107, 588, 11311]).target
        (1107, 588, 11311)
        """
        return cls(tuple(map(operator.index, prompt)), tuple(map(operator.index, target)), alignment, first_token)


@dataclass(frozen=True, eq=False)
class EncodedExample:
    """An example's token ids, lined up: the model has read `inputs[: t + 1]`, and `targets[t]` is scored.

    Attributes:
        inputs, targets: (T,) int64; targets hold IGNORED where nothing is scored.
    """

    example: Example
    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]

    @property
    def scored(self) -> NDArray[np.bool_]:
        """(T,) which positions have a target."""
        return np.not_equal(self.targets, IGNORED)

    @property
    def misaligned_positions(self) -> list[int]:
        """Positions whose target is not the prompt's next token: the row is not a text moved by one.

        The last position has no next token to compare with; a continuation cannot slip.
        """
        if self.example.alignment != "paired":
            return []
        differ = (self.targets[:-1] != self.inputs[1:]) & self.scored[:-1]
        return [int(t) for t in np.flatnonzero(differ)]


@dataclass(frozen=True, eq=False)
class TokenBatch:
    """Rows of token ids as one rectangle. Padding stands at the end of a row, where no earlier token can see it.

    Attributes:
        inputs: (B, T) int64 padded with token 0.
        targets: (B, T) int64 IGNORED where nothing is scored.
    """

    rows: tuple[EncodedExample, ...]
    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    tokenizer: Tokenizer

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples, a row each."""
        return tuple(row.example for row in self.rows)

    @property
    def scored(self) -> NDArray[np.bool_]:
        """(B, T) which places are scored."""
        return np.not_equal(self.targets, IGNORED)


def encode(examples: Sequence[Example], tokenizer: Tokenizer) -> TokenBatch:
    """Token ids of 1 to 8 examples, lined up and padded.

    Raises:
        InputError: Naming the row, for what cannot be lined up.

    >>> from gptcore.tokenizers import gpt2_tokenizer
    >>> batch = encode([Example("every effort moves you", alignment="shifted"), Example("I", " am")], gpt2_tokenizer())
    >>> batch.inputs.tolist(), batch.targets.tolist()
    ([[16833, 3626, 6100], [40, 0, 0]], [[3626, 6100, 345], [716, -100, -100]])
    """
    check_examples(examples)
    if not 1 <= len(examples) <= MAX_EXAMPLES:
        raise InputError(
            "example_count", f"{len(examples)} examples; from 1 to {MAX_EXAMPLES} go together", limit=MAX_EXAMPLES
        )
    rows = []
    for index, example in enumerate(examples):
        try:
            rows.append(encode_example(example, tokenizer))
        except InputError as error:
            raise error.at(index) from None
    shape = len(rows), max(len(row.inputs) for row in rows)
    inputs = np.zeros(shape, dtype=np.int64)
    targets = np.full(shape, IGNORED, dtype=np.int64)
    for b, row in enumerate(rows):
        inputs[b, : len(row.inputs)] = row.inputs
        targets[b, : len(row.targets)] = row.targets
    return TokenBatch(tuple(rows), inputs, targets, tokenizer)


def check_examples(examples: object) -> None:
    """Refuse what is easily passed in place of a list of examples, saying what to write.

    Raises:
        TypeError: For a single example, a text, or a list of anything else.
    """
    if isinstance(examples, Example):
        raise TypeError("a list of examples is wanted: write [example]")
    if isinstance(examples, str | bytes) or not isinstance(examples, Sequence):
        raise TypeError(f'a list of examples is wanted, such as [Example("a text", " target")], not {examples!r:.60}')
    for index, example in enumerate(examples):
        if not isinstance(example, Example):
            raise TypeError(f"examples[{index}] is {example!r:.60}, which is no Example: write Example(prompt, target)")


def encode_example(example: Example, tokenizer: Tokenizer) -> EncodedExample:
    """One example's token ids, lined up.

    Raises:
        InputError: "count_mismatch" (paired), "too_few_tokens" (shifted), "no_end_of_text"; the tokenizer's own.
    """
    before = tokens_before(example, tokenizer)
    prompt = text_ids(example.prompt, tokenizer, "prompt")
    target = _target_ids(example, tokenizer)
    if example.alignment == "shifted":
        if len(prompt) < 2 - example.first_token:
            raise InputError(
                "too_few_tokens",
                "one token alone has nothing before it to predict it: a shifted text needs at least two",
                field="prompt",
                tokens=len(prompt),
            )
        inputs, targets = prompt[:-1], prompt[1:]
    elif not target or not prompt:
        which = "target" if prompt else "prompt"
        raise InputError(f"empty_{which}", f"the {which} is empty", field=which)
    elif example.alignment == "continuation":
        inputs = (prompt + target)[:-1]
        targets = [IGNORED] * (len(prompt) - 1) + target
    else:
        if len(prompt) != len(target):
            raise InputError(
                "count_mismatch",
                f"the prompt has {len(prompt)} tokens and the target {len(target)}; paired needs as many of each",
                field="target",
                prompt_tokens=len(prompt),
                target_tokens=len(target),
            )
        inputs, targets = prompt, target
    inputs, targets = before + inputs, [IGNORED] * len(before) + targets
    if example.alignment == "shifted" and example.first_token:
        targets[len(before) - 1] = prompt[0]
    return EncodedExample(example, np.array(inputs, dtype=np.int64), np.array(targets, dtype=np.int64))


def tokens_before(example: Example, tokenizer: Tokenizer) -> list[int]:
    """What stands before an example, never scored: what the model expects there, or the end-of-text asked for."""
    expected = prefix_ids(example.prompt, tokenizer)
    if expected or not example.first_token:
        return expected
    if tokenizer.end_of_text_id is None:
        raise InputError(
            "no_end_of_text", f"the vocabulary {tokenizer.name} has no end-of-text token to put before a text"
        )
    return [tokenizer.end_of_text_id]


def prefix_ids(text: Text, tokenizer: Tokenizer) -> list[int]:
    """What a model expects before a text, as a Llama its BOS; nothing before ids, which are taken as they are given."""
    return list(getattr(tokenizer, "prefix_ids", ())) if isinstance(text, str) else []


def _target_ids(example: Example, tokenizer: Tokenizer) -> list[int]:
    """Token ids of the target; as a continuation, of a text that stands after another."""
    encode_after = getattr(tokenizer, "encode_after", None)
    prompt, target = example.prompt, example.target
    if example.alignment == "paired" and not isinstance(target, str):
        scored = tuple(i for i in target if i != IGNORED)  # the others mark what is not scored; some target must be
        text_ids(scored or target, tokenizer, "target")
        return list(target)
    if encode_after is None or example.alignment != "continuation":
        return text_ids(target, tokenizer, "target")
    if not isinstance(prompt, str) or not isinstance(target, str):
        return text_ids(target, tokenizer, "target")
    try:
        ids: list[int] = encode_after(prompt, target)
    except InputError as error:
        error.field = "target"
        raise
    return ids


def check_context(batch: TokenBatch, context_length: int) -> None:
    """Raise InputError("too_many_tokens"), naming the row, unless every row fits the context."""
    for index, row in enumerate(batch.rows):
        if len(row.inputs) > context_length:
            raise InputError(
                "too_many_tokens",
                f"{len(row.inputs)} tokens; the context holds {context_length}",
                example=index,
                field="prompt",
                tokens=len(row.inputs),
                limit=context_length,
            )


def text_ids(text: Text, tokenizer: Tokenizer, field: str) -> list[int]:
    """Token ids of a text, or the ids themselves once checked; an InputError says which field it is about."""
    try:
        if isinstance(text, str):
            return tokenizer.encode(text)
        check_ids(text, tokenizer.vocab_size)
    except InputError as error:
        error.field = field
        raise
    return list(text)
