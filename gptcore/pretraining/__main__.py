"""The command: fetch the text, train, and write the checkpoint with its measured numbers.

    python -m gptcore.pretraining --work FOLDER --minutes 120
    python -m gptcore.pretraining --work FOLDER --publish gptcore/data/small

The first is resumed after a kill by giving it again. Everything it needs to remember is in FOLDER/run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from gptcore.pretraining.corpus import fetch_packages
from gptcore.pretraining.dataset import prepare
from gptcore.pretraining.publish import publish
from gptcore.pretraining.recipe import SMALL, Recipe
from gptcore.pretraining.trainer import CurvePoint, Trainer


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when all went well, 2 with a sentence when it cannot."""
    given = _parser().parse_args(arguments)
    if given.threads:
        torch.set_num_threads(given.threads)
    run_folder = given.work / "run"
    try:
        if given.corpus is None:
            fetch_packages(given.work / "corpus")
        prepared = prepare(given.corpus or given.work / "corpus", given.limit_documents)
        if given.publish:
            _say(publish(prepared, run_folder, given.publish))
            return 0
        config = SMALL.with_(emb_dim=given.width, n_heads=given.heads, n_layers=given.layers, drop_rate=given.dropout)
        recipe = Recipe(
            config=config,
            minutes=given.minutes,
            steps=given.steps,
            batch_size=given.batch_size,
            peak_rate=given.peak_rate,
            weight_decay=given.weight_decay,
            validate_every=given.validate_every,
            seed=given.seed,
        )
        plan = prepared.plan(recipe)
        _say(
            f"{plan.n_tokens:,} tokens an epoch, {prepared.vocabulary.n_rows:,} rows, {config.parameters:,} parameters"
        )
        trainer = Trainer(recipe, plan, prepared.validation, prepared.vocabulary, run_folder)
        if trainer.steps:
            _say(f"resumed after step {trainer.steps:,}")
        for point in trainer.run():
            _say(_line(point, recipe))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m gptcore.pretraining", description=(__doc__ or "").split("\n")[0])
    standard = Recipe(steps=1)
    parser.add_argument("--work", type=Path, required=True, help="folder for the corpus and the run's state")
    parser.add_argument("--corpus", type=Path, help="folder that holds sotu/ and moby-dick/ already")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="train for so long; the schedule follows the clock")
    length.add_argument("--steps", type=int, help="train for so many steps; two such runs are the same")
    length.add_argument("--publish", type=Path, help="write the best weights and their numbers into this folder")
    parser.add_argument("--threads", type=int, help="processor cores to use; all of them unless given")
    parser.add_argument("--width", type=int, default=SMALL.emb_dim)
    parser.add_argument("--heads", type=int, default=SMALL.n_heads)
    parser.add_argument("--layers", type=int, default=SMALL.n_layers)
    parser.add_argument("--dropout", type=float, default=SMALL.drop_rate)
    parser.add_argument("--batch-size", type=int, default=standard.batch_size)
    parser.add_argument("--peak-rate", type=float, default=standard.peak_rate)
    parser.add_argument("--weight-decay", type=float, default=standard.weight_decay)
    parser.add_argument("--validate-every", type=int, default=standard.validate_every)
    parser.add_argument("--seed", type=int, default=standard.seed)
    parser.add_argument("--limit-documents", type=int, help="read only so many documents of each part, for a trial")
    return parser


def _line(point: CurvePoint, recipe: Recipe) -> str:
    done = recipe.progress(point.step, point.seconds)
    left = point.seconds * (1.0 - done) / done
    return (
        f"step {point.step:6,}  {100 * done:5.1f} %  training {point.training_loss:.4f}  "
        f"validation {point.validation_loss:.4f} nats  {point.tokens / point.seconds:,.0f} tokens/s  "
        f"{left / 60:.0f} min left"
    )


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
