"""GPT Loss Explorer: `streamlit run app.py`. Navigation, and whatever stands around every page."""

from gptcore.ui.frame import frame, navigation

frame(navigation())
