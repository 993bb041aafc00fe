"""Long texts and files that the server keeps for a while, so that an address can name them and a reload finds them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gptcore.ui.models.result_cache import LRUCache


@dataclass(frozen=True)
class KeptText:
    """A text that is too long for an address, or came as a file.

    Attributes:
        text: The text.
        name: The file's name; empty for a text that was pasted.
        encoding: How the file was read.
        bom: Whether the file began with a byte order mark.
    """

    text: str
    name: str = ""
    encoding: str = ""
    bom: bool = False

    @property
    def id(self) -> str:
        """What an address calls it: nobody can tell it who does not have the text."""
        return hashlib.sha256(f"{self.name}\n{self.text}".encode()).hexdigest()[:24]


_KEPT = LRUCache(most=24)


def keep_text(kept: KeptText) -> str:
    """Keep a text for as long as it is among the last ones asked for; its id."""
    _KEPT.keep(kept.id, kept)
    return kept.id


def kept_text(text_id: str) -> KeptText | None:
    """The text that is kept under an id, or None."""
    kept = _KEPT.get(text_id)
    return kept if isinstance(kept, KeptText) else None
