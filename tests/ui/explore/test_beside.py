"""What stands beside the tokens of Explore: a position's details where it was chosen."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from gptcore import score
from gptcore.config import SIZES
from gptcore.initialization import untrained_model
from gptcore.presets import PRESETS
from gptcore.texts import LANGUAGES, text_in
from tests.support.visiting import settled, visit


def component(at: AppTest, key: str) -> dict[str, Any]:
    """Return what a component of the page was given."""
    (found,) = [element for element in at.get("bidi_component") if element.key == key]
    data: dict[str, Any] = json.loads(found.proto.json)
    return data


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chip_brings_its_positions_details_along(language: str) -> None:
    words = text_in(language, "examples").group("details")
    report = score(untrained_model(SIZES["mini"], 123), PRESETS["book"])
    data = component(visit(lang=language), "chips_2_scored")
    details = data["columns"][1]["details"]
    assert data["columns"][1]["index"] == 4
    assert [name for name, _ in details["facts"]] == [words[n] for n in ("probability", "rank", "surprisal", "share")]
    shown = " ".join(value for _, value in details["facts"])
    for number in (
        f"{report.target_probability[4]:.4e}",
        f"{report.rank[4]:,}",
        f"{report.surprisal_nats[4]:.4f}",
        f"{100 * report.share_of_loss[4]:.1f}",
    ):
        assert number in shown
    assert [piece for piece, _, _ in details["likeliest"]] == [p.replace(" ", "␣") for p in report.top_pieces[4][:5]]
    assert data["words"]["to_whole"] == words["to_whole"]


def test_a_position_chosen_in_a_chart_is_told_below_the_charts_until_another_is_chosen() -> None:
    at = visit()
    assert "position_of_chart" not in [element.key for element in at.get("bidi_component")]
    at.session_state["position"], at.session_state["_position_of_chart"] = 6, 5  # as a click on a bar does
    at = settled(at.run())
    assert "␣chocolate" in component(at, "position_of_chart")["details"]["title"]
    at = settled(at.selectbox(key="position").select(2).run())
    assert "position_of_chart" not in [element.key for element in at.get("bidi_component")]
