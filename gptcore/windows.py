"""A text longer than the context: a plan of overlapping windows, and scoring over it.

Every token but the first is scored exactly once. The plan is lm-evaluation-harness's `get_rolling_token_windows`;
averages are over tokens, never over windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from gptcore.config import GPTConfig
from gptcore.encoded_text import encode_text, prefix_of
from gptcore.errors import InputError
from gptcore.language_model import LanguageModel
from gptcore.results.text_report import TextReport
from gptcore.results.windows import Measurement, Window, WindowRecord
from gptcore.text_job import TextJob
from gptcore.tokenizers.base import Tokenizer
from gptcore.tokenizers.model_rows import fit_tokenizer


def plan_windows(
    token_count: int, context_length: int, stride: int | None = None, *, scored_from: int = 1
) -> list[Window]:
    """Which windows score a text: every token from `scored_from` on, each exactly once.

    The first window reads as much as fits and scores all of it. Each next one scores `stride` tokens more, and reads
    the tokens before them up to the context length; the last scores what is left, with a full context too. So, but in
    the first window, every token is scored with at least context_length − stride + 1 tokens before it.

    Args:
        token_count: How many tokens the text has.
        context_length: The most tokens that a window reads.
        stride: How many tokens a window scores, from 1 to `context_length`; None is half of it. A small stride gives
            every token much context and costs many windows.
        scored_from: The first token that is scored, at least 1: nothing predicts token 0.

    Returns:
        The windows, in order; none where nothing is to be scored.

    Raises:
        InputError: "bad_stride", for a stride that is below 1 or exceeds the context length.

    >>> [(w.start, w.scored_from, w.stop) for w in plan_windows(10, context_length=4, stride=2)]
    [(0, 1, 5), (2, 5, 7), (4, 7, 9), (5, 9, 10)]
    """
    stride = check_stride(stride, context_length)
    if context_length < 1:
        raise ValueError(f"context_length must be at least 1, not {context_length}")
    if scored_from < 1:
        raise ValueError(f"scored_from must be at least 1, not {scored_from}: nothing predicts token 0")
    windows = []
    stop = min(max(context_length + 1, scored_from + stride), token_count)
    while scored_from < token_count:
        windows.append(Window(max(0, stop - 1 - context_length), scored_from, stop))
        scored_from, stop = stop, min(stop + stride, token_count)
    return windows


def check_stride(stride: int | None, context_length: int) -> int:
    """The stride, or half the context for None. Raises InputError("bad_stride") for what is none."""
    if stride is None:
        return max(1, context_length // 2)
    if isinstance(stride, bool) or not isinstance(stride, int | np.integer) or not 1 <= stride <= context_length:
        raise InputError(
            "bad_stride",
            f"stride must be a whole number from 1 to {context_length}, the context length, not {stride!r}",
            stride=stride,
            limit=context_length,
        )
    return int(stride)


def prepare_text(
    config: GPTConfig,
    text: str | Sequence[int],
    *,
    stride: int | None = None,
    first_token: bool = False,
    tokenizer: Tokenizer | None = None,
    top_k: int = 3,
) -> TextJob:
    """Encode a text and plan its windows; scoring them is up to the caller, step by step, with progress and a stop.

    Args:
        config: Shape of the model that will score it.
        text: A text of any length, or token ids.
        stride: How many tokens each window scores after the first window; None is half the context.
        first_token: Put end-of-text before the text, so that its first token is scored too. The prepended token is
            not scored and not counted, neither as a token nor as bytes.
        tokenizer: What encodes the text; None is the one that fits the vocabulary.
        top_k: How many of the most likely tokens to keep of each position.

    Returns:
        The text's tokens and windows.

    Raises:
        InputError: "empty_text"; "too_few_tokens" where nothing could be scored; "bad_stride"; "no_end_of_text" for a
            vocabulary without that token; and the tokenizer's own.

    >>> from gptcore import trained_small_model
    >>> model = trained_small_model()
    >>> job = prepare_text(model.config, "The cat sat on the mat. " * 100)
    >>> records = list(job.records(model))
    >>> job.report(records[:1]).token_count, job.report(records).token_count
    (256, 700)
    """
    stride = check_stride(stride, config.context_length)
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    tokenizer = tokenizer or fit_tokenizer(None, config.vocab_size)
    encoded = encode_text(text, tokenizer)
    prefix = prefix_of(tokenizer, first_token, text)
    if not first_token and len(encoded) < 2:
        raise InputError(
            "too_few_tokens",
            "one token alone has nothing before it to predict it: a text needs at least two, or first_token=True",
            tokens=len(encoded),
        )
    scored_from = len(prefix) if first_token else len(prefix) + 1
    windows = plan_windows(len(prefix) + len(encoded), config.context_length, stride, scored_from=scored_from)
    return TextJob(encoded, config, tokenizer, stride, first_token, prefix, tuple(windows), top_k)


def score_text_records(
    model: LanguageModel,
    text: str | Sequence[int],
    *,
    stride: int | None = None,
    first_token: bool = False,
    tokenizer: Tokenizer | None = None,
    top_k: int = 3,
) -> Iterator[WindowRecord]:
    """Score a text of any length window by window; takes what `prepare_text` takes.

    Yields:
        One record for each window, in order. Leaving the loop stops the work.
    """
    tokenizer = tokenizer or model.tokenizer
    job = prepare_text(model.config, text, stride=stride, first_token=first_token, tokenizer=tokenizer, top_k=top_k)
    return job.records(model)


def score_text(
    model: LanguageModel,
    text: str | Sequence[int],
    *,
    stride: int | None = None,
    first_token: bool = False,
    tokenizer: Tokenizer | None = None,
    top_k: int = 3,
) -> TextReport:
    """Score a text of any length; takes what `prepare_text` takes.

    Returns:
        Every token with its score, and the text's cross-entropy, perplexity and bits per byte.

    >>> from gptcore import trained_small_model
    >>> report = score_text(trained_small_model(), "The cat sat on the mat. " * 100, stride=64)
    >>> report.token_count, report.window_count
    (700, 8)
    """
    tokenizer = tokenizer or model.tokenizer
    job = prepare_text(model.config, text, stride=stride, first_token=first_token, tokenizer=tokenizer, top_k=top_k)
    return job.report(job.records(model))


def score_strides(
    model: LanguageModel,
    text: str | Sequence[int],
    strides: Sequence[int],
    *,
    first_token: bool = False,
    tokenizer: Tokenizer | None = None,
) -> Iterator[Measurement]:
    """Measure one text with several strides.

    Yields:
        One Measurement for each stride, in order, with its cost in tokens and seconds.
    """
    prepare = partial(prepare_text, model.config, text, first_token=first_token, tokenizer=tokenizer or model.tokenizer)
    for job in [prepare(stride=stride) for stride in strides]:
        yield job.report(job.records(model)).measurement()
