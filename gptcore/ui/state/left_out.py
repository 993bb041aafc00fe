"""What an address has no room for: kept on this server for a while, under a name that the address has room for."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from urllib.parse import quote

MAX_ADDRESS = 7_000
"""Longest query, in characters as written: proxies allow about 8 KB."""

PARAMETER = "rest"
"""The parameter that names what was left out."""

_MOST_CHARACTERS = 10_000_000

_kept: OrderedDict[str, dict[str, str]] = OrderedDict()
_lock = threading.Lock()


def shortened(query: Mapping[str, str]) -> dict[str, str]:
    """A query that an address has room for: the longest parts are left out, and named in their place."""
    kept, rest = dict(query), dict[str, str]()
    for key in sorted(query, key=lambda key: -_length(key, query[key])):
        if _size(kept) <= MAX_ADDRESS:
            break
        rest[key] = kept.pop(key)
        kept[PARAMETER] = "0" * 32  # as long as the name will be
    if rest:
        kept[PARAMETER] = keep(rest)
    return kept


def keep(words: dict[str, str]) -> str:
    """Keep words for a while; the name under which to find them. The same words have the same name."""
    name = hashlib.sha256(json.dumps(words, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    with _lock:
        _kept[name] = words
        _kept.move_to_end(name)
        while len(_kept) > 1 and sum(map(_characters, _kept.values())) > _MOST_CHARACTERS:
            _kept.popitem(last=False)
    return name


def find(name: str) -> dict[str, str] | None:
    """The words that were kept under a name, or None where they are not known (any more)."""
    with _lock:
        if name in _kept:
            _kept.move_to_end(name)
        words = _kept.get(name)
        return None if words is None else dict(words)


def _characters(words: Mapping[str, str]) -> int:
    return sum(map(len, words.values()))


def _size(query: Mapping[str, str]) -> int:
    return sum(_length(key, words) for key, words in query.items())


def _length(key: str, words: str) -> int:
    return len(key) + len(quote(words)) + 2
