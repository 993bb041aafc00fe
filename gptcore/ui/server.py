"""The app as a server that warms itself up: `GPT_EXPLORER_WARM=1 streamlit run gptcore/ui/server.py`.

`streamlit run app.py` serves the very same pages; there the first visitor waits for torch and the first model.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]

# Streamlit puts a script's folder on the path. The project's is meant, so that gptcore is found from any folder,
# and not this one, whose modules would be found a second time under short names.
sys.path[:] = [str(_ROOT), *(entry for entry in sys.path if Path(entry or ".").resolve() not in (_HERE, _ROOT))]

from gptcore.ui.delivery import Delivery  # noqa: E402  # found once the path is set
from gptcore.ui.launch import app_folder  # noqa: E402  # found once the path is set
from gptcore.ui.private_logs import keep_messages_out  # noqa: E402  # found once the path is set
from gptcore.ui.readiness import Readiness, WarmUp  # noqa: E402  # found once the path is set
from gptcore.ui.response_headers import ResponseHeaders  # noqa: E402  # found once the path is set
from gptcore.ui.waiting_threads import wait_asleep  # noqa: E402  # found once the path is set

wait_asleep()


def warm_up() -> None:
    """Import torch, draw the default model, score what the first visitor will see, import what charts need."""
    from gptcore.charts.report_distribution import rank_curve, top_tokens
    from gptcore.charts.report_positions import log_probabilities, target_probabilities
    from gptcore.charts.ruler import perplexity_ruler
    from gptcore.presets import PRESETS
    from gptcore.texts import text_in
    from gptcore.ui.memory import settle
    from gptcore.ui.models.choice import ModelChoice
    from gptcore.ui.models.result_cache import prepare

    report, curve = prepare(ModelChoice(), PRESETS["book"])
    text = text_in("en", "explore")
    figures = [
        target_probabilities(report, text.group("chart_target_probabilities")),
        log_probabilities(report, text.group("chart_log_probabilities")),
        perplexity_ruler([("", report.perplexity)], report.vocab_size, text.group("chart_perplexity")),
        top_tokens(report, 0, text.group("chart_top_tokens")),
        rank_curve(curve, "", text.group("chart_rank_curve")),
    ]
    for figure in figures:
        figure.to_json()
    settle()


def allow_large_uploads() -> None:
    """Where the server answers this machine only, let it take a checkpoint; a shared one keeps its own small limit.

    Each field for files has a limit of its own besides.
    """
    from gptcore.ui.models.machine import MAX_UPLOAD_MEGABYTES, listens_locally

    if listens_locally():
        config.set_option("server.maxUploadSize", MAX_UPLOAD_MEGABYTES)


WARM_UP = WarmUp(warm_up)


@asynccontextmanager
async def _lifespan(_: st.App) -> AsyncIterator[None]:
    keep_messages_out()
    allow_large_uploads()
    if os.environ.get("GPT_EXPLORER_WARM") == "1":
        WARM_UP.start()
    yield


def _say_sorry(_: Exception) -> bool:
    """In place of a traceback, which goes to the log: a sentence."""
    from gptcore.ui.state.translations import page_text

    st.error(page_text("app")("unexpected"), icon=":material/error:")
    return True


SETTINGS: dict[str, Any] = {
    "script_path": app_folder() / "app.py",
    "lifespan": _lifespan,
    "on_script_error": _say_sorry,
    "middleware": [Middleware(ResponseHeaders), Middleware(Readiness, warm_up=WARM_UP), Middleware(Delivery)],
}
"""What any entry file makes the app of."""

app = st.App(**SETTINGS)
