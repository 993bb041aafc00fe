"""The names and shapes under which a GPT's weights are stored: GPT-2's, nanoGPT's and the book's. No torch here.

Raschka, Build a Large Language Model (From Scratch), chapter 4, names the book's; https://github.com/karpathy/nanoGPT
nanoGPT's, which has GPT-2's names with linear layers the other way round (output × input) and biases or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gptcore.config import GPTConfig
from gptcore.errors import InputError
from gptcore.weights.safetensors_header import FLOAT_BYTES, StoredTensor

PREFIXES = ("_orig_mod.", "_module.", "module.", "transformer.", "model.")
"""What wrappers put before names: torch.compile, Opacus, DataParallel, Hugging Face and nanoGPT, Lightning."""

_MASKS = re.compile(r"(\.attn\.(bias|masked_bias)|\.att\.mask|\.mask|\.tril)$")
_HEADS = ("n_head", "n_heads", "num_heads", "num_attention_heads")
_LARGEST = {"vocab_size": 10_000_000, "context_length": 10_000_000, "emb_dim": 100_000, "n_layers": 1_000}
_NAMED = 5


@dataclass(frozen=True)
class Layout:
    """One way to store a GPT.

    Attributes:
        kind: "gpt2", "nanogpt" or "book".
        block: What the n-th block's names start with.
        token_table, position_table: Names of the two embeddings.
        head: Name of the output head's weight.
    """

    kind: str
    block: str
    token_table: str
    position_table: str
    head: str


GPT2 = Layout("gpt2", "h.", "wte.weight", "wpe.weight", "lm_head.weight")
NANOGPT = Layout("nanogpt", "h.", "wte.weight", "wpe.weight", "lm_head.weight")
BOOK = Layout("book", "trf_blocks.", "tok_emb.weight", "pos_emb.weight", "out_head.weight")


def plain_names(stored: Iterable[str]) -> dict[str, str]:
    """Each tensor's stored name by its plain one: without what wrappers put before it, and without causal masks.

    >>> plain_names(["_orig_mod.transformer.wte.weight", "module.h.0.attn.bias"])
    {'wte.weight': '_orig_mod.transformer.wte.weight'}
    """
    names = {}
    for name in stored:
        plain = name
        while prefix := next((each for each in PREFIXES if plain.startswith(each)), ""):
            plain = plain.removeprefix(prefix)
        if not _MASKS.search(plain):
            names[plain] = name
    return names


def recognize(tensors: Mapping[str, StoredTensor]) -> Layout:
    """The layout of tensors under their plain names.

    Raises:
        InputError: "weights_prefix" where all would be there but for a prefix; "weights_unknown_layout" otherwise.
    """
    if BOOK.token_table in tensors:
        return BOOK
    if GPT2.token_table in tensors:
        fused = tensors.get("h.0.attn.c_attn.weight")
        rows_first = fused is not None and len(fused.shape) == 2 and fused.shape[0] == 3 * fused.shape[1]
        return NANOGPT if rows_first else GPT2
    for marker in (GPT2.token_table, BOOK.token_table):
        for name in tensors:
            if name.endswith(f".{marker}"):
                raise prefix_error(name.removesuffix(marker), len(tensors))
    raise InputError(
        "weights_unknown_layout",
        f"neither GPT-2's, nor nanoGPT's, nor the book's names are in it, but {some(list(tensors))}",
        names=some(list(tensors)),
    )


def shape_from_tensors(
    layout: Layout, tensors: Mapping[str, StoredTensor], settings: Mapping[str, Any], n_heads: int | None = None
) -> GPTConfig:
    """The model's shape, read from its tensors; only the number of heads must come from elsewhere.

    Args:
        layout: As `recognize` says.
        tensors: By plain name.
        settings: What a configuration beside the weights says; `n_head` or `n_heads` is read.
        n_heads: Given by hand; goes before the settings.

    Raises:
        InputError: "weights_heads_unknown" where nobody says how many heads there are; "weights_other_setting" for a
            number of heads that cannot be; "weights_missing_tensors" and "weights_wrong_shape".
    """
    tables = layout.token_table, layout.position_table
    if missing := [name for name in tables if name not in tensors]:
        raise naming("weights_missing_tensors", "is missing", missing)
    for name in tables:
        if len(tensors[name].shape) != 2 or not all(tensors[name].shape):
            raise wrong_shape(name, tensors[name].shape, None)
    vocab_size, emb_dim = tensors[layout.token_table].shape
    context_length = tensors[layout.position_table].shape[0]
    blocks = {name.removeprefix(layout.block).partition(".")[0] for name in tensors if name.startswith(layout.block)}
    n_layers = len([number for number in blocks if number.isdecimal()])
    sizes = {"vocab_size": vocab_size, "context_length": context_length, "emb_dim": emb_dim, "n_layers": n_layers}
    for name, size in sizes.items():
        if not 1 <= size <= _LARGEST[name]:
            raise other_setting(name, size, f"1–{_LARGEST[name]}")
    heads = n_heads if n_heads is not None else next((settings[key] for key in _HEADS if key in settings), None)
    if heads is None:
        raise InputError(
            "weights_heads_unknown",
            f"the weights do not say how many attention heads share the {emb_dim} numbers: pass n_heads",
            width=emb_dim,
        )
    if isinstance(heads, bool) or not isinstance(heads, int) or heads < 1 or emb_dim % heads:
        raise other_setting("n_heads", heads, f"{emb_dim} / n")
    qkv = "trf_blocks.0.att.W_query.bias" if layout is BOOK else "h.0.attn.c_attn.bias"
    return GPTConfig(
        **sizes,
        n_heads=heads,
        qkv_bias=qkv in tensors,
        tie_output_head=layout.head not in tensors or layout is not BOOK,
        exact_gelu=layout is NANOGPT,
    )


def stored_shapes(layout: Layout, config: GPTConfig) -> tuple[dict[str, tuple[int, ...]], set[str]]:
    """(shapes by plain name, names that may be absent) of a model's tensors in a layout."""
    C, V = config.emb_dim, config.vocab_size
    shapes: dict[str, tuple[int, ...]] = {layout.token_table: (V, C), layout.position_table: (config.context_length, C)}
    optional = set()
    if layout is BOOK:
        shapes |= {"final_norm.scale": (C,), "final_norm.shift": (C,)}
        block = _book_block(config)
    else:
        shapes |= {"ln_f.weight": (C,), "ln_f.bias": (C,)}
        block = _gpt2_block(config, transposed=layout is GPT2)
    for n in range(config.n_layers):
        shapes |= {f"{layout.block}{n}.{name}": shape for name, shape in block.items()}
    shapes[layout.head] = (V, C)
    if config.tie_output_head:
        optional.add(layout.head)
    if layout is NANOGPT:
        optional |= {name for name in shapes if name.endswith(".bias")}
    return shapes, optional


def check_tensors(layout: Layout, config: GPTConfig, tensors: Mapping[str, StoredTensor]) -> None:
    """Raise InputError unless the tensors, by plain name, are a whole model of this shape.

    Raises:
        InputError: "weights_missing_tensors", "weights_unexpected_tensors", "weights_mask", "weights_wrong_shape",
            "weights_wrong_numbers".
    """
    shapes, optional = stored_shapes(layout, config)
    missing = [name for name in shapes if name not in tensors and name not in optional]
    if missing:
        raise naming("weights_missing_tensors", "is missing", missing)
    unexpected = [name for name in tensors if name not in shapes]
    if masks := [name for name in unexpected if _is_mask(name, tensors[name])]:
        raise naming("weights_mask", "is a causal mask, not a weight: save the model without its buffers", masks)
    if unexpected:
        raise naming(
            "weights_unexpected_tensors", f"does not belong to a model in the layout {layout.kind}", unexpected
        )
    for name in (name for name in shapes if name in tensors):
        stored = tensors[name]
        if stored.shape != shapes[name]:
            raise wrong_shape(name, stored.shape, shapes[name])
        if stored.dtype not in FLOAT_BYTES:
            raise InputError(
                "weights_wrong_numbers", f"{name} holds {stored.dtype} numbers", name=name, found=stored.dtype
            )


def _gpt2_block(config: GPTConfig, *, transposed: bool) -> dict[str, tuple[int, ...]]:
    """A block's tensors; linear layers input × output where transposed, as OpenAI stored them."""
    C = config.emb_dim
    layers = {"attn.c_attn": (C, 3 * C), "attn.c_proj": (C, C), "mlp.c_fc": (C, 4 * C), "mlp.c_proj": (4 * C, C)}
    shapes: dict[str, tuple[int, ...]] = {}
    for norm in ("ln_1", "ln_2"):
        shapes |= {f"{norm}.weight": (C,), f"{norm}.bias": (C,)}
    for layer, (fan_in, fan_out) in layers.items():
        shapes |= {
            f"{layer}.weight": (fan_in, fan_out) if transposed else (fan_out, fan_in),
            f"{layer}.bias": (fan_out,),
        }
    return shapes


def _book_block(config: GPTConfig) -> dict[str, tuple[int, ...]]:
    C = config.emb_dim
    layers = {"att.W_query": (C, C), "att.W_key": (C, C), "att.W_value": (C, C), "att.out_proj": (C, C)}
    layers |= {"ff.layers.0": (4 * C, C), "ff.layers.2": (C, 4 * C)}
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, shape in layers.items():
        shapes[f"{layer}.weight"] = shape
        if config.qkv_bias or ".W_" not in layer:
            shapes[f"{layer}.bias"] = shape[:1]
    for norm in ("norm1", "norm2"):
        shapes |= {f"{norm}.scale": (C,), f"{norm}.shift": (C,)}
    return shapes


def _is_mask(name: str, stored: StoredTensor) -> bool:
    """Whether a tensor that does not belong looks like a causal mask: T × T, and no product's weight."""
    square = len(stored.shape) >= 2 and stored.shape[-1] == stored.shape[-2]
    batched = len(stored.shape) > 2 and all(size == 1 for size in stored.shape[:-2])
    return square and (batched or stored.dtype in ("BOOL", "U8", "bool", "uint8") or "mask" in name or "tril" in name)


def some(names: list[str], limit: int = _NAMED) -> str:
    """The first few of many names."""
    return ", ".join(name[:80] for name in names[:limit]) + (" …" if len(names) > limit else "")


def naming(code: str, what: str, names: list[str]) -> InputError:
    """An error about some tensors, which names the first few and counts them."""
    return InputError(code, f"{some(names)} {what} ({len(names)} in all)", names=some(names), count=len(names))


def prefix_error(prefix: str, count: int) -> InputError:
    """All is there, under names with something before them."""
    return InputError(
        "weights_prefix",
        f"all {count} weights have {prefix!r} before their names: remove it and save them again",
        prefix=prefix[:80],
        count=count,
    )


def wrong_shape(name: str, found: tuple[int, ...], wanted: tuple[int, ...] | None) -> InputError:
    """A tensor of another shape than the model's."""
    shown, expected = (" × ".join(map(str, each)) or "1" for each in (found[:8], wanted or ()))
    if wanted is None:
        expected = "V × C"
    return InputError(
        "weights_wrong_shape", f"{name} is {shown}, not {expected}", name=name, found=shown, wanted=expected
    )


def other_setting(setting: str, found: object, wanted: str) -> InputError:
    """A setting that what runs here cannot have."""
    return InputError(
        "weights_other_setting",
        f"{setting} is {found!r}; what runs here has {wanted}",
        setting=setting,
        found=str(found)[:40],
        wanted=wanted,
    )
