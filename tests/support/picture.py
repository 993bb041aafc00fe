"""`make picture`: the README's picture of Explore, taken from the running app in a real browser."""

import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests import ROOT
from tests.conftest import CHROMIUM_ARGS
from tests.support.browsing import keyed, open_page
from tests.support.chromium import find_chromium
from tests.support.serving import serving

PICTURE = ROOT / ".readme" / "explore.png"


def main() -> None:
    """Start the app, open Explore on its first preset, and save what is seen at 1440 × 1000."""
    PICTURE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "log.txt") as app, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGS))
        page = browser.new_page(viewport={"width": 1440, "height": 1000}, locale="en-US", color_scheme="light")
        open_page(page, app.url)
        for chart in ("chart_target_probabilities", "chart_log_probabilities"):
            expect(keyed(page, chart).locator(".main-svg").first).to_be_visible()
        page.screenshot(path=PICTURE)
        browser.close()
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
