"""The public face: what is documented is there, listed, typed, and costs nothing until it is used."""

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch

import gptcore
from gptcore import (
    SIZES,
    Example,
    TrainConfig,
    encode,
    load_checkpoint,
    save_checkpoint,
    score,
    seven_word_tokenizer,
    sweep_seeds,
    train,
    untrained_model,
)
from gptcore.sweeps.cache import SweepCache
from tests import ROOT

FACES = ("gptcore", "gptcore.results", "gptcore.sweeps", "gptcore.tokenizers", "gptcore.training", "gptcore.weights")


@pytest.mark.parametrize("name", FACES)
def test_every_public_name_is_there_listed_and_typed(name: str) -> None:
    package = importlib.import_module(name)
    assert package.__file__ is not None
    source = ast.parse((ROOT / package.__file__).read_text("utf-8"))
    typed = {
        alias.asname
        for node in ast.walk(source)
        if isinstance(node, ast.ImportFrom) and node.module != "gptcore._lazy" and node.module != "__future__"
        for alias in node.names
        if alias.name != "TYPE_CHECKING"
    }
    public = set(package.__all__) - {"__version__"}
    assert typed == public
    assert public <= set(dir(package))
    assert all(getattr(package, each) is not None for each in public)
    with pytest.raises(AttributeError, match=f"'{name}' has no attribute 'nothing'"):
        package.nothing  # noqa: B018


@pytest.mark.parametrize("name", FACES)
def test_help_names_every_option(name: str) -> None:
    """A function with `**settings` would leave its options to be found in the source."""
    package = importlib.import_module(name)
    functions = [member for each in package.__all__ if inspect.isfunction(member := getattr(package, each))]
    kinds = {each.__name__: {p.kind for p in inspect.signature(each).parameters.values()} for each in functions}
    assert [each for each, found in kinds.items() if inspect.Parameter.VAR_KEYWORD in found] == []


def test_everything_the_readme_imports_is_public() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    imported = {
        (node.module, alias.name)
        for block in blocks
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gptcore")
        for alias in node.names
    }
    assert imported
    assert {module for module, _ in imported} == {"gptcore"}
    assert {name for _, name in imported} <= set(gptcore.__all__)
    called = set(re.findall(r"^\| `(\w+)\(", readme, re.MULTILINE))  # the table of functions
    assert called
    assert called <= set(gptcore.__all__)


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert gptcore.__version__ == project["version"]


def test_submodules_are_reachable_and_torch_waits() -> None:
    script = (
        "import sys, gptcore\n"
        "dir(gptcore), gptcore.__version__, gptcore.weights, gptcore.sweeps, gptcore.results, gptcore.tokenizers\n"
        "gptcore.Example, gptcore.Report, gptcore.find_gpt2, gptcore.parse_seeds\n"
        "assert 'torch' not in sys.modules\n"
        "gptcore.weights.load_gpt2, gptcore.sweeps.sweep_seeds\n"
        "assert 'torch' in sys.modules\n"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_help_lists_the_public_names() -> None:
    script = "import pydoc, gptcore; print(pydoc.plain(pydoc.render_doc(gptcore)))"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [name for name in {*gptcore.__all__} - {"__version__"} if name not in run.stdout] == []


@pytest.mark.parametrize("name", FACES)
def test_help_and_the_documentation_say_nothing_of_the_machine(name: str) -> None:
    """A default such as `os.environ` would be printed whole, passwords too."""
    package = importlib.import_module(name)
    signatures = [
        str(inspect.signature(member))
        for each in package.__all__
        if callable(member := getattr(package, each))
        and not (isinstance(member, type) and issubclass(member, Exception))
    ]
    assert [text for text in signatures if "environ(" in text or str(Path.home()) + "/" in text] == []


def test_a_typed_client_of_the_public_names_passes_the_strict_checker(tmp_path: Path) -> None:
    client = tmp_path / "client.py"  # outside the project: its settings do not hold there
    client.write_text((ROOT / "tests" / "typed_client.py").read_text("utf-8"))
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--ignore-missing-imports"]
    command += ["--config-file=", f"--cache-dir={tmp_path / 'cache'}", str(client)]
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.stdout.splitlines()[-1].startswith("Success"), run.stdout


EXAMPLE = Example("every effort moves", "effort moves you")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (EXAMPLE, r"write \[example\]"),
        ("every effort", "a list of examples is wanted"),
        (None, "a list of examples is wanted"),
        ([EXAMPLE, "moves you"], r"examples\[1\] is 'moves you'"),
        ([("every", "effort")], r"examples\[0\] is \('every', 'effort'\)"),
    ],
)
def test_what_is_no_list_of_examples_is_refused_with_what_to_write(given: object, says: str) -> None:
    model = untrained_model(SIZES["toy"], seed=1)
    for call in (
        lambda: encode(given, seven_word_tokenizer()),  # type: ignore[arg-type]
        lambda: score(model, given),  # type: ignore[arg-type]
        lambda: next(train(model, given, TrainConfig(steps=1))),  # type: ignore[arg-type]
        lambda: next(sweep_seeds(SIZES["toy"], given, [1])),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match=says):
            call()


def test_whole_numbers_of_numpy_are_seeds_on_a_cold_store_and_on_a_warm_one() -> None:
    store = SweepCache()
    for _ in range(2):
        records = list(sweep_seeds(SIZES["toy"], [EXAMPLE], np.arange(3), finished=store))
        assert sorted(record.seed for record in records) == [0, 1, 2]
        assert {type(record.seed) for record in records} == {int}
    assert untrained_model(SIZES["toy"], np.int64(5)).origin.seed == 5  # type: ignore[arg-type]


def test_half_precision_scores_close_to_float32_and_keeps_the_models_weights() -> None:
    model = untrained_model(SIZES["toy"], seed=1)
    held = score(model, [EXAMPLE])
    for dtype, digits in ((torch.bfloat16, 0.05), (torch.float16, 0.005), (torch.float64, 1e-5)):
        report = score(untrained_model(SIZES["toy"], seed=1).to(dtype), [EXAMPLE])
        assert report.log_probability == pytest.approx(held.log_probability, abs=digits)


def test_what_is_no_model_is_refused_with_what_to_pass() -> None:
    with pytest.raises(TypeError, match=r"not a Identity"):
        score(torch.nn.Identity(), [EXAMPLE])  # type: ignore[arg-type]


def test_paths_may_be_text(tmp_path: Path) -> None:
    file = str(tmp_path / "model.safetensors")
    save_checkpoint(untrained_model(SIZES["toy"], seed=1), file)
    assert (
        score(load_checkpoint(file), [EXAMPLE]).cross_entropy
        == score(untrained_model(SIZES["toy"], 1), [EXAMPLE]).cross_entropy
    )


def test_examples_train_as_their_batch_does() -> None:
    config = TrainConfig(0.01, steps=3)
    batch = encode([EXAMPLE], seven_word_tokenizer())
    by_examples = list(train(untrained_model(SIZES["toy"], seed=1), [EXAMPLE], config))
    by_batch = list(train(untrained_model(SIZES["toy"], seed=1), [batch], config, watched=batch))
    assert [r.cross_entropy for r in by_examples] == [r.cross_entropy for r in by_batch]
    assert [r.predicted_piece for r in by_examples] == [r.predicted_piece for r in by_batch]
    with pytest.raises(TypeError, match="not both"):
        next(train(untrained_model(SIZES["toy"], seed=1), [EXAMPLE, batch], config))  # type: ignore[arg-type]
