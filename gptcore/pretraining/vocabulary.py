"""The vocabulary of the small model: rows for the tokens its corpus holds, one row for all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gptcore.pretraining.corpus import Ids


@dataclass(frozen=True)
class CompactVocabulary:
    """The tokens that get a row of their own; all others share the last row.

    Attributes:
        ids: (R − 1,) GPT-2's token ids, ascending; row i belongs to ids[i].
        row_of: (V,) the row of each of GPT-2's tokens; R − 1 for all that share.
        n_sharing: How many tokens share the last row.
    """

    ids: Ids
    row_of: Ids
    n_sharing: int

    @property
    def n_rows(self) -> int:
        """R, the rows of the output head."""
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
