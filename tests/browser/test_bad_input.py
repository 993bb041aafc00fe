"""Bad input in Chromium: markup that does nothing, addresses too long or no text at all, a seed that is none."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browsing import keyed, wait_until_idle
from tests.support.watching import ONE_ROW, SECONDS, Watched, drawn, metric, open_options, query_of, type_into


@pytest.mark.parametrize("alignment", ["shifted", "paired"])
def test_markup_is_shown_as_it_was_typed_and_does_nothing(visitor: Watched, alignment: str) -> None:
    """That no request leaves and no dialog opens is what the visitor fixture looks at."""
    text = "<img src=x onerror=alert(1)><b>bold</b> ![x](http://127.0.0.2:9/a.png) $x$ **b** :smile: :red[r]"
    page = visitor.open(
        size="mini", prompt_1=text, target_1=text[::-1] if alignment == "shifted" else text, alignment=alignment
    )
    drawn(page, "chart_rank_curve")
    expect(keyed(page, "prompt_1").locator("textarea")).to_have_value(text)
    main = page.get_by_test_id("stMain")
    expect(
        main.locator("img, script, b, .katex-mathml:has-text('x'):not(.st-key-x)").filter(has_text="bold")
    ).to_have_count(0)
    expect(main.locator("img")).to_have_count(0)
    if alignment == "paired":
        expect(keyed(page, "example_1").get_by_test_id("stAlert").first).to_contain_text("<img␣src=x␣onerror=alert(1)>")
    expect(open_options(page, "position").first).to_contain_text("<")
    page.keyboard.press("Escape")
    points = keyed(page, "chart_log_probabilities").locator(".barlayer .point")
    points.first.hover(force=True)
    expect(keyed(page, "chart_log_probabilities").locator(".hoverlayer")).to_contain_text("ln p")
    page.get_by_text("Show the code").click()
    expect(page.get_by_test_id("stCode").first).to_contain_text("<b>bold</b>")


def test_a_hundred_kilobytes_in_the_address(visitor: Watched) -> None:
    text = "word " * 20_000
    page = visitor.open(size="mini", prompt_1=text, target_1="x")
    expect(keyed(page, "example_1").get_by_test_id("stAlert")).to_contain_text("100,000")
    expect(keyed(page, "prompt_1").locator("textarea")).to_have_value(text)
    query = query_of(page)
    assert query.pop("rest")  # the name of what the address has no room for
    assert query == {"target_1": "x"}
    keyed(page, "mend_shorten_1").get_by_role("button").click()
    wait_until_idle(page)
    expect(keyed(page, "example_1").get_by_test_id("stAlert")).not_to_contain_text("100,000")


def test_bytes_that_are_no_text_in_the_address(visitor: Watched) -> None:
    page = visitor.open("/?size=mini&alignment=shifted&prompt_1=a%ED%A0%80b%FF%00c")
    expect(metric(page, "perplexity")).to_have_text(re.compile(r"\d"), timeout=SECONDS)
    expect(keyed(page, "tokens_1")).to_contain_text("⟨U+0000⟩")


def test_a_seed_that_is_none_stays_in_its_field_with_a_sentence(visitor: Watched) -> None:
    page = visitor.open(**ONE_ROW)
    drawn(page, "chart_perplexity")
    number = metric(page, "perplexity").inner_text()
    type_into(page, "seed", str(2**63))
    expect(keyed(page, "seed")).to_contain_text("4294967295")  # Streamlit's own sentence
    expect(keyed(page, "seed").locator("input")).to_have_value(str(2**63))
    expect(metric(page, "perplexity")).to_have_text(number)
    type_into(page, "seed", "")
    expect(keyed(page, "seed").locator("input")).to_have_value("123")
