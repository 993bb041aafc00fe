"""What leaves a dark page is drawn in the light colours."""

import json

from gptcore import Example, GPTModel, score
from gptcore.charts.report_positions import log_probabilities
from gptcore.charts.theme import DARK, LIGHT, Style, in_light
from gptcore.texts import text_in
from gptcore.ui.export.downloads import report_page


def test_charts_leave_in_the_light_colours_whatever_the_page_s(toy_model: GPTModel) -> None:
    report = score(toy_model, [Example("every effort moves", "effort moves you")])
    words = text_in("en", "explore").group("chart_log_probabilities")
    light, dark = (log_probabilities(report, words, Style(palette)) for palette in (LIGHT, DARK))
    taken = in_light(dark)
    assert taken.layout.paper_bgcolor == LIGHT.paper
    drawn = taken.to_json()
    dark_alone = {getattr(DARK, name) for name in ("text", "target", "mean", "muted", "grid", "paper")}
    assert [colour for colour in dark_alone if colour in drawn] == []
    assert json.loads(drawn)["data"] == json.loads(light.to_json())["data"]
    assert DARK.text not in report_page(text_in("en", "exports"), {"one": dark}).split("Plotly.newPlot")[-1]
