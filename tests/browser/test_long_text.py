"""Long text in a real browser: read, point, open, load again; narrow, Chinese and dark."""

from playwright.sync_api import Page, expect

from tests.support.browsing import IN_CHINESE_AND_DARK, axe_violations, keyed, open_page, overflows, wait_until_idle

A_WHILE = 90_000  # ms: the cores may be shared
TEXT = "The+President+sent+a+message%0Ato+the+Congress+of+the+United+States."


def opened(page: Page, server: str, query: str = "") -> None:
    open_page(page, f"{server}/long_text?model=trained_small&long_text={TEXT}{query}")
    expect(keyed(page, "downloads_long")).to_be_visible(timeout=A_WHILE)
    wait_until_idle(page)


def test_a_token_opens_and_the_link_keeps_it(page: Page, server: str) -> None:
    opened(page, server)
    spans = page.locator(".running-text-span")
    expect(spans.first).to_be_visible()
    spans.nth(3).hover()
    expect(page.locator(".running-text-tip")).to_contain_text("nats")
    spans.nth(3).click()
    expect(keyed(page, "chart_top_tokens")).to_be_visible(timeout=A_WHILE)
    expect(page.locator(".running-text-selected")).to_have_attribute("data-place", "3")
    perplexity = keyed(page, "long_perplexity").get_by_test_id("stMetricValue").inner_text()
    page.reload()
    expect(keyed(page, "chart_top_tokens")).to_be_visible(timeout=A_WHILE)
    expect(keyed(page, "long_perplexity").get_by_test_id("stMetricValue")).to_have_text(perplexity, timeout=A_WHILE)
    expect(page.locator(".running-text-selected")).to_have_attribute("data-place", "3")


def test_a_stride_is_typed_and_the_switches_move_the_number(page: Page, server: str) -> None:
    opened(page, server, "&stride=8")
    page.get_by_text("Why does my number differ?").click()
    expect(keyed(page, "why_perplexity")).to_be_visible(timeout=A_WHILE)
    before = keyed(page, "why_perplexity").get_by_test_id("stMetricValue").inner_text()
    keyed(page, "why_per").get_by_text("word", exact=True).click()
    expect(keyed(page, "why_perplexity").get_by_test_id("stMetricValue")).not_to_have_text(before, timeout=A_WHILE)


@IN_CHINESE_AND_DARK
def test_a_narrow_screen_holds_it_all(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    opened(page, server)
    wait_until_idle(page)
    assert overflows(page) == []
    own = [fault for fault in axe_violations(page) if "stFileUploaderDropzone" not in fault]  # that is Streamlit's
    assert own == []


def test_a_row_of_a_list_opens_in_explore(page: Page, server: str) -> None:
    open_page(page, f"{server}/compare?compare=list&model=trained_small&list_text=One+fine+day.%0AA+second+day.")
    expect(keyed(page, "downloads_list")).to_be_visible(timeout=A_WHILE)
    table = keyed(page, "list_table").get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    table.click(position={"x": 16, "y": 88}, force=True)  # the second row's box
    keyed(page, "list_open").get_by_role("button").click()
    expect(page.get_by_role("textbox").first).to_have_value("A second day.", timeout=A_WHILE)
