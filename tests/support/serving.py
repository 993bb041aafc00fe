"""The app as a process of its own, on a free port of this machine: for browser tests, benchmarks and the picture."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import ROOT

SECONDS_TO_START = 90  # a first import of torch from a cold disk takes a while


@dataclass(frozen=True)
class Serving:
    """A running server: its base URL and its process id."""

    url: str
    pid: int


@contextmanager
def serving(
    log: Path,
    script: str | Path = "app.py",
    environment: Mapping[str, str] | None = None,
    *,
    python: str | Path = sys.executable,
    cwd: Path = ROOT,
    port: int | None = None,
) -> Iterator[Serving]:
    """Start Streamlit on a script, wait until it is healthy, and end it by its process id."""
    url = f"http://127.0.0.1:{port or free_port()}"
    command = [str(python), "-m", "streamlit", "run", str(script)]
    command += ["--server.address=127.0.0.1", f"--server.port={url.rpartition(':')[2]}"]
    command += ["--server.headless=true", "--server.fileWatcherType=none", "--browser.gatherUsageStats=false"]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            give_up = time.monotonic() + SECONDS_TO_START
            while not is_healthy(url):
                if process.poll() is not None:
                    raise RuntimeError(f"The server ended with exit code {process.returncode}:\n{log.read_text()}")
                if time.monotonic() > give_up:
                    raise TimeoutError(f"No answer within {SECONDS_TO_START} s:\n{log.read_text()}")
                time.sleep(0.1)
            yield Serving(url, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def is_healthy(url: str) -> bool:
    """Tell whether a Streamlit server answers at url."""
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
