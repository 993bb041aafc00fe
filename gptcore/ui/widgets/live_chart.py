"""A chart updated in place: `st.plotly_chart` is built anew at every change, which blinks when numbers stream."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import plotly
import plotly.graph_objects as go
import streamlit as st
from streamlit.components.v1 import declare_component

from gptcore.ui.widgets.basics import in_fragment, plain

_FOLDER = Path(__file__).parent
_PLOTLY = Path(plotly.__file__).parent / "package_data"
_LIVE = st.components.v2.component(
    "live_chart",
    css=(_FOLDER / "live_chart.css").read_text("utf-8"),
    js=(_FOLDER / "live_chart.js").read_text("utf-8"),
    isolate_styles=False,
)


def live_chart(
    figure: go.Figure,
    key: str,
    summary: str,
    *,
    title: str = "",
    on_point: Callable[[int], None] | None = None,
) -> None:
    """A chart with its title and its sentence in words, which is also its alt text, as `elements.chart`.

    The same key is the same chart: only what changed is drawn again. The figure's height counts, its width follows
    the page.

    Args:
        figure: The figure.
        key: The key of the widget, which tests and stylesheets use.
        summary: One sentence that says what it shows; also its alternative text.
        title: The title above it.
        on_point: Called with the whole number in customdata (the first, where there are several) of a clicked
            point.
    """
    if title:
        st.markdown(f"**{title}**")

    def clicked() -> None:
        point = st.session_state[key].get("point")
        if on_point is not None and point is not None:
            on_point(int(point))

    _LIVE(
        key=key,
        data={
            "figure": figure.to_json(),
            "alt": summary,
            "clickable": on_point is not None,
            "in_fragment": in_fragment(),
            "plotly": plotly_url(),
        },
        on_point_change=clicked,
    )
    st.caption(plain(summary))


def plotly_url() -> str:
    """Where this server hands out the plotly.js that came with Plotly, which needs no internet."""
    return f"component/{declare_component('plotly_files', path=str(_PLOTLY)).name}/plotly.min.js"
