"""What a browser sends of a field may be older than what the page gave it. No Streamlit here.

With every event a browser sends the values of all its fields. After a button filled a field, an event that left
before the news arrived carries the field's former value: an echo, which must not undo what the button did. A marker
that is drawn after the field, and that comes back with every event, tells which news the browser has had.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gptcore.ui.state.history import MISSING


@dataclass
class _Given:
    """A value that the page gave a field. Until the browser has `marker` of run `run`, the older ones are echoes."""

    value: Any
    run: int
    older: list[_Given]
    older_raw: list[bytes]
    marker: str | None = None

    def arrived(self, seen: Mapping[str, int]) -> bool:
        """Whether a browser that has had these markers has had this value."""
        return self.marker is not None and seen.get(self.marker, 0) >= self.run


@dataclass
class Echoes:
    """The fields whose newest value the browser may not have yet."""

    run: int = 0
    _known: dict[str, Any] = field(default_factory=dict)
    _raw: dict[str, bytes] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    _drawn: set[str] = field(default_factory=set)
    _given: dict[str, _Given] = field(default_factory=dict)
    _told: dict[str, _Given] = field(default_factory=dict)
    _again: dict[str, _Given] = field(default_factory=dict)

    def arrive(self, raw: Mapping[str, bytes], seen: Mapping[str, int]) -> set[str]:
        """Note an event, before anything acts on it.

        Args:
            raw: What it carries, by key, as it was sent.
            seen: For each marker, the newest run of which the browser has had it.

        Returns:
            The keys whose values are known to be echoes.
        """
        echoes = set()
        for key, given in list(self._given.items()):
            if given.arrived(seen):
                self._given.pop(key, None)
            elif raw.get(key) in given.older_raw:
                echoes.add(key)
        self._raw.update(raw)
        self._seen.update(seen)
        self.run = max(self.run, 0, *seen.values())
        return echoes

    def begin(
        self, held: Callable[[str], Any], sent: Mapping[str, Any] | None, assigned: Callable[[str], bool]
    ) -> dict[str, Any]:
        """Open a run.

        Args:
            held: Gives what the session holds under a key, or MISSING.
            sent: What the event carried, by key, without the known echoes; None for a run without an event.
            assigned: Whether a button's callback gave the field what the session holds.

        Returns:
            What the session should hold instead, by key: the browser drew a value that was on its way to it.
        """
        self.run += 1
        self._drawn.clear()
        undone = {}
        for key, value in (sent or {}).items():
            given, told, again = self._given.get(key), self._told.get(key), self._again.get(key)
            if again is not None and again.arrived(self._seen):
                del self._again[key]
            elif given is None and again is not None and again.value != value:
                given = again  # on its way to the field, and not heard of yet
            if given is None and told is not None and told.value != value and told.arrived(self._seen):
                del self._told[key]  # the browser had it, and has gone on
            if given is not None and any(old.value == value and old.arrived(self._seen) for old in given.older):
                if not assigned(key):
                    undone[key] = given.value
            elif given is not None and not assigned(key):
                # What was typed is told again: another value is on its way to the field.
                self._given[key] = _Given(value, self.run, [*given.older, given][-8:], [])
                self._known[key] = value
            else:
                self._known[key] = value
        for key in self._known:
            value = undone.get(key, held(key))
            if value is not MISSING:
                self._note(key, value)  # a button may have filled the field
        return undone

    def show(self, key: str, value: Any) -> None:
        """Note that a field is drawn with a value in this run."""
        self._drawn.add(key)
        self._note(key, value)

    def _note(self, key: str, value: Any) -> None:
        known, given = self._known.get(key, MISSING), self._given.get(key)
        if known is MISSING:
            self._told[key] = _Given(value, self.run, [], [])
        elif known != value:
            older = [*(given.older if given else []), *([self._told[key]] if key in self._told else [])]
            raw = {*(given.older_raw if given else []), *([self._raw[key]] if key in self._raw else [])}
            new = _Given(value, self.run, older[-8:], list(raw))
            self._given[key] = self._told[key] = new
        self._known[key] = value

    def tell(self, key: str, value: Any) -> None:
        """Note that this run tells the browser a value, once more where a run before this one did.

        What is typed until the browser hears it would be undone by it.
        """
        if key in self._known:
            self._again[key] = _Given(value, self.run, [], [])

    def pending(self, key: str) -> bool:
        """Whether the browser may not have the newest value of a field yet."""
        return key in self._given

    def mark(self, marker: str) -> None:
        """Note that a marker is drawn now: a browser that has it has every field that was drawn before."""
        for key in self._drawn:
            for given in (self._told.get(key), self._given.get(key), self._again.get(key)):
                if given is not None and given.marker is None:
                    given.marker, given.run = marker, self.run
