"""The page Perplexity: each picture's numbers are the library's, and answer to the slider and to the texts."""

import math
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from gptcore import Report, number_format, score
from gptcore.charts import die
from gptcore.config import SIZES
from gptcore.initialization import untrained_model
from gptcore.interpretation import mean_of_perplexities, underflow, units
from gptcore.presets import PRESETS
from gptcore.texts import LANGUAGES, text_in
from gptcore.tokenizers.seven_words import seven_word_tokenizer
from gptcore.training.memorization import LEARNED, NEW, UPDATES, learned_by_heart
from tests import ROOT
from tests.support.browsing import IN_CHINESE_AND_DARK, axe_violations, keyed, open_page, overflows, wait_until_idle
from tests.support.visiting import settled, visit

V = 50_257
A_WHILE = 60_000  # ms: the cores may be shared, and a first chart waits for plotly


@pytest.fixture(scope="module")
def report() -> Report:
    return score(untrained_model(SIZES["mini"], seed=123), PRESETS["book"])


def opened(language: str = "en", **query: str) -> AppTest:
    """Return the page as an address opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/perplexity.py")
    app.context["locale"] = {"en": "en-US", "zh": "zh-CN"}[language]
    for key, words in {"size": "mini", **query}.items():
        app.query_params[key] = words
    return settled(app.run())


def sentences(app: AppTest) -> dict[str, str]:
    """Return what each chart says of itself, by its key."""
    return {re.sub(r"^.*-", "", chart.proto.id): chart.proto.alt for chart in app.get("plotly_chart")}


def said(app: AppTest) -> str:
    return " ".join(element.value for element in [*app.caption, *app.markdown, *app.info])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_says_the_librarys_numbers(language: str, report: Report) -> None:
    app = opened(language, faces="100", tokens="40")
    text = text_in(language, "perplexity")
    headings = list(text.group("headings").values())
    assert [header.value for header in app.subheader] == [
        headings[0],
        text_in(language, "exercises")("title"),
        *headings[1:],
    ]
    chart = sentences(app)
    assert set(chart) == {
        "chart_die", "chart_surprise", "chart_exponential", "chart_underflow", "chart_means", "chart_units",
        "chart_by_heart",
    }  # fmt: skip
    cost = number_format.nats(math.log(100))
    assert "100" in chart["chart_die"]
    assert cost in chart["chart_surprise"]
    assert cost in chart["chart_exponential"]
    product = underflow(report.log_probability, 40)
    assert chart["chart_underflow"] == text(
        "chart_underflow.summary",
        zero32=product.zero_float32,
        zero64=product.zero_float64,
        count=40,
        sum=number_format.nats(float(product.summed_logs[-1])),
    )
    wrong, right = mean_of_perplexities(report), report.perplexity
    assert number_format.perplexity(wrong) in chart["chart_means"]
    assert number_format.perplexity(right) in chart["chart_means"]
    found = units(report)
    amounts = (found.nats_per_token, found.bits_per_token, found.bits_per_byte)
    assert [metric.value for metric in app.metric] == [number_format.nats(amount) for amount in amounts]
    assert number_format.perplexity(found.two_to_the_nats) in said(app)


def test_the_books_numbers() -> None:
    """The texts print 33,429 and 71,024, worked out from rounded logs; these are computed."""
    app = opened(size="124M")
    figure = next(chart for chart in app.get("plotly_chart") if chart.proto.id.endswith("chart_means"))
    assert "33,428." in figure.proto.spec
    assert "71,024." in figure.proto.spec
    chart = sentences(app)["chart_means"]
    assert "52,226." in chart
    assert "48,725.82" in chart
    assert "float32 at token 10" in sentences(app)["chart_underflow"]
    landmarks = " ".join(element.proto.body for element in app.get("html"))
    assert "48,725.82" in landmarks
    assert "47,678" in landmarks


@pytest.mark.parametrize(
    ("faces", "zone"), [(1, "certain"), (6, "few"), (100, "few"), (50_257, "even"), (100_514, "beyond")]
)
def test_the_reading_follows_the_slider(faces: int, zone: str) -> None:
    app = opened(faces=str(faces))
    written = {"faces": f"{faces:,}", "vocabulary": "50,257", "nats": f"{math.log(faces):.4f}"}
    reading = text_in("en", "perplexity")(f"readings.{zone}", **written, bits=f"{math.log2(faces):.4f}")
    assert app.session_state["faces"] == faces
    assert reading in [element.value for element in app.markdown]


def test_landmarks_are_buttons_and_the_address_keeps_the_choice(report: Report) -> None:
    app = opened()
    app.button(key="faces_own").click().run()
    assert app.session_state["faces"] == round(report.perplexity)
    assert app.query_params["faces"] == str(round(report.perplexity))
    app.button(key="faces_1").click().run()
    assert "p\u00a0=\u00a01.0000" in sentences(app)["chart_surprise"]
    assert opened(faces="nonsense").session_state["faces"] == 6
    assert opened(faces="101").session_state["faces"] == 100  # the nearest that the slider has


def test_one_text_has_no_mean_of_perplexities() -> None:
    app = opened(prompt_1="every effort moves", target_1=" effort moves you")
    assert text_in("en", "perplexity")("chart_means.one_text") in [info.value for info in app.info]
    assert "chart_means" not in sentences(app)


def test_without_texts_the_die_is_still_there() -> None:
    app = opened(prompt_1="every effort moves", target_1=" you")
    assert text_in("en", "perplexity")("needs_texts") in [info.value for info in app.info]
    assert set(sentences(app)) == {"chart_die", "chart_surprise", "chart_exponential", "chart_by_heart"}


def test_what_is_shown_can_be_taken_along() -> None:
    labels = [button.proto.label for button in opened().get("download_button")]
    text = text_in("en", "exports")
    assert labels == [text(kind) for kind in ("csv", "json", "html", "script", "notebook")]
    assert not opened(prompt_1="every effort moves", target_1=" you").get("download_button")


@pytest.mark.parametrize(("updates", "summary"), [("2", "before"), ("60", "after")])
def test_learning_by_heart_answers_to_its_slider(updates: str, summary: str) -> None:
    rows = learned_by_heart()
    best = int(rows.new_perplexity.argmin())
    assert sentences(opened(updates=updates))["chart_by_heart"] == text_in("en", "perplexity")(
        f"chart_by_heart.summary_{summary}",
        step=updates,
        learned=number_format.perplexity(float(rows.learned_perplexity[int(updates)])),
        new=number_format.perplexity(float(rows.new_perplexity[int(updates)])),
        best=best,
        lowest=number_format.perplexity(float(rows.new_perplexity[best])),
    )


def test_what_is_learned_by_heart_is_scored_as_anything_else() -> None:
    """The last row against a plain loop's loss, the first against `score`."""
    rows, model = learned_by_heart(), untrained_model(SIZES["toy"], seed=123)
    for column, example in (("learned_perplexity", LEARNED), ("new_perplexity", NEW)):
        assert rows[column][0] == pytest.approx(score(model, [example]).perplexity, rel=1e-6)
    ids = torch.tensor([seven_word_tokenizer().encode(str(LEARNED.prompt))])
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    for _ in range(UPDATES):
        loss = F.cross_entropy(model(ids[:, :-1])[0], ids[0, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for column, example in (("learned_perplexity", LEARNED), ("new_perplexity", NEW)):
        assert rows[column][UPDATES] == pytest.approx(score(model, [example]).perplexity, rel=1e-4)


@pytest.mark.parametrize("faces", [1, 2, 6, 7, 100, 2_500, 50_257, 75_749, 159_999, 1_000_000])
def test_the_die_has_as_many_cells_as_it_says(faces: int) -> None:
    figure = die.die(faces, V, {"beyond": "beyond"})
    cells = np.asarray(figure.data[0].z, dtype=float)
    drawn = cells[~np.isnan(cells)]
    each = die.faces_per_cell(faces)
    assert len(drawn) == math.ceil(faces / each)
    assert (drawn == 1).sum() == 1
    assert (drawn == 2).sum() == max(0, len(drawn) - math.ceil(V / each))


def test_the_curves_go_through_the_die() -> None:
    words = {"x": "x", "y": "y", "uniform": "u"}
    curve = die.surprise_curve(100, np.array([0.5]), V, words)
    assert (curve.data[-1].x[0], curve.data[-1].y[0]) == (0.01, pytest.approx(math.log(100)))
    curve = die.exponential_curve(100, 48_725.82, V, words)
    assert (curve.data[-1].x[0], curve.data[-1].y[0]) == (pytest.approx(math.log(100)), 100)
    assert curve.data[1].y[0] == 48_725.82


# In Chromium.


def test_the_slider_answers_and_the_address_keeps_it(page: Page, server: str) -> None:
    open_page(page, f"{server}/perplexity?size=mini")
    keyed(page, "faces_50257").get_by_role("button").click()
    text = text_in("en", "perplexity")
    sentence = text("chart_die.summary", faces="50,257", p="1.9898e-05")
    expect(page.get_by_text(sentence).first).to_be_visible(timeout=A_WHILE)
    wait_until_idle(page)
    assert "faces=50257" in page.url
    page.reload()
    expect(page.get_by_text(sentence).first).to_be_visible(timeout=A_WHILE)
    keyed(page, "lang").get_by_text("中文").click()
    translated = text_in("zh", "perplexity")("chart_die.summary", faces="50,257", p="1.9898e-05")
    expect(page.get_by_text(translated).first).to_be_visible(timeout=A_WHILE)


@pytest.mark.browser_context_args(viewport={"width": 390, "height": 844})
def test_nothing_overflows_a_phone(page: Page, server: str) -> None:
    open_page(page, f"{server}/perplexity?size=mini")
    expect(page.get_by_text(text_in("en", "perplexity")("headings.low"))).to_be_visible(timeout=A_WHILE)
    wait_until_idle(page)
    assert overflows(page) == []


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=IN_CHINESE_AND_DARK)])
def test_assistive_technology_finds_nothing_wrong(page: Page, server: str, language: str) -> None:
    open_page(page, f"{server}/perplexity?size=mini")
    expect(page.get_by_text(text_in(language, "perplexity")("headings.low"))).to_be_visible(timeout=A_WHILE)
    wait_until_idle(page, steady_ms=1_500)  # what is drawn anew is faint for a moment
    assert axe_violations(page) == []


def test_targets_without_bytes_have_a_dash_for_bits_per_byte() -> None:
    at = visit("perplexity", input="ids", prompt_1="40", target_1="50256", lang="zh")
    assert [metric.value for metric in at.metric][2] == "–"
