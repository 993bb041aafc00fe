"""No page builds a figure anew where nothing has changed."""

from typing import Any

import plotly.graph_objects as go
import pytest

from tests.support.visiting import settled, visit

PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "explore": ("", {}),
    "step_by_step": ("step_by_step", {"step": "7", "vocabulary": "seven"}),
    "perplexity": ("perplexity", {}),
    "compare_inputs": ("compare", {"compare": "inputs"}),
    "compare_models": ("compare", {"compare": "models", "models": "untrained/mini,untrained/toy"}),
    "compare_same_vocabulary": ("compare", {"compare": "models", "models": "untrained/mini,small"}),
    "train": ("train", {}),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_rerun_builds_no_figure(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page, query = PAGES[name]
    at = visit(page, **query)
    settled(at.run())  # what the first run left to do
    built = []
    build = go.Figure.__init__

    def counted(figure: go.Figure, *arguments: Any, **options: Any) -> None:
        built.append(type(figure))
        build(figure, *arguments, **options)

    monkeypatch.setattr(go.Figure, "__init__", counted)
    settled(at.run())
    assert len(at.get("plotly_chart")) + len(at.get("bidi_component")) > 0
    assert built == []
