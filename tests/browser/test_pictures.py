"""Charts leave as pictures: large, in the light colours, with title and inputs in them, nothing fetched for it."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Download, Page, expect

from tests.support.browsing import keyed, open_page

QUERY = "size=mini&alignment=shifted&prompt_1=every+effort+%3Cb%3Emoves%3C%2Fb%3E+you"
HEADING = 78 * 3  # pixels at scale 3
A_WHILE = 60_000


def opened(download: Download, folder: Path) -> Image.Image:
    path = folder / download.suggested_filename
    download.save_as(path)
    return Image.open(path).convert("RGB")


def dark_pixels(picture: Image.Image, box: tuple[int, int, int, int]) -> int:
    """Count what is written in a part of a picture on white."""
    return sum(picture.crop(box).convert("L").histogram()[:110])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_of_charts_is_one_picture_and_each_chart_one_of_its_own(
    page: Page, server: str, tmp_path: Path, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    open_page(page, f"{server}/?{QUERY}")
    charts = page.locator("[data-testid=stMain] .js-plotly-plot .main-svg")
    expect(keyed(page, "chart_target_probabilities").locator(".main-svg").first).to_be_visible(timeout=A_WHILE)
    expect(keyed(page, "download_png").get_by_role("button")).to_be_visible(timeout=A_WHILE)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))

    with page.expect_download(timeout=A_WHILE) as waiting:
        keyed(page, "download_png").get_by_role("button").click()
    whole = opened(waiting.value, tmp_path)
    assert waiting.value.suggested_filename == "gpt-loss-explorer-explore-charts.png"
    assert whole.width == 1440 * 3 or whole.height > 15_900
    assert whole.height > 2 * 400 * whole.width / 1440
    assert whole.getpixel((5, 5)) == (255, 255, 255)  # white also from a dark page

    first = keyed(page, "chart_target_probabilities")
    first.hover()
    with page.expect_download(timeout=A_WHILE) as waiting:
        first.locator(".modebar-btn[data-title*='png' i]").first.click()
    one = opened(waiting.value, tmp_path)
    assert waiting.value.suggested_filename == "gpt-loss-explorer-explore-target-probabilities.png"
    assert one.width == 1440 * 3
    assert one.getpixel((5, 5)) == (255, 255, 255)
    assert dark_pixels(one, (0, 0, one.width // 2, HEADING // 2)) > 500  # the title
    assert dark_pixels(one, (0, HEADING // 2, one.width // 2, HEADING)) > 500  # the texts and the model
    assert [url for url in fetched if not url.startswith((server, "data:", "blob:"))] == []
    assert charts.count() > 0
