"""GPT-2's published weights as a model of this project: mapped from the file, nothing copied."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn

from gptcore.config import ModelOrigin
from gptcore.errors import InputError
from gptcore.initialization import shape_of_model
from gptcore.model import GPTModel, TransformerBlock
from gptcore.weights.gpt2_layout import VOCAB_SIZE, WEIGHTS, check_gpt2
from gptcore.weights.gpt2_search import model_folder, published_name


def load_gpt2(folder: Path | str, *, vocab_size: int = VOCAB_SIZE) -> GPTModel:
    """The GPT-2 in a folder with `config.json` and `model.safetensors`, in evaluation mode, float32.

    Weights that are float32 in the file stay there: pages are read when they are first used, and shared between
    processes. So let the file be as long as the model is used; replace it rather than write into it. Others are
    converted. Never a pickle.

    Args:
        folder: As published, of any size; or an entry of the Hugging Face cache (`models--openai-community--gpt2`).
        vocab_size: What the model must have: the tokenizer's.

    Raises:
        InputError: By name, for whatever is no such model.
    """
    folder = model_folder(Path(folder))
    config, names = check_gpt2(folder, vocab_size)
    model = shape_of_model(config)
    with safe_open(folder / WEIGHTS, framework="pt") as file:

        def stored(name: str) -> Tensor:
            tensor: Tensor = file.get_tensor(names[name])
            return tensor.float()  # itself where it is float32

        model.tok_emb.weight = nn.Parameter(stored("wte.weight"))
        model.pos_emb.weight = nn.Parameter(stored("wpe.weight"))
        for n, block in enumerate(model.trf_blocks):
            assert isinstance(block, TransformerBlock)
            attention, widen, narrow = block.att, block.ff.layers[0], block.ff.layers[2]
            fused = stored(f"h.{n}.attn.c_attn.weight"), stored(f"h.{n}.attn.c_attn.bias")  # (C, 3 C), (3 C,)
            parts = zip(*(each.split(config.emb_dim, dim=-1) for each in fused), strict=True)
            for layer, (weight, bias) in zip(
                (attention.W_query, attention.W_key, attention.W_value), parts, strict=True
            ):
                _set(layer, weight.T, bias)
            for linear, name in ((attention.out_proj, "attn.c_proj"), (widen, "mlp.c_fc"), (narrow, "mlp.c_proj")):
                _set(linear, stored(f"h.{n}.{name}.weight").T, stored(f"h.{n}.{name}.bias"))
            for norm, name in ((block.norm1, "ln_1"), (block.norm2, "ln_2")):
                norm.scale = nn.Parameter(stored(f"h.{n}.{name}.weight"))
                norm.shift = nn.Parameter(stored(f"h.{n}.{name}.bias"))
        model.final_norm.scale = nn.Parameter(stored("ln_f.weight"))
        model.final_norm.shift = nn.Parameter(stored("ln_f.bias"))
        if "lm_head.weight" in names:
            head = stored("lm_head.weight")
            if config.tie_output_head and not torch.equal(head, model.tok_emb.weight):
                raise InputError(
                    "weights_unexpected_tensors",
                    "lm_head.weight differs from wte.weight, though the configuration ties them",
                    names="lm_head.weight",
                    count=1,
                )
            model.out_head.weight = nn.Parameter(head)
    model.tie_output_head()
    model.origin = ModelOrigin("gpt2", published_name(folder))
    return model.eval()


def _set(layer: nn.Module, weight: Tensor, bias: Tensor) -> None:
    """Give a linear layer its weight (out, in), a view of the published (in, out), and its bias."""
    layer.weight = nn.Parameter(weight)
    layer.bias = nn.Parameter(bias)
