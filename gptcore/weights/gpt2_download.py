"""GPT-2's published weights from Hugging Face, into the cache that everyone's library reads. No torch here."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from gptcore.errors import CancelCheck, Cancelled, InputError, never_cancelled
from gptcore.weights.gpt2_layout import CONFIG, WEIGHTS, check_gpt2
from gptcore.weights.model_paths import cache_folder

REPOSITORY = "openai-community/gpt2"
MEGABYTES = 548
"""About what is fetched."""

_SECONDS_TO_ANSWER = 5.0

Progress = Callable[[int, int], None]


def can_fetch() -> bool:
    """Whether the library that downloads is installed: the extra `download`."""
    return find_spec("huggingface_hub") is not None


def fetch_gpt2(
    progress: Progress, stopped: CancelCheck = never_cancelled, environment: Mapping[str, str] | None = None
) -> Path:
    """Download `openai-community/gpt2` and return its folder; nothing is kept of a file that does not arrive whole.

    The weights come before the configuration, so that neither is ever found without the other.

    Args:
        progress: Called with how many bytes there are and how many there will be.
        stopped: Asked between two pieces; Cancelled is raised once it returns True.
        environment: Environment variables; the process's own unless given.

    Raises:
        InputError: "download_no_library", "download_offline", "download_failed", or what is wrong with the files.
    """
    if not can_fetch():
        raise InputError("download_no_library", "huggingface_hub is not installed")
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")  # its own transport reports little and cannot be stopped
    import huggingface_hub.constants
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

    _check_connection(huggingface_hub.constants.ENDPOINT)
    bar = _bar(progress, stopped)
    cache, folder = cache_folder(os.environ if environment is None else environment), Path()
    for file in (WEIGHTS, CONFIG):
        if stopped():
            raise Cancelled
        try:
            path = huggingface_hub.hf_hub_download(
                REPOSITORY, file, cache_dir=cache, tqdm_class=bar if file == WEIGHTS else _bar()
            )
        except Cancelled:
            raise
        except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
            raise _offline() from error
        except Exception as error:  # whatever the network, the disk or the other side does
            reason = str(error).partition("\n")[0][:120] or type(error).__name__
            raise InputError("download_failed", f"the download ended: {reason}", reason=reason) from error
        folder = Path(path).parent
    check_gpt2(folder)
    return folder


def _check_connection(endpoint: str) -> None:
    """Raise InputError("download_offline") at once where nobody answers; the library would try for half a minute."""
    address = urlsplit(endpoint)
    if getproxies():
        return  # whom one can reach through them only they know
    try:
        port = address.port or (443 if address.scheme == "https" else 80)
        socket.create_connection((address.hostname or "", port), timeout=_SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise _offline() from error


def _offline() -> InputError:
    return InputError("download_offline", "Hugging Face cannot be reached from here")


def _bar(progress: Progress = lambda done, total: None, stopped: CancelCheck = never_cancelled) -> Any:
    """A class that huggingface_hub takes for a progress bar."""

    class Bar:
        def __init__(self, *_: object, total: float | None = None, initial: float = 0, **__: object) -> None:
            self.total, self.n = total, initial

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, more: float | None = 1) -> None:
            if stopped():
                raise Cancelled
            self.n += more or 0
            progress(int(self.n), int(self.total or MEGABYTES * 10**6))

        def close(self) -> None:
            pass

    return Bar
