"""The training itself: one step after another, saved so that a killed run goes on where it was."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gptcore.config import ModelOrigin
from gptcore.initialization import empty_model, seeded_generator
from gptcore.model import Dropout, GPTModel, LayerNorm, TransformerBlock
from gptcore.pretraining.corpus import Ids
from gptcore.pretraining.fused_loss import cross_entropies, fused_cross_entropy
from gptcore.pretraining.recipe import Recipe
from gptcore.pretraining.vocabulary import CompactVocabulary
from gptcore.pretraining.windows import BatchPlan, evaluation_windows
from gptcore.weights.checkpoints import fill, read_safetensors, write_whole

STATE, BEST = "state.safetensors", "best.safetensors"


@dataclass(frozen=True)
class CurvePoint:
    """One line of the training curve.

    Attributes:
        training_loss: Mean nats a token over the steps since the last point, with dropout on.
        validation_loss: Nats a token over the whole vocabulary.
    """

    step: int
    seconds: float
    tokens: int
    learning_rate: float
    training_loss: float
    validation_loss: float

    @property
    def validation_perplexity(self) -> float:
        """A token."""
        return math.exp(self.validation_loss)


class Trainer:
    """A model in training, its optimizer and its curve.

    `run` yields a CurvePoint at every validation, saves the state there, and keeps the best weights aside.
    """

    def __init__(
        self, recipe: Recipe, plan: BatchPlan, validation: tuple[Ids, ...], vocabulary: CompactVocabulary, folder: Path
    ) -> None:
        self.recipe, self.plan, self.vocabulary, self.folder = recipe, plan, vocabulary, folder
        self.validation = [
            window
            for ids in validation
            for window in evaluation_windows(ids, plan.separator, plan.context_length, plan.context_length)
        ]
        self.model = empty_model(recipe.config.with_(vocab_size=vocabulary.n_rows))
        initialize_for_training(self.model, recipe.seed)
        self.worker, self.dropouts = working_copy(self.model)
        matrices = [p for p in self.model.parameters() if p.dim() > 1]
        vectors = [p for p in self.model.parameters() if p.dim() == 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": recipe.weight_decay}, {"params": vectors, "weight_decay": 0.0}],
            lr=0.0,
            betas=recipe.betas,
            fused=True,
        )
        self.steps, self.seconds, self.curve = 0, 0.0, list[CurvePoint]()
        if (folder / STATE).is_file():
            self._resume()
        self._refresh_worker()

    def run(self) -> Iterator[CurvePoint]:
        """Train to the end of the recipe."""
        recipe, losses = self.recipe, list[Tensor]()
        began = time.perf_counter() - self.seconds
        epoch, windows = -1, np.empty((0, 0), dtype=np.int64)
        while (progress := recipe.progress(self.steps, self.seconds)) < 1.0:
            wanted_epoch, batch = divmod(self.steps, self.plan.batches_per_epoch)
            if wanted_epoch != epoch:
                epoch, windows = wanted_epoch, self.vocabulary.row_of[self.plan.epoch_windows(wanted_epoch)]
            rows = torch.from_numpy(windows[batch * recipe.batch_size : (batch + 1) * recipe.batch_size])  # (B, T + 1)
            losses.append(self._step(rows, recipe.learning_rate(progress)))
            self.steps += 1
            self.seconds = time.perf_counter() - began
            finished = recipe.progress(self.steps, self.seconds) >= 1.0
            if self.steps % recipe.validate_every == 0 or finished:
                point = self._point(torch.stack(losses).mean().item(), recipe.learning_rate(progress))
                losses = []
                self._save(point)
                yield point  # the clock is read after a step only: a run ends with a point, and it is saved as ended

    def _step(self, rows: Tensor, learning_rate: float) -> Tensor:
        """One update from windows of rows (B, T + 1); returns the loss, detached."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        random = np.random.Generator(np.random.SFC64([self.recipe.seed, self.steps]))
        for dropout in self.dropouts:
            dropout.random = random
        hidden = self.worker.hidden_states(rows[:, :-1])  # (B, T, C)
        loss = fused_cross_entropy(
            hidden.flatten(0, 1), self.worker.tok_emb.weight, rows[:, 1:].flatten(), self.vocabulary.n_sharing
        )
        torch.autograd.backward(loss)
        with torch.no_grad():
            for own, worked in zip(self.model.parameters(), self.worker.parameters(), strict=True):
                own.grad = None if worked.grad is None else worked.grad.float()
                worked.grad = None
            nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
            self.optimizer.step()
            self._refresh_worker()
        return loss.detach()

    def _refresh_worker(self) -> None:
        for own, worked in zip(self.model.parameters(), self.worker.parameters(), strict=True):
            worked.data.copy_(own.data)

    def _point(self, training_loss: float, learning_rate: float) -> CurvePoint:
        tokens = self.steps * self.recipe.batch_size * self.plan.context_length
        return CurvePoint(self.steps, self.seconds, tokens, learning_rate, training_loss, self._validation_loss())

    @torch.no_grad()
    def _validation_loss(self) -> float:
        """Nats a token over all validation tokens."""
        worker, total, scored = self.worker.eval(), 0.0, 0
        for inputs, targets, new in self.validation:
            hidden = worker.hidden_states(self._rows(inputs)[None])[0]  # (T, C)
            each = cross_entropies(
                hidden[-new:], worker.tok_emb.weight, self._rows(targets[-new:]), self.vocabulary.n_sharing
            )
            total += each.double().sum().item()
            scored += len(each)
        worker.train()
        return total / scored

    def _rows(self, ids: Ids) -> Tensor:
        return torch.from_numpy(self.vocabulary.row_of[ids])

    def _save(self, point: CurvePoint) -> None:
        """The state, and the weights alone where no point so far was better."""
        best = min((p.validation_loss for p in self.curve), default=math.inf)
        self.curve.append(point)
        weights = {name: p.detach() for name, p in self.model.named_parameters()}
        if point.validation_loss < best:
            write_whole(weights, self.folder / BEST, {"step": str(point.step)})
        state = dict(weights)
        for name, parameter in self.model.named_parameters():
            moments = self.optimizer.state[parameter]
            state[f"{name}#exp_avg"], state[f"{name}#exp_avg_sq"] = moments["exp_avg"], moments["exp_avg_sq"]
        metadata = {
            "recipe": json.dumps(self.recipe.to_dict()),
            "curve": json.dumps([asdict(p) for p in self.curve]),
            "steps": str(self.steps),
            "seconds": repr(self.seconds),
        }
        write_whole(state, self.folder / STATE, metadata)

    def _resume(self) -> None:
        """Go on from the saved state.

        Raises:
            ValueError: Where that is of another recipe.
        """
        state, metadata = read_safetensors(self.folder / STATE)
        saved = Recipe.from_dict(json.loads(metadata["recipe"]))
        if saved != self.recipe:
            raise ValueError(f"{self.folder.name} holds a run of another recipe: {saved}; choose another folder")
        moments = {name: state.pop(name) for name in list(state) if "#" in name}
        fill(self.model, state, STATE)
        self.steps, self.seconds = int(metadata["steps"]), float(metadata["seconds"])
        self.curve = [CurvePoint(**point) for point in json.loads(metadata["curve"])]
        for name, parameter in self.model.named_parameters():
            self.optimizer.state[parameter] = {
                "step": torch.tensor(float(self.steps)),
                "exp_avg": moments[f"{name}#exp_avg"],
                "exp_avg_sq": moments[f"{name}#exp_avg_sq"],
            }


class ByteDropout(Dropout):
    """The model's dropout from random bytes: the rate to the nearest 1/256, ten times as fast as a float a draw."""

    random: np.random.Generator

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; the result has the same."""
        dropped = round(256 * self.drop_rate)
        if not self.training or dropped == 0:
            return x
        drawn = torch.frombuffer(bytearray(self.random.bytes(x.numel())), dtype=torch.uint8).view(x.shape)
        return x * (drawn >= dropped).to(x.dtype).mul_(256 / (256 - dropped))


def working_copy(model: GPTModel) -> tuple[GPTModel, list[ByteDropout]]:
    """The same model in bfloat16, in training mode, with its fast dropouts; the attention's own is left out."""
    worker = empty_model(model.config)
    worker.drop_emb = ByteDropout(model.config.drop_rate)
    for block in worker.trf_blocks:
        assert isinstance(block, TransformerBlock)
        block.drop_shortcut = ByteDropout(model.config.drop_rate)
        block.att.dropout = Dropout(0.0)  # so that the fused attention is used
    worker.bfloat16().tie_output_head()
    return worker.train(), [module for module in worker.modules() if isinstance(module, ByteDropout)]


def initialize_for_training(model: GPTModel, seed: int) -> None:
    """GPT-2's own initialization: normal(0, 0.02), the two projections onto the residual stream smaller by √(2 L).

    PyTorch's defaults, which the app's untrained models show, would start a tied head with logits of ±16.
    """
    generator = seeded_generator(seed)
    residual = 0.02 / math.sqrt(2 * model.config.n_layers)
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, LayerNorm):
                module.scale.fill_(1.0)
                module.shift.fill_(0.0)
            elif isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.02, generator=generator)
            elif isinstance(module, nn.Linear) and module.weight is not model.tok_emb.weight:
                projection = name.endswith(("out_proj", "layers.2"))
                nn.init.normal_(module.weight, std=residual if projection else 0.02, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()


def full_model(recipe: Recipe, vocabulary: CompactVocabulary, weights: dict[str, Tensor]) -> GPTModel:
    """The trained model over all of GPT-2's tokens, in evaluation mode: each gets its row, many the shared one."""
    model = empty_model(recipe.config.with_(drop_rate=0.0))
    rows = weights["tok_emb.weight"]  # (R, C)
    fill(model, {**weights, "tok_emb.weight": rows[torch.from_numpy(vocabulary.row_of)]}, BEST)
    model.origin = ModelOrigin("trained_small", "small", recipe.seed)
    return model
