"""Step by step: every step's numbers are the library's, in both languages; keys, address and presenter's switches."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from gptcore import GPTModel, number_format, step_by_step
from gptcore.config import SIZES
from gptcore.initialization import untrained_model
from gptcore.presets import PRESETS, SEVEN_WORD_EXAMPLES
from gptcore.results.steps import Steps
from gptcore.texts import text_in
from gptcore.ui.step_by_step import formulas, questions, tensors, view
from gptcore.ui.widgets import html_picture
from tests import ROOT
from tests.support.browsing import IN_CHINESE_AND_DARK, axe_violations, keyed, open_page, overflows, wait_until_idle
from tests.support.visiting import settled

MINI = {"size": "mini"}
A_WHILE = 60_000  # ms: the cores may be shared, and a first chart waits for plotly


@pytest.fixture(scope="module")
def mini_steps() -> Steps:
    return step_by_step.run_steps(untrained_model(SIZES["mini"], seed=123), PRESETS["book"])


@pytest.fixture(scope="module")
def seven_steps(toy_model: GPTModel) -> Steps:
    return step_by_step.run_steps(toy_model, SEVEN_WORD_EXAMPLES)


def opened(language: str = "en", **query: str) -> AppTest:
    """Return the page as an address opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/step_by_step.py")
    app.context["locale"] = {"en": "en-US", "zh": "zh-CN"}[language]
    for key, words in query.items():
        app.query_params[key] = words
    return settled(app.run())


def pictures_of(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def summaries(app: AppTest) -> str:
    return " ".join([caption.value for caption in app.caption] + [chart.proto.alt for chart in app.get("plotly_chart")])


def expected(step: int, walked: Steps) -> list[str]:
    """Return numbers of a step that must be read in its sentence."""
    ln, p = walked.log_probability, walked.target_probability
    each: dict[int, list[str]] = {
        1: [str(walked.positions)],
        2: [number_format.nats(float(walked.target_logit[0])), number_format.nats(float(walked.curve_logits[0, 0]))],
        3: [number_format.probability(float(p[0])), number_format.probability(1 / walked.vocab_size)],
        4: [piece.strip() for piece in walked.predicted_piece],
        5: [walked.predicted_text[0].replace(" ", "␣"), walked.target_text[0].replace(" ", "␣")],
        6: [number_format.probability(float(p.min())), number_format.probability(float(p.max()))],
        7: [number_format.nats(float(ln.min())), number_format.nats(float(ln.max()))],
        8: [
            number_format.nats(walked.mean_log_probability),
            number_format.nats(float(walked.mean_log_probability - ln.min())),
        ],
        9: [number_format.nats(walked.cross_entropy)],
        10: [str(walked.flat_shape), f"{walked.torch_cross_entropy:.7f}"],
        11: [number_format.perplexity(walked.perplexity)],
    }
    return each[step]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("vocabulary", ["gpt2", "seven"])
def test_every_step_says_the_librarys_numbers(
    vocabulary: str, language: str, mini_steps: Steps, seven_steps: Steps
) -> None:
    walked = mini_steps if vocabulary == "gpt2" else seven_steps
    for step in range(1, 12):
        check_step(step, opened(**MINI, vocabulary=vocabulary, language=language, step=str(step)), walked, language)


def check_step(step: int, app: AppTest, walked: Steps, language: str) -> None:
    text = text_in(language, "step_by_step")
    assert f"{step}. {text(f'titles.{step}')}" in [header.value for header in app.header]
    said = summaries(app)
    assert [number for number in expected(step, walked) if number not in said] == []
    shown = [block.value for block in app.code]
    assert tensors.tensors(step, walked) in shown
    assert view.source(step) in shown
    latex = [element.value for element in app.latex]
    wanted = formulas.formula(step, walked)
    for word, name in text_in(language, "app").group("formula").items():
        wanted = wanted.replace(rf"\text{{{word}}}", rf"\text{{{name}}}")
    assert latex == [f"$$\n{wanted}\n$$"]
    if step == 11:
        assert ("\\text{困惑度}" in latex[0]) == (language == "zh")


@pytest.mark.parametrize(
    ("step", "kind"), [(2, "logits"), (3, "probabilities"), (4, "probabilities"), (6, "probabilities")]
)
def test_the_matrix_of_seven_words_has_every_number(step: int, kind: str, seven_steps: Steps) -> None:
    body = pictures_of(opened(step=str(step), vocabulary="seven"))
    values = seven_steps.cell_logits if kind == "logits" else seven_steps.cell_probabilities
    write = number_format.nats if kind == "logits" else number_format.probability
    cells = re.findall(r'<td class="cell[^"]*"[^>]*>(?:[●◇ ]*)([−0-9.e-]+)</td>', body)
    assert cells == [write(float(value)) for value in values.flatten()]
    marked = len(re.findall(r'class="cell[^"]* target', body))
    assert marked == (0 if step == 4 else 6)


def test_the_books_model_says_the_books_numbers() -> None:
    app = opened(step="11")
    assert "48,725.82" in summaries(app)
    assert app.latex[0].value.count("10.7939") == 1
    app.button(key="step_first").click().run()
    assert app.session_state["step"] == 1
    app.session_state["step"] = 5
    app.run()
    assert "␣Armed␣heNetflix" in summaries(app)


def test_back_and_next_stop_at_the_ends() -> None:
    app = opened(**MINI)
    assert app.button(key="step_back").disabled
    assert app.button(key="step_first").disabled
    for step in range(2, 12):
        app.button(key="step_next").click().run()
        assert app.session_state["step"] == step
    assert app.button(key="step_next").disabled
    assert app.button(key="step_last").disabled
    app.button(key="step_back").click().run()
    assert app.session_state["step"] == 10


def test_predict_first_covers_the_result_until_it_is_asked_for(mini_steps: Steps) -> None:
    app = opened(**MINI, step="8", predict="1")
    assert number_format.nats(mini_steps.mean_log_probability) not in summaries(app)
    assert not app.latex
    assert not app.get("plotly_chart")
    assert text_in("en", "step_by_step")("questions.8") in [header.value for header in app.subheader]
    hidden = [text_in("en", "step_by_step")(f"{part}.8") for part in ("titles", "sentences")]
    assert not [words for words in hidden if words in str([*app.header, *app.markdown])]
    app.button(key="step_show").click().run()
    assert number_format.nats(mini_steps.mean_log_probability) in summaries(app)
    app.button(key="step_next").click().run()  # the next step is covered again
    assert not app.latex
    shown = opened(**MINI, step="8", predict="1", shown="1")
    assert number_format.nats(mini_steps.mean_log_probability) in summaries(shown)


@pytest.mark.parametrize("step", range(1, 12))
def test_each_step_asks_with_one_right_choice(step: int, mini_steps: Steps, seven_steps: Steps) -> None:
    for walked in (mini_steps, seven_steps):
        asked = questions.step_question(step, walked)
        assert 2 <= len(asked.choices) == len(set(asked.choices))
        said = {
            1: "6",
            2: number_format.count(walked.vocab_size),
            3: number_format.probability(1 / walked.vocab_size),
            4: str(sum(a == b for a, b in zip(walked.predicted_piece, walked.target_piece, strict=True))),
            5: f"“{walked.predicted_text[0]}”".replace(" ", "␣"),
            6: "6",
            7: "negative",
            8: walked.target_piece[int(walked.target_probability.argmin())].replace(" ", "␣"),
            9: "above" if walked.perplexity > walked.vocab_size else "below",
            10: str((6, walked.vocab_size)),
            11: number_format.perplexity(walked.perplexity),
        }
        assert asked.choices[asked.right] == said[step]


def test_a_choice_is_put_beside_what_was_computed(mini_steps: Steps) -> None:
    app = opened(**MINI, step="2", predict="1")
    assert number_format.count(mini_steps.vocab_size) not in str([*app.markdown, *app.caption, *app.header])
    asked = questions.step_question(2, mini_steps)
    app.button(key=f"step_choice_{asked.right + 1}").click().run()
    assert "Right: 50,257." in app.success[0].value.replace("\\", "")
    app.button(key="step_next").click().run()
    wrong = 0 if questions.step_question(3, mini_steps).right else 1
    app.button(key=f"step_choice_{wrong + 1}").click().run()
    assert number_format.probability(1 / mini_steps.vocab_size) in [info.value for info in app.info][-1].replace(
        "\\", ""
    )
    assert app.latex


def test_a_presenter_hides_sentence_and_code() -> None:
    sentence = text_in("en", "step_by_step")("sentences.7")
    app = opened(**MINI, step="7")
    assert sentence in [element.value for element in app.markdown]
    assert len(app.code) == 2
    app = opened(**MINI, step="7", hide="sentence,code")
    assert sentence not in [element.value for element in app.markdown]
    assert len(app.code) == 1
    assert opened(**MINI, step="7", hide="nonsense").session_state["hide"] == []


def test_texts_that_need_mending_are_mended_here_and_said_once_to_need_it() -> None:
    app = opened(**MINI, prompt_1="every effort moves", target_1=" you")
    assert [info.value for info in app.info] == [text_in("en", "step_by_step")("mend")]
    assert app.text_area(key="target_1").value == " you"
    assert not app.latex
    app.session_state["vocabulary"] = "seven"  # the fixed texts need no mending
    app.run()
    assert app.latex


def test_markup_in_a_text_stays_text() -> None:
    hostile = "<img src=x onerror=alert(1)> **b** $x$"
    app = opened(**MINI, prompt_1=hostile, alignment="shifted", step="6")
    body = pictures_of(app)
    assert "<img" not in body
    assert "&lt;" in body


def test_more_positions_than_are_drawn_are_told(mini_steps: Steps) -> None:
    app = opened(**MINI, prompt_1="one two three " * 20, alignment="shifted", step="3")
    walked = step_by_step.MOST_SHOWN
    assert any(f"first {walked} of" in caption.value for caption in app.caption)
    for step in range(1, 12):
        app.session_state["step"] = step
        assert settled(app.run()).latex


def test_the_pictures_words_are_escaped() -> None:
    assert html_picture.shown(' <b>"') == "␣&lt;b&gt;&quot;"


# In Chromium.


@pytest.fixture
def address(server: str) -> str:
    return f"{server}/step_by_step?size=mini"


def open_step(page: Page, url: str) -> None:
    """Open a page and wait for its buttons: they come in a little after the text, and their keys with them."""
    open_page(page, url)
    expect(keyed(page, "step_code").locator("code")).to_be_visible(timeout=A_WHILE)
    expect(keyed(page, "step_bar").get_by_role("button")).to_have_count(13, timeout=A_WHILE)


def heading(page: Page) -> Any:
    return keyed(page, "step_heading").locator("h2")


def title(step: int, language: str = "en") -> str:
    return f"{step}. {text_in(language, 'step_by_step')(f'titles.{step}')}"


def test_the_arrow_keys_walk_through_and_the_address_keeps_the_place(
    page: Page, address: str, mini_steps: Steps
) -> None:
    open_step(page, address)
    for step in range(1, 12):
        expect(heading(page)).to_have_text(title(step), timeout=A_WHILE)
        if step < 11:
            page.keyboard.press("ArrowRight")
    expect(page.get_by_text(number_format.perplexity(mini_steps.perplexity)).first).to_be_visible(timeout=A_WHILE)
    page.keyboard.press("Home")
    expect(heading(page)).to_have_text(title(1), timeout=A_WHILE)
    page.keyboard.press("End")
    expect(heading(page)).to_have_text(title(11), timeout=A_WHILE)
    for step in range(10, 6, -1):
        page.keyboard.press("ArrowLeft")
        expect(heading(page)).to_have_text(title(step), timeout=A_WHILE)
    wait_until_idle(page)
    assert "step=7" in page.url
    lowest = number_format.nats(float(mini_steps.log_probability.min()))
    page.reload()
    expect(heading(page)).to_have_text(title(7), timeout=A_WHILE)
    expect(keyed(page, "step_picture").get_by_text(lowest).first).to_be_visible(timeout=A_WHILE)


def test_vocabulary_and_language_change_and_the_place_stays(page: Page, address: str, seven_steps: Steps) -> None:
    open_step(page, f"{address}&step=7")
    expect(heading(page)).to_have_text(title(7), timeout=A_WHILE)
    keyed(page, "vocabulary_seven").get_by_role("button").click()
    lowest = number_format.nats(float(seven_steps.log_probability.min()))
    expect(keyed(page, "step_picture").get_by_text(lowest).first).to_be_visible(timeout=A_WHILE)
    expect(heading(page)).to_have_text(title(7), timeout=A_WHILE)
    keyed(page, "lang").get_by_text("中文").click()
    expect(heading(page)).to_have_text(title(7, "zh"), timeout=A_WHILE)
    expect(keyed(page, "step_picture").get_by_text(lowest).first).to_be_visible(timeout=A_WHILE)
    wait_until_idle(page)
    assert "vocabulary=seven" in page.url
    assert "step=7" in page.url


def test_predict_first_by_key(page: Page, address: str, mini_steps: Steps) -> None:
    open_page(page, f"{address}&step=9&predict=1")
    expect(keyed(page, "step_question")).to_be_visible(timeout=A_WHILE)
    expect(keyed(page, "step_show").get_by_role("button")).to_be_visible(timeout=A_WHILE)
    page.keyboard.press("s")
    expect(keyed(page, "step_question")).to_have_count(0, timeout=A_WHILE)
    expect(keyed(page, "step_picture").get_by_text(number_format.nats(mini_steps.cross_entropy)).first).to_be_visible(
        timeout=A_WHILE
    )
    wait_until_idle(page)
    assert "shown=1" in page.url


@pytest.mark.parametrize("vocabulary", ["gpt2", "seven"])
def test_every_step_fits_one_screen(page: Page, address: str, vocabulary: str) -> None:
    open_step(page, f"{address}&vocabulary={vocabulary}")
    for step in range(1, 12):
        expect(heading(page)).to_have_text(title(step), timeout=A_WHILE)
        wait_until_idle(page)
        boxes = [keyed(page, key).bounding_box() for key in ("step_tensors", "step_code")]
        bottoms = [box["y"] + box["height"] for box in boxes if box]
        assert len(bottoms) == 2
        assert max(bottoms) <= 900, f"step {step} reaches down to {max(bottoms)}"
        page.keyboard.press("ArrowRight")


def beyond_the_edge(page: Page) -> list[str]:
    """Return the formulas and the targets' cells that end beyond the screen's edge, where one would have to scroll."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('.katex-display .base, .picture td.target')]
            .map(e => [e.textContent.slice(0, 30), Math.round(e.getBoundingClientRect().right)])
            .filter(([, right]) => right > window.innerWidth).map(String)"""
    )
    return found


@pytest.mark.browser_context_args(viewport={"width": 390, "height": 844})
@pytest.mark.parametrize("vocabulary", ["gpt2", "seven"])
def test_no_step_overflows_a_phone(page: Page, address: str, vocabulary: str) -> None:
    for step in range(1, 12):
        open_step(page, f"{address}&vocabulary={vocabulary}&step={step}")
        expect(heading(page)).to_have_text(title(step), timeout=A_WHILE)
        wait_until_idle(page)
        assert overflows(page) == [], f"step {step}"
        assert beyond_the_edge(page) == [], f"step {step}"


@pytest.mark.parametrize(
    ("step", "language"),
    [(step, "en") for step in (1, 3, 5, 6, 8, 10)]
    + [pytest.param(step, "zh", marks=IN_CHINESE_AND_DARK) for step in (2, 4, 7, 9, 11)],
)
def test_assistive_technology_finds_nothing_wrong(page: Page, address: str, step: int, language: str) -> None:
    open_step(page, f"{address}&step={step}")
    expect(heading(page)).to_have_text(title(step, language), timeout=A_WHILE)
    wait_until_idle(page, steady_ms=1_500)  # what is drawn anew is faint for a moment
    assert axe_violations(page) == []
