"""The entry file for Streamlit Community Cloud: the app within the memory of a free machine there.

In the dialog "Deploy an app", give `.deploy/community_cloud/streamlit_app.py` as the main file and Python 3.11 to 3.14.
requirements.txt beside this file is what gets installed, since it is looked for here first.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

LIMITS = {
    "GPT_EXPLORER_WARM": "1",
    "GPT_EXPLORER_SIZES": "mini,124M",  # the next one has 1.6 GB of weights
    "GPT_EXPLORER_MODEL_MEMORY_MB": "750",  # one model of 124M, and small ones beside it
    "GPT_EXPLORER_MAX_MEMORY_MB": "2200",  # newcomers wait from there on; the machine ends a process at 2.7 GB
    "GPT_EXPLORER_MAX_VISITORS": "30",
    "GPT_EXPLORER_ALLOW_DOWNLOAD": "0",
}
for name, value in LIMITS.items():
    os.environ.setdefault(name, value)  # a secret of the same name at the top level overrules it

import streamlit as st  # noqa: E402  # after the limits

from gptcore.ui.server import SETTINGS  # noqa: E402  # after the limits

app = st.App(**SETTINGS)
