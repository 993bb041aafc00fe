"""GPT Loss Explorer: `streamlit run app.py`. Page settings, navigation, and whatever stands around every page."""

import streamlit as st

from gptcore.ui.frame import ICON, frame, pages
from gptcore.ui.texts import page_text

st.set_page_config(page_title=page_text("app")("name"), page_icon=str(ICON), layout="wide")
frame(st.navigation(pages(), position="top"))
