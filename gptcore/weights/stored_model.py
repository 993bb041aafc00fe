"""What lies in a file or folder: which kind of model, in which files, of what shape. No weight is read; no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptcore.config import GPTConfig
from gptcore.errors import InputError
from gptcore.regular_files import display_name, read_json
from gptcore.weights.gpt2_layout import CONFIG, WEIGHTS, read_config
from gptcore.weights.layouts import GPT2, Layout, check_tensors, plain_names, recognize, shape_from_tensors
from gptcore.weights.pickled import read_pickled
from gptcore.weights.safetensors_header import Header, StoredTensor, config_in, is_pickle, read_header

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINT_FORMAT = "gptcore-checkpoint-1"
"""What this project's own files say of themselves."""
PUBLISHED_WEIGHTS = (WEIGHTS, f"{WEIGHTS}.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
"""Names under which Hugging Face's library stores weights; the first that is there is read."""
CHECKPOINT_SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")

_MAX_INDEX_BYTES = 32 * 2**20
_MAX_SHARDS = 1_000


@dataclass(frozen=True)
class StoredModel:
    """A model on the disk, ready to be loaded.

    Attributes:
        path: The file or folder that was named.
        kind: "gptcore" (this project's own file), "gpt2", "nanogpt", "book", or "transformers".
        config: Its shape. Of a model of kind "transformers" only what its configuration says.
        layout: How its tensors are named; None for the kinds "gptcore" and "transformers".
        files: The weight files.
        names: The file and the stored name of each tensor, by its plain name.
        dtypes: The kinds of numbers in the files: "F32", "F16", "BF16".
        settings: What `config.json`, or the checkpoint itself, says.
        metadata: Of one of this project's own files.
        pickled: The tensors of each file that is a pickle, by stored name; mapped, not read.
    """

    path: Path
    kind: str
    config: GPTConfig
    layout: Layout | None
    files: tuple[Path, ...]
    names: dict[str, tuple[Path, str]] = field(repr=False)
    dtypes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict, repr=False)
    metadata: dict[str, str] = field(default_factory=dict, repr=False)
    pickled: dict[Path, dict[str, Tensor]] = field(default_factory=dict, repr=False)

    @property
    def folder(self) -> Path:
        """Where its vocabulary would lie."""
        return self.path if self.path.is_dir() else self.path.parent


def inspect_model(path: Path, n_heads: int | None = None) -> StoredModel:
    """Find out what a file or folder holds.

    Args:
        path: A weight file, a model's folder, or an entry of the Hugging Face cache's.
        n_heads: How many attention heads, where neither the weights nor a file beside them say so.

    Raises:
        InputError: By name, for whatever is no whole model that runs here.
    """
    if not path.exists():
        name = display_name(path)
        raise InputError("weights_missing", f"there is no file {name}", file=name)
    _check_path(path)
    if not path.is_dir():
        return _inspect_files(path, [path], _settings_beside(path), n_heads)
    settings = read_json(path / CONFIG) if (path / CONFIG).exists() else {}
    published = next((path / name for name in PUBLISHED_WEIGHTS if (path / name).exists()), None)
    if settings.get("model_type") not in (None, "gpt2"):
        return _other_architecture(path, settings, published)
    if published is None:
        published = _only_checkpoint(path)
        settings = settings or _settings_beside(published)
    files = _shards(published) if published.name.endswith(".index.json") else [published]
    try:
        return _inspect_files(path, files, settings, n_heads)
    except InputError as error:
        if error.code != "weights_other_setting" or "model_type" not in settings or find_spec("transformers") is None:
            raise
        return _other_architecture(path, settings, published)  # a GPT-2 with a setting that only that library computes


def _check_path(path: Path) -> None:
    """The libraries that read weights take no path that is not UTF-8."""
    try:
        os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        name = display_name(path)
        raise InputError("weights_path", f"the path of {name} is not UTF-8", file=name) from None


def _inspect_files(path: Path, files: list[Path], settings: dict[str, Any], n_heads: int | None) -> StoredModel:
    names: dict[str, tuple[Path, str]] = {}
    loaded: dict[Path, dict[str, Tensor]] = {}
    tensors: dict[str, StoredTensor] = {}
    header = Header({}, {})
    for file in files:
        header, found, pickled = _read_any_header(file)
        if pickled:
            loaded[file] = pickled
        settings = found | settings if "model_type" in settings else settings | found
        plain = plain_names(header.tensors)
        names |= {name: (file, stored) for name, stored in plain.items()}
        tensors |= {name: header.tensors[stored] for name, stored in plain.items()}
    dtypes = tuple(sorted({stored.dtype for stored in tensors.values()}))
    if len(files) == 1 and header.metadata.get("format") == CHECKPOINT_FORMAT:
        config = config_in(header.metadata, files[0])
        return StoredModel(path, "gptcore", config, None, tuple(files), {}, dtypes, {}, header.metadata)
    layout = recognize(tensors)
    if settings.get("model_type") == "gpt2" and layout is GPT2:
        config = read_config(files[0].parent / CONFIG, None)
    else:
        config = shape_from_tensors(layout, tensors, settings, n_heads)
    check_tensors(layout, config, tensors)
    return StoredModel(path, layout.kind, config, layout, tuple(files), names, dtypes, settings, {}, loaded)


def _read_any_header(file: Path) -> tuple[Header, dict[str, Any], dict[str, Tensor]]:
    """A weight file's header by what it is, not by what it is called; of a pickle its settings and tensors too."""
    if is_pickle(file):
        return read_pickled(file)
    if file.suffix == ".safetensors":
        return read_header(file), {}, {}
    try:
        return read_header(file), {}, {}
    except InputError as error:
        if error.code != "weights_not_safetensors":
            raise
        name = display_name(file)
        raise InputError("weights_not_checkpoint", f"{name} holds no model's weights by name", file=name) from None


def _shards(index: Path) -> list[Path]:
    """The files that an index names, each beside it."""
    listed = read_json(index, _MAX_INDEX_BYTES).get("weight_map")
    name = display_name(index)
    if not isinstance(listed, Mapping) or not listed:
        raise InputError("weights_bad_json", f"{name} cannot be read as JSON", file=name)
    files = sorted({str(file) for file in listed.values()})
    if len(files) > _MAX_SHARDS or any(file != os.path.basename(file) or file in ("", ".", "..") for file in files):
        raise InputError("weights_bad_index", f"{name} names files that are not beside it", file=name)
    return [index.parent / file for file in files]


def _only_checkpoint(folder: Path) -> Path:
    """The one weight file in a folder without Hugging Face's names."""
    files = checkpoint_files(folder)
    if len(files) == 1:
        return files[0]
    if not files:
        raise InputError(
            "weights_nothing_here", f"no weights in it: neither {WEIGHTS} nor a checkpoint", file=display_name(folder)
        )
    names = ", ".join(map(display_name, files[:5]))
    raise InputError("weights_several", f"there are several checkpoints in it: {names}; name one", names=names)


def is_model_folder(folder: Path) -> bool:
    """Whether a folder holds one model under Hugging Face's names."""
    try:
        return any((folder / name).exists() for name in (CONFIG, *PUBLISHED_WEIGHTS))
    except (OSError, ValueError):
        return False


def checkpoint_files(folder: Path) -> list[Path]:
    """The files in a folder that are called as checkpoints are; [] for one that cannot be listed."""
    try:
        return sorted(file for file in folder.iterdir() if file.suffix in CHECKPOINT_SUFFIXES and not file.is_dir())
    except OSError:
        return []


def _settings_beside(file: Path) -> dict[str, Any]:
    """A configuration that lies beside a weight file: under its name, or config.json."""
    for beside in (file.with_suffix(".json"), file.parent / CONFIG):
        if beside.exists():
            return read_json(beside)
    return {}


def _other_architecture(path: Path, settings: dict[str, Any], published: Path | None) -> StoredModel:
    """A model that only the transformers library can run."""
    if published is None:
        raise InputError(
            "weights_nothing_here", f"no weights in it: neither {WEIGHTS} nor a checkpoint", file=display_name(path)
        )
    files = _shards(published) if published.name.endswith(".index.json") else [published]
    dtypes: set[str] = set()
    for file in files:
        header, _, _ = _read_any_header(file)
        dtypes |= {stored.dtype for stored in header.tensors.values()}
    from gptcore.weights.architecture import transformers_config

    config = transformers_config(settings, sum(file.stat().st_size for file in files))
    return StoredModel(path, "transformers", config, None, tuple(files), {}, tuple(sorted(dtypes)), settings)
