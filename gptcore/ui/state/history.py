"""Which is newer: what a visitor did on the page, or what the address in their browser says. No Streamlit here.

Every event from a browser carries the address that it had at that moment. It is an old one as long as the browser
has not heard of the last one, it is empty for a while after a change of page, and only now and then has the visitor
gone back or forward. So an address is read once, when it is new, and everything else follows the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MISSING: Final = object()
"""In place of a value: the session holds none."""

_MOST_ENTRIES = 100
_MOST_CHARACTERS = 2_000_000


@dataclass
class Entry:
    """An address that the browser has, or is about to get, and what its page showed.

    Attributes:
        page: The page that it belongs to.
        query: Its parameters.
        words: All that the page showed, with what the query leaves out; None where that is not known.
        settled: False for an address that a change of page leaves in the browser until it gets the page's own.
    """

    page: str
    query: dict[str, str]
    words: dict[str, str] | None = None
    settled: bool = True


@dataclass
class History:
    """The addresses of one session, and what is still to be read from the newest one.

    A run calls `begin`, then for each piece of state `decides` and `show`, then `finish`. It may be given up
    anywhere after `begin`: what it did not read, a later run reads.
    """

    entries: list[Entry] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    _reached: int = 0  # the browser has had the entries up to this one
    _blank: bool = False  # what the address does not name is to be the default
    _taken: set[str] = field(default_factory=set)
    _changed: set[str] = field(default_factory=set)
    _shown: dict[str, Any] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)
    _of_page: dict[str, set[str]] = field(default_factory=dict)
    _page: str = ""
    _written: dict[str, str] = field(default_factory=dict)
    _next: dict[str, str] = field(default_factory=dict)
    _next_query: dict[str, str] = field(default_factory=dict)

    def begin(self, page: str, query: Mapping[str, str], held: Callable[[str], Any], *, went_back: bool) -> bool:
        """Open a run: note what the visitor changed, and mark the address as read where it is new.

        Args:
            page: The page that runs.
            query: The parameters that the event carried.
            held: Gives what the session holds under a key, or MISSING.
            went_back: Whether the visitor has gone back or forward in the browser.

        Returns:
            Whether the address decides on what was not changed since the last one was written.
        """
        self._next, self._next_query = {}, {}
        for key in self.differing(held):
            self.unread.pop(key, None)
            self._taken.add(key)
            self._changed.add(key)
        query, moved, first = dict(query), page != self._page, not self.entries
        self._page = page
        if first or went_back:
            return self._read(query)
        reached = None if moved else self._find(query)
        if reached is not None and reached >= self._reached:
            self._reached = reached
        elif moved or not self.entries[self._reached].settled or (reached is None and self._known(query)):
            self.arrive(query)
        else:
            return self._read(query)
        return False

    def differing(self, held: Callable[[str], Any]) -> set[str]:
        """The keys of which the session holds another value than a run has shown."""
        values = {key: held(key) for key in {*self._shown, *self.unread}}
        return {k for k, v in values.items() if v is not MISSING and v != self._shown.get(k, MISSING)}

    def arrive(self, query: dict[str, str]) -> None:
        """Note an address that a change of page brought about: empty, or the other page's for a moment."""
        keys = self._of_page.get(self._page, set(self._said))
        words = {key: words for key, words in self._said.items() if key in keys} | self.unread
        self._append(Entry(self._page, query, words, settled=False))
        self._reached = len(self.entries) - 1
        self._blank = False

    def decides(self, key: str) -> bool:
        """Whether the address, and not the session, says what `key` is."""
        return key in self.unread or (self._blank and key in self._shown and key not in self._taken)

    def changed(self, key: str) -> bool:
        """Whether the visitor changed `key` since an address was last written."""
        return key in self._changed

    def show(self, key: str, value: Any, words: str, *, in_query: bool) -> None:
        """Note what this run shows under `key`: the value, in words, and whether the query is to carry it."""
        if not self.decides(key) and key in self._shown and self._shown[key] != value:
            self._changed.add(key)  # in a part of the page that runs by itself
        self._taken.add(key)
        self.unread.pop(key, None)
        self._shown[key] = value
        self._said[key] = self._next[key] = words
        self._next_query.pop(key, None)
        if in_query:
            self._next_query[key] = words

    def shown_last(self, key: str) -> bool:
        """Whether the last run of this page that came to its end has shown `key`; True where there was none yet."""
        return key in self._of_page.get(self._page, {key})

    def keys(self) -> set[str]:
        """The keys that any run has shown."""
        return set(self._shown)

    def leave_out(self, key: str) -> None:
        """Keep `key` out of the query that this run writes."""
        self._next_query.pop(key, None)

    def query(self) -> dict[str, str]:
        """The parameters that this run has put together."""
        return dict(self._next_query)

    def finish(self, query: Mapping[str, str]) -> None:
        """End a run that showed all of a page, with the parameters that are sent for it."""
        reached, last = self.entries[self._reached], self.entries[-1]
        if reached.words is None and not self._changed:
            reached.words = dict(self._next)
        if (last.page, last.query) != (self._page, query):
            self._append(Entry(self._page, dict(query), dict(self._next)))
        elif not self._changed or last is not reached:
            last.words = dict(self._next)
        self._of_page[self._page] = set(self._next)
        self._written = dict(query)
        self._changed.clear()

    def must_send(self, query: Mapping[str, str], carried: Mapping[str, str]) -> bool:
        """Whether a browser whose event carried one query has to be told another: it may have a third by now."""
        return query != carried or query != self._written or not self.entries[self._reached].settled

    def last_query(self) -> dict[str, str]:
        """The parameters that were sent last."""
        return dict(self._written)

    def _read(self, query: dict[str, str]) -> bool:
        """Let what was shown at this address count, or where that is not known, what it says."""
        known = next((e.words for e in reversed(self.entries) if e.words is not None and self._is(e, query)), None)
        self._taken = set(self._changed)
        self._blank = known is None
        self.unread = {k: v for k, v in (query if known is None else known).items() if k not in self._changed}
        self._append(Entry(self._page, query, known))
        self._written = dict(query)
        self._reached = len(self.entries) - 1
        return True

    def _append(self, entry: Entry) -> None:
        self.entries.append(entry)
        while len(self.entries) > _MOST_ENTRIES or (len(self.entries) > 1 and self._characters() > _MOST_CHARACTERS):
            del self.entries[0]
            self._reached = max(0, self._reached - 1)

    def _characters(self) -> int:
        return sum(len(said) for entry in self.entries for said in (entry.words or entry.query).values())

    def _is(self, entry: Entry, query: Mapping[str, str]) -> bool:
        return entry.page == self._page and entry.query == query

    def _find(self, query: Mapping[str, str]) -> int | None:
        """The entry of an event's address: the first that the browser may have now, or the last one before."""
        found = [i for i, entry in enumerate(self.entries) if self._is(entry, query)]
        return next((i for i in found if i >= self._reached), found[-1] if found else None)

    def _known(self, query: Mapping[str, str]) -> bool:
        return not query or any(entry.query == query for entry in self.entries)
