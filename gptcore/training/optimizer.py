"""One update of all weights, a weight at a time, that can be undone until the next loss has shown that it was sound."""

from __future__ import annotations

import torch
from torch import Tensor

from gptcore.errors import CancelCheck
from gptcore.model import GPTModel
from gptcore.training.config import TrainConfig


class Updates:
    """The updates of one run: each weight's optimizer is its own, so that its gradient's memory can go at once.

    In its place stand the weights from before, until the next loss has shown that the update was sound.
    """

    def __init__(self, model: GPTModel, config: TrainConfig) -> None:
        self._weights = list(model.parameters())
        self._max_norm = config.max_norm
        self._before: list[Tensor] = []
        self._optimizers: list[torch.optim.Optimizer] = [
            torch.optim.AdamW([weight], lr=1.0, weight_decay=config.weight_decay, fused=True)
            if config.optimizer == "adamw"
            else torch.optim.SGD([weight], lr=1.0, fused=True)
            for weight in self._weights
        ]

    def gradients(self, loss: Tensor) -> float:
        """Backpropagate; the length of the whole gradient, which may be no number."""
        loss.backward()
        return _length([weight.grad for weight in self._weights if weight.grad is not None])

    def apply(self, learning_rate: float, norm: float, stopped: CancelCheck) -> bool:
        """One update, weight by weight; False where `stopped` cut it short, for `undo_part` to take back."""
        shorten = self._max_norm / norm if self._max_norm is not None and norm > self._max_norm else 1.0
        room: dict[torch.Size, Tensor] = {}  # what was a gradient's memory: asking for new memory takes longer
        for weight, optimizer in zip(self._weights, self._optimizers, strict=True):
            if stopped():
                return False
            before = room.pop(weight.shape, None)
            self._before.append(
                (torch.empty_like(weight, requires_grad=False) if before is None else before).copy_(weight.detach())
            )
            if weight.grad is not None and shorten != 1.0:
                weight.grad.mul_(shorten)
            optimizer.param_groups[0]["lr"] = learning_rate
            optimizer.step()
            if weight.grad is not None:
                room[weight.shape] = weight.grad
            weight.grad = None
        return True

    def forget(self) -> None:
        """The weights from before the last update are not needed any more."""
        self._before.clear()

    def undo(self) -> None:
        """Put back the weights from before the last update."""
        with torch.no_grad():
            for weight, before in zip(self._weights, self._before, strict=False):
                weight.copy_(before)
        self._before.clear()

    def undo_part(self) -> None:
        """Put back the weights of an update that was cut short; a whole one stays."""
        if len(self._before) < len(self._weights):
            self.undo()
        self._before.clear()
        self._optimizers.clear()


def _length(gradients: list[Tensor]) -> float:
    """The length of all gradients as one vector.

    Row by row, and the rows in float64: float32 adds up a table's 38 million squares to three digits only.
    """
    rows = torch.cat([torch.linalg.vector_norm(gradient, dim=-1).flatten() for gradient in gradients])
    return float(torch.linalg.vector_norm(rows, dtype=torch.float64))
