"""Files of strangers: whatever lies on the disk, what is said of it is a sentence, at once, in little memory."""

import json
import os
import pickle
import random
import shutil
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from safetensors.torch import load_file, save_file

from gptcore import GPTConfig, InputError, describe_model, find_models, load_gpt2, load_model, untrained_model
from gptcore.texts import text_in
from gptcore.weights import save_checkpoint
from tests.support import model_factories as factories

SAFETENSORS = "model.safetensors"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "tiny"
    factories.gpt2_folder(folder, vocab_size=97)
    return folder


@pytest.fixture
def folder(tiny: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "tiny"
    copy.mkdir()
    for file in tiny.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    return copy


@pytest.fixture(autouse=True)
def _quick_and_small() -> Iterator[None]:
    """Nobody waits, and nothing is allocated, for a file that is refused."""
    process, start = psutil.Process(), time.process_time()
    before = process.memory_info().rss
    yield
    assert time.process_time() - start < 20
    assert process.memory_info().rss - before < 700 * 2**20


def header(words: bytes, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(words)) + words + data


def entry(shape: str, offsets: str = "[0,36]", dtype: str = "F32") -> bytes:
    return f'{{"wte.weight":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}'.encode()


HEADERS = {
    "a number beyond all": header(entry("[1e999]"), b"0" * 36),
    "a fraction": header(entry("[9.5]"), b"0" * 36),
    "a shape of 4 MB": header(entry("[" + "1," * 2_000_000 + "9]"), b"0" * 36),
    "a shape whose product is beyond all": header(entry("[" + "9," * 2_000_000 + "9]"), b"0" * 36),
    "a negative size": header(entry("[-9]"), b"0" * 36),
    "offsets that go back": header(entry("[9]", "[36,0]"), b"0" * 36),
    "a length beyond the file": struct.pack("<Q", 2**63) + b"{}",
    "a header of 200 MB": struct.pack("<Q", 200 * 2**20) + b"{}" + b" " * 100,
    "brackets without end": header(b"[" * 100_000),
    "not UTF-8": header(b'{"\xff\xfe":1}'),
    "another kind of number": header(entry("[9]", "[0,36]", "X99"), b"0" * 36),
    "nothing in it": header(b"{}"),
    "half a header": b"\x10\x00",
    "zeros": b"\x00" * 4096,
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_lies_is_a_sentence(folder: Path, name: str) -> None:
    (folder / SAFETENSORS).write_bytes(HEADERS[name])
    for load in (load_model, load_gpt2):
        with pytest.raises(InputError) as raised:
            load(folder)
        assert_sentence(raised.value)
    found = describe_model(folder)
    assert found.error is not None
    assert found.config is None


def assert_sentence(error: InputError) -> None:
    for language in ("en", "zh"):
        words = text_in(language, "errors")
        assert words.has(error.code), error.code
        assert "{" not in words(error.code, **error.details)


def rename_index(folder: Path, weight_map: Any) -> None:
    (folder / SAFETENSORS).unlink()
    (folder / f"{SAFETENSORS}.index.json").write_text(json.dumps({"weight_map": weight_map}))


def extra(folder: Path, **tensors: torch.Tensor) -> None:
    save_file(load_file(folder / SAFETENSORS) | tensors, folder / SAFETENSORS)


def rename(folder: Path, prefix: str) -> None:
    tensors = {f"{prefix}{name}": tensor for name, tensor in load_file(folder / SAFETENSORS).items()}
    save_file(tensors, folder / SAFETENSORS)


def folder_for_config(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "config.json").mkdir()


def cut_checkpoint(path: Path) -> None:
    torch.save({"wte.weight": torch.zeros(99, 9)}, path)
    path.write_bytes(path.read_bytes()[:-900])


def config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a mask in the middle": (lambda f: extra(f, **{"h.0.attn.tri": torch.ones(1, 1, 8, 8)}), "weights_mask"),
    "an unknown prefix": (lambda f: rename(f, "my.gpt."), "weights_prefix"),
    "a tensor too many": (lambda f: extra(f, **{"h.0.attn.rotary": torch.ones(4)}), "weights_unexpected_tensors"),
    "an index to another folder": (lambda f: rename_index(f, {"wte.weight": "../tiny/x"}), "weights_bad_index"),
    "an index to the root": (lambda f: rename_index(f, {"wte.weight": "/etc/passwd"}), "weights_bad_index"),
    "an index without files": (lambda f: rename_index(f, {}), "weights_bad_json"),
    "an index that is a list": (lambda f: rename_index(f, [1, 2]), "weights_bad_json"),
    "a file that is not there": (lambda f: rename_index(f, {"wte.weight": "x.safetensors"}), "weights_missing"),
    "an endless number": (lambda f: (f / "config.json").write_text('{"n_layer": 1e999}'), "weights_heads_unknown"),
    "a negative vocabulary": (lambda f: config(f, vocab_size=-97), "weights_other_setting"),
    "no layer": (lambda f: config(f, n_layer=0), "weights_other_setting"),
    "a configuration of 2 MB": (lambda f: (f / "config.json").write_bytes(b" " * 2**21), "weights_file_too_large"),
    "a configuration that is a folder": (folder_for_config, "weights_not_a_file"),
    "a vocabulary that is none": (lambda f: (f / "tokenizer.json").write_text('{"model": 7}'), "bad_vocabulary"),
    "half a vocabulary": (lambda f: (f / "vocab.json").write_text("{}"), "weights_missing"),
    "a vocabulary that is no UTF-8": (lambda f: (f / "vocab.txt").write_bytes(b"\xff\n[UNK]\n"), "bad_vocabulary"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_folder_with_a_fault_is_a_sentence_that_names_it(folder: Path, fault: str) -> None:
    spoil, code = FAULTS[fault]
    spoil(folder)
    with pytest.raises(InputError) as raised:
        load_model(folder)
    assert raised.value.code == code
    assert_sentence(raised.value)
    found = describe_model(folder)
    assert found.error is not None
    assert found.error.code == code


@pytest.mark.parametrize("file", ["config.json", SAFETENSORS, "tokenizer.json", "tokenizer_config.json"])
def test_a_pipe_is_not_waited_for(folder: Path, file: str) -> None:
    (folder / file).unlink(missing_ok=True)
    os.mkfifo(folder / file)
    if file == "tokenizer_config.json":  # it says nothing where there is no vocabulary
        assert describe_model(folder).error is None
        return
    with pytest.raises(InputError) as raised:
        load_model(folder)
    assert raised.value.code == "weights_not_a_file"
    assert_sentence(raised.value)


def test_a_loop_of_links_and_a_link_to_nothing(folder: Path) -> None:
    (folder / SAFETENSORS).unlink()
    (folder / SAFETENSORS).symlink_to(folder / "other")
    (folder / "other").symlink_to(folder / SAFETENSORS)
    found = describe_model(folder)
    assert found.error is not None
    assert_sentence(found.error)
    (folder / SAFETENSORS).unlink()
    (folder / SAFETENSORS).symlink_to(folder / "gone")
    assert describe_model(folder).error is not None


def test_a_path_that_is_not_utf8_is_a_sentence(tiny: Path, tmp_path: Path) -> None:
    copy = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff\xfe"))
    shutil.copytree(tiny, copy)
    with pytest.raises(InputError) as raised:
        load_model(copy)
    assert raised.value.code == "weights_path"
    assert_sentence(raised.value)
    assert describe_model(copy).error is not None


# Pickles.
class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo opened >> evil",)


@pytest.mark.parametrize("file", ["pytorch_model.bin", "ckpt.pt", "model.pth"])
def test_a_pickle_that_wants_to_run_something_is_never_opened(
    folder: Path, file: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (folder / SAFETENSORS).unlink()
    torch.save({"wte.weight": torch.zeros(2, 2), "x": Evil()}, folder / file)
    with pytest.raises(InputError) as raised:
        load_model(folder)
    assert raised.value.code == "weights_pickle_refused"
    assert "system" in str(raised.value.details["reason"])
    assert_sentence(raised.value)
    (folder / file).write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InputError):
        load_model(folder)
    assert not (tmp_path / "evil").exists()


def bomb(path: Path) -> None:
    """A small archive that would be a large one."""
    torch.save({"wte.weight": torch.zeros(4, 4)}, path)
    with zipfile.ZipFile(path) as whole:
        content = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in content.items():
            packed.writestr(name, data if name.endswith("data.pkl") else b"\0" * 2**26)


PICKLES: dict[str, Callable[[Path], object]] = {
    "a zip bomb": bomb,
    "a whole model": lambda path: torch.save(torch.nn.Identity(), path),
    "a list": lambda path: torch.save([torch.zeros(2)], path),
    "numbers": lambda path: torch.save({"a": 1}, path),
    "a few numbers without end": lambda path: torch.save(
        {"wte.weight": torch.zeros(1).expand(10**6, 10**4), "wpe.weight": torch.zeros(8, 4)}, path
    ),
    "sparse": lambda path: torch.save({"wte.weight": torch.eye(4).to_sparse()}, path),
    "no archive": lambda path: path.write_bytes(b"PK\x03\x04" + b"x" * 100),
    "an old pickle": lambda path: path.write_bytes(b"\x80\x02}q\x00."),
    "cut": cut_checkpoint,
}


@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_that_holds_no_model_is_a_sentence(tmp_path: Path, name: str) -> None:
    PICKLES[name](tmp_path / "ckpt.pt")
    with pytest.raises(InputError) as raised:
        load_model(tmp_path / "ckpt.pt", n_heads=1)
    assert_sentence(raised.value)
    found = describe_model(tmp_path / "ckpt.pt", n_heads=1)
    assert found.error is not None
    assert found.error.code == raised.value.code


def test_bytes_at_random_never_make_anything_but_a_sentence(folder: Path) -> None:
    """Any byte of the header or the archive's directory may be another: it is loaded, or refused by name."""
    torch.save(load_file(folder / SAFETENSORS), folder / "ckpt.pt")
    random_numbers = random.Random(7)
    for file in (SAFETENSORS, "ckpt.pt", "config.json"):
        whole = (folder / file).read_bytes()
        for _ in range(60):
            changed = bytearray(whole)
            for _ in range(random_numbers.randrange(1, 4)):
                at = random_numbers.randrange(min(len(whole), 3000))
                changed[at if random_numbers.random() < 0.7 else -1 - at] = random_numbers.randrange(256)
            (folder / file).write_bytes(bytes(changed))
            found = describe_model(folder / file if file == "ckpt.pt" else folder, n_heads=4)
            if found.error is not None:
                assert_sentence(found.error)
        (folder / file).write_bytes(whole)


# Where models are found: one bad folder takes nothing from the others.
def test_everything_is_found_with_its_reason(tiny: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name in ("good", "cut", "pipe", "number"):
        copy = models / name
        copy.mkdir(parents=True)
        for file in tiny.iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
    (models / "cut" / SAFETENSORS).write_bytes((tiny / SAFETENSORS).read_bytes()[:-9])
    (models / "pipe" / SAFETENSORS).unlink()
    os.mkfifo(models / "pipe" / SAFETENSORS)
    (models / "number" / SAFETENSORS).write_bytes(HEADERS["a number beyond all"])
    (models / "empty").mkdir()
    (models / "bert").mkdir()
    (models / "bert" / "config.json").write_text('{"model_type": "bert", "is_encoder_decoder": true}')
    (models / "bert" / SAFETENSORS).write_bytes((tiny / SAFETENSORS).read_bytes())
    os.mkdir(os.fsencode(models) + b"/\xff\xfe")
    (models / "loop").symlink_to(models)
    save_checkpoint(untrained_model(GPTConfig(7, 8, 8, 2, 1), 1), models / "mine.safetensors")
    (models / "notes.txt").write_text("no model")
    found = find_models({"HF_HUB_CACHE": str(tmp_path / "none"), "GPT_EXPLORER_MODELS": str(models)}, tmp_path / "no")
    usable = {name for name, model in found.items() if model.usable}
    assert {"good", "mine.safetensors"} <= usable
    reasons = {name: model.error.code for name, model in found.items() if model.error is not None}
    assert reasons["cut"] == "weights_truncated"
    assert reasons["pipe"] == "weights_not_a_file"
    assert reasons["number"] == "weights_not_safetensors"
    assert reasons["empty"] == "weights_nothing_here"
    assert reasons["bert"] == "weights_not_causal"
    assert reasons["\ufffd\ufffd"] == "weights_path"
    assert "notes.txt" not in found
    for model in found.values():
        model.name.encode()  # every name can be shown


def test_a_model_that_is_replaced_has_other_marks(folder: Path) -> None:
    before = describe_model(folder)
    extra(folder, **{"transformer.ln_f.bias": torch.ones(32)})
    after = describe_model(folder)
    assert before.marks != after.marks
    os.utime(folder / "config.json", ns=(1, 1))
    assert describe_model(folder).marks != after.marks


def test_weights_that_are_no_numbers_are_a_sentence_when_they_are_scored(folder: Path) -> None:
    """They load, since nothing is read until then; what they compute is refused, not shown."""
    tensors = load_file(folder / SAFETENSORS)
    tensors["transformer.ln_f.weight"] = torch.full((32,), float("nan"))
    save_file(tensors, folder / SAFETENSORS)
    model = load_model(folder)
    with torch.inference_mode():
        assert np.isnan(model.out_head(model.hidden_states(torch.tensor([[1, 2]]))[0]).numpy()).all()
