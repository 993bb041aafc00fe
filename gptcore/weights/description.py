"""What a model on this machine is, said without loading it. No torch here."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gptcore.config import GPTConfig
from gptcore.errors import InputError
from gptcore.tokenizers.base import Tokenizer
from gptcore.tokenizers.from_folder import checkpoint_tokenizer, folder_tokenizer, vocabulary_source
from gptcore.tokenizers.model_rows import RowTokenizer, fit_tokenizer, shipped_tokenizer
from gptcore.weights.model_paths import model_folder, published_name
from gptcore.weights.stored_model import StoredModel, inspect_model

_MAX_FILES = 500


@dataclass(frozen=True)
class ModelDescription:
    """What lies at a path.

    Attributes:
        path: The file or folder.
        name: What it is called: the repository in the Hugging Face cache, else the file's or folder's name.
        kind: "gptcore" (this project's own checkpoint), "gpt2", "nanogpt", "book", "transformers", or "unknown".
        config: Its shape; None where it cannot be used.
        dtype: The numbers in the file ("float32", "bfloat16", …, joined by " + "); they are computed in float32.
        file_bytes: Size of the weight files, in bytes.
        vocabulary: Where its tokens come from: "tokenizer.json", "vocab.json + merges.txt", "vocab.txt" (its own),
            "gpt2" or "seven_words" (it brings none, and the size fits), or "" for none: it is scored by ids.
        error: Why it cannot be used; None for one that can.
        marks: Changes whenever one of its files does.
        n_heads: Attention heads, where they were asked for.
    """

    path: Path
    name: str
    kind: str
    config: GPTConfig | None = None
    dtype: str = ""
    file_bytes: int = 0
    vocabulary: str = ""
    error: InputError | None = None
    marks: str = ""
    n_heads: int | None = None

    @property
    def usable(self) -> bool:
        """Whether `load_model` loads it."""
        return self.error is None

    @property
    def tokenizer(self) -> Tokenizer | None:
        """Its tokens: of a model without a vocabulary ids only; None where it cannot be used."""
        return _tokenizer(self.path, self.marks, self.n_heads) if self.usable else None


def describe_model(path: Path | str, *, n_heads: int | None = None) -> ModelDescription:
    """What lies at a path, found out without loading a weight.

    Args:
        path: A weight file, a model's folder, or an entry of the Hugging Face cache's.
        n_heads: Attention heads, for weights that do not say how many.

    Returns:
        The description; where the model cannot be used, its `error` says why. Nothing is raised.

    >>> from gptcore.weights.safetensors_header import TRAINED_SMALL
    >>> found = describe_model(TRAINED_SMALL)
    >>> found.kind, found.dtype, found.vocabulary, found.usable
    ('gptcore', 'float16', 'gpt2', True)
    """
    path = model_folder(Path(path).expanduser())
    return _describe(path, file_marks(path), n_heads)


def tokenizer_of(model: StoredModel) -> tuple[str, Tokenizer]:
    """(where a model's tokens come from, its tokenizer).

    Raises:
        InputError: "bad_vocabulary" where the folder brings one that cannot be read: it is never scored with another.
    """
    if "tokenizer" in model.metadata:
        return "tokenizer.json", fit_tokenizer(checkpoint_tokenizer(model.metadata), model.config.vocab_size)
    try:
        own = folder_tokenizer(model.folder)
    except InputError as error:
        if error.code != "vocabulary_not_read":
            raise
        return "", RowTokenizer(None, model.config.vocab_size)
    source = vocabulary_source(model.folder)
    if own is None or source is None:
        shipped = shipped_tokenizer(model.config.vocab_size)
        return shipped.name if shipped is not None else "", fit_tokenizer(None, model.config.vocab_size)
    return source, fit_tokenizer(own, model.config.vocab_size)


def file_marks(path: Path) -> str:
    """A word that changes whenever a file at the path, or in the folder, is written or replaced."""
    found = []
    try:
        files = [path] if not path.is_dir() else sorted(path.iterdir())[:_MAX_FILES]
    except OSError:
        files = []
    beside = [] if not files or path.is_dir() else [path.parent / name for name in _BESIDE]
    for file in [*files, *beside]:
        try:
            status = file.stat()
        except (OSError, ValueError):
            continue
        if not stat.S_ISDIR(status.st_mode):
            found.append((os.fsencode(file), status.st_mtime_ns, status.st_size, status.st_ino))
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


_BESIDE = ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "vocab.txt")
_NUMBERS = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


@lru_cache(maxsize=256)
def _describe(path: Path, marks: str, n_heads: int | None) -> ModelDescription:
    """A model as it lies there, judged once as long as its files stay the same (`marks`)."""
    name = os.fsencode(published_name(path)).decode("utf-8", "replace")
    try:
        model = inspect_model(path, n_heads)
    except InputError as error:
        return ModelDescription(path, name, "unknown", error=error, marks=marks)
    except (
        OSError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:  # whatever else a broken file causes
        reason = str(error)[:120] or type(error).__name__
        unreadable = InputError("weights_unreadable", f"{name} cannot be read: {reason}", file=name, reason=reason)
        return ModelDescription(path, name, "unknown", error=unreadable, marks=marks)
    file_bytes = sum(file.stat().st_size for file in model.files)
    dtype = " + ".join(_NUMBERS[kind] for kind in model.dtypes if kind in _NUMBERS)
    try:
        vocabulary, _ = tokenizer_of(model)  # reads the vocabulary, so that a broken one is reported here
    except InputError as error:
        return ModelDescription(path, name, model.kind, None, dtype, file_bytes, error=error, marks=marks)
    return ModelDescription(
        path, name, model.kind, model.config, dtype, file_bytes, vocabulary, marks=marks, n_heads=n_heads
    )


@lru_cache(maxsize=8)
def _tokenizer(path: Path, marks: str, n_heads: int | None) -> Tokenizer:
    """A model's tokenizer; few are kept, since a large vocabulary takes some 100 MB."""
    return tokenizer_of(inspect_model(path, n_heads))[1]
