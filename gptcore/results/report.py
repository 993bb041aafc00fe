"""The contract between the maths and the pictures: frozen results of CPU arrays and plain floats."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gptcore.config import GPTConfig, ModelOrigin

Floats = NDArray[np.floating[Any]]
Ids = NDArray[np.int64]

NATS_PER_BIT = math.log(2.0)


def perplexity_of(cross_entropy: float) -> float:
    """exp(cross-entropy in nats) in float64: inf only where that exceeds float64 (from 709.79 nats on).

    >>> perplexity_of(math.log(100)), f"{perplexity_of(700.0):.4e}", perplexity_of(1e6)
    (100.0, '1.0142e+304', inf)
    """
    with np.errstate(over="ignore", under="ignore"):
        return float(np.exp(np.float64(cross_entropy)))


@dataclass(frozen=True)
class Provenance:
    """What a result was made with, so that it can be made again.

    Attributes:
        config, origin: The model.
        temperature: What the logits were divided by; 1 is the model itself.
        dtype: Of the calculation.
        versions: Of the libraries that computed it, by name.
    """

    config: GPTConfig
    origin: ModelOrigin
    temperature: float
    dtype: str
    versions: dict[str, str]


@dataclass(frozen=True, eq=False)
class Report:
    """The whole chain for a batch of examples. N scored positions, k stored choices each, all in reading order.

    Per position, each of shape (N,):
    example, position         row and place in the batch, from 0
    prompt_token_id           the last token that the model has read there
    target_token_id           the token that it should predict
    target_byte_count         length of the target as UTF-8; 0 for a special token, which stands for no text
    target_logit              the target's logit z
    log_normalizer_nats       ln Σ exp(logits), so that log_probability = target_logit − log_normalizer_nats
    target_probability        softmax(logits)[target]
    log_probability           ln of it, in nats, at most 0
    rank                      1 + how many tokens are more likely than the target
    entropy_nats              of the full distribution
    probability_sum           of the full distribution; 1 but for rounding
    predicted_token_id        the most likely token, and
    predicted_probability     its probability
    top_token_ids, top_probabilities  (N, k) the k most likely tokens, most likely first

    For the batch:
    mean_log_probability      over all positions of all examples, in nats
    cross_entropy             its negation, in nats
    perplexity                exp(cross_entropy) in float64; may exceed the vocabulary's size
    torch_cross_entropy       what F.cross_entropy says of the same flattened logits
    input_shape, logits_shape, flat_logits_shape, flat_targets_shape
    texts                     (prompt, target) of each example as given
    """

    provenance: Provenance
    texts: tuple[tuple[str | tuple[int, ...], str | tuple[int, ...], str], ...]
    example: Ids
    position: Ids
    prompt_token_id: Ids
    prompt_piece: tuple[str, ...]
    target_token_id: Ids
    target_piece: tuple[str, ...]
    target_byte_count: Ids
    target_logit: Floats
    log_normalizer_nats: Floats
    target_probability: Floats
    log_probability: Floats
    rank: Ids
    entropy_nats: Floats
    probability_sum: Floats
    predicted_token_id: Ids
    predicted_piece: tuple[str, ...]
    predicted_probability: Floats
    top_token_ids: Ids = field(repr=False)
    top_pieces: tuple[tuple[str, ...], ...] = field(repr=False)
    top_probabilities: Floats = field(repr=False)
    mean_log_probability: float
    cross_entropy: float
    perplexity: float
    torch_cross_entropy: float
    input_shape: tuple[int, int]

    @property
    def vocab_size(self) -> int:
        """V, the number of tokens in the vocabulary."""
        return self.provenance.config.vocab_size

    @property
    def positions(self) -> int:
        """N, how many positions are scored."""
        return len(self.target_token_id)

    @property
    def logits_shape(self) -> tuple[int, int, int]:
        """(B, T, V), as the model returns them."""
        return (*self.input_shape, self.vocab_size)

    @property
    def flat_logits_shape(self) -> tuple[int, int]:
        """Shape of the logits that are scored, flattened for `F.cross_entropy`."""
        return self.positions, self.vocab_size

    @property
    def flat_targets_shape(self) -> tuple[int]:
        """(N,), the targets after flattening."""
        return (self.positions,)

    @property
    def uniform_cross_entropy(self) -> float:
        """Ln V: the cross-entropy of uniform guessing, in nats."""
        return math.log(self.vocab_size)

    @cached_property
    def surprisal_nats(self) -> Floats:
        """(N,) −ln p of each target: what the mean is taken of."""
        return -self.log_probability

    @cached_property
    def share_of_loss(self) -> Floats:
        """(N,) each position's part of the summed loss; sums to 1. All 0 where the loss is 0."""
        total = self.surprisal_nats.sum(dtype=np.float64)
        return self.surprisal_nats / total if total else np.zeros_like(self.surprisal_nats)

    @cached_property
    def perplexity_factor(self) -> Floats:
        """(N,) exp(−ln p / N): the factors whose product is the perplexity."""
        with np.errstate(over="ignore"):  # inf where a factor exceeds float64
            return np.exp(self.surprisal_nats.astype(np.float64) / self.positions)

    @cached_property
    def cross_entropy_bits(self) -> float:
        """Cross-entropy in bits: nats / ln 2."""
        return self.cross_entropy / NATS_PER_BIT

    @cached_property
    def target_bytes(self) -> int:
        """Length of all scored targets as UTF-8; 0 where they are special tokens alone."""
        return int(self.target_byte_count.sum())

    @cached_property
    def bits_per_byte(self) -> float:
        """Summed surprise in bits by the targets' length as UTF-8; nan where they have no bytes.

        Comparable across languages and tokenizers.
        """
        bits = self.surprisal_nats.sum(dtype=np.float64) / NATS_PER_BIT
        return float(bits / self.target_bytes) if self.target_bytes else math.nan

    @property
    def log10_perplexity(self) -> float:
        """log10 of the perplexity: what is left to say of one that exceeds a float."""
        return self.cross_entropy / math.log(10)

    def _repr_html_(self) -> str:
        """What a notebook shows: the chain and the table."""
        from gptcore.results.notebook import report_html

        return report_html(self)

    def plot(self, kind: str = "target_probabilities", **settings: Any) -> Any:
        """One of the page's figures.

        Args:
            kind: "target_probabilities", "log_probabilities", "perplexity" (the ruler from 1 to V), or "top_tokens"
                of the scored position `index`.
            settings: What the function of `gptcore.charts` takes besides, such as `index`, `style` or `words`.

        Returns:
            A `plotly.graph_objects.Figure`.

        Raises:
            ValueError: For another kind.
        """
        charts = import_module("gptcore.charts")  # by name: results know nothing of charts until one is wanted
        if kind == "perplexity":
            return charts.perplexity_ruler([("", self.perplexity)], self.vocab_size, **settings)
        if kind == "top_tokens":
            return charts.top_tokens(self, settings.pop("index", 0), **settings)
        if kind not in ("target_probabilities", "log_probabilities"):
            kinds = "target_probabilities, log_probabilities, perplexity or top_tokens"
            raise ValueError(f"kind is one of {kinds}, not {kind!r}")
        return getattr(charts, kind)(self, **settings)

    def to_frame(self) -> pd.DataFrame:
        """A tidy table, a row a scored position."""
        return pd.DataFrame(
            {
                "example": self.example,
                "position": self.position,
                "prompt_token_id": self.prompt_token_id,
                "prompt_piece": list(self.prompt_piece),
                "target_token_id": self.target_token_id,
                "target_piece": list(self.target_piece),
                "target_probability": self.target_probability,
                "log_probability": self.log_probability,
                "rank": self.rank,
                "entropy_nats": self.entropy_nats,
                "predicted_token_id": self.predicted_token_id,
                "predicted_piece": list(self.predicted_piece),
                "predicted_probability": self.predicted_probability,
            }
        )

    def per_example(self) -> pd.DataFrame:
        """A row an example: positions, mean log-probability and cross-entropy in nats, perplexity.

        The perplexity of all is not the mean of these: average the log-probabilities, weighted by positions.
        """
        return self._per_example.copy()

    @cached_property
    def _per_example(self) -> pd.DataFrame:
        rows = []
        examples = np.unique(self.example)
        for example in examples:
            log_probabilities = self.log_probability[self.example == example]
            mean = float(log_probabilities.mean()) if len(examples) > 1 else self.mean_log_probability
            rows.append((int(example), len(log_probabilities), mean, 0.0 - mean, perplexity_of(-mean)))
        return pd.DataFrame(
            rows, columns=["example", "positions", "mean_log_probability", "cross_entropy", "perplexity"]
        )

    def top_k(self, index: int, k: int = 10) -> pd.DataFrame:
        """The k most likely tokens at scored position `index`, most likely first; shares are of the whole.

        Raises:
            ValueError: When more are asked for than were kept.
        """
        kept = self.top_token_ids.shape[1]
        if not 1 <= k <= kept:
            raise ValueError(f"k must be from 1 to {kept}, the number kept by score(top_k=…), not {k}")
        return pd.DataFrame(
            {
                "rank": np.arange(1, k + 1),
                "token_id": self.top_token_ids[index, :k],
                "piece": list(self.top_pieces[index][:k]),
                "probability": self.top_probabilities[index, :k],
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """The whole analysis as plain values. A perplexity beyond float64 is None, since JSON has no infinity."""
        origin, config = self.provenance.origin, self.provenance.config
        return {
            "model": {"kind": origin.kind, "name": origin.name, "seed": origin.seed, **config.to_dict()},
            "temperature": self.provenance.temperature,
            "dtype": self.provenance.dtype,
            "versions": self.provenance.versions,
            "examples": [
                {"prompt": prompt, "target": target, "alignment": alignment} for prompt, target, alignment in self.texts
            ],
            "mean_log_probability": self.mean_log_probability,
            "cross_entropy": self.cross_entropy,
            "perplexity": self.perplexity if math.isfinite(self.perplexity) else None,
            "log10_perplexity": self.log10_perplexity,
            "torch_cross_entropy": self.torch_cross_entropy,
            "uniform_cross_entropy": self.uniform_cross_entropy,
            "per_example": [
                {**row, "perplexity": row["perplexity"] if math.isfinite(row["perplexity"]) else None}
                for row in self.per_example().to_dict(orient="records")
            ],
            "positions": self.to_frame().to_dict(orient="records"),
        }
