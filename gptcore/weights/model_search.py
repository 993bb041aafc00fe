"""Finds models on this machine: in `./models`, in the folder GPT_EXPLORER_MODELS, and in the Hugging Face cache."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

from gptcore.weights.description import ModelDescription, describe_model
from gptcore.weights.model_paths import cache_folder, folders, published_name, revisions
from gptcore.weights.stored_model import checkpoint_files, is_model_folder

MODELS_VARIABLE = "GPT_EXPLORER_MODELS"
"""Names the environment variable that holds a folder of models, or one model's own."""
MODELS_FOLDER = Path("models")
"""Where models are looked for besides, below the folder that the app is started in."""

MAX_MODELS = 200
"""More are not listed."""


def find_models(
    environment: Mapping[str, str] | None = None, here: Path = MODELS_FOLDER
) -> dict[str, ModelDescription]:
    """Every model on this machine, by name; those that cannot be used too, with the reason in their `error`.

    In the cache the name is the repository's ("openai-community/gpt2"); elsewhere the folder's or file's, within the
    folder of models. Where two have the same name, the later one's gets a number.

    Args:
        environment: Variables that say where to look: GPT_EXPLORER_MODELS, and those of Hugging Face's library. The
            process's own unless given.
        here: A folder of models besides.

    Returns:
        Usable ones first, by their number of weights.
    """
    environment = os.environ if environment is None else environment
    found: dict[str, ModelDescription] = {}
    places: list[Iterator[tuple[str, Path]]] = [_in_cache(cache_folder(environment)), _in_folder(here)]
    if given := environment.get(MODELS_VARIABLE):
        places.append(_in_folder(Path(given).expanduser()))
    seen: set[Path] = set()
    for name, path in (each for place in places for each in islice(place, MAX_MODELS)):
        absolute = path.absolute()
        if absolute in seen or len(found) >= MAX_MODELS:
            continue
        seen.add(absolute)
        unique = shown = os.fsencode(name).decode("utf-8", "replace")
        number = 2
        while unique in found:
            unique, number = f"{shown} ({number})", number + 1
        found[unique] = replace(describe_model(path), name=unique)
    return dict(sorted(found.items(), key=lambda item: (not item[1].usable, _weights(item[1]), item[0])))


def _weights(model: ModelDescription) -> int:
    return model.config.parameters if model.config is not None else 0


def _in_cache(cache: Path) -> Iterator[tuple[str, Path]]:
    for entry in folders(cache):
        if entry.name.startswith("models--"):
            revision = next(revisions(entry), None)
            yield published_name(entry), entry if revision is None else revision


def _in_folder(whole: Path) -> Iterator[tuple[str, Path]]:
    """(name, path) of the models in a folder, at most two levels down; of the folder itself where it is one model."""
    if is_model_folder(whole):
        yield whole.absolute().name, whole
        return
    yield from ((file.name, file) for file in checkpoint_files(whole))
    for folder in folders(whole):
        if folder.name.startswith("models--"):
            yield from ((published_name(folder), path) for path in islice(revisions(folder), 1))
            continue
        files, inner = checkpoint_files(folder), folders(folder)
        if is_model_folder(folder) or (len(files) < 2 and not inner):
            yield folder.name, folder
            continue
        yield from ((f"{folder.name}/{file.name}", file) for file in files)
        yield from ((f"{folder.name}/{each.name}", each) for each in inner)
