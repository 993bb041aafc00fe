"""Many texts, each scored by itself: in this process, on an executor, or on a cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, wait
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, cast

import numpy as np

from gptcore.batched_scoring import Row, log_probabilities
from gptcore.encoded_text import prefix_of, whole_numbers
from gptcore.errors import InputError
from gptcore.initialization import untrained_model
from gptcore.language_model import LanguageModel, is_model
from gptcore.results.lists import ListRecord, ListRow, ListText, as_pair, is_missing
from gptcore.sweeps.cluster import Cluster
from gptcore.sweeps.workers import scheduler_cluster
from gptcore.text_job import TOKENS_TOGETHER
from gptcore.tokenizers.base import Tokenizer, check_ids
from gptcore.weights.checkpoints import trained_small_model
from gptcore.windows import check_stride, plan_windows

FIRST_BATCH, BATCH = 16, 256
"""How many rows are computed together: few at first, so that there is soon something."""
_MAX_PENDING = 64
_POLL_SECONDS = 0.1

ModelSource = LanguageModel | Callable[[], LanguageModel]
"""A model, or a function without arguments that loads it."""


def score_list(
    model: ModelSource,
    rows: Iterable[ListRow],
    *,
    stride: int | None = None,
    first_token: bool = False,
    tokenizer: Tokenizer | None = None,
    executor: Executor | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[ListRecord]:
    """Score each row of a list by itself.

    Args:
        model: The model, or a function without arguments that loads it, such as `trained_small_model` or
            `partial(untrained_model, config, 123)`: a worker in another process loads it once.
        rows: Texts, or (prompt, target) of which only the target is scored; as text or as token ids. Taken as they
            are needed, so that a list may be as long as one likes. None, or a NaN of pandas, counts as an empty text.
        stride: For rows longer than the context, as in `score_text`.
        first_token: Score the first token too, after a prepended end-of-text.
        tokenizer: What encodes the rows; None is the model's own.
        executor: Where the work is done: any of `concurrent.futures`, or a Dask client's. None is the scheduler that
            GPT_EXPLORER_SCHEDULER names, or else this thread.
        stopped: Asked between batches: once it returns True, the iterator ends.

    Yields:
        One record for each row, in order. A row that cannot be scored has its `error` and no numbers.

    Raises:
        InputError: "bad_stride".
        TypeError: A row is neither a text, nor token ids, nor a pair of them.

    >>> [round(record.cross_entropy, 3) for record in score_list(trained_small_model, ["The cat sat.", ""])]
    [9.297, nan]
    """
    if isinstance(rows, str):
        raise TypeError("rows are a list of texts, not one text, whose characters would be scored one by one")
    settings = _Settings(stride, first_token, tokenizer)
    batches = list_batches(rows)
    cluster = scheduler_cluster(stopped) if executor is None else None
    executor = cluster.executor if cluster else executor
    if executor is None:
        loaded = load_source(model)
        check_stride(stride, loaded.config.context_length)
        return _score_here(loaded, batches, settings, stopped)
    if is_model(model):
        check_stride(stride, model.config.context_length)
    return _score_elsewhere(executor, cluster, loader_of(model), batches, settings, stopped)


def list_batches(rows: Iterable[ListRow]) -> Iterator[tuple[tuple[int, ListRow], ...]]:
    """The rows with their indices in batches that are computed together, the first one small."""
    numbered = enumerate(rows)
    size = FIRST_BATCH
    while batch := tuple(islice(numbered, size)):
        yield batch
        size = BATCH


def score_rows(
    model: LanguageModel,
    batch: Sequence[tuple[int, ListRow]],
    *,
    stride: int | None = None,
    first_token: bool = False,
    tokenizer: Tokenizer | None = None,
) -> list[ListRecord]:
    """Score one batch of rows with a model in memory; rows of similar length go through the model together.

    Args:
        model: The model, in evaluation mode.
        batch: (index, row) pairs.
        stride: As in `score_list`.
        first_token: As in `score_list`.
        tokenizer: As in `score_list`.

    Returns:
        One record for each row, in the order given.
    """
    tokenizer = tokenizer or model.tokenizer
    records: list[ListRecord] = []
    windows: list[tuple[int, Row]] = []  # (which record, a part of its tokens)
    for place, (index, row) in enumerate(batch):
        try:
            encoded = _encode(row, tokenizer, first_token)
        except InputError as error:
            records.append(ListRecord(index, row, error=error))
            continue
        except TypeError as error:
            raise TypeError(f"row {index}: {error}") from None
        records.append(ListRecord(index, row))
        plan = plan_windows(
            len(encoded.token_ids), model.config.context_length, stride, scored_from=encoded.scored_from
        )
        for window in plan:
            part = Row(encoded.token_ids[window.start : window.stop], window.scored_from - window.start)
            windows.append((place, part))
    return _score_windows(model, tokenizer, records, windows)


def _score_windows(
    model: LanguageModel, tokenizer: Tokenizer, records: list[ListRecord], windows: list[tuple[int, Row]]
) -> list[ListRecord]:
    """Add the windows' scores to the records that they are parts of."""
    for group in _similar_lengths(windows):
        for (place, part), scores in zip(group, log_probabilities(model, [row for _, row in group]), strict=True):
            records[place] = _added(records[place], part, scores, tokenizer)
    return records


def _similar_lengths(windows: list[tuple[int, Row]]) -> Iterator[list[tuple[int, Row]]]:
    """Windows in groups of little padding, each of at most TOKENS_TOGETHER tokens."""
    group: list[tuple[int, Row]] = []
    for window in sorted(windows, key=lambda window: -len(window[1].token_ids)):
        if group and (len(group) + 1) * len(group[0][1].token_ids) > TOKENS_TOGETHER:
            yield group
            group = []
        group.append(window)
    if group:
        yield group


def _added(record: ListRecord, part: Row, scores: np.ndarray[Any, Any], tokenizer: Tokenizer) -> ListRecord:
    scored_ids = part.token_ids[part.scored_from :].tolist()
    worst = int(scores.argmin())
    total = float(scores.sum(dtype=np.float64))
    surprise = -float(scores[worst])
    more = not record.most_surprising_nats >= surprise  # also where it is NaN: nothing yet
    return replace(
        record,
        tokens=record.tokens + len(scored_ids),
        bytes=record.bytes + sum(len(tokenizer.token_bytes(i)) for i in scored_ids),
        total_log_probability=total + (record.total_log_probability if record.tokens else 0.0),
        most_surprising_piece=tokenizer.piece(scored_ids[worst]) if more else record.most_surprising_piece,
        most_surprising_nats=surprise if more else record.most_surprising_nats,
    )


def _encode(row: ListRow, tokenizer: Tokenizer, first_token: bool) -> Row:
    """A row's token ids with what is put before them, and from where it is scored."""
    pair = as_pair(row)
    prefix = prefix_of(tokenizer, first_token, row if pair is None else pair[0])  # type: ignore[arg-type]
    if pair is None:
        prompt: list[int] = []
        target = _ids(row, tokenizer)  # type: ignore[arg-type]
        if not target:
            raise InputError("empty_text", "the text is empty")
        scored_from = len(prefix) if first_token else len(prefix) + 1
    else:
        prompt, target = (_ids(text, tokenizer) for text in pair)
        if not target:
            raise InputError("empty_target", "the target is empty", field="target")
        if not prompt and not first_token:
            raise InputError("empty_prompt", "the prompt is empty", field="prompt")
        scored_from = len(prefix) + len(prompt)
    ids = np.array([*prefix, *prompt, *target], dtype=np.int64)
    if scored_from >= len(ids):
        raise InputError("too_few_tokens", "one token alone has nothing before it to predict it", tokens=len(ids))
    return Row(ids, scored_from)


def _ids(text: ListText, tokenizer: Tokenizer) -> list[int]:
    if isinstance(text, str):
        return tokenizer.encode(text, max_characters=None)
    if is_missing(text):
        return []
    ids = whole_numbers(text)
    check_ids(ids, tokenizer.vocab_size)
    return ids


@dataclass(frozen=True)
class _Settings:
    stride: int | None
    first_token: bool
    tokenizer: Tokenizer | None

    def score(self, model: LanguageModel, batch: Sequence[tuple[int, ListRow]]) -> list[ListRecord]:
        return score_rows(model, batch, stride=self.stride, first_token=self.first_token, tokenizer=self.tokenizer)


def _score_here(
    model: LanguageModel,
    batches: Iterator[tuple[tuple[int, ListRow], ...]],
    settings: _Settings,
    stopped: Callable[[], bool],
) -> Iterator[ListRecord]:
    for batch in batches:
        if stopped():
            return
        yield from settings.score(model, batch)


def _score_elsewhere(
    executor: Executor,
    cluster: Cluster | None,
    source: ModelSource,
    batches: Iterator[tuple[tuple[int, ListRow], ...]],
    settings: _Settings,
    stopped: Callable[[], bool],
) -> Iterator[ListRecord]:
    """Keep a number of batches in flight and yield them in order; leaving the loop cancels what has not begun."""
    pending: deque[Future[list[ListRecord]]] = deque()
    try:
        while not stopped():
            for batch in islice(batches, _MAX_PENDING - len(pending)):
                pending.append(executor.submit(_score_there, source, settings, batch))
            if not pending:
                return
            if wait([pending[0]], timeout=_POLL_SECONDS).done:
                yield from pending.popleft().result()
            elif cluster is not None:
                cluster.check()
    except CancelledError:
        if cluster is None:
            raise
        raise cluster.lost() from None
    finally:
        for future in pending:
            future.cancel()


def _score_there(source: ModelSource, settings: _Settings, batch: Sequence[tuple[int, ListRow]]) -> list[ListRecord]:
    return settings.score(load_source(source), batch)


def loader_of(model: ModelSource) -> ModelSource:
    """What a worker in another process can load the model with; the model itself where that is not known."""
    if is_model(model):
        if model.origin.kind == "untrained" and model.origin.seed is not None:
            return partial(untrained_model, model.config, model.origin.seed)
        if model.origin.kind == "trained_small":
            return trained_small_model
    return model


_loaded: dict[Any, LanguageModel] = {}


def load_source(source: ModelSource) -> LanguageModel:
    """The model, loaded if it is not; this process keeps the one that it loaded last."""
    if is_model(source):
        return source
    key = (source.func, source.args, tuple(source.keywords.items())) if isinstance(source, partial) else source
    model = _loaded.get(key)
    if model is None:
        _loaded.clear()
        model = _loaded[key] = cast("Callable[[], LanguageModel]", source)()
    return model
