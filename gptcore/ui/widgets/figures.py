"""Figures that are built once for everybody who looks at the same numbers in the same way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import orjson
import plotly.graph_objects as go
from cachetools import LRUCache

from gptcore.charts.theme import Style

KEPT_BYTES = 64 * 2**20
"""How much the kept figures may weigh as JSON, all visitors' together; the one asked for longest ago goes first."""

PASSING_BYTES = 8 * 2**20
"""The same for figures of work that is still going on: they take no room from the others."""

_KEPT: LRUCache[Any, dict[str, Any]] = LRUCache(KEPT_BYTES, getsizeof=lambda spec: spec["bytes"])
_PASSING: LRUCache[Any, dict[str, Any]] = LRUCache(PASSING_BYTES, getsizeof=lambda spec: spec["bytes"])
_LOCK = threading.Lock()
_STILL = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}


class KeptFigure(go.Figure):  # type: ignore[misc]  # Plotly is without types
    """A figure by what decides it: what draws it, the data, the words, the style.

    `st.plotly_chart` takes it as any other figure, and asks it for its dictionary, which is kept ready. Nothing may be
    added to it.

    Args:
        draw: A function of `gptcore.charts`: data, then words, then the style, then options.
        data: What it draws. Each is hashable, plain values by value and results by identity; else `by` is given.
        words: The chart's texts.
        style: How it is drawn.
        by: What decides the data, where that cannot be hashed: the result that it was taken from.
        passing: Whether it shows work that is still going on, and will soon be another.
        options: Keyword arguments of `draw`.
    """

    def __init__(
        self,
        draw: Callable[..., go.Figure],
        data: Sequence[Any],
        words: Mapping[str, str],
        style: Style,
        *,
        by: Hashable = None,
        passing: bool = False,
        **options: Any,
    ) -> None:
        # Not the parent's __init__: it would validate an empty figure each time.
        self._how = (draw, tuple(data), words, options)
        self._by = by
        self._style = style
        self._passing = passing
        self._shapes: tuple[dict[str, Any], ...] = ()
        self._clickable = False

    def drawn(self) -> go.Figure:
        """The figure itself, built anew."""
        draw, data, words, options = self._how
        return draw(*data, words, self._style, **options)

    def with_shapes(self, shapes: Sequence[dict[str, Any]]) -> KeptFigure:
        """The same figure with a few shapes more, which are not kept: what a visitor chose in it."""
        return self._changed(_shapes=tuple(shapes))

    def clickable(self) -> KeptFigure:
        """The same figure, its points to be clicked; none fades when another is chosen."""
        return self._changed(_clickable=True)

    def to_dict(self) -> dict[str, Any]:
        """What Plotly's JavaScript gets."""
        spec = self._kept()
        data, layout = spec["data"], spec["layout"]
        if self._clickable:
            data = [trace | _STILL if trace["type"] in ("scatter", "bar") else trace for trace in data]
            layout = layout | {"clickmode": "event+select"}
        if self._shapes:
            layout = layout | {"shapes": [*layout.get("shapes", ()), *self._shapes]}
        return {"data": data, "layout": layout}

    def _kept(self) -> dict[str, Any]:
        draw, data, words, options = self._how
        decides = data if self._by is None else self._by
        key = (draw, decides, tuple(map(str, words.items())), self._style, tuple(options.items()))
        shelf = _PASSING if self._passing else _KEPT
        with _LOCK:
            if key in shelf:
                return shelf[key]
        plain = self.drawn().to_dict()
        size = len(orjson.dumps(plain, default=str, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS))
        kept: dict[str, Any] = plain | {"bytes": size}
        if size < shelf.maxsize:
            with _LOCK:
                shelf[key] = kept
        return kept

    def _changed(self, **changes: Any) -> KeptFigure:
        other = KeptFigure.__new__(KeptFigure)
        other.__dict__.update(self.__dict__ | changes)
        return other
