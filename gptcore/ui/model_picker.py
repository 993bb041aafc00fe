"""The model: kind, size, context length and seed, in the sidebar of every page and in its address."""

from __future__ import annotations

import secrets

import streamlit as st

from gptcore.config import MAX_SEED, SIZES
from gptcore.ui import address
from gptcore.ui.elements import code_span
from gptcore.ui.models import DEFAULT_SEED, LOADERS, ModelChoice, own_models
from gptcore.ui.texts import page_text

OFFERED_SIZES = [name for name, config in SIZES.items() if config.vocab_size == SIZES["124M"].vocab_size]
CONTEXT_LENGTHS = [256, 1024]


def model_picker() -> ModelChoice:
    """Draw the picker; the model that the visitor chose."""
    text = page_text("models")
    offered = offered_kinds()
    kind, unknown = address.value("model", "untrained", address.one_of(*offered))
    size, no_size = address.value("size", "124M", address.one_of(*OFFERED_SIZES))
    context_length, no_context = address.value("context_length", 256, address.one_of(*CONTEXT_LENGTHS))
    seed, no_seed = address.value("seed", DEFAULT_SEED, address.whole_number(0, MAX_SEED))
    if len(offered) > 1:
        st.selectbox(text("model"), offered, format_func=kind_name, key="model", persist_state="session")
    if unknown is not None:
        st.warning(text("unknown_model", given=code_span(unknown)), icon=":material/error:")
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
        return ModelChoice("untrained", size, context_length, seed)
    return ModelChoice(kind=kind.split("/", 1)[0], name=kind.split("/", 1)[-1] if "/" in kind else "")


def offered_kinds() -> list[str]:
    """What can be chosen: "untrained", the kinds that load without a name, "gpt2/<name>", "trained_here/<name>"."""
    kinds = ["untrained"]
    for kind in LOADERS:
        if kind != "trained_here":
            kinds.append(kind)
    kinds += [f"trained_here/{name}" for name in own_models()]
    return kinds


def kind_name(kind: str) -> str:
    """What a kind is called in the reader's language."""
    text = page_text("models")
    family, _, name = kind.partition("/")
    return text(f"kinds.{family}", name=name)


def _another_seed() -> None:
    st.session_state["seed"] = secrets.randbelow(10_000)
