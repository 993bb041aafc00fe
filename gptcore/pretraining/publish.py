"""From the best weights of a run to the files that ship: checkpoint, numbers measured on it, card."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path

import torch

from gptcore.pretraining.card import card
from gptcore.pretraining.dataset import Prepared
from gptcore.pretraining.evaluation import likeliest_continuations, measure_held_out
from gptcore.pretraining.recipe import Recipe
from gptcore.pretraining.trainer import BEST, STATE, CurvePoint, full_model
from gptcore.weights.checkpoints import load_checkpoint, read_safetensors, save_checkpoint

LARGEST_CHECKPOINT_BYTES = 20_000_000
PROMPTS = ("Fellow citizens of", "The Congress of the United", "Call me", "every effort moves")


def publish(prepared: Prepared, run: Path, folder: Path) -> str:
    """Write model.safetensors, curve.csv, held_out.csv and README.md into `folder`; returns a sentence on them.

    The numbers are measured on the checkpoint as it was written and read again, so they include its rounding.

    Raises:
        ValueError: Where the run has no weights yet, or the checkpoint would exceed 20 MB.
    """
    weights, best = read_safetensors(run / BEST)
    _, state = read_safetensors(run / STATE)
    recipe = Recipe.from_dict(json.loads(state["recipe"]))
    curve = [CurvePoint(**point) for point in json.loads(state["curve"])]
    checkpoint = folder / "model.safetensors"
    save_checkpoint(full_model(recipe, prepared.vocabulary, weights), checkpoint, dtype=torch.float16)
    size = checkpoint.stat().st_size
    if size > LARGEST_CHECKPOINT_BYTES:
        raise ValueError(f"the checkpoint has {size:,} bytes; at most {LARGEST_CHECKPOINT_BYTES:,} may ship")
    model = load_checkpoint(checkpoint)
    context_length = recipe.config.context_length
    overlapping = measure_held_out(model, prepared, context_length // 2)
    side_by_side = measure_held_out(model, prepared, context_length)
    _write_csv(folder / "curve.csv", [field.name for field in fields(CurvePoint)], _rounded(curve))
    _write_csv(
        folder / "held_out.csv",
        ["stride", "address", "tokens", "bytes", "cross_entropy_nats", "perplexity", "bits_per_byte"],
        (
            (
                stride,
                m.name,
                m.n_tokens,
                m.n_bytes,
                f"{m.cross_entropy:.4f}",
                f"{m.perplexity:.2f}",
                f"{m.bits_per_byte:.4f}",
            )
            for stride, measured in ((context_length // 2, overlapping), (context_length, side_by_side))
            for m in measured
        ),
    )
    text = card(
        recipe=recipe,
        vocabulary=prepared.vocabulary,
        n_training_tokens=sum(len(ids) for ids in prepared.training),
        curve=curve,
        best_step=int(best["step"]),
        overlapping=overlapping,
        side_by_side=side_by_side,
        continuations=[(prompt, likeliest_continuations(model, prompt)) for prompt in PROMPTS],
        size=size,
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
    return (
        f"step {best['step']}: held-out perplexity {overlapping[-1].perplexity:.2f} a token, "
        f"{overlapping[-1].bits_per_byte:.4f} bits a byte; {size:,} bytes"
    )


def _rounded(curve: Iterable[CurvePoint]) -> Iterator[list[object]]:
    for point in curve:
        yield [f"{value:.6g}" if isinstance(value, float) else value for value in asdict(point).values()]


def _write_csv(path: Path, header: list[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
