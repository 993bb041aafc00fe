"""The link to what is shown, in Chromium: copied, gone on from at the bare address, and forgotten."""

from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.support.browsing import keyed, open_page, wait_until_idle
from tests.support.watching import ONE_ROW, Watched, query_of


def test_the_link_is_copied_and_the_next_visit_goes_on_from_it_until_it_starts_over(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW, seed="7", room="")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    keyed(page, "own_link_buttons").get_by_role("button", name="Copy the link").click()
    expect(keyed(page, "own_link_buttons").get_by_role("status")).to_contain_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "seed=7" in copied
    assert "room" not in copied
    page.wait_for_function("(localStorage.getItem('gpt-loss-explorer.last') ?? '').includes('seed=7')")
    root = f"{urlsplit(page.url).scheme}://{urlsplit(page.url).netloc}/"
    open_page(page, f"{root}?lang=en")
    go_on = page.get_by_role("button", name="Go on where you were")
    go_on.click()
    page.wait_for_url("**/*seed=7*")
    wait_until_idle(page)
    assert query_of(page)["seed"] == "7"
    expect(go_on).to_have_count(0)
    page.get_by_role("button", name="Start over").click()
    page.wait_for_url(root)
    wait_until_idle(page)
    expect(go_on).to_have_count(0)
