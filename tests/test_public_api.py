"""The public face: what is documented is there, listed, typed, and costs nothing until it is used."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib

import pytest

import gptcore
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
