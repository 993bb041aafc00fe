"""Small pieces that pages are built of: charts with their sentence, numbers with their name, safe text, downloads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from gptcore.charts.theme import DARK, LIGHT, Style
from gptcore.errors import InputError
from gptcore.texts import Text
from gptcore.token_display import visible
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text

MAX_FILE_MEGABYTES = 5
"""The longest file that a field for texts, tables and lessons takes."""
PLOTLY_CONFIG = {"displaylogo": False, "scrollZoom": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]}


def _config(key: str) -> dict[str, Any]:
    """Plotly's settings of one chart: its picture leaves large, and under a name that says what it is."""
    name = key.removeprefix("chart_").replace("_", "-")
    picture = {"format": "png", "scale": 3, "width": 1440, "filename": f"gpt-loss-explorer-{name}"}
    return {**PLOTLY_CONFIG, "toImageButtonOptions": picture}


def current_style() -> Style:
    """How charts are drawn for this visitor: their theme, and large type on a projector."""
    palette = DARK if st.context.theme.type == "dark" else LIGHT
    return Style(palette, 1.4, smallest=18) if projecting() else Style(palette)


def projecting() -> bool:
    """Whether the visitor projects the page: large type, and all that counts on the first screen."""
    return bool(st.session_state.get("projector"))


def after_earlier(token: str, *, first: bool) -> str:
    """A token as the end of what the model has read: after dots, where it was not the first that it read."""
    return token if first else page_text("app")("earlier", token=token)


def code_span(text: str, longest: int = 60) -> str:
    """A visitor's text as inline code: never markup, whatever it holds. Spaces and line breaks are visible.

    >>> code_span(" effort"), code_span("a`b")
    ('`␣effort`', '`` a`b ``')
    """
    shown = visible(text)
    if len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    if "`" not in shown:
        return f"`{shown}`"
    longest_run = max(len(run) for run in re.findall("`+", shown))
    fence = "`" * (longest_run + 1)
    return f"{fence} {shown} {fence}"


def with_words(latex: str) -> str:
    r"""A formula with the words in it in the visitor's language.

    >>> with_words(r"\text{perplexity} = e^{2}")
    '\\text{perplexity} = e^{2}'
    """
    names = page_text("app").group("formula")
    return re.sub(r"\\text\{([a-z-]+)\}", lambda found: rf"\text{{{names.get(found[1], found[1])}}}", latex)


def plain(sentence: str) -> str:
    r"""A sentence as Markdown that shows just that sentence.

    >>> plain("**a** costs $5")
    '\\*\\*a\\*\\* costs \\$5'
    """
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", sentence)


_IN_FRAGMENT: ContextVar[bool] = ContextVar("in_fragment", default=False)


@contextmanager
def drawn_in_fragment() -> Iterator[None]:
    """Let what is drawn inside know that it stands in a fragment."""
    token = _IN_FRAGMENT.set(True)
    try:
        yield
    finally:
        _IN_FRAGMENT.reset(token)


def in_fragment() -> bool:
    """Whether what is drawn stands in a fragment that `drawn_in_fragment` surrounds.

    A component whose data is the same as before keeps its callbacks, and with them the fragment that they run again:
    one that is gone runs nothing. Put this in its data, so that it notices.
    """
    return _IN_FRAGMENT.get()


@contextmanager
def charts_to_come() -> Iterator[None]:
    """On a visitor's first run, let the browser fetch and read Plotly (4.7 MB) while the numbers are being made.

    A chart of nothing, never seen, asks for it; it is taken away again.
    """
    place = st.empty()
    if not st.session_state.get("_plotly_is_there"):
        with place.container(key="plotly_on_its_way"):
            st.plotly_chart(go.Figure(), key="plotly_on_its_way_chart", alt="…", config={"staticPlot": True})
    yield
    place.empty()
    st.session_state["_plotly_is_there"] = True


def chart(
    figure: go.Figure, key: str, summary: str, *, title: str = "", on_position: Callable[[int], None] | None = None
) -> None:
    """A chart with its title, its sentence in words (also its alt text), and its own key.

    Args:
        figure: The figure.
        key: The key of the widget, which tests and stylesheets use.
        summary: One sentence that says what it shows; also its alternative text.
        title: The title above it.
        on_position: Called with the index in customdata[0] of a point that the visitor clicks; the figure is then a
            `KeptFigure.clickable()`.
    """
    if title:
        st.markdown(f"**{title}**")
    selects: dict[str, Any] = {}
    if on_position is not None:

        def clicked() -> None:
            points = st.session_state[key].get("selection", {}).get("points", [])
            chosen = [point["customdata"] for point in points if point.get("customdata")]
            if chosen:
                first = chosen[0]
                on_position(int(first["0"] if isinstance(first, dict) else first[0]))

        selects = {"on_select": clicked, "selection_mode": "points"}
    st.plotly_chart(figure, key=key, theme=None, config=_config(key), alt=summary, **selects)
    st.caption(plain(summary))


def number_card(
    key: str, label: str, value: str, reading: str, *, help: str, kind: Literal["link", "result"] = "link"
) -> None:
    """One number of the chain: its name, itself, and what it says in words; `help` says what its name means."""
    with st.container(border=True, height="stretch", key=f"card_{key}" if kind == "link" else f"card_result_{key}"):
        with st.container(key=key):
            st.metric(label, value, help=help)
        st.caption(reading)


def operator(sign: str, words: str) -> None:
    """What is done between one number and the next."""
    with st.container(horizontal_alignment="center", vertical_alignment="center", height="stretch", gap=None):
        st.markdown(f"**{sign}**  \n:small[:gray[{words}]]", width="content", text_alignment="center")


def error_sentence(error: InputError, text: Text | None = None) -> str:
    """A mistake in the reader's language, by its code; what the visitor typed in it is code, never markup."""
    text = text or page_text("errors")
    shown = {
        name: code_span(given) if isinstance(given, str) else f"{given:,}" if isinstance(given, int) else given
        for name, given in error.details.items()
    }
    return text(error.code, **shown) if text.has(error.code) else text("other", sentence=code_span(str(error), 200))


def refused_switch(key: str) -> None:
    """Say that a link gave a switch something else than on or off, where it did."""
    if (given := url.refused(key)) is not None:
        st.warning(page_text("app")("bad_switch", given=code_span(given)), icon=":material/error:")


def download(label: str, make: Callable[[], str | bytes], file_name: str, mime: str, key: str) -> None:
    """A button for a file that is made when it is pressed."""
    st.download_button(
        label, data=make, file_name=file_name, mime=mime, key=key, on_click="ignore", icon=":material/download:"
    )
