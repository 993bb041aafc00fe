"""Chips of aligned tokens: which of them belong to one word, so that a line does not break within it."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from tests.support.visiting import visit


def chips(at: AppTest) -> list[dict[str, Any]]:
    """Return the columns of the page's first row of chips."""
    found = [
        json.loads(element.proto.json) for element in at.get("bidi_component") if '"columns"' in element.proto.json
    ]
    columns: list[dict[str, Any]] = found[0]["columns"]
    return columns


def joined(**query: str) -> list[tuple[str, bool]]:
    columns = chips(visit("explore", size="mini", alignment="shifted", **query))
    return [(column["prompt"]["piece"], bool(column.get("joined"))) for column in columns]


def test_the_chips_of_one_word_are_joined() -> None:
    assert joined(prompt_1="an Antidisestablishmentarianism, 1 word") == [
        ("an", False),
        ("␣Ant", True),  # its target goes on with the target before it
        ("idis", True),
        ("establishment", True),
        ("arian", True),
        ("ism", True),
        (",", False),
        ("␣1", False),
    ]


def test_a_script_without_spaces_is_not_one_word() -> None:
    assert not any(is_joined for _, is_joined in joined(prompt_1="今天天气很好"))
