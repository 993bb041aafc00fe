"""From logits to the report: target probabilities, their logs, the mean, its negation, the perplexity.

The chain (Jurafsky & Martin, Speech and Language Processing, §3.3; Raschka, Build a LLM, ch. 5):

    p = softmax(z)[target]      ln p = z[target] − ln Σ exp(z)
    cross-entropy = −mean ln p  perplexity = exp(cross-entropy)
"""

from __future__ import annotations

import math
import platform
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gptcore.errors import InputError
from gptcore.examples import Example, TokenBatch, check_context, encode
from gptcore.language_model import LanguageModel, device_of, is_model
from gptcore.results.rank_curve import RankCurve
from gptcore.results.report import Provenance, Report, perplexity_of
from gptcore.tokenizers.base import Tokenizer

POSITIONS_AT_ONCE = 64
"""Logits are made for so many positions at a time: 13 MB for GPT-2's vocabulary, whatever the length of the text."""

LEAST_TEMPERATURE = 1e-6
"""Below it float32 cannot tell the divided logits apart; it leaves one certain token, as a temperature of 0 would."""


def score(
    model: LanguageModel,
    examples: Sequence[Example] | TokenBatch,
    *,
    temperature: float = 1.0,
    top_k: int = 20,
    tokenizer: Tokenizer | None = None,
    hidden_states: Tensor | None = None,
) -> Report:
    """The report of 1 to 8 examples: up to the mean in float32, as the model computes; its exp in float64.

    Args:
        model: The model, in evaluation mode.
        examples: One to eight examples, or a batch of them already encoded.
        temperature: The logits are divided by it; 1 is the model itself.
        top_k: How many of the most likely tokens are kept of each position.
        tokenizer: Turns text into token ids; by default the model's own.
        hidden_states: (N, C) of the scored positions, where `scored_hidden_states` has computed them before.

    Raises:
        InputError: For examples that cannot be lined up or exceed the context length, and for a temperature that is
            not finite or below 0.000001; "not_finite" where the model's output is no finite number.
        ValueError: For top_k below 1 and for a model that would drop activations.

    >>> from gptcore import SIZES
    >>> from gptcore.initialization import untrained_model
    >>> report = score(untrained_model(SIZES["toy"], seed=123), [Example("every effort moves", "effort moves you")])
    >>> report.cross_entropy, report.perplexity
    (1.7744, 5.8967)
    """
    if not is_model(model):
        kind = type(model).__name__
        raise TypeError(f"a model is wanted, such as untrained_model(…) or load_model(…) returns, not a {kind}")
    check_temperature(temperature)
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    batch = examples if isinstance(examples, TokenBatch) else encode(examples, tokenizer or model.tokenizer)

    with torch.inference_mode():
        hidden = scored_hidden_states(model, batch) if hidden_states is None else hidden_states  # (N, C)
        targets = torch.from_numpy(batch.targets[batch.scored])  # (N,)
        parts = [
            _score_positions(logits / temperature if temperature != 1.0 else logits, targets[start:stop], top_k)
            for start, stop, logits in _logits(model, hidden)
        ]
        columns = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        check_finite(columns["log_probability"])
        mean_log_probability = columns["log_probability"].mean().item()  # over positions, never over rows
        cross_entropy = 0.0 - mean_log_probability  # no −0.0 for certain targets
        torch_cross_entropy = columns.pop("torch_cross_entropy").sum() / len(targets)
        dtype = str(columns["log_probability"].dtype).removeprefix("torch.")

    arrays = {name: column.numpy() for name, column in columns.items()}
    example, position = np.nonzero(batch.scored)
    piece = cache(batch.tokenizer.piece)
    prompt_token_id = batch.inputs[batch.scored]
    return Report(
        provenance=Provenance(model.config, model.origin, temperature, dtype, versions()),
        texts=tuple((row.prompt, row.target, row.alignment) for row in batch.examples),
        example=example,
        position=position,
        prompt_token_id=prompt_token_id,
        prompt_piece=tuple(piece(int(i)) for i in prompt_token_id),
        target_token_id=targets.numpy(),
        target_piece=tuple(piece(int(i)) for i in targets),
        target_byte_count=np.array([len(batch.tokenizer.token_bytes(int(i))) for i in targets], dtype=np.int64),
        predicted_piece=tuple(piece(int(i)) for i in arrays["predicted_token_id"]),
        top_pieces=tuple(tuple(piece(int(i)) for i in row) for row in arrays["top_token_ids"]),
        mean_log_probability=mean_log_probability,
        cross_entropy=cross_entropy,
        perplexity=perplexity_of(cross_entropy),
        torch_cross_entropy=torch_cross_entropy.item(),
        input_shape=(batch.inputs.shape[0], batch.inputs.shape[1]),
        **arrays,
    )


def rank_curve(
    model: LanguageModel,
    batch: TokenBatch,
    index: int,
    *,
    temperature: float = 1.0,
    points: int = 240,
    hidden_states: Tensor | None = None,
) -> RankCurve:
    """The whole distribution at scored position `index` of a batch, as at most about `points` points.

    Its ranks and probabilities are the report's to the last bit: the same places go through the same products.

    Args:
        model: The model, in evaluation mode.
        batch: Examples, encoded.
        index: Which of the scored positions; below 0, counted from the end.
        temperature: As for `score`.
        points: How many, about.
        hidden_states: As for `score`.

    Raises:
        IndexError: When there is no such position.
        InputError: "not_finite" where the model's output is not a finite number.
    """
    check_temperature(temperature)
    targets = batch.targets[batch.scored]  # (N,)
    index = range(len(targets))[index]
    start = index - index % POSITIONS_AT_ONCE
    with torch.inference_mode():
        hidden = scored_hidden_states(model, batch) if hidden_states is None else hidden_states  # (N, C)
        logits = comparable(model.out_head(hidden[start : start + POSITIONS_AT_ONCE])[index - start])  # (V,)
        logits = logits / temperature
        check_finite(logits)
        probabilities = logits.softmax(dim=-1)  # (V,)
        target_rank = 1 + int((logits > logits[targets[index]]).sum())
        exact = logits.double().softmax(dim=-1)  # (V,) what float32 is too coarse for: it ends at 1e-45
        exact = torch.where(probabilities > torch.finfo(torch.float32).tiny, probabilities.double(), exact)
        ordered = exact.sort(descending=True).values.numpy()  # (V,)
        target_probability = float(exact[targets[index]])
    V = len(ordered)
    ranks = np.unique(np.append(np.geomspace(1, V, points).round().astype(np.int64), target_rank))
    return RankCurve(ranks, ordered[ranks - 1], target_rank, target_probability, 1.0 / V)


def scored_hidden_states(model: LanguageModel, batch: TokenBatch) -> Tensor:
    """Hidden states (N, C) of a batch's scored positions: all that the output head needs to give their logits.

    Raises:
        InputError: "too_many_tokens" where a row exceeds the context length.
        ValueError: For a model that would drop activations.
    """
    check_context(batch, model.config.context_length)
    if model.training and model.config.drop_rate:
        raise ValueError("the model is in training mode and would drop activations: call model.eval() first")
    device = device_of(model)
    with torch.inference_mode():
        hidden = model.hidden_states(torch.from_numpy(batch.inputs).to(device))  # (B, T, C)
        return hidden[torch.from_numpy(batch.scored).to(device)]


def check_finite(numbers: Tensor) -> None:
    """Refuse what a model with broken weights computes: nan, or more than float32 holds.

    Raises:
        InputError: "not_finite".
    """
    if not bool(torch.isfinite(numbers).all()):
        raise InputError(
            "not_finite", "the model's output is not a finite number: its weights are broken or far too large"
        )


def comparable(logits: Tensor) -> Tensor:
    """Logits in main memory, in float32 at least: half precision cannot tell close probabilities apart."""
    logits = logits.to("cpu")
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits


def check_temperature(temperature: float) -> None:
    """Raise InputError("bad_temperature") unless it is finite and at least 0.000001."""
    if not LEAST_TEMPERATURE <= temperature < math.inf:
        raise InputError(
            "bad_temperature",
            f"temperature must be a number from {LEAST_TEMPERATURE:f}, not {temperature}",
            temperature=temperature,
            limit=LEAST_TEMPERATURE,
        )


@cache
def versions() -> dict[str, str]:
    """The versions that decide the last digits."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("torch", "tiktoken", "numpy")}}


def _logits(model: LanguageModel, hidden: Tensor) -> Iterator[tuple[int, int, Tensor]]:
    """(start, stop, logits (stop − start, V)) of hidden states (N, C), a few positions at a time."""
    for start in range(0, len(hidden), POSITIONS_AT_ONCE):
        stop = min(start + POSITIONS_AT_ONCE, len(hidden))
        yield start, stop, comparable(model.out_head(hidden[start:stop]))


def _score_positions(logits: Tensor, targets: Tensor, top_k: int) -> dict[str, Tensor]:
    """The columns of the report for some positions. logits (n, V), targets (n,)."""
    normalizer = logits.logsumexp(dim=-1)  # (n,)
    target_logit = logits.gather(-1, targets[:, None]).squeeze(-1)  # (n,) the logits AT a position score its target
    log_probability = target_logit - normalizer  # (n,)
    probabilities = logits.softmax(dim=-1)  # (n, V)
    top = logits.topk(min(top_k, logits.shape[-1]), dim=-1)  # of the logits: rounding makes some probabilities equal
    top_probabilities = probabilities.gather(-1, top.indices)  # (n, k) shares of the whole, not of the k
    largest = top.values[:, :1]  # (n, 1)
    return {
        "target_logit": target_logit,
        "log_normalizer_nats": normalizer,
        "target_probability": probabilities.gather(-1, targets[:, None]).squeeze(-1),
        "log_probability": log_probability,
        "rank": 1 + (logits > target_logit[:, None]).sum(dim=-1),
        # −Σ p ln p of the full distribution, with logits below 0: large ones would leave few digits to the difference
        "entropy_nats": normalizer - largest.squeeze(-1) - (probabilities * (logits - largest)).sum(dim=-1),
        "probability_sum": probabilities.sum(dim=-1),
        "predicted_token_id": top.indices[:, 0],
        "predicted_probability": top_probabilities[:, 0],
        "top_token_ids": top.indices,
        "top_probabilities": top_probabilities,
        "torch_cross_entropy": F.cross_entropy(logits, targets, reduction="sum")[None],
    }
