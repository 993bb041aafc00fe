"""Inputs to start from."""

from __future__ import annotations

from gptcore.examples import Example

SEVEN_WORD_EXAMPLES = (
    Example("every effort moves", "effort moves you"),
    Example("a zoo moves", "zoo moves forward"),
)
"""The lesson of the book's two texts in seven words, so that a whole row of probabilities fits on the screen."""

PRESETS: dict[str, tuple[Example, ...]] = {
    "book": (
        Example("every effort moves", " effort moves you"),
        Example("I really like", " really like chocolate"),
    ),
    "slip": (
        Example.from_ids([16833, 3626, 6100], [3626, 6100, 345]),
        Example.from_ids([40, 1107, 588], [588, 428, 11311]),
    ),
    "chinese": (Example("今天天气很好", alignment="shifted"),),
    "repetitive": (Example("the whale and the whale and the whale and the whale", alignment="shifted"),),
    "forgotten_space": (Example("every effort moves", "effort moves you"),),
}
"""Inputs to start from, by name; the numbers of the first two are in the tests."""
