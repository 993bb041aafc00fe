"""Nothing that was typed, chosen or pressed is lost, on a line that is slow, breaks, or delivers all at once."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsing import keyed, wait_until_idle
from tests.support.fields import change, shown
from tests.support.proxy import Proxy, proxied
from tests.support.serving import serving

LONG = "every effort moves " + "word " * 930


@pytest.fixture
def line(server: str) -> Iterator[Proxy]:
    """Stand between the browser and the server."""
    with proxied(int(server.rpartition(":")[2])) as proxy:
        yield proxy


def settle(page: Page) -> None:
    """Wait until a slow line has nothing more to bring."""
    wait_until_idle(page, steady_ms=900, timeout_ms=90_000)


def go(page: Page, line: Proxy, path: str) -> None:
    page.goto(f"{line.url}{path}")
    settle(page)


def query(page: Page) -> dict[str, str]:
    return {key: words[0] for key, words in parse_qs(urlsplit(page.url).query, keep_blank_values=True).items()}


@pytest.mark.parametrize(("key", "words"), [("prompt_1", "hello there world"), ("seed", "77"), ("lang", "中文")])
def test_a_change_while_the_first_view_is_still_being_made(page: Page, line: Proxy, key: str, words: str) -> None:
    line.delay_ms = 50
    page.goto(f"{line.url}/?size=124M&seed={4_000 + len(key)}&target_1=a")
    keyed(page, key).wait_for(timeout=60_000)
    wanted = change(page, key, words)
    settle(page)
    assert shown(page, key) == wanted
    assert query(page)["target_1"] == "a"


@pytest.mark.parametrize("delay", [0, 150, 400])
def test_four_fields_in_quick_succession(page: Page, line: Proxy, delay: int) -> None:
    go(page, line, "/?size=mini")
    line.delay_ms = delay
    wanted = {}
    for key, words in (("prompt_1", "one two three"), ("temperature", "1.5"), ("seed", "104"), ("target_2", " a b c")):
        wanted[key] = change(page, key, words)
    settle(page)
    assert {key: shown(page, key) for key in wanted} == wanted
    assert (query(page)["seed"], query(page)["temperature"]) == ("104", "1.5")


def test_a_button_and_a_field_right_after_it(page: Page, line: Proxy) -> None:
    go(page, line, "/?size=mini&target_1=x")
    line.delay_ms = 150
    keyed(page, "another_seed").get_by_role("button").click()
    wanted = change(page, "temperature", "2")
    settle(page)
    assert shown(page, "temperature") == wanted
    assert query(page)["seed"] == shown(page, "seed") != "123"


def whole_runs(page: Page) -> str:
    """Return a word that is another one after each run of the whole page."""
    return keyed(page, "_seen_page").locator("input").input_value()


def test_a_position_runs_its_part_of_the_page_alone(page: Page, line: Proxy) -> None:
    go(page, line, "/?size=mini")
    chips = keyed(page, "tokens_1").get_by_role("button")
    chips.nth(1).click()
    settle(page)
    before = whole_runs(page)
    keyed(page, "chart_log_probabilities").locator(".barlayer .point").nth(4).click(force=True)
    settle(page)
    assert (query(page)["position"], shown(page, "position")[:1], whole_runs(page)) == ("5", "5", before)
    page.go_back()
    settle(page)
    assert (query(page)["position"], shown(page, "position")[:1]) == ("2", "2")


def test_positions_and_texts_in_quick_succession(page: Page, line: Proxy) -> None:
    go(page, line, "/?size=mini")
    chips = keyed(page, "tokens_1").get_by_role("button")
    line.delay_ms = 150
    for index in (2, 1, 0, 1):  # one that was open before, too
        chips.nth(index).click()
        page.wait_for_timeout(60)
    settle(page)
    assert (query(page)["position"], shown(page, "position")[:1]) == ("2", "2")
    change(page, "position", "1")
    settle(page)
    assert ("position" in query(page), shown(page, "position")[:1]) == (False, "1")
    wanted = change(page, "prompt_1", "one two three")
    chips.nth(2).click()
    settle(page)
    assert (shown(page, "prompt_1"), query(page)["position"], query(page)["prompt_1"]) == (wanted, "3", wanted)
    expect(chips.first).to_contain_text("one")


def test_what_is_typed_last_before_a_page_is_left(page: Page, line: Proxy) -> None:
    go(page, line, "/?size=mini")
    line.hold()
    change(page, "prompt_1", "hello there you all")
    page.get_by_role("link", name="Perplexity").first.click()
    page.wait_for_timeout(200)
    line.release()  # both at once
    page.wait_for_url(re.compile("perplexity"))
    settle(page)
    assert query(page)["prompt_1"] == "hello there you all"


def test_compare_opened_from_explore_has_everything_and_its_own_address(page: Page, line: Proxy) -> None:
    go(page, line, "/?size=mini&seed=55&lang=zh")
    line.delay_ms = 50
    page.get_by_role("link", name="比较").first.click()
    page.wait_for_url(re.compile(r"/compare\?.*lang=zh"))
    settle(page)
    assert {"size": "mini", "seed": "55", "lang": "zh"}.items() <= query(page).items()
    assert shown(page, "lang") == "中文"


def test_a_long_text_stays_on_the_way_back_and_in_a_reload(page: Page, line: Proxy) -> None:
    go(page, line, "/?size=mini")
    wanted = change(page, "prompt_1", LONG)
    settle(page)
    assert len(page.url) < 7_200
    change(page, "seed", "5")
    settle(page)
    page.go_back()
    settle(page)
    assert (shown(page, "prompt_1"), shown(page, "seed")) == (wanted, "123")
    page.reload()
    settle(page)
    assert shown(page, "prompt_1") == wanted


@pytest.mark.parametrize("gap", [0, 300])
def test_back_and_a_field_right_after_it(page: Page, line: Proxy, gap: int) -> None:
    go(page, line, "/?size=mini")
    change(page, "seed", "5")
    settle(page)
    change(page, "temperature", "2")
    settle(page)
    line.delay_ms = 50
    page.go_back()
    page.wait_for_timeout(gap)
    wanted = change(page, "seed", "9")
    settle(page)
    assert (shown(page, "seed"), shown(page, "temperature")) == (wanted, "1.00")
    page.go_back()  # at once after a change, too
    settle(page)
    assert shown(page, "seed") == "5"


@pytest.mark.parametrize("gap", [0, 40])
def test_seven_quick_presses_are_seven_steps(page: Page, line: Proxy, gap: int) -> None:
    go(page, line, "/step_by_step?vocabulary=seven")
    page.locator(".press-counter").wait_for(state="attached", timeout=60_000)
    line.delay_ms = 50
    for _ in range(7):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(gap)
    settle(page)
    assert query(page)["step"] == "8"


def test_a_list_of_many_seeds_takes_no_text_out_of_the_address(page: Page, line: Proxy) -> None:
    go(page, line, "/compare?size=mini&prompt_1=short&target_1=+x&seed_count=1")
    change(page, "seed_list", ", ".join(map(str, range(100_000, 102_600))))
    expect(page).to_have_url(re.compile("rest="), timeout=60_000)  # long before every seed is drawn
    assert len(page.url) < 7_200
    assert query(page)["prompt_1"] == "short"


def test_a_server_that_is_restarted_in_the_middle_of_a_run(page: Page, tmp_path: Path) -> None:
    with serving(tmp_path / "first.txt") as first, proxied(int(first.url.rpartition(":")[2])) as line:
        go(page, line, "/?size=mini&seed=7")
        line.hold()
        wanted = {key: change(page, key, words) for key, words in (("prompt_1", "typed at the end"), ("seed", "78"))}
        line.cut()
        line.release()
    # The first server is gone with all that it knew; the browser finds another one behind the same address.
    with serving(tmp_path / "second.txt") as second:
        again = Proxy(int(second.url.rpartition(":")[2]), port=line.port)
        again.start()
        try:
            expect(page.locator("[data-test-connection-state=CONNECTED]")).to_have_count(1, timeout=60_000)
            wanted["temperature"] = change(page, "temperature", "1.5")  # a browser that waits asks for nothing itself
            expect(page).to_have_url(re.compile("seed=78"), timeout=60_000)
            settle(page)
            assert {key: shown(page, key) for key in wanted} == wanted
        finally:
            again.stop()
