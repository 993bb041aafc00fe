"""The models that can be chosen: untrained ones, the small trained one that ships, and what lies on this machine."""

from __future__ import annotations

from gptcore.errors import InputError
from gptcore.ui.models.choice import ModelChoice
from gptcore.ui.models.found import found_models, opened_models
from gptcore.ui.models.kinds import own_marks, own_models
from gptcore.weights.description import ModelDescription, describe_model
from gptcore.weights.safetensors_header import TRAINED_SMALL


def offered_models() -> list[str]:
    """Every model that can be chosen, by its id: "untrained", "trained_small", "gpt2/<name>", "found/<name>", …."""
    shipped = ["trained_small"] if TRAINED_SMALL.exists() else []
    found = [f"{kind_of(model)}/{name}" for name, model in found_models().items() if model.usable]
    opened = [f"opened/{name}" for name in opened_models()]
    return ["untrained", *shipped, *found, *opened, *(f"trained_here/{name}" for name in own_models())]


def kind_of(model: ModelDescription) -> str:
    """The kind of a model that was found, as it stands in an address."""
    return "gpt2" if model.kind == "gpt2" else "found"


def refusal(model: str) -> InputError | None:
    """Why a model that was found cannot be used, by its id; None for one that can, and for what was not found."""
    family, _, name = model.partition("/")
    found = found_models().get(name) if family in ("gpt2", "found") else None
    return found.error if found is not None else None


def choice_of(model: str) -> ModelChoice:
    """The choice that an id of a model stands for; an untrained one has size, context length and seed besides."""
    kind, _, name = model.partition("/")
    if kind == "opened" and name in opened_models():
        path, heads = opened_models()[name]
        found = describe_model(path, n_heads=heads)
        return ModelChoice(kind=kind, name=name, marks=found.marks, path=str(found.path), n_heads=heads)
    if kind in ("gpt2", "found") and name in found_models():
        found = found_models()[name]
        return ModelChoice(kind=kind, name=name, marks=found.marks, path=str(found.path))
    return ModelChoice(kind=kind, name=name, marks=own_marks(name) if kind == "trained_here" else "")
