"""Every press counts once, whatever of it comes again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptcore.ui.widgets.press_counter import new_presses


@given(st.lists(st.sampled_from([-11, -1, 1, 11]), max_size=30), st.lists(st.tuples(st.integers(0, 5), st.booleans())))
def test_presses_count_once_in_order_though_messages_repeat_or_get_lost(
    presses: list[int], messages: list[tuple[int, bool]]
) -> None:
    pressed, done, acted = 0, 0, list[int]()
    for more, arrives in [*messages, (len(presses), True)]:
        pressed = min(len(presses), pressed + more)
        sent = {"visit": "a", "presses": [[n, presses[n]] for n in range(pressed)]}
        new = new_presses(sent, "a", done) if arrives else []
        acted, done = acted + new, done + len(new)
    assert acted == presses


@pytest.mark.parametrize(
    "sent",
    [None, "x", {}, {"visit": "a"}, {"visit": "a", "presses": 7}, {"visit": "b", "presses": [[0, 1]]}]
    + [{"visit": "a", "presses": [press]} for press in (None, [], [1, 1], ["0", 1], [0, "1"], [0, 1, 2], {"0": 1})],
)
def test_what_no_browser_of_this_visit_sends_is_no_press(sent: Any) -> None:
    assert new_presses(sent, "a", 0) == []
