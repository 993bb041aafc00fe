"""The model: kind, size, context length and seed, in the sidebar of every page and in its address."""

from __future__ import annotations

import os
import secrets

import streamlit as st

from gptcore.config import MAX_SEED, SIZES
from gptcore.number_format import count
from gptcore.ui.models.catalog import choice_of, offered_models, refusal
from gptcore.ui.models.choice import DEFAULT_SEED, ModelChoice
from gptcore.ui.models.download import download_gpt2, fetched_for_me
from gptcore.ui.models.found import found_models
from gptcore.ui.models.kinds import KINDS
from gptcore.ui.models.machine import machine_models, vocabulary_line, wanted_model
from gptcore.ui.state import url
from gptcore.ui.state.translations import page_text
from gptcore.ui.widgets.basics import code_span, error_sentence, plain
from gptcore.weights.description import describe_model

SIZES_VARIABLE = "GPT_EXPLORER_SIZES"
"""Names the environment variable with the sizes to offer, separated by commas; 124M, the book's, is always one."""


def offered_sizes(wanted: str | None) -> list[str]:
    """The sizes that read GPT-2's vocabulary: all of them, or those of a list with commas between, and the book's.

    >>> offered_sizes("mini, 124M"), offered_sizes("nothing such"), offered_sizes(None)
    (['mini', '124M'], ['124M'], ['mini', '124M', 'medium', 'large', 'xl'])
    """
    sizes = [name for name, config in SIZES.items() if config.vocab_size == SIZES["124M"].vocab_size]
    if not (wanted or "").strip():
        return sizes
    names = {name.strip() for name in (wanted or "").split(",")}
    return [name for name in sizes if name == "124M" or name in names]


OFFERED_SIZES = offered_sizes(os.environ.get(SIZES_VARIABLE))
CONTEXT_LENGTHS = [256, 1024]
_SHOWN_REFUSALS = 2
_UNKNOWN = "_unknown_model"
_PUBLISHER = "openai-community/"


def model_picker() -> ModelChoice:
    """Draw the picker; the model that the visitor chose."""
    text = page_text("models")
    if (wanted := fetched_for_me() or wanted_model()) is not None:
        _choose(wanted)
    offered = offered_models()
    kind, unknown = url.value("model", "untrained", url.one_of(*offered))
    size, no_size = url.value("size", "124M", url.one_of(*OFFERED_SIZES))
    context_length, no_context = url.value("context_length", 256, url.one_of(*CONTEXT_LENGTHS))
    seed, no_seed = url.value("seed", DEFAULT_SEED, url.whole_number(0, MAX_SEED))
    if unknown is not None:
        st.session_state[_UNKNOWN] = unknown
    names = {kind: model_name(kind) for kind in offered}
    st.selectbox(
        text("model"),
        offered,
        format_func=names.__getitem__,
        key="model",
        persist_state="session",
        on_change=_chosen,
        help=text("model_help"),
    )
    if kind == "untrained":
        left, right = st.columns(2)
        left.selectbox(text("size"), OFFERED_SIZES, key="size", persist_state="session", help=text("size_help"))
        right.selectbox(
            text("context"), CONTEXT_LENGTHS, key="context_length", persist_state="session", help=text("context_help")
        )
        st.number_input(
            text("seed"),
            min_value=0,
            max_value=MAX_SEED,
            value=None,  # an emptied field is the default seed again, not the lowest
            step=1,
            key="seed",
            persist_state="session",
            help=text("seed_help"),
        )
        for name, refused in (("size", no_size), ("context", no_context), ("seed", no_seed)):
            if refused is not None:
                st.warning(text(f"bad_{name}", given=code_span(refused)), icon=":material/error:")
        st.button(
            text("another_seed"), key="another_seed", icon=":material/casino:", on_click=_another_seed, width="stretch"
        )
        choice = ModelChoice("untrained", size, context_length, seed)
    else:
        choice = choice_of(kind)
        _about(choice)
    _unusable()
    download_gpt2()
    return choice


def unknown_model_notice() -> None:
    """Where the address named a model that is not here: say so on the page, and offer what is, until one is chosen."""
    unknown = st.session_state.get(_UNKNOWN)
    if unknown is None:
        return
    text = page_text("models")
    error = refusal(unknown)
    reason = " " + error_sentence(error) if error is not None else ""
    with st.container(border=True, key="unknown_model"):
        st.warning(text("unknown_model", given=code_span(unknown)) + reason, icon=":material/error:")
        with st.container(horizontal=True):
            for model in offered_models():
                st.button(plain(model_name(model)), key=f"choose_{model}", on_click=_choose, args=(model,))


def model_name(model: str) -> str:
    """What a model is called in the reader's language, by its id."""
    text = page_text("models")
    family, _, name = model.partition("/")
    short = name.removeprefix(_PUBLISHER)
    kind = KINDS.get(family)
    return text(kind.label if kind else "kinds.found", name=name if short in found_models() else short)


def _about(choice: ModelChoice) -> None:
    """What a model that was trained is: its size, what it reads at once, what it has read."""
    text = page_text("models")
    config = choice.config
    published = choice.kind != "gpt2" or choice.name.startswith(_PUBLISHER)
    what = text(f"about_{choice.kind}" if published else "about_found")
    weights, context = count(config.parameters), count(config.context_length)
    st.caption(text("about", weights=weights, context=context, what=what))
    if choice.path:
        st.caption(vocabulary_line(describe_model(choice.path, n_heads=choice.n_heads)))


def _unusable() -> None:
    """What was found and cannot be used, and why."""
    text = page_text("models")
    refused = [(name, model.error) for name, model in found_models().items() if model.error is not None]
    for name, error in refused[:_SHOWN_REFUSALS]:
        st.caption(text("unusable", name=code_span(name), reason=error_sentence(error)))
    machine_models(unusable=len(refused))


def _choose(model: str) -> None:
    st.session_state["model"] = model
    _chosen()


def _chosen() -> None:
    st.session_state.pop(_UNKNOWN, None)


def _another_seed() -> None:
    st.session_state["seed"] = secrets.randbelow(10_000)
