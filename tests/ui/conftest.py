"""What tests of pages share."""

from collections.abc import Callable

import pytest

from gptcore.ui.widgets.basics import download


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], str]]:
    """What makes each file of an analysis that the page offers, by the file's name."""
    offered: dict[str, Callable[[], str]] = {}

    def offer(label: str, make: Callable[[], str], file_name: str, mime: str, key: str) -> None:
        offered[file_name] = make
        download(label, make, file_name, mime, key)

    for module in ("gptcore.ui.export.downloads", "gptcore.ui.long_text.exports"):
        monkeypatch.setattr(f"{module}.download", offer)
    return offered
