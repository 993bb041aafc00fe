"""Comparing models: the numbers are each model's own, the reading says who gains where, in both languages."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gptcore import Example, GPTModel, Report, score, trained_small_model, untrained_model
from gptcore.charts.compared_models import model_bars
from gptcore.charts.ruler import perplexity_ruler
from gptcore.config import SIZES
from gptcore.presets import PRESETS
from gptcore.results.comparison import ModelComparison
from gptcore.texts import LANGUAGES, text_in
from gptcore.token_display import visible
from gptcore.ui.compare.model_exports import models_script
from gptcore.ui.compare.model_fields import SENTENCES
from gptcore.ui.compare.models import _tokens_of_the_difference
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.found import look_again
from tests import ROOT
from tests.support.visiting import address_of, alt_texts, open_part, settled, warnings
from tests.weights.test_gpt2 import TINY, published

LEARNED, NOT_LEARNED = SENTENCES["learned"], SENTENCES["not_learned"]
NAMES = ("Untrained mini (seed 123)", "Small trained model")


@pytest.fixture(scope="module")
def small() -> GPTModel:
    return trained_small_model()


@pytest.fixture(scope="module")
def mini() -> GPTModel:
    return untrained_model(SIZES["mini"], 123)


@pytest.fixture(scope="module")
def comparison(mini: GPTModel, small: GPTModel) -> ModelComparison:
    return ModelComparison.of(list(zip(NAMES, (score(mini, LEARNED), score(small, LEARNED)), strict=True)))


def compared(
    models: str = "untrained/mini,trained_small",
    language: str = "en",
    examples: tuple[Example, ...] = LEARNED,
    **query: str,
) -> AppTest:
    """Open the view with these models on these examples."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/compare.py")
    fields = {"compare": "models", "models": models, "lang": language, "alignment": examples[0].alignment}
    for n, example in enumerate(examples, start=1):
        fields |= {f"prompt_{n}": str(example.prompt), f"target_{n}": str(example.target)}
    for key, words in {**fields, **query}.items():
        app.query_params[key] = words
    return settled(app.run())


def reading(at: AppTest) -> str:
    """The sentence above the charts."""
    return next(part.value for part in at.markdown if part.value.startswith("**") and not part.value.endswith("**"))


# What is compared.
def test_the_sentences_are_what_they_say(small: GPTModel) -> None:
    learned, not_learned = score(small, LEARNED), score(small, NOT_LEARNED)
    assert learned.perplexity < 30
    assert learned.predicted_piece[0] == learned.target_piece[0] == " the"
    assert not_learned.perplexity > 500


def test_the_gain_is_the_fall_of_the_loss(comparison: ModelComparison) -> None:
    before, after = comparison.reports
    assert comparison.gain(0, 1).mean() == pytest.approx(before.cross_entropy - after.cross_entropy, abs=1e-5)
    np.testing.assert_array_equal(comparison.gain(0, 1), -comparison.gain(1, 0))


def test_the_table_has_every_models_numbers(comparison: ModelComparison) -> None:
    frame = comparison.to_frame()
    assert frame["target_piece"].tolist() == [" the", " Senate", " and", " House", " of", " Representatives"]
    for name, report in zip(NAMES, comparison.reports, strict=True):
        assert frame[f"log_probability {name}"].tolist() == report.log_probability.tolist()
        assert frame[f"rank {name}"].tolist() == report.rank.tolist()
    assert set(comparison.to_dict()) == set(NAMES)


def test_only_the_same_targets_are_compared(mini: GPTModel) -> None:
    one, other = score(mini, LEARNED), score(mini, NOT_LEARNED)
    with pytest.raises(ValueError, match="the same targets"):
        ModelComparison.of([("a", one), ("b", other)])
    with pytest.raises(ValueError, match="each once"):
        ModelComparison.of([("a", one), ("a", one)])
    with pytest.raises(ValueError, match="each once"):
        ModelComparison.of([])


# Its charts.
@pytest.mark.parametrize("repeats", [1, 20], ids=["rows", "columns"])
def test_the_bars_are_the_log_probabilities(mini: GPTModel, small: GPTModel, repeats: int) -> None:
    examples = [Example("the people of the" + " United States" * repeats, alignment="shifted")]
    made = ModelComparison.of([("<b>a</b>", score(mini, examples)), ("b", score(small, examples))])
    figure = model_bars(made, text_in("en", "compare_models").group("chart_models"))
    for bars, report in zip(figure.data, made.reports, strict=True):
        shown = bars.x if bars.orientation == "h" else bars.y
        np.testing.assert_array_equal(shown, report.log_probability)
    assert (figure.data[0].orientation == "h") is (repeats == 1)
    assert figure.data[0].name == "&lt;b&gt;a&lt;/b&gt;"
    shapes = {bars.marker.pattern.shape for bars in figure.data}
    assert len(shapes) == len({bars.marker.color for bars in figure.data}) == 2  # told apart without colour too


def test_several_marks_on_the_ruler_have_their_labels_at_heights_of_their_own() -> None:
    marks = [("a", 48_000.0), ("b", 60_000.0), ("c", 9.0), ("d", 50_000.0)]
    figure = perplexity_ruler(marks, 50_257, text_in("en", "explore").group("chart_perplexity"))
    by_name = {name: trace for (name, _), trace in zip(marks, figure.data[-4:], strict=True)}
    heights = {name: trace.y[0] for name, trace in by_name.items()}
    assert heights["c"] < heights["a"] < heights["d"] < heights["b"]
    assert [trace.x[1] for trace in by_name.values()] == [value for _, value in marks]


# The page.
def test_the_table_shown_is_the_comparisons(comparison: ModelComparison) -> None:
    shown = open_part(compared(), "table").dataframe[-1].value
    assert shown.filter(like="log_probability").mean().tolist() == pytest.approx(
        [report.mean_log_probability for report in comparison.reports]
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_models_side_by_side(comparison: ModelComparison, language: str) -> None:
    at = compared(language=language)
    text = text_in(language, "compare_models")
    before, after = comparison.reports
    ruler, bars, gain, *likeliest = alt_texts(at)
    for report in (before, after):
        assert f"{report.perplexity:,.2f}" in ruler
        assert f"{report.perplexity:,.2f}" in reading(at)
    most = int(comparison.gain(0, 1).argmax())
    assert f"`{visible(before.target_piece[most])}`" in reading(at)  # where most of it comes from
    assert f"{comparison.gain(0, 1).sum():.4f}" in gain
    assert len(likeliest) == 2
    assert "␣the" in likeliest[1]
    assert text("chart_models.title") in [part.value.strip("*") for part in at.markdown]
    assert all(len(alt) > 20 for alt in (ruler, bars, gain))
    exports = text_in(language, "exports")
    labels = [button.proto.label for button in at.get("download_button")]
    assert labels == [exports(kind) for kind in ("csv", "json", "html", "script", "notebook")]
    assert warnings(at) == []


def test_a_gain_that_is_a_loss_at_one_token_is_said() -> None:
    never_met = Example("The people of", " the United States like chocolate", "continuation")
    said = reading(compared(examples=(never_met,)))
    assert "At `␣chocolate` it is the other way round: Small trained model gives it an ln p lower by " in said
    assert "chance" not in said  # one of the two is trained


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_difference_between_untrained_models_is_called_chance(language: str) -> None:
    """And every amount is written without a sign, in the direction that its sentence names."""
    at = compared(models="untrained/mini,untrained/124M", language=language)
    assert text_in(language, "compare_models")("reading.chance") in reading(at)
    assert "+" not in reading(at)
    assert "−" not in reading(at)


@pytest.mark.parametrize(("gains", "words"), [((3.0, 0.5, 0.1), "mostly"), ((1.0, 0.9, 0.8), "largest")])
def test_most_is_said_of_half_or_more_only(
    comparison: ModelComparison, gains: tuple[float, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gptcore.ui.state.translations.current_language", lambda: "en")
    (said,) = _tokens_of_the_difference(comparison, np.array(gains), {"best": "A", "worst": "B"})
    share = gains[0] / sum(gains)
    known = {"token": "`␣the`", "best": "A", "worst": "B", "gain": f"{gains[0]:.4f}", "share": f"{100 * share:.1f}%"}
    assert said == text_in("en", "compare_models")(f"reading.{words}", **known)


def test_the_same_model_twice_under_two_seeds_names_cannot_happen() -> None:
    at = compared(models="trained_small,trained_small")
    assert "trained_small,trained_small" in warnings(at)[0]


def test_three_models_and_which_two_are_laid_out() -> None:
    at = compared(models="untrained/mini,trained_small,untrained/124M", from_model="3", to_model="2")
    text = text_in("en", "compare_models")
    assert [at.selectbox(key=key).value for key in ("from_model", "to_model")] == [3, 2]
    assert "From Untrained 124M (seed 123) to Small trained model" in alt_texts(at)[2]
    assert address_of(at)["models"] == "untrained/mini,trained_small,untrained/124M"
    assert text("two_models") not in [info.value for info in at.info]
    settled(at.multiselect(key="models").set_value(["untrained/mini", "trained_small"]).run())
    assert "From Untrained mini (seed 123) to Small trained model" in alt_texts(at)[2]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("models", ["gpt2/nowhere,trained_small", "untrained/toy", "a,b,c,d,e"])
def test_models_that_are_not_here_are_said(models: str, language: str) -> None:
    at = compared(models=models, language=language)
    assert warnings(at) == [text_in(language, "compare_models")("unknown", given=f"`{models}`")]
    assert len(alt_texts(at)) == 5  # the default two are compared


def test_one_model_alone_asks_for_a_second() -> None:
    at = compared(models="trained_small")
    assert [info.value for info in at.info] == [text_in("en", "compare_models")("two_models")]


def test_a_model_that_cannot_read_so_much_is_left_out_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(tmp_path / "models" / "tiny", **TINY)
    monkeypatch.setenv("GPT_EXPLORER_MODELS", str(tmp_path / "models"))
    look_again()
    long = (Example(" the" * 70, alignment="shifted"),)
    at = compared("untrained/mini,trained_small,gpt2/tiny", examples=long)
    look_again()
    assert "GPT-2 (tiny) is left out. This has 69 tokens; this model reads at most 64 at once." in warnings(at)[
        0
    ].replace("\\", "")
    assert len(alt_texts(at)) == 5


def test_the_seed_at_the_side_holds_for_the_untrained(small: GPTModel) -> None:
    at = compared(seed="7")
    report: Report = score(untrained_model(SIZES["mini"], 7), LEARNED)
    assert f"Untrained mini (seed 7): {report.perplexity:,.2f}" in alt_texts(at)[0]


def test_the_script_prints_every_models_numbers(mini: GPTModel, small: GPTModel) -> None:
    choices = {NAMES[0]: ModelChoice(size="mini"), NAMES[1]: ModelChoice("trained_small")}
    run = subprocess.run(
        [sys.executable, "-c", models_script(choices, PRESETS["book"])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name, model in zip(NAMES, (mini, small), strict=True):
        report = score(model, PRESETS["book"])
        said = f"{name}: cross-entropy {report.cross_entropy:.4f} nats, perplexity {report.perplexity:,.2f}"
        assert said in run.stdout
