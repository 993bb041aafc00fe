"""The chain walked step by step, as pictures and pages need it: all small numbers, excerpts of the large tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from gptcore.config import GPTConfig
from gptcore.results.report import Floats, Ids

WHOLE_VOCABULARY = 12
"""Up to so many tokens, every column of the logits is shown; of more, the head of the ranking, the target, the last."""

HEAD = 3
"""How many of the most likely tokens are shown where not all are."""


@dataclass(frozen=True, eq=False)
class Steps:
    """What each of the eleven steps left behind. N scored positions in reading order, the first M excerpted.

    For the batch:
    inputs, targets           (B, T) token ids; targets hold −100 where nothing is scored
    predicted_text            per example: its chosen tokens as text, and
    target_text               its targets as text
    mean_log_probability      in nats, and the numbers made from it
    cross_entropy             its negation, in nats
    torch_cross_entropy       what the one call on flattened logits says, in nats
    perplexity                exp(cross_entropy)

    Per scored position, (N,):
    example, prompt_piece, target_id, target_piece, target_probability, log_probability, predicted_id, predicted_piece

    Excerpts, of the first M positions:
    target_logit, log_normalizer_nats, target_rank, predicted_probability, probability_sum   (M,)
    cell_ids, cell_rank, cell_logits, cell_probabilities   (M, K) the shown tokens of each row; cell_pieces their text
    edge_logits, edge_probabilities                        (M, k) the first and last values of each row, as printed
    curve_rank (R,), curve_logits, curve_probabilities     (M, R) each whole row, largest first, thinned
    """

    config: GPTConfig
    inputs: Ids
    targets: Ids
    predicted_text: tuple[str, ...]
    target_text: tuple[str, ...]
    mean_log_probability: float
    cross_entropy: float
    torch_cross_entropy: float
    perplexity: float
    example: Ids
    prompt_piece: tuple[str, ...]
    target_id: Ids
    target_piece: tuple[str, ...]
    target_probability: Floats
    log_probability: Floats
    predicted_id: Ids
    predicted_piece: tuple[str, ...]
    target_logit: Floats
    log_normalizer_nats: Floats
    target_rank: Ids
    predicted_probability: Floats
    probability_sum: Floats
    cell_ids: Ids
    cell_rank: Ids
    cell_pieces: tuple[tuple[str, ...], ...]
    cell_logits: Floats
    cell_probabilities: Floats
    edge_logits: Floats
    edge_probabilities: Floats
    curve_rank: Ids
    curve_logits: Floats
    curve_probabilities: Floats

    @property
    def vocab_size(self) -> int:
        """V, the number of tokens in the vocabulary."""
        return self.config.vocab_size

    @property
    def positions(self) -> int:
        """N, how many positions are scored."""
        return len(self.target_id)

    @property
    def shown(self) -> int:
        """M, how many positions are excerpted."""
        return len(self.target_logit)

    @property
    def whole(self) -> bool:
        """Whether the cells of a row are the whole vocabulary, in the order of ids."""
        return self.vocab_size <= WHOLE_VOCABULARY

    @property
    def logits_shape(self) -> tuple[int, int, int]:
        """(B, T, V), as the model returns them."""
        return self.inputs.shape[0], self.inputs.shape[1], self.vocab_size

    @property
    def flat_shape(self) -> tuple[int, int]:
        """(B · T, V): the logits flattened for `F.cross_entropy`, which skips what is not scored."""
        return self.inputs.size, self.vocab_size

    def to_frame(self) -> pd.DataFrame:
        """A row for each scored position: what each step of the chain made of it."""
        return pd.DataFrame(
            {
                "example": self.example,
                "prompt_piece": list(self.prompt_piece),
                "target_id": self.target_id,
                "target_piece": list(self.target_piece),
                "target_probability": self.target_probability,
                "log_probability": self.log_probability,
                "predicted_id": self.predicted_id,
                "predicted_piece": list(self.predicted_piece),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """The numbers of every step as plain values, for JSON."""
        return {
            "input_ids": self.inputs.tolist(),
            "target_ids": self.targets.tolist(),
            "logits_shape": list(self.logits_shape),
            "flat_logits_shape": list(self.flat_shape),
            "positions": self.to_frame().to_dict("records"),
            "mean_log_probability": self.mean_log_probability,
            "cross_entropy": self.cross_entropy,
            "torch_cross_entropy": self.torch_cross_entropy,
            "perplexity": self.perplexity,
        }

    @property
    def underflows(self) -> bool:
        """Whether a probability is so small that float32 holds 0, whose log is −∞."""
        return bool((self.target_probability == 0).any())
