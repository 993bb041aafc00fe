"""What an analysis is of, in the reader's language: its texts, its model, its seed. Files and pictures name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from gptcore.examples import Example
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.picker import model_name
from gptcore.ui.state.translations import page_text

_PICTURES = "_pictures_of"
_LONGEST_NOTE = 160


def inputs_of(
    choice: ModelChoice, examples: Sequence[Example] = (), temperature: float = 1.0, *, seeded: bool = True
) -> dict[str, str]:
    """The texts, the model with its size and seed, and a temperature other than 1, by name.

    Args:
        choice: The model.
        examples: What it scored or learned.
        temperature: What the logits were divided by.
        seeded: Whether the seed of an untrained model matters here; many seeds do not have one.
    """
    text, models = page_text("exports"), page_text("models")
    shown = {text("texts"): "\n".join(map(_in_words, examples))} if examples else {}
    name = model_name(choice.id)
    if choice.of_kind.seeded:
        name += f", {choice.size}, {models('context')} {choice.context_length}"
        name += f", {models('seed')} {choice.seed}" if seeded else ""
    shown[text("model")] = name
    if temperature != 1.0:
        shown[page_text("explore")("temperature")] = f"{temperature:g}"
    return shown


def name_in_pictures(inputs: Mapping[str, str]) -> None:
    """Let the pictures of this page's charts say what they are of."""
    st.session_state[_PICTURES] = " · ".join(_short(value.replace("\n", "; ")) for value in inputs.values())


def picture_note(choice: ModelChoice) -> str:
    """What the pictures of this run's page say below their titles; the model, where the page said nothing."""
    if _PICTURES not in st.session_state:
        name_in_pictures(inputs_of(choice))
    return str(st.session_state.pop(_PICTURES))


def _in_words(example: Example) -> str:
    parts = (example.prompt, example.target)
    return " → ".join(part if isinstance(part, str) else ", ".join(map(str, part)) for part in parts if part)


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST_NOTE else f"{words[:_LONGEST_NOTE]}…"
