"""Pictures taken of charts on a dark page: in the light colours, as everything that leaves the app."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from gptcore.charts.theme import LIGHT, light_colours
from gptcore.ui.widgets.live_chart import plotly_url

_PICTURES = st.components.v2.component(
    "light_pictures", js=Path(__file__).with_suffix(".js").read_text("utf-8"), isolate_styles=False
)


def light_pictures() -> None:
    """Let the camera over every chart of this page draw in the light colours."""
    _PICTURES(
        key="light_pictures",
        data={"colours": light_colours(), "paper": LIGHT.paper, "plotly": plotly_url()},
        height=0,
    )
