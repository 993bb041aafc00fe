"""No page builds a figure anew where nothing has changed, and none copies its session for each of its fields."""

from typing import Any

import plotly.graph_objects as go
import pytest
from streamlit.runtime.state.session_state import SessionState

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


def test_fields_look_up_their_own_value_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    at = visit()
    copies = []
    copy: Any = vars(SessionState)["filtered_state"].fget

    def counted(state: SessionState) -> dict[str, Any]:
        copies.append(state)
        return dict(copy(state))

    monkeypatch.setattr(SessionState, "filtered_state", property(counted))
    at.text_area(key="prompt_1").set_value("every effort moved").run()
    assert len(settled(at).text_area) == 4
    assert at.text_area(key="prompt_1").value == "every effort moved"
    assert len(copies) <= 4  # a run's own look at all that it holds, not one a field
