"""How the threads of a calculation wait for one another on a machine that does other things too."""

from __future__ import annotations

import os
import sys

VARIABLE = "OMP_WAIT_POLICY"


def wait_asleep() -> None:
    """Let torch's threads sleep while they wait for one another. Before torch is imported; else it changes nothing.

    They would turn in a circle otherwise, for as long as it takes, and keep from the processor the very thread that
    they wait for. With a browser, or a class, on the same two cores a score takes five to ten times as long then, and
    a training six times. The numbers are the same: the work is divided as before.
    """
    if "torch" not in sys.modules:
        os.environ.setdefault(VARIABLE, "PASSIVE")
