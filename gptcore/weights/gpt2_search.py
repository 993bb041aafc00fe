"""Finds GPT-2 models on this machine: in the Hugging Face cache and in a folder of models."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from gptcore.config import GPTConfig
from gptcore.errors import InputError
from gptcore.weights.gpt2_layout import CONFIG, WEIGHTS, check_gpt2

MODELS_VARIABLE = "GPT_EXPLORER_MODELS"
"""Names the environment variable that holds a folder of model folders, or one model's own."""


@dataclass(frozen=True)
class GPT2Folder:
    """A folder that says it holds a GPT-2: its shape, or what is wrong with it."""

    name: str
    path: Path
    config: GPTConfig | None
    error: InputError | None = None


def find_gpt2(environment: Mapping[str, str] = os.environ) -> dict[str, GPT2Folder]:
    """GPT-2 models in the local Hugging Face cache and in the folder GPT_EXPLORER_MODELS, by name.

    In the cache the name is the repository's ("openai-community/gpt2"); elsewhere the folder's, within that folder.
    Only what calls itself a GPT-2 is listed; what is wrong with one is in its `error`.
    """
    found: dict[str, GPT2Folder] = {}
    for name, path in (*_in_cache(cache_folder(environment)), *_in_models_folder(environment.get(MODELS_VARIABLE))):
        try:
            marks = tuple((path / file).stat() for file in (CONFIG, WEIGHTS))
        except OSError:  # a download that was not finished, or another kind of model
            continue
        folder = _inspect(name, path, tuple((mark.st_mtime_ns, mark.st_size) for mark in marks))
        if folder is not None:
            found[name] = folder
    return dict(sorted(found.items(), key=lambda item: (item[1].config.parameters if item[1].config else 0, item[0])))


def model_folder(path: Path) -> Path:
    """The folder that holds the files: itself, or within an entry of the Hugging Face cache its newest revision."""
    return next(_revisions(path), path) if (path / "snapshots").is_dir() else path


def published_name(path: Path) -> str:
    """What a model folder is called: in the Hugging Face cache by its repository, elsewhere by itself."""
    for part in (path, *path.parents[:2]):
        if part.name.startswith("models--"):
            return part.name.removeprefix("models--").replace("--", "/")
    return path.name


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where Hugging Face keeps models, by the variables that its own library reads."""
    given = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE")
    if given:
        return Path(given).expanduser()
    home = environment.get("HF_HOME")
    if home:
        return Path(home).expanduser() / "hub"
    return Path(environment.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def _in_cache(cache: Path) -> Iterator[tuple[str, Path]]:
    for entry in _folders(cache):
        if entry.name.startswith("models--"):
            for revision in islice(_revisions(entry), 1):
                yield published_name(entry), revision


def _revisions(entry: Path) -> Iterator[Path]:
    """A cached repository's revisions that have weights: the one that `main` names, then the newest."""
    try:
        main = (entry / "refs" / "main").read_text("ascii").strip()
    except (OSError, ValueError):
        main = ""
    snapshots = sorted(_folders(entry / "snapshots"), key=lambda path: (path.name == main, path.stat().st_mtime))
    yield from (path for path in reversed(snapshots) if (path / WEIGHTS).is_file())


def _in_models_folder(given: str | None) -> Iterator[tuple[str, Path]]:
    if not given:
        return
    whole = Path(given).expanduser()
    if (whole / CONFIG).is_file():
        yield whole.name, whole
    for folder in _folders(whole):
        if (folder / CONFIG).is_file():
            yield folder.name, folder
        elif folder.name.startswith("models--"):
            yield from ((published_name(folder), path) for path in islice(_revisions(folder), 1))
        else:
            yield from ((f"{folder.name}/{inner.name}", inner) for inner in _folders(folder))


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(each for each in path.iterdir() if each.is_dir())
    except OSError:
        return []


@lru_cache(maxsize=256)
def _inspect(name: str, path: Path, marks: tuple[tuple[int, int], ...]) -> GPT2Folder | None:
    """A folder as found, judged once as long as its files stay the same (`marks`); None for another architecture."""
    try:
        config, _ = check_gpt2(path)
    except InputError as error:
        if error.code in ("weights_other_architecture", "weights_bad_json"):
            return None
        return GPT2Folder(name, path, None, error)
    return GPT2Folder(name, path, config)
