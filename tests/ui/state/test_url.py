"""The address is the state: what it says is shown, what is shown it says, and Back goes back."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from gptcore.ui.state import url
from tests.support.visiting import address_of, visit, warnings


def page() -> None:
    """A page with one field of each kind, and what became of it written out."""
    import streamlit as st

    from gptcore.ui.state import url

    url.begin(st.session_state.get("page", "here"))
    incomplete = url.incomplete()
    seed, refused = url.value("seed", 123, url.whole_number(0, 999))
    url.value("alignment", "paired", url.one_of("paired", "shifted"))
    url.value("depth", 1, url.whole_number(1, 9))  # has no widget on this page
    st.number_input("Seed", 0, 999, value=None, key="seed", persist_state="session")
    st.segmented_control("Alignment", ["paired", "shifted"], key="alignment", persist_state="session")
    named = {key: url.said(key) for key in url.named()}
    for key, words in st.session_state.get("put", {}).items():
        url.put(key, words)
    fits = url.finish()
    st.session_state["out"] = {"seed": seed, "refused": refused, "said": url.refused("seed"), "fits": fits}
    st.session_state["out"] |= {"named": named, "incomplete": incomplete}
    st.session_state["out"]["depth"] = (st.session_state["depth"], url.refused("depth"))


def opened(**query: str) -> AppTest:
    """Open the page with an address."""
    at = AppTest.from_function(page)
    for key, words in query.items():
        at.query_params[key] = words
    return at.run()


def out(at: AppTest) -> dict[str, Any]:
    """Return what the page made of it."""
    assert not at.exception
    result: dict[str, Any] = at.session_state["out"]
    return result


def query(at: AppTest) -> dict[str, str]:
    """Return the address as it stands."""
    return {key: words if isinstance(words, str) else words[0] for key, words in at.query_params.items()}


def test_an_address_that_says_nothing_shows_the_defaults_and_stays_short() -> None:
    at = opened()
    assert (out(at)["seed"], at.number_input(key="seed").value) == (123, 123)
    assert query(at) == {}


def test_what_the_address_says_is_shown_and_stays_there() -> None:
    at = opened(seed="7", alignment="shifted")
    assert at.number_input(key="seed").value == 7
    assert at.session_state["alignment"] == "shifted"
    assert query(at) == {"seed": "7", "alignment": "shifted"}


def test_a_change_on_the_page_goes_into_the_address_and_a_default_out_of_it() -> None:
    at = opened(seed="7")
    at.number_input(key="seed").set_value(8).run()
    assert (out(at)["seed"], query(at)) == (8, {"seed": "8"})
    at.number_input(key="seed").set_value(123).run()
    assert (out(at)["seed"], query(at)) == (123, {})


@pytest.mark.parametrize("words", ["abc", "-1", "1000", "1e99", str(2**63), "1_0", "٣", "", "7.0", "nan", "9" * 5000])
def test_words_that_are_no_value_are_refused_and_leave_the_address(words: str) -> None:
    at = opened(seed=words, alignment="shifted")
    assert (out(at)["seed"], out(at)["refused"], out(at)["said"]) == (123, words, words)
    assert query(at) == {"alignment": "shifted"}
    at.run()
    assert out(at)["refused"] is None  # said once: there is nothing left to mend


def test_what_a_browser_should_not_have_let_through_is_refused_too() -> None:
    at = opened()
    at.session_state["depth"] = -5
    at.run()
    assert out(at)["depth"] == (1, "-5")


def test_a_field_that_was_emptied_is_the_default_again() -> None:
    at = opened(seed="7")
    at.number_input(key="seed").set_value(None).run()
    assert (out(at)["seed"], out(at)["refused"], query(at)) == (123, None, {})


def test_a_server_that_was_restarted_takes_what_the_browser_brings_along() -> None:
    at = opened(seed="7")
    at.number_input(key="seed").set_value(8)
    at.segmented_control(key="alignment").set_value("shifted")
    after = AppTest.from_function(page)
    after.query_params["seed"] = "7"
    after._run(widget_state=at._tree.get_widget_states())
    assert (out(after)["seed"], after.number_input(key="seed").value) == (8, 8)
    assert query(after) == {"seed": "8", "alignment": "shifted"}


def test_back_reads_the_address_again() -> None:
    at = opened(seed="7")
    at.number_input(key="seed").set_value(8).run()
    at.number_input(key="seed").set_value(9).run()
    at.query_params["seed"] = "7"
    at.run()
    assert (out(at)["seed"], query(at)) == (7, {"seed": "7"})


def test_a_click_that_still_carries_the_last_address_is_not_back() -> None:
    """The browser hears of a new address only after the run; what it sends meanwhile carries the one before."""
    at = opened(seed="7")
    at.number_input(key="seed").set_value(8).run()
    at.query_params["seed"] = "7"
    at.number_input(key="seed").set_value(9).run()
    assert (out(at)["seed"], query(at)) == (9, {"seed": "9"})


def test_what_is_pressed_in_quick_succession_leads_whatever_address_it_carries() -> None:
    at = opened(seed="7")
    for seed, carried in ((8, "7"), (9, "7"), (7, "8"), (8, "9")):
        at.query_params["seed"] = carried
        at.number_input(key="seed").set_value(seed).run()
        assert (out(at)["seed"], query(at)) == (seed, {"seed": str(seed)})


def test_what_was_chosen_comes_along_to_another_page() -> None:
    at = opened(seed="7")
    at.session_state["page"] = "there"
    at.query_params.clear()  # the navigation leaves a page's parameters behind
    at.run()
    assert (out(at)["seed"], query(at)) == (7, {"seed": "7"})


@pytest.mark.parametrize("text", ["a" * 7_000, "今" * 1_000, "😀" * 600])
def test_only_the_text_that_is_too_long_is_left_out_and_a_reload_still_has_it(text: str) -> None:
    at = opened(seed="7")
    at.session_state["put"] = {"prompt_1": text, "target_1": "short"}
    at.run()
    assert not out(at)["fits"]
    said = query(at)
    assert {key: said[key] for key in said if key != "rest"} == {"seed": "7", "target_1": "short"}
    again = opened(**said)
    assert out(again)["named"] == {"prompt_1": text, "target_1": "short"}
    assert not out(again)["incomplete"]


def test_a_link_whose_long_text_is_not_known_here_says_so_once() -> None:
    at = opened(seed="7", rest="0" * 32)
    assert (out(at)["seed"], out(at)["incomplete"]) == (7, True)
    assert not out(at.run())["incomplete"]


@pytest.mark.parametrize(
    ("words", "amount"),
    [("0.5", 0.5), ("2", 2.0), ("1e0", 1.0), ("nan", None), ("inf", None), ("0.05", None), ("x", None)],
)
def test_numbers_are_read_within_their_bounds(words: str, amount: float | None) -> None:
    read = url.number(0.1, 5.0)
    if amount is None:
        with pytest.raises(ValueError):  # noqa: PT011 - float's own sentence, or ours
            read(words)
    else:
        assert read(words) == amount


def test_one_of_gives_the_option_itself() -> None:
    assert url.one_of(256, 1024)("1024") == 1024
    with pytest.raises(ValueError, match="7"):
        url.one_of(256, 1024)("7")


@pytest.mark.parametrize(
    ("page", "key"), [("", "projector"), ("", "first_token"), ("train", "train_clip"), ("", "predict")]
)
def test_a_switch_is_one_or_zero_in_an_address(page: str, key: str) -> None:
    more = {"alignment": "shifted"} if key == "first_token" else {}
    at = visit(page, **more, **{key: "yes"})
    assert any("`yes`" in warning for warning in warnings(at))
    assert (at.session_state[key], key in address_of(at)) == (False, False)
    at = visit(page, **more, **{key: "1"})
    assert (at.session_state[key], address_of(at)[key]) == (True, "1")


def test_a_field_that_was_away_for_a_run_is_told_its_value_even_where_a_late_event_still_carries_it() -> None:
    at = visit(prompt_1="a", target_1="b", prompt_2="我", target_2="我")
    switch = at.toggle(key="lens_2_rows_spaces")
    at.text_area(key="prompt_2").set_value("我 s").run()
    assert "lens_2_rows_spaces" not in [each.key for each in at.toggle]  # and with it the browser forgot its value
    at.text_area(key="target_2").set_value("我 s")
    late = at._tree.get_widget_states()
    late.widgets.append(switch._widget_state)
    at._run(widget_state=late)
    switch = at.toggle(key="lens_2_rows_spaces")
    assert (switch.value, switch.proto.set_value, switch.proto.value) == (True, True, True)
