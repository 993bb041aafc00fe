"""`make picture`: the README's pictures in both languages, taken from the running app in a real browser.

Explore as a still picture, and the eleven steps on the small vocabulary as an animation.
"""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gptcore.ui.widgets.browser_store import PREFIX
from tests import ROOT
from tests.conftest import CHROMIUM_ARGS
from tests.support.browsing import keyed, open_page, wait_until_idle
from tests.support.chromium import find_chromium
from tests.support.serving import serving

FOLDER = ROOT / ".readme"
LOCALES = {"en-US": "", "zh-CN": ".zh-CN"}
"""What a language's files have before their ending."""
STEPS = 11
SECONDS_A_STEP = 2.2
WIDTH = 1280
STEP_HEIGHT = 800
MOST_BYTES = 1_500_000
"""All pictures together: who opens the repository loads them."""


def main() -> None:
    """Start the app and take every picture anew."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "log.txt") as app, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGS))
        for locale, ending in LOCALES.items():
            _small(_explore(browser, app.url, locale)).save(FOLDER / f"explore{ending}.png", optimize=True)
            first, *rest = _steps(browser, app.url, locale)
            first.save(
                FOLDER / f"steps{ending}.webp",
                save_all=True,
                append_images=rest,
                duration=round(SECONDS_A_STEP * 1000),
                loop=0,
                quality=70,
                method=6,
            )
        browser.close()
    for picture in sorted(FOLDER.glob("*.[pw]*")):
        print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size / 1024:.0f} KB")


def _explore(browser: Browser, url: str, locale: str) -> Image.Image:
    """Explore on its first preset, as it is at 1440 × 1000."""
    page = _page(browser, locale, 1440, 1000)
    open_page(page, url)
    for chart in ("chart_target_probabilities", "chart_log_probabilities"):
        expect(keyed(page, chart).locator(".main-svg").first).to_be_visible(timeout=60_000)
    return _taken(page)


def _steps(browser: Browser, url: str, locale: str) -> list[Image.Image]:
    """Every step on the vocabulary of seven words, one after the other."""
    page = _page(browser, locale, WIDTH, STEP_HEIGHT)
    pictures = []
    for step in range(1, STEPS + 1):
        open_page(page, f"{url}/step_by_step?vocabulary=seven&step={step}")
        expect(keyed(page, "step_heading")).to_be_visible(timeout=60_000)
        pictures.append(_taken(page).resize((WIDTH * 3 // 4, STEP_HEIGHT * 3 // 4), Image.Resampling.LANCZOS))
    page.context.close()
    return pictures


def _page(browser: Browser, locale: str, width: int, height: int) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=locale, color_scheme="light", reduced_motion="reduce"
    )
    context.add_init_script(f"localStorage.setItem('{PREFIX}tour', 'seen')")
    return context.new_page()


def _taken(page: Page) -> Image.Image:
    wait_until_idle(page, steady_ms=1_500)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def _small(picture: Image.Image) -> Image.Image:
    """With a palette: a page has few colours, and the file is a third of the size."""
    return picture.quantize(colors=128, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
