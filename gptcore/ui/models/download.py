"""GPT-2's weights at the press of a button, where downloading is allowed: progress, a stop, and what went wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator

import streamlit as st

from gptcore.errors import CancelCheck, InputError
from gptcore.ui.jobs.job import Job
from gptcore.ui.jobs.progress import follow
from gptcore.ui.jobs.turn_queue import FairGate
from gptcore.ui.models.found import found_models, look_again
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import error_sentence
from gptcore.weights.gpt2_download import MEGABYTES, REPOSITORY, can_fetch, fetch_gpt2

ALLOW_VARIABLE = "GPT_EXPLORER_ALLOW_DOWNLOAD"
_LOCAL = ("127.0.0.1", "localhost", "::1")


def download_allowed() -> bool:
    """What GPT_EXPLORER_ALLOW_DOWNLOAD says; unless it is set, whether the server answers this machine only."""
    given = os.environ.get(ALLOW_VARIABLE, "").strip().lower()
    if given:
        return given in ("1", "true", "yes", "on")
    return st.get_option("server.address") in _LOCAL


class Download:
    """A download in the background: it goes on while pages are changed, for everyone at once."""

    def __init__(self) -> None:
        self.done, self.total = 0, MEGABYTES * 10**6
        self._job: Job[None] = Job(REPOSITORY, self._fetch, gate=FairGate(), urgent=True)
        self.start, self.cancel = self._job.start, self._job.cancel

    @property
    def active(self) -> bool:
        """Whether it goes on."""
        return self._job.active

    @property
    def error(self) -> InputError | None:
        """What ended it, in a form for the reader."""
        error = self._job.error
        return error if isinstance(error, InputError) else None

    def _fetch(self, stopped: CancelCheck) -> Iterator[None]:
        try:
            fetch_gpt2(self._tell, stopped)
        finally:
            look_again()
        yield from ()

    def _tell(self, done: int, total: int) -> None:
        self.done, self.total = done, max(done, total)


_DOWNLOADS: dict[str, Download] = {}


def download_gpt2() -> None:
    """The button, or how far the download is; nothing where it is not allowed, or the weights are here."""
    download = _DOWNLOADS.get(REPOSITORY)
    if download is not None and download.active:
        follow(lambda: download.active, lambda: _progress(download))
    elif REPOSITORY not in found_models() and download_allowed():
        text, possible = page_text("models"), can_fetch()
        if download is not None and download.error is not None:
            st.warning(error_sentence(download.error), icon=":material/cloud_off:")
        st.button(
            text("download", megabytes=MEGABYTES),
            key="download_gpt2",
            icon=":material/download:",
            help=text("download_help" if possible else "download_no_library", name=REPOSITORY),
            disabled=not possible,
            on_click=_start,
            width="stretch",
        )
        if not possible:
            st.caption(text("download_no_library"))


def _start() -> None:
    download = _DOWNLOADS.get(REPOSITORY)
    if download is None or not download.active:
        download = _DOWNLOADS[REPOSITORY] = Download()
        download.start()
    st.session_state["_wants_gpt2"] = True


def _stop() -> None:
    _DOWNLOADS[REPOSITORY].cancel()
    st.session_state.pop("_wants_gpt2", None)


def fetched_for_me() -> str | None:
    """The id of the model whose download this visitor began, once, when it is there."""
    if st.session_state.get("_wants_gpt2") and REPOSITORY in found_models():
        del st.session_state["_wants_gpt2"]
        return f"gpt2/{REPOSITORY}"
    return None


def _progress(download: Download) -> None:
    text = page_text("models")
    megabytes = {"done": f"{download.done / 1e6:,.0f}", "total": f"{download.total / 1e6:,.0f}"}
    words = text("downloading", **megabytes) if download.done else text("connecting")
    st.progress(min(1.0, download.done / download.total), text=words)
    st.button(
        text("download_stop"), key="download_stop", icon=":material/stop_circle:", on_click=_stop, width="stretch"
    )
