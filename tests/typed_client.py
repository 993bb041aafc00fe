"""What a caller writes against the public names, checked with `mypy --strict` by test_public_api."""

from collections.abc import Iterator

import pandas as pd

from gptcore import (
    GPT_CONFIG_124M,
    SIZES,
    Cancelled,
    Example,
    GPTConfig,
    GPTModel,
    InputError,
    ModelComparison,
    Report,
    SeedTable,
    TrainConfig,
    TrainingRun,
    compare_examples,
    encode,
    find_gpt2,
    generate,
    gpt2_tokenizer,
    load_checkpoint,
    load_gpt2,
    parse_seeds,
    save_checkpoint,
    score,
    sweep_seeds,
    train,
    trained_small_model,
    untrained_model,
)


def losses(seeds: str) -> pd.DataFrame:
    """Compare seeds on one example."""
    config: GPTConfig = SIZES["mini"].with_(context_length=64)
    records = list(sweep_seeds(config, [Example("every effort moves", " effort moves you")], parse_seeds(seeds)))
    return SeedTable.of(records).to_frame()


def compared(text: str) -> ModelComparison:
    """Compare an untrained and a trained model on one text."""
    example = Example(text, alignment="shifted")
    named: list[tuple[str, Report]] = [
        ("untrained", score(untrained_model(GPT_CONFIG_124M, seed=123), [example])),
        ("trained", score(trained_small_model(), [example], temperature=1.0)),
    ]
    return ModelComparison.of(named)


def trained(model: GPTModel, example: Example) -> TrainingRun:
    """Train a model on one example."""
    config = TrainConfig(learning_rate=1e-3, steps=5)
    records = tuple(train(model, [example], config))
    return TrainingRun(records, model.config.vocab_size, config.to_dict())


def perplexities(model: GPTModel, texts: list[str]) -> Iterator[float | str]:
    """Score texts one by one; a text that cannot be scored gives its reason."""
    for text in texts:
        try:
            records = compare_examples(model, [Example(text, alignment="shifted")])
            yield from (record.report.perplexity for record in records)
        except (InputError, Cancelled) as error:
            yield str(error)


def stored(path: str) -> list[str]:
    """Save and load models, and continue a text with each."""
    save_checkpoint(trained_small_model(), path)
    models = [load_checkpoint(path), *(load_gpt2(folder.path) for folder in find_gpt2().values())]
    batch = encode([Example("every effort", " moves you", "continuation")], gpt2_tokenizer())
    ids = gpt2_tokenizer().encode("every effort")
    tokens = [next(generate(model, ids, max_new_tokens=1)) for model in models]
    return [gpt2_tokenizer().decode([token.token_id]) for token in tokens] + [str(batch.inputs.shape)]
