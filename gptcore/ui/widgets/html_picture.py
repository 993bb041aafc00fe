"""Pictures that are drawn as HTML, since a browser sets type better than a chart: matrices, pairs, flattening.

Every text in them goes through `shown`; every colour comes from the theme.
"""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path

import streamlit as st

from gptcore.charts.theme import Palette
from gptcore.token_display import visible
from gptcore.ui.widgets.basics import current_style

_CSS = Path(__file__).with_name("html_picture.css")


def picture(body: str, key: str, summary: str, *, wide: bool = False) -> None:
    """An HTML picture with its sentence, which is also its name for a screen reader."""
    with st.container(key=key, gap="xsmall"):
        label = html.escape(summary, quote=True)
        wider = " wide" if wide else ""
        st.html(f'<div class="picture{wider}" role="region" tabindex="0" aria-label="{label}">{body}</div>')
        st.caption(summary)


def picture_styles() -> None:
    """What pictures look like, in this theme's colours; once on each page that has any."""
    st.html(f"<style>:root{{{colours(current_style().palette)}}}\n{_css()}</style>")


@cache
def _css() -> str:
    return _CSS.read_text("utf-8")


def colours(palette: Palette) -> str:
    """The theme's colours as custom properties."""
    own = palette.top_prediction
    return (
        f"--target:{palette.target};--own:{own};--muted:{palette.muted};--text:{palette.text};"
        f"--grid:{palette.grid};--paper:{palette.paper};--soft:{palette.uniform};--gain:{palette.gain}"
    )


def shown(piece: str, longest: int = 14) -> str:
    """A token in HTML: spaces visible, nothing read as markup.

    >>> shown(" <b>")
    '␣&lt;b&gt;'
    """
    text = visible(piece)
    return html.escape(text if len(text) <= longest else f"{text[: longest - 1]}…")
