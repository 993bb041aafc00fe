"""Starts the app: where its files are, and the server that shows them. No Streamlit here."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from pathlib import Path

_DISTRIBUTION = "gpt-loss-explorer"
_SERVER = Path(__file__).with_name("server.py")


def app_folder() -> Path:
    """The folder that holds app.py, pages/ and .streamlit/: the repository's, or where a wheel put them.

    Raises:
        FileNotFoundError: Where there is neither, as in a copy of gptcore alone.
    """
    repository = Path(__file__).resolve().parents[2]
    if (repository / "app.py").is_file() and (repository / "pages").is_dir():
        return repository
    try:
        installed = [file for file in files(_DISTRIBUTION) or [] if file.name == "app.py"]
    except PackageNotFoundError:
        installed = []
    for file in installed:
        path = Path(str(file.locate())).resolve()
        if path.is_file():
            return path.parent
    raise FileNotFoundError("app.py is neither beside gptcore nor installed with it: install the project again")


def run_app(port: int = 8501, address: str = "127.0.0.1", *, open_browser: bool = True) -> int:
    """Serve the app until it is ended, and return the server's exit code.

    Args:
        port: Where it listens.
        address: Who is answered: 127.0.0.1 is this machine only, 0.0.0.0 everyone who can reach it.
        open_browser: Whether to open a browser on it.
    """
    if find_spec("streamlit") is None:
        sys.stderr.write("The app needs Streamlit and Plotly: pip install 'gpt-loss-explorer[app]'\n")
        return 1
    environment = {**os.environ, "GPT_EXPLORER_WARM": "1"}
    models = Path("models")
    if models.is_dir():
        environment.setdefault("GPT_EXPLORER_MODELS", str(models.resolve()))
    options = {
        "server.address": address,
        "server.port": port,
        "server.headless": str(not open_browser).lower(),
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": "false",
        "browser.gatherUsageStats": "false",
        "logger.hideWelcomeMessage": "true",  # which also keeps Streamlit's advice to developers off the page
    }
    command = [sys.executable, "-m", "streamlit", "run", str(_SERVER)]
    command += [f"--{name}={value}" for name, value in options.items()]
    try:  # in the app's folder: Streamlit reads .streamlit/config.toml from there
        return subprocess.run(command, cwd=app_folder(), env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0
