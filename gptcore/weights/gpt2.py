"""GPT-2's published weights as a model of this project: mapped from the file, nothing copied."""

from __future__ import annotations

from pathlib import Path

from gptcore.config import ModelOrigin
from gptcore.model import GPTModel
from gptcore.weights.description import tokenizer_of
from gptcore.weights.gpt2_layout import VOCAB_SIZE, WEIGHTS, check_gpt2
from gptcore.weights.layouts import GPT2
from gptcore.weights.loading import assemble, reading
from gptcore.weights.model_paths import model_folder, published_name
from gptcore.weights.stored_model import StoredModel


def load_gpt2(folder: Path | str, *, vocab_size: int = VOCAB_SIZE) -> GPTModel:
    """The GPT-2 in a folder with `config.json` and `model.safetensors`, in evaluation mode, float32.

    `load_model` takes more; this one insists on the published form.

    Weights that are float32 in the file stay there: pages are read when they are first used, and shared between
    processes. So let the file be as long as the model is used; replace it rather than write into it.

    Args:
        folder: As published, of any size; or an entry of the Hugging Face cache (`models--openai-community--gpt2`).
        vocab_size: How many rows the model must have.

    Raises:
        InputError: By name, for whatever is no such model. Never a pickle.
    """
    folder = model_folder(Path(folder))
    config, names = check_gpt2(folder, vocab_size)
    file = folder / WEIGHTS
    stored = StoredModel(
        folder,
        "gpt2",
        config,
        GPT2,
        (file,),
        {name: (file, own) for name, own in names.items()},
        (),
        {"model_type": "gpt2"},
    )
    with reading(stored) as read:
        model = assemble(stored, read)
    model.own_tokenizer = tokenizer_of(stored)[1]
    model.origin = ModelOrigin("gpt2", published_name(folder))
    return model
