"""Nothing that a visitor does is lost: a browser, a slow line and a server that is interrupted, in every order."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gptcore.ui.state.echoes import Echoes
from gptcore.ui.state.history import MISSING, History

PAGES = {"one": ("shared", "filled", "own"), "two": ("shared", "filled", "other")}
DEFAULT = "0"


@dataclass
class Event:
    """What a browser sends: its address, what its fields hold, what it knows, and the button that was pressed."""

    page: str
    query: dict[str, str]
    fields: dict[str, str]
    seen: dict[str, int]
    press: tuple[str, str] | None = None
    back: bool = False


class Server:
    """A session and its runs, as `url.py` and Streamlit make them."""

    def __init__(self) -> None:
        self.history, self.echoes = History(), Echoes()
        self.state: dict[str, str] = {}
        self.sent: deque[tuple[str, Any]] = deque()
        self.run: Iterator[None] = iter(())

    def handle(self, event: Event) -> None:
        """Give up the run that goes on, if one does, and begin the next."""
        old = self.echoes.arrive({key: value.encode() for key, value in event.fields.items()}, event.seen)
        news = {key: value for key, value in event.fields.items() if key not in old}
        self.state |= news
        if event.press:
            self.state[event.press[0]] = event.press[1]
        held = dict(self.state)
        pressed = event.press[0] if event.press else None
        held |= self.echoes.begin(lambda key: held.get(key, MISSING), news, lambda key: key == pressed)
        self.state |= held
        self.history.begin(event.page, event.query, lambda key: held.get(key, MISSING), went_back=event.back)
        self.run = self._run(event, news)

    def _run(self, event: Event, news: dict[str, str]) -> Iterator[None]:
        self.sent.append(("page", event.page))
        yield
        for key in PAGES[event.page]:
            said = self.history.unread.get(key)
            value = (said or DEFAULT) if self.history.decides(key) else self.state.get(key, DEFAULT)
            self.history.show(key, value, value, in_query=value != DEFAULT)
            # As `url.hold`: told, unless the event that began this run says that the browser has it.
            tell = self.state.get(key) != value or news.get(key) != value or self.echoes.pending(key)
            if tell:
                self.echoes.tell(key, value)
            self.echoes.show(key, value)
            self.state[key] = value
            self.sent.append(("field", (key, value, tell)))
            self.echoes.mark(key)
            self.sent.append(("seen", (key, self.echoes.run)))
            yield
        query = self.history.query()
        send = self.history.must_send(query, event.query)
        self.history.finish(query)
        if send:
            self.sent.append(("address", (query, event.back)))

    def step(self) -> bool:
        """Let the run go on to its next command; False when it has ended."""
        return next(self.run, self) is None


@dataclass
class Browser:
    """What a visitor sees, and the ways there and back."""

    page: str = "one"
    drawn: str = "one"
    trail: list[tuple[str, dict[str, str]]] = field(default_factory=lambda: [("one", {})])
    place: int = 0
    fields: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def event(self, press: tuple[str, str] | None = None, *, back: bool = False) -> Event:
        return Event(self.page, dict(self.trail[self.place][1]), dict(self.fields), dict(self.seen), press, back)

    def hear(self, kind: str, what: Any) -> None:
        """Do what the server says."""
        if kind == "seen":
            marker, run = what
            self.seen[marker] = run
        elif kind == "address":
            query, replace = what
            if query != self.trail[self.place][1]:
                self._go(self.trail[self.place][0], query, replace=replace)
        elif kind == "page":
            self.drawn = str(what)
            if what != self.trail[self.place][0]:
                self._go(str(what), {}, replace=False)
        else:
            key, value, tell = what
            if key in PAGES[self.page] and (tell or key not in self.fields):
                self.fields[key] = value

    def _go(self, page: str, query: dict[str, str], *, replace: bool) -> None:
        self.trail[self.place + (0 if replace else 1) :] = [(page, dict(query))]
        self.place = len(self.trail) - 1


class World:
    """Browser, line and server."""

    def __init__(self, query: dict[str, str]) -> None:
        self.browser, self.server = Browser(trail=[("one", query)]), Server()
        self.line: deque[Event] = deque([self.browser.event()])
        self.meant = {"shared": DEFAULT, "filled": DEFAULT, "own": DEFAULT, "other": DEFAULT} | query

    def send(self, event: Event) -> None:
        self.line.append(event)

    def edit(self, key: str, value: str) -> None:
        """Type into a field that is there; nothing is sent where nothing changed."""
        if self.browser.fields.get(key, value) != value:
            self.browser.fields[key] = self.meant[key] = value
            self.send(self.browser.event())

    def press(self, key: str, value: str) -> None:
        """Press a button that fills a field."""
        if self.browser.fields:
            self.meant[key] = value
            self.send(self.browser.event((key, value)))

    def choose_page(self, page: str) -> None:
        if page != self.browser.page and self.browser.fields:
            self.browser.page = page
            self.browser.fields = {key: v for key, v in self.browser.fields.items() if key in ("shared", "filled")}
            self.send(Event(page, {}, {}, dict(self.browser.seen)))

    def back(self) -> bool:
        if self.browser.place == 0 or self.browser.trail[self.browser.place - 1][0] != self.browser.page:
            return False
        self.browser.place -= 1
        self.send(self.browser.event(back=True))
        return True

    def arrive(self) -> None:
        if self.line:
            self.server.handle(self.line.popleft())

    def hear(self) -> None:
        if self.server.sent:
            kind, what = self.server.sent.popleft()
            self.browser.hear(kind, what)
            if kind == "field":  # its marker comes with it
                self.browser.hear(*self.server.sent.popleft())

    def settle(self) -> None:
        while True:
            while self.server.step():
                pass
            while self.server.sent:
                self.hear()
            if not self.line:
                break
            self.arrive()

    def shown(self) -> dict[str, str]:
        return {key: self.browser.fields[key] for key in PAGES[self.browser.page]}


VALUES = st.sampled_from(["0", "1", "2"])
KEYS = st.sampled_from(["shared", "own", "other"])
PASSES = st.lists(st.sampled_from(["arrive", "step", "hear"]), max_size=8)
ACTS = st.one_of(
    st.tuples(st.just("edit"), KEYS, VALUES),
    st.tuples(st.just("press"), st.just("filled"), VALUES),  # typed into as well, one field is told two things at once
    st.tuples(st.just("choose_page"), st.sampled_from(["one", "two"])),
)


def do(world: World, act: tuple[str, ...], passes: list[str]) -> None:
    """Do as a visitor does, then let a little time pass."""
    if act[0] != "choose_page" and act[1] not in PAGES[world.browser.page]:
        return
    if world.browser.drawn == world.browser.page:  # else what is there belongs to the page before
        getattr(world, act[0])(*act[1:])
    for name in passes:
        world.server.step() if name == "step" else getattr(world, name)()


FOUR_PRESSES = [  # the browser has heard of the first when the last two are still on their way
    (("press", "filled", "2"), ["arrive", "step", "step", "step"]),
    (("press", "filled", "0"), []),
    (("press", "filled", "2"), ["hear"]),
    (("press", "filled", "0"), ["hear", "hear"]),
    (("edit", "shared", "1"), []),
]


@settings(max_examples=150)
@example({}, FOUR_PRESSES)
@given(st.dictionaries(st.sampled_from(["shared", "own"]), VALUES), st.lists(st.tuples(ACTS, PASSES), max_size=12))
def test_what_was_done_last_is_what_stands(
    query: dict[str, str], acts: list[tuple[tuple[str, ...], list[str]]]
) -> None:
    world = World(query)
    if any(act[0] == "press" for act, _ in acts):
        world.settle()  # a button is pressed on a page that is drawn
    for act, passes in acts:
        do(world, act, passes)
    world.settle()
    meant = {key: world.meant[key] for key in PAGES[world.browser.page]}
    assert {key: world.server.state[key] for key in meant} == meant
    assert world.shown() == meant
    assert world.browser.trail[world.browser.place][1] == {k: v for k, v in meant.items() if v != DEFAULT}


@settings(max_examples=150)
@given(
    st.dictionaries(st.sampled_from(["shared", "own"]), VALUES),
    st.lists(ACTS, max_size=6),
    st.integers(1, 3),
    PASSES,
    st.lists(st.tuples(ACTS, PASSES), max_size=4),
)
def test_back_shows_what_stood_there_and_what_is_done_meanwhile_counts(
    query: dict[str, str],
    before: list[tuple[str, ...]],
    times: int,
    passes: list[str],
    meanwhile: list[tuple[tuple[str, ...], list[str]]],
) -> None:
    world = World(query)
    world.settle()
    for act in before:
        do(world, act, [])
        world.settle()
    stood = {place: dict(query) for place, (_, query) in enumerate(world.browser.trail)}
    went = [world.back() for _ in range(times)]
    if any(went):
        world.meant |= {key: stood[world.browser.place].get(key, DEFAULT) for key in PAGES[world.browser.page]}
        moved = any(act[0] == "choose_page" for act in before)
        assume(not moved or world.browser.trail[world.browser.place][1])  # a change of page begins without a query
    for name in passes:
        world.server.step() if name == "step" else getattr(world, name)()
    for n, (act, later) in enumerate(meanwhile):  # something new: what stood there a moment ago may be an echo
        if act[0] == "edit":
            do(world, ("edit", act[1], f"new {n}"), later)
    world.settle()
    meant = {key: world.meant[key] for key in PAGES[world.browser.page]}
    assert {key: world.server.state[key] for key in meant} == meant


@pytest.mark.parametrize("length", [10, 5_000_000])
def test_what_is_remembered_of_addresses_is_bounded(length: int) -> None:
    history = History()
    for n in range(300):
        history.begin("one", {"n": str(n)}, lambda _: MISSING, went_back=True)
        history.show("text", n, f"{n}" * length, in_query=False) if n % 50 == 0 else None
        history.finish({"n": str(n)})
    assert len(history.entries) <= 100
    assert sum(len(v) for e in history.entries[:-1] for v in (e.words or {}).values()) <= 2_000_000
