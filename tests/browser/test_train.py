"""Train in Chromium: play, watch numbers fall, pause, look back, use the model; read it on any screen."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gptcore.weights.checkpoints import load_checkpoint
from tests.support.browsing import IN_CHINESE_AND_DARK, axe_violations, keyed, open_page, overflows, wait_until_idle

PATIENCE = 180_000  # ms; a training gives way to everything else that the machine does


def number(page: Page, key: str) -> float:
    """The number in a metric."""
    return float(keyed(page, key).locator("[data-testid=stMetricValue]").inner_text().replace(",", ""))


def wait_for_step(page: Page, step: int) -> None:
    """Wait until the run has come to a step, or beyond."""
    page.wait_for_function(
        """step => Number(document.querySelector(
            '.st-key-train_step_number [data-testid=stMetricValue]')?.innerText) >= step""",
        arg=step,
        timeout=PATIENCE,
    )


def wait_until_still(page: Page) -> None:
    """Wait until the run pauses or is over: then its tables can be fetched."""
    keyed(page, "train_records").wait_for(timeout=PATIENCE)
    wait_until_idle(page)


def press(page: Page, key: str) -> None:
    keyed(page, key).locator("button").first.click()


@pytest.mark.slow
def test_play_pause_look_back_and_use_the_model(page: Page, server: str, tmp_path: Path) -> None:
    open_page(page, f"{server}/train?size=mini&train_steps=30")
    keyed(page, "train_step_number").wait_for(timeout=PATIENCE)
    first = number(page, "train_perplexity")
    press(page, "train_play")
    wait_for_step(page, 3)
    press(page, "train_pause")
    wait_until_still(page)
    reached, fallen = number(page, "train_step_number"), number(page, "train_perplexity")
    assert 3 <= reached < 30
    assert fallen < first / 10
    expect(keyed(page, "train_pause").locator("button")).to_be_disabled()

    slider = keyed(page, "train_scrubber").get_by_role("slider")
    slider.focus()
    slider.press("ArrowLeft")
    expect(keyed(page, "train_step_number").locator("[data-testid=stMetricValue]")).to_have_text(f"{reached - 1:.0f}")
    assert number(page, "train_perplexity") > fallen
    slider.press("ArrowRight")
    expect(keyed(page, "train_step_number").locator("[data-testid=stMetricValue]")).to_have_text(f"{reached:.0f}")

    with page.expect_download(timeout=PATIENCE) as fetched:
        press(page, "train_save")
    fetched.value.save_as(tmp_path / "model.safetensors")
    saved = load_checkpoint(tmp_path / "model.safetensors")
    assert (saved.origin.kind, saved.config.emb_dim) == ("trained_here", 128)

    press(page, "train_use")
    page.wait_for_url(re.compile(r"/(\?|$|explore)"), timeout=PATIENCE)
    chosen = keyed(page, "model").get_by_role("combobox")
    expect(chosen).to_have_value(re.compile(r"Trained here: mini\+\d+"), timeout=60_000)
    shown = keyed(page, "perplexity").locator("[data-testid=stMetricValue]")
    expect(shown).to_have_text(f"{fallen:,.2f}", timeout=60_000)


@pytest.mark.slow
def test_the_charts_move_in_place(page: Page, server: str) -> None:
    """The same chart is drawn on, never taken away and built anew: that would blink."""
    open_page(page, f"{server}/train?size=mini&train_steps=8")
    chart = keyed(page, "train_chart_curve").locator(".live-chart")
    chart.locator(".main-svg").first.wait_for(timeout=PATIENCE)
    chart.evaluate("element => { element.dataset.marked = 'yes'; }")
    press(page, "train_play")
    wait_until_still(page)
    assert number(page, "train_step_number") == 8
    expect(chart).to_have_attribute("data-marked", "yes")


@pytest.mark.slow
def test_reloading_says_what_became_of_the_training(page: Page, server: str) -> None:
    open_page(page, f"{server}/train?size=mini&train_steps=500")
    keyed(page, "train_step_number").wait_for(timeout=PATIENCE)
    press(page, "train_play")
    wait_for_step(page, 2)
    expect(page).to_have_url(re.compile("train_run="))
    page.reload()
    expect(page.get_by_text(re.compile(r"This training stopped at step \d+"))).to_be_visible(timeout=PATIENCE)
    assert number(page, "train_step_number") >= 2
    expect(keyed(page, "train_play").locator("button")).to_be_enabled()


@pytest.mark.slow
def test_a_second_visitor_waits_in_turn(page: Page, server: str, new_context: object) -> None:
    open_page(page, f"{server}/train?size=mini&train_steps=500")
    press(page, "train_play")
    wait_for_step(page, 1)
    second = new_context().new_page()  # type: ignore[operator]
    open_page(second, f"{server}/train?size=mini&train_steps=4")
    press(second, "train_play")
    expect(second.get_by_text("1 ahead of you")).to_be_visible(timeout=PATIENCE)
    page.close()  # stops the first
    wait_until_still(second)
    assert number(second, "train_step_number") == 4


@pytest.mark.parametrize("section", ["fit", "backpropagation", "text"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_sticks_out_and_all_can_be_read(page: Page, server: str, section: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_page(page, f"{server}/train?size=mini&train_section={section}")
    what = "backpropagation_chart_push" if section == "backpropagation" else "train_play"
    keyed(page, what).wait_for(timeout=PATIENCE)
    wait_until_idle(page, steady_ms=1500)
    assert overflows(page) == []
    assert axe_violations(page) == []


@IN_CHINESE_AND_DARK
@pytest.mark.parametrize("section", ["fit", "backpropagation", "text"])
def test_in_chinese_and_dark(page: Page, server: str, section: str) -> None:
    open_page(page, f"{server}/train?size=mini&train_section={section}")
    expect(page.get_by_role("heading", name="损失有什么用？")).to_be_visible()
    wait_until_idle(page, steady_ms=1500)
    assert axe_violations(page) == []
