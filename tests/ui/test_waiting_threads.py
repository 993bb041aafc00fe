"""Threads that wait for one another sleep: for the server, and for the app as Streamlit itself starts it."""

import os
import subprocess
import sys

import pytest

from gptcore.ui.waiting_threads import VARIABLE, wait_asleep
from tests import ROOT


@pytest.mark.parametrize("module", ["gptcore.ui.server", "gptcore.ui.frame"])
def test_it_is_said_before_torch_is_there(module: str) -> None:
    code = f"import {module}, os, sys; print(os.environ[{VARIABLE!r}], 'torch' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split()[-2:] == ["PASSIVE", "False"]


def test_what_somebody_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "ACTIVE")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    wait_asleep()
    assert os.environ[VARIABLE] == "ACTIVE"
