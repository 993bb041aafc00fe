"""Which models are compared, and sentences to compare them on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote, unquote

import streamlit as st

from gptcore.examples import Example
from gptcore.ui.examples.state import show_examples
from gptcore.ui.models.catalog import choice_of, offered_models
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.picker import OFFERED_SIZES, model_name
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span

MOST_MODELS = 4

SENTENCES: dict[str, tuple[Example, ...]] = {
    "learned": (Example("Fellow citizens of", " the Senate and House of Representatives", "continuation"),),
    "not_learned": (Example("My phone needs", " a new battery and faster internet", "continuation"),),
}
"""A sentence that the small trained model has learned something about, and one that it has not."""


def sentence_menu() -> None:
    """Sentences to start from."""
    text = page_text("compare_models")
    st.menu_button(
        text("start_from"),
        list(SENTENCES),
        format_func=text.group("sentences").__getitem__,
        key="sentence",
        icon=":material/lists:",
        on_click=lambda: show_examples(SENTENCES[st.session_state["sentence"]]),
    )


def comparable_models() -> list[str]:
    """Every model that can be compared, by its id: each size of an untrained one, and all others that are offered."""
    return [*(f"untrained/{size}" for size in OFFERED_SIZES), *offered_models()[1:]]


def chosen_models() -> list[str]:
    """The field for two to four models; their ids, from the address too."""
    text = page_text("compare_models")
    offered = comparable_models()
    default = ["untrained/124M", offered[len(OFFERED_SIZES)] if len(offered) > len(OFFERED_SIZES) else "untrained/mini"]
    chosen, unknown = url.value(
        "models", default, _reader(offered), lambda models: ",".join(quote(model, safe="/") for model in models)
    )
    st.multiselect(
        text("models"),
        offered,
        format_func=compared_name,
        key="models",
        max_selections=MOST_MODELS,
        persist_state="session",
        help=text("models_help"),
        placeholder=text("choose"),
    )
    if unknown is not None:
        st.warning(text("unknown", given=code_span(unquote(unknown))), icon=":material/error:")
    return list(chosen)


def _reader(offered: Sequence[str]) -> Callable[[str], list[str]]:
    def read(words: str) -> list[str]:
        models = [unquote(part) for part in words.split(",") if part]
        if len(models) > MOST_MODELS or len(set(models)) < len(models) or not set(models) <= set(offered):
            raise ValueError(words[:40])
        return models

    return read


def compared_choice(model: str) -> ModelChoice:
    """The model that an id stands for; an untrained one takes seed and context length from the sidebar."""
    kind, _, size = model.partition("/")
    if kind == "untrained":
        state = st.session_state
        return ModelChoice("untrained", size, state["context_length"], state["seed"])
    return choice_of(model)


def compared_name(model: str) -> str:
    """What a compared model is called in the reader's language."""
    kind, _, size = model.partition("/")
    text = page_text("compare_models")
    return text("untrained", size=size, seed=st.session_state["seed"]) if kind == "untrained" else model_name(model)
