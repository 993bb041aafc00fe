"""Where models lie on a machine: folders, and entries of the Hugging Face cache. No torch here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from gptcore.weights.stored_model import checkpoint_files, is_model_folder


def model_folder(path: Path) -> Path:
    """The folder that holds the files: itself, or within an entry of the Hugging Face cache its newest revision."""
    return next(revisions(path), path) if (path / "snapshots").is_dir() else path


def published_name(path: Path) -> str:
    """What a model folder is called: in the Hugging Face cache by its repository, elsewhere by itself."""
    for part in (path, *path.parents[:2]):
        if part.name.startswith("models--"):
            return part.name.removeprefix("models--").replace("--", "/")
    return path.name or path.resolve().name


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where Hugging Face keeps models, by the variables that its own library reads."""
    given = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE")
    if given:
        return Path(given).expanduser()
    home = environment.get("HF_HOME")
    if home:
        return Path(home).expanduser() / "hub"
    return Path(environment.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def revisions(entry: Path) -> Iterator[Path]:
    """A cached repository's revisions that hold a model: the one that `main` names, then the newest."""
    try:
        main = (entry / "refs" / "main").read_text("ascii").strip()
    except (OSError, ValueError):
        main = ""
    snapshots = sorted(folders(entry / "snapshots"), key=lambda path: (path.name == main, _written(path)))
    yield from (path for path in reversed(snapshots) if is_model_folder(path) or checkpoint_files(path))


def folders(path: Path) -> list[Path]:
    """The folders in a folder; [] for one that cannot be listed."""
    try:
        return sorted(each for each in path.iterdir() if _is_folder(each))
    except OSError:
        return []


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # no permission, a loop of links
        return False


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
