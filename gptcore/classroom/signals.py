"""A tiny file a room, whose numbers change when there is something new: what a hundred waiting phones ask for.

A web server hands such a file out in a fraction of what a run of a page costs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Container
from pathlib import Path

from gptcore.classroom.codes import is_token

_KEPT_SECONDS = 3600.0


class Signals:
    """The folder of these files. A file's name is a random token; it says "version activity".

    Args:
        folder: Made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, version: int, activity: int) -> None:
        """Replace a room's numbers at once: nobody reads half of them. Called within the room's transaction."""
        new = self.folder / f"{name}.{os.getpid()}.new"
        new.write_text(f"{version} {activity}", "ascii")
        new.replace(self.folder / name)

    def sweep(self, kept: Container[str]) -> None:
        """Remove the files of rooms that ended a while ago."""
        for file in self.folder.iterdir():
            if file.name not in kept and (is_token(file.name) or file.suffix == ".new"):
                try:
                    if time.time() - file.stat().st_mtime > _KEPT_SECONDS:
                        file.unlink()
                except FileNotFoundError:  # another process removed it
                    continue
