"""Pictures of charts: in light colours, large, with the title and what they are of, under a name that says it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from gptcore.charts.theme import LIGHT, light_colours
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.live_chart import plotly_url

_FOLDER = Path(__file__).parent
_PICTURES = st.components.v2.component(
    "pictures", js=(_FOLDER / "pictures.js").read_text("utf-8"), isolate_styles=False
)
_BUTTON = st.components.v2.component(
    "page_picture",
    css=(_FOLDER / "page_picture.css").read_text("utf-8"),
    js=(_FOLDER / "page_picture.js").read_text("utf-8"),
    isolate_styles=False,
)


def pictures(note: str) -> None:
    """Let the camera over every chart of this page, and `page_picture`, take them as everything that leaves the app.

    Args:
        note: What the charts are of, in a line below each title.
    """
    dark = st.context.theme.type == "dark"
    _PICTURES(
        key="pictures",
        data={
            "colours": light_colours() if dark else {},
            "paper": LIGHT.paper,
            "plotly": plotly_url(),
            "note": note,
        },
        height=0,
    )


def page_picture(key: str) -> None:
    """A button that takes one picture of all charts on the page, in the browser: nothing is fetched or sent for it.

    Args:
        key: The key of the widget, which tests and stylesheets use.
    """
    _BUTTON(key=key, data={"label": page_text("exports")("png")}, width="content")
