"""What lies on this machine: looked for again every few seconds, since each rerun asks several times."""

from __future__ import annotations

import time

import streamlit as st

from gptcore.errors import InputError
from gptcore.weights.description import ModelDescription
from gptcore.weights.model_search import find_models

_LOOK_AGAIN_SECONDS = 2.0
_LOOKED: dict[str, tuple[float, dict[str, ModelDescription]]] = {}


def found_models() -> dict[str, ModelDescription]:
    """Every model in `./models`, in GPT_EXPLORER_MODELS and in the Hugging Face cache, by name, usable or not."""
    since, found = _LOOKED.get("models", (0.0, {}))
    if time.monotonic() - since > _LOOK_AGAIN_SECONDS or not since:
        found = find_models()
        _LOOKED["models"] = time.monotonic(), found
    return found


def look_again() -> None:
    """Forget what was found: something was fetched."""
    _LOOKED.clear()


@st.cache_resource(scope="session", show_spinner=False)
def opened_models() -> dict[str, tuple[str, int | None]]:
    """What this visitor opened, by name: its path, and its number of heads where they said it."""
    return {}


def model_gone(name: str) -> InputError:
    """What a reader hears of a model that was here and is not."""
    return InputError("model_gone", f"the model {name} is no longer here", name=name)
