"""Trained models in the app: offered by name, in the address, with their own numbers, on every page; and fetched."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from gptcore import Cancelled, GPTModel, InputError, load_gpt2, score, trained_small_model
from gptcore.presets import PRESETS
from gptcore.texts import LANGUAGES, text_in
from gptcore.ui import memory
from gptcore.ui.export.code import script_for
from gptcore.ui.models import download, kinds
from gptcore.ui.models.cache import ModelShelf
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.found import look_again
from gptcore.weights.gpt2_download import REPOSITORY
from tests import ROOT
from tests.support.browsing import IN_CHINESE_AND_DARK, axe_violations, keyed, open_page, overflows, wait_until_idle
from tests.support.serving import free_port
from tests.support.visiting import address_of, choose, metrics, press, settled, visit, warnings
from tests.weights.test_gpt2 import TINY, WEIGHTS, cached, cut, published
from tests.weights.test_gpt2_download import point_to

BOOK = PRESETS["book"]
A_WHILE = 90_000  # ms: the cores may be shared
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny GPT-2 as published."""
    folder = tmp_path_factory.mktemp("source") / "tiny"
    published(folder, **TINY)
    return folder


@pytest.fixture(autouse=True)
def shelf_folder(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """GPT_EXPLORER_MODELS, with a tiny GPT-2 in it, and no other model on the machine."""
    folder = tmp_path / "models"
    shutil.copytree(source, folder / "tiny")
    monkeypatch.setenv("GPT_EXPLORER_MODELS", str(folder))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.delenv("GPT_EXPLORER_ALLOW_DOWNLOAD", raising=False)
    download._DOWNLOADS.clear()
    look_again()
    yield folder
    look_again()


def numbers_of(model: GPTModel) -> dict[str, str]:
    """Return what the page must show for the book's texts."""
    report = score(model, BOOK)
    return {
        "mean_log_probability": f"−{-report.mean_log_probability:.4f}",
        "cross_entropy": f"{report.cross_entropy:.4f}",
        "perplexity": f"{report.perplexity:,.2f}",
    }


def captions(at: AppTest) -> str:
    return "\n".join(caption.value for caption in at.caption)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_with_the_trained_model_shows_its_numbers(language: str) -> None:
    at = visit(model="trained_small", lang=language)
    assert metrics(at) == numbers_of(trained_small_model())
    assert address_of(at)["model"] == "trained_small"
    about = text_in(language, "models")("about_trained_small")
    weights = f"{trained_small_model().config.parameters:,}"
    assert any(weights in caption.value and about in caption.value for caption in at.caption)
    assert not [field for field in at.number_input if field.key == "seed"]  # it has none


def test_an_address_with_a_gpt2_shows_its_numbers(source: Path) -> None:
    at = visit(model="gpt2/tiny")
    assert metrics(at) == numbers_of(load_gpt2(source))
    assert address_of(at) == {"model": "gpt2/tiny"}


def test_another_model_gives_other_numbers_and_another_address() -> None:
    at = visit()
    untrained = metrics(at)
    picker = at.selectbox(key="model")
    assert picker.options == ["Untrained (random)", "Small trained model", "GPT-2 (tiny)"]
    settled(picker.select("trained_small").run())
    assert metrics(at) == numbers_of(trained_small_model()) != untrained
    assert address_of(at) == {"model": "trained_small"}
    settled(at.selectbox(key="model").select("untrained").run())
    assert (metrics(at), address_of(at)) == (untrained, {})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_takes_every_kind_of_model(page: str, language: str) -> None:
    for model in ("trained_small", "gpt2/tiny"):
        at = visit(page, model=model, lang=language)
        assert address_of(at)["model"] == model
        assert warnings(at) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["gpt2/nowhere", "gpt2/../tiny", "gpt2//etc", "trained_here/mine", "llama", "gpt2"])
def test_a_model_that_is_not_here_is_said_and_what_is_here_offered(name: str, language: str) -> None:
    at = visit(model=name, lang=language)
    text = text_in(language, "models")
    assert warnings(at) == [text("unknown_model", given=f"`{name}`")]
    offers = [button.key for button in at.button if (button.key or "").startswith("choose_")]
    assert offers == ["choose_untrained", "choose_trained_small", "choose_gpt2/tiny"]
    press(at, "choose_gpt2/tiny")
    assert warnings(at) == []
    assert address_of(at)["model"] == "gpt2/tiny"


def test_the_notice_stays_until_a_model_is_chosen() -> None:
    at = visit(model="gpt2/nowhere")
    assert len(warnings(settled(at.run()))) == 1
    settled(at.selectbox(key="model").select("trained_small").run())
    assert warnings(at) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bad_file_is_not_offered_and_its_fault_named(shelf_folder: Path, language: str) -> None:
    shutil.copytree(shelf_folder / "tiny", shelf_folder / "broken")
    cut(shelf_folder / "broken")
    look_again()
    at = visit(model="gpt2/broken", lang=language)
    assert at.selectbox(key="model").options[-1] == text_in(language, "models")("kinds.gpt2", name="tiny")
    for said in (warnings(at)[0], captions(at)):
        assert "6,545,476" in said
        assert "model.safetensors" in said


def test_one_that_goes_away_while_it_is_used_is_said(shelf_folder: Path) -> None:
    at = visit(model="gpt2/tiny")
    shutil.rmtree(shelf_folder / "tiny")
    look_again()
    settled(at.run())
    assert "`gpt2/tiny`" in warnings(at)[0]


def test_the_context_length_is_the_models_own() -> None:
    at = visit(model="gpt2/tiny", alignment="shifted", prompt_1=" the" * 66)
    assert "65 tokens; this model reads at most 64" in warnings(at)[0]
    choose(at, "model", "trained_small")
    assert warnings(at) == []


def test_the_script_finds_the_model_by_its_name(source: Path) -> None:
    script = script_for(ModelChoice("gpt2", name="tiny"), BOOK)
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"perplexity            {score(load_gpt2(source), BOOK).perplexity:,.2f}" in run.stdout


# The shelf.
def test_the_shelf_counts_a_loaded_models_bytes_and_makes_room_first() -> None:
    tiny, small, mini = ModelChoice("gpt2", name="tiny"), ModelChoice("trained_small"), ModelChoice(size="mini")
    shelf = ModelShelf(max_bytes=small.config.weight_bytes + tiny.config.weight_bytes)
    for choice in (mini, tiny):
        with shelf.turn(choice) as model:
            assert isinstance(model, GPTModel)
            assert sum(p.numel() * p.element_size() for p in model.parameters()) == choice.config.weight_bytes
    assert shelf.bytes_held == mini.config.weight_bytes + tiny.config.weight_bytes
    with shelf.turn(small):
        pass
    assert [shelf.holds(choice) for choice in (mini, tiny, small)] == [False, True, True]


def test_a_model_that_does_not_fit_the_machine_is_refused_before_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 2**20)
    never = replace(kinds.KINDS["trained_small"], load=lambda choice: pytest.fail("loaded"))
    monkeypatch.setitem(kinds.KINDS, "trained_small", never)
    with pytest.raises(InputError, match=r"0\.0 GB are free"), ModelShelf().turn(ModelChoice("trained_small")):
        pass


def test_a_visitors_own_model_stays_theirs(monkeypatch: pytest.MonkeyPatch, toy_model: GPTModel) -> None:
    mine = ModelChoice("trained_here", name="mine")
    shelf = ModelShelf()
    monkeypatch.setattr(kinds, "own_models", lambda: {"mine": toy_model})
    assert mine.config is toy_model.config
    with shelf.turn(mine) as model:
        assert model is toy_model
    monkeypatch.setattr(kinds, "own_models", dict)  # the next visitor
    with pytest.raises(InputError, match="no longer here"), shelf.turn(mine):
        pass
    assert shelf.bytes_held == 0


# Downloading.
def until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def has_button(at: AppTest, key: str) -> bool:
    return key in [button.key for button in at.button]


@pytest.mark.parametrize(
    ("address", "variable", "allowed"),
    [
        ("127.0.0.1", None, True),
        ("localhost", None, True),
        ("0.0.0.0", None, False),
        (None, None, False),
        ("127.0.0.1", "0", False),
        ("0.0.0.0", "1", True),
    ],
)
def test_downloading_is_for_a_local_start_or_where_it_is_allowed(
    address: str | None, variable: str | None, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamlit, "get_option", {"server.address": address}.get)
    if variable is not None:
        monkeypatch.setenv("GPT_EXPLORER_ALLOW_DOWNLOAD", variable)
    assert download.download_allowed() is allowed


def test_without_leave_there_is_no_button() -> None:
    assert not has_button(visit(), "download_gpt2")


def test_a_download_shows_its_progress_and_then_the_model(
    monkeypatch: pytest.MonkeyPatch, source: Path, tmp_path: Path
) -> None:
    go_on: list[bool] = []

    def fetch(progress: Callable[[int, int], None], stopped: Callable[[], bool]) -> Path:
        progress(100_000_000, 548_000_000)
        until(lambda: bool(go_on))
        return cached(tmp_path / "hub", REPOSITORY, source)

    monkeypatch.setenv("GPT_EXPLORER_ALLOW_DOWNLOAD", "1")
    monkeypatch.setattr(download, "fetch_gpt2", fetch)
    at = press(visit(), "download_gpt2")
    assert has_button(at, "download_stop")
    assert not has_button(at, "download_gpt2")
    assert [bar.proto.text for bar in at.get("progress")] == ["GPT-2: 100 of 548\u00a0MB"]
    go_on.append(True)
    until(lambda: not download._DOWNLOADS[REPOSITORY].active)
    settled(at.run())
    assert at.selectbox(key="model").value == f"gpt2/{REPOSITORY}"
    assert metrics(at) == numbers_of(load_gpt2(source))
    assert not has_button(at, "download_gpt2")
    assert text_in("en", "models")("about_gpt2") in captions(at)


def test_a_download_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []

    def fetch(progress: Callable[[int, int], None], stopped: Callable[[], bool]) -> Path:
        until(stopped)
        ended.append(True)
        raise Cancelled

    monkeypatch.setenv("GPT_EXPLORER_ALLOW_DOWNLOAD", "1")
    monkeypatch.setattr(download, "fetch_gpt2", fetch)
    at = press(visit(), "download_gpt2")
    press(at, "download_stop")
    until(lambda: bool(ended))
    settled(at.run())
    assert has_button(at, "download_gpt2")
    assert warnings(at) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_offline_a_download_says_so_and_everything_else_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, language: str
) -> None:
    """The real failure: nobody answers."""
    point_to(free_port(), monkeypatch)
    monkeypatch.setenv("GPT_EXPLORER_ALLOW_DOWNLOAD", "1")
    at = press(visit(lang=language), "download_gpt2")
    until(lambda: not download._DOWNLOADS[REPOSITORY].active)
    settled(at.run())
    assert warnings(at) == [text_in(language, "errors")("download_offline")]
    assert has_button(at, "download_gpt2")
    assert metrics(at)
    assert not list(tmp_path.rglob("*" + WEIGHTS + "*incomplete"))
    assert os.environ["HF_HUB_DISABLE_XET"] == "1"


# Continuing the prompt.
def written(at: AppTest) -> str:
    return str(at.code[0].value)


def generated(at: AppTest) -> AppTest:
    """Press the button and wait until the text is written."""
    press(at, "generate")
    until(lambda: not has_button(settled(at.run()), "generation_status_stop"))
    return at


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_prompt_is_continued_with_the_probability_of_each_token(language: str) -> None:
    at = visit(
        model="trained_small",
        lang=language,
        alignment="continuation",
        prompt_1="Fellow citizens of",
        target_1=" the",
        generate_length="3",
    )
    generated(at)
    assert written(at).startswith("Fellow citizens of the")
    tokens = next(frame.value for frame in at.dataframe if "bar" in frame.value)
    assert len(tokens) == 3
    assert tokens["token"][0] == "␣the"
    assert float(tokens["probability"][0]) == pytest.approx(tokens["bar"][0], rel=1e-3)
    assert "chance" not in tokens


def test_drawn_tokens_depend_on_the_seed_of_the_draw_and_the_address_has_it() -> None:
    at = visit(model="trained_small", generate_by="drawn", generate_length="6", generate_seed="7")
    first = written(generated(at))
    assert written(generated(at)) == first
    at.number_input(key="generate_seed").set_value(8).run()
    assert address_of(settled(at))["generate_seed"] == "8"
    assert not [code for code in at.code if code.value == first]  # another draw: nothing is written yet
    assert written(generated(at)) != first


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_is_said_beside_the_field(language: str) -> None:
    at = visit(generate_by="drawn", generate_top_k="0", generate_length="many", lang=language)
    assert len(warnings(at)) == 2
    assert "`many`" in warnings(at)[0]
    assert at.number_input(key="generate_length").value == 20
    assert at.number_input(key="generate_top_k").value == 50


def test_the_second_text_can_be_continued() -> None:
    at = visit(model="trained_small", generate_text="2", generate_length="1")
    assert written(generated(at)).startswith("I really like")


# In a real browser.
@pytest.mark.slow
def test_in_a_browser_a_model_is_switched_to_and_kept_when_the_page_is_reloaded(page: Page, server: str) -> None:
    open_page(page, f"{server}/?size=mini")
    perplexity = keyed(page, "perplexity").get_by_test_id("stMetricValue")
    expect(perplexity).not_to_be_empty(timeout=A_WHILE)
    untrained = perplexity.inner_text()
    keyed(page, "model").get_by_role("combobox").click()
    page.get_by_role("option", name="Small trained model").click()
    expected = numbers_of(trained_small_model())["perplexity"]
    assert expected != untrained
    expect(perplexity).to_have_text(expected, timeout=A_WHILE)
    expect(page).to_have_url(re.compile("model=trained_small"))
    page.reload()
    expect(perplexity).to_have_text(expected, timeout=A_WHILE)
    assert "model=trained_small" in page.url
    keyed(page, "model").get_by_role("combobox").click()
    page.get_by_role("option", name="Untrained").click()
    expect(perplexity).to_have_text(untrained, timeout=A_WHILE)


@pytest.mark.slow
def test_in_a_browser_a_text_is_written_and_stopped(page: Page, server: str) -> None:
    open_page(page, f"{server}/?model=trained_small&generate_length=200")
    page.get_by_role("button", name="Continue", exact=True).click()
    text = keyed(page, "generated").get_by_test_id("stCode")
    expect(text).to_contain_text(re.compile("every effort moves.+"), timeout=A_WHILE)
    keyed(page, "generation_status_stop").get_by_role("button").click()
    expect(keyed(page, "generation_status")).to_contain_text("stopped", timeout=A_WHILE)
    wait_until_idle(page)
    tokens = int(keyed(page, "generation_status").inner_text().split(" of 200")[0].strip())
    assert 0 < tokens < 200
    assert axe_violations(page) == []


@pytest.mark.slow
@IN_CHINESE_AND_DARK
@pytest.mark.parametrize("width", [390, 1440])
def test_in_a_browser_compared_models_fit_and_can_be_read_aloud(page: Page, server: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    query = "compare=models&models=untrained/mini,trained_small&alignment=continuation"
    open_page(page, f"{server}/compare?{query}&prompt_1=Fellow+citizens+of&target_1=+the+Senate")
    for key in ("chart_models_ruler", "chart_models", "chart_gain", "chart_top_tokens_1", "chart_top_tokens_2"):
        expect(keyed(page, key).locator(".main-svg").first).to_be_visible(timeout=A_WHILE)
    wait_until_idle(page)
    assert overflows(page) == []
    assert axe_violations(page) == []


@pytest.mark.slow
def test_in_a_browser_a_model_that_is_not_here_is_said_where_it_is_seen(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})  # the sidebar is closed
    open_page(page, f"{server}/?size=mini&model=gpt2/nowhere")
    notice = keyed(page, "unknown_model")
    expect(notice).to_be_in_viewport(timeout=A_WHILE)
    assert overflows(page) == []
    notice.get_by_role("button", name="Small trained model").click()
    expect(notice).to_have_count(0, timeout=A_WHILE)
    expect(page).to_have_url(re.compile("model=trained_small"))
