"""Teaching pages with a warm model: what a step of Step by step and a move of Perplexity's slider cost the server."""

import statistics
from typing import Any

from streamlit.testing.v1 import AppTest

from tests import ROOT
from tests.bench import Result, seconds

ROUNDS = 3


def run() -> list[Result]:
    """Return seconds a change, on the book's model; the worst step of eleven is held to its bound as well."""
    steps = [change for _ in range(ROUNDS) for change in _changes("step_by_step", "step", range(1, 12))]
    moves = [change for _ in range(ROUNDS) for change in _changes("perplexity", "faces", [1, 6, 100, 47_678, 50_257])]
    note = f"median of {len(steps)}, without the browser"
    return [
        Result("step by step: a step", statistics.median(steps), "s", bound=0.3, note=note),
        Result("step by step: the slowest step", max(steps), "s", bound=0.3),
        Result("perplexity: the slider moved", statistics.median(moves), "s", bound=0.3),
    ]


def _changes(page: str, key: str, values: Any) -> list[float]:
    """Seconds of a rerun for each value, once the model, the charts' modules and each view have been made."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page(f"pages/{page}.py")
    app.run()

    def change(value: int) -> float:
        app.session_state[key] = value
        return seconds(app.run)

    for value in values:
        change(value)
    return [change(value) for value in values]
