"""The house stands as it was drawn: who may import whom, and what no module may do."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests import ROOT, SOURCES


@dataclass(frozen=True)
class Layer:
    """What the modules of one layer may import, besides the standard library.

    third_party  packages, anywhere in the module
    later        packages inside functions only, so that importing the module does not load them
    here         layers, besides its own
    """

    third_party: set[str]
    here: set[str]
    later: set[str] = field(default_factory=set)


FOUNDATION = {
    "gptcore._lazy",
    "gptcore.config",
    "gptcore.errors",
    "gptcore.number_format",
    "gptcore.regular_files",
    "gptcore.results",
    "gptcore.sweeps.seed_lists",
    "gptcore.text_units",
    "gptcore.texts",
    "gptcore.token_display",
}
"""What everything may build on: no torch, no page."""

TOKENS = {
    "gptcore.encoded_text",
    "gptcore.example_fixes",
    "gptcore.examples",
    "gptcore.presets",
    "gptcore.tables",
    "gptcore.text_files",
    "gptcore.token_lens",
    "gptcore.tokenizers",
    "gptcore.training.config",
    "gptcore.training.text_batches",
    "gptcore.pasted_ids",
    "gptcore.weights.architecture",
    "gptcore.weights.description",
    "gptcore.weights.gpt2_download",
    "gptcore.weights.gpt2_layout",
    "gptcore.weights.held_out",
    "gptcore.weights.layouts",
    "gptcore.weights.model_paths",
    "gptcore.weights.model_search",
    "gptcore.weights.pickled",
    "gptcore.weights.safetensors_header",
    "gptcore.weights.stored_model",
}
"""What a page needs before torch is there: tokens on the screen, settings, and what lies on the disk."""

FACES = {"gptcore", "gptcore.sweeps", "gptcore.training", "gptcore.weights"}
"""Packages that export the maths lazily: importing one imports no torch."""

PAGE_ROOMS = {"classroom", "compare", "explore", "long_text", "perplexity", "step_by_step", "train"}
"""Packages of gptcore.ui that belong to one page; no other page's room may import from them."""

LAYERS = {
    "foundation": Layer({"numpy", "pandas", "regex"}, set(), later={"jieba"}),
    "tokens": Layer(
        {"charset_normalizer", "numpy", "pandas", "safetensors", "tiktoken", "tiktoken_ext", "tokenizers"},
        {"foundation"},
        later={"huggingface_hub", "torch"},
    ),
    "maths": Layer(
        {"numpy", "pandas", "safetensors", "tiktoken", "torch", "tqdm"},
        {"foundation", "tokens"},
        later={"distributed", "transformers"},
    ),
    "charts": Layer({"numpy", "pandas", "plotly"}, {"foundation"}),
    "classroom": Layer(set(), {"foundation"}),
    "ui": Layer(
        {"cachetools", "numpy", "orjson", "pandas", "plotly", "psutil", "segno", "starlette", "streamlit"},
        {"foundation", "tokens", "maths", "charts", "classroom", "face"},
        later={"torch"},
    ),
    "command": Layer(set(), {"foundation", "maths", "ui"}),
    "face": Layer(set(), {"foundation", "tokens", "maths"}),
    "pages": Layer({"streamlit"}, {"foundation", "tokens", "maths", "charts", "ui"}),
    "app": Layer({"streamlit"}, {"ui"}),
}


def belongs_to(module: str, names: set[str]) -> bool:
    """Tell whether a module is one of these, or lies in one of them."""
    return any(module == name or module.startswith(f"{name}.") for name in names)


def layer_of(module: str) -> str:
    """Return the layer of a module of ours, by its name; what no rule names in gptcore is maths."""
    top, _, rest = module.partition(".")
    if top != "gptcore":
        return top
    part = rest.partition(".")[0]
    if part in {"charts", "classroom", "ui"}:
        return part
    if belongs_to(module, FOUNDATION):
        return "foundation"
    if belongs_to(module, TOKENS):
        return "tokens"
    if module == "gptcore.__main__":
        return "command"
    return "face" if module in FACES else "maths"


def page_room_of(module: str) -> str | None:
    """Return the page to which a module of gptcore.ui belongs; None for a shared one."""
    parts = module.split(".")
    return parts[2] if parts[:2] == ["gptcore", "ui"] and len(parts) > 2 and parts[2] in PAGE_ROOMS else None


def module_name(path: Path) -> str:
    """Return the name under which a source file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


@dataclass(frozen=True)
class Import:
    """One import statement's target, and when it happens."""

    target: str
    line: int
    later: bool  # inside a function, or for the type checker only
    for_types: bool


def is_type_checking(node: ast.AST) -> bool:
    """Tell whether this is `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def targets(node: ast.Import | ast.ImportFrom, package: str, known: set[str]) -> Iterator[str]:
    """Yield what a statement imports: `from gptcore import config` is gptcore.config, not gptcore."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, *([node.module] if node.module else [])])
    for alias in node.names:
        full = f"{base}.{alias.name}"
        yield full if full in known else base


def imports(module: str, source: str, *, is_package: bool, known: set[str]) -> Iterator[Import]:
    """Yield every import of a module, wherever it stands."""
    package = module if is_package else module.rpartition(".")[0]

    def walk(node: ast.AST, later: bool, for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                for target in targets(child, package, known):
                    yield Import(target, child.lineno, later or for_types, for_types)
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, later or inside, for_types or is_type_checking(child))

    yield from walk(ast.parse(source), later=False, for_types=False)


def all_imports(module: str) -> Iterator[Import]:
    """Yield every import of a module of ours."""
    path = MODULES[module]
    yield from imports(module, path.read_text("utf-8"), is_package=path.stem == "__init__", known=set(MODULES))


def why_not(module: str, found: Import) -> str | None:
    """Return what is wrong with one import, or None."""
    mine = layer_of(module)
    layer = LAYERS[mine]
    top = found.target.partition(".")[0]
    if top in sys.stdlib_module_names:
        return None
    where = f"{module} (layer {mine}), line {found.line}: "
    if top in {"gptcore", "pages", "app"}:
        theirs = layer_of(found.target)
        if not (theirs == mine != "pages" or theirs in layer.here):
            return f"{where}{found.target} belongs to layer {theirs}"
        my_room, their_room = page_room_of(module), page_room_of(found.target)
        if mine == "ui" and their_room not in (None, my_room):
            return f"{where}{found.target} belongs to the page {their_room}"
        return None
    if top in layer.third_party or (top in layer.later and found.later):
        return None
    return f"{where}{top}" + (" at the top; here only inside a function" if top in layer.later else "")


@pytest.mark.parametrize("module", MODULES)
def test_imports_only_what_its_layer_may(module: str) -> None:
    found = [why_not(module, each) for each in all_imports(module)]
    assert [reason for reason in found if reason] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        module: {each.target for each in all_imports(module) if not each.for_types and each.target in MODULES}
        for module in MODULES
        if layer_of(module) != "face"  # a face names everything beside it, for the type checker
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))
    assert set(graph) <= set(order)


def test_torch_stays_out_until_it_is_needed() -> None:
    """Tokens are on screen while torch (2 s) is still to be imported, so nothing on the way to them loads it."""
    early = [name for name in MODULES if layer_of(name) not in {"maths", "pages", "app"}]
    script = (
        "import importlib, sys\n"
        f"for name in {early!r}:\n"
        "    importlib.import_module(name)\n"
        "    if 'torch' in sys.modules:\n"
        "        sys.exit(f'importing {name} imports torch')\n"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


# The checker itself: a rule that nothing can break says nothing.
@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("gptcore.config", "import torch", "torch"),
        (
            "gptcore.config",
            "import numpy as np\nfrom dataclasses import dataclass\nfrom . import errors",
            None,
        ),
        ("gptcore.results.report", "from gptcore.scoring import score", "gptcore.scoring"),
        ("gptcore.tokenizers.gpt2", "import torch", "torch at the top; here only inside a function"),
        ("gptcore.tokenizers.gpt2", "def ids():\n    import torch", None),
        ("gptcore.tokenizers.gpt2", "if TYPE_CHECKING:\n    from torch import Tensor", None),
        ("gptcore.examples", "from .scoring import score", "gptcore.scoring"),
        ("gptcore.scoring", "import torch.nn.functional as F\nfrom gptcore import config", None),
        ("gptcore.scoring", "from gptcore import score", "gptcore"),
        ("gptcore.scoring", "def show():\n    import plotly.graph_objects as go", "plotly"),
        ("gptcore.scoring", "from gptcore.charts import theme", "gptcore.charts"),
        ("gptcore.not_yet_written", "import streamlit", "streamlit"),
        ("gptcore.charts.ruler", "from gptcore.charts.theme import COLOURS\nimport plotly", None),
        ("gptcore.charts.ruler", "from ..scoring import score", "gptcore.scoring"),
        ("gptcore.charts.ruler", "import torch", "torch"),
        ("gptcore.ui.models.choice", "from gptcore import score\nimport streamlit as st", None),
        ("gptcore.ui.models.choice", "import pages.explore", "pages.explore"),
        ("gptcore.weights", "import torch", "torch"),
        ("gptcore.weights.checkpoints", "import torch", None),
        ("gptcore.ui.explore.charts", "from gptcore.ui.train.cards import x", "belongs to the page train"),
        ("gptcore.ui.explore.charts", "from gptcore.ui.explore import details", None),
        ("gptcore.ui.widgets.basics", "from gptcore.ui.explore.details import x", "belongs to the page explore"),
        ("gptcore.classroom.rooms", "import streamlit", "streamlit"),
        ("pages.explore", "import plotly.express as px", "plotly"),
        ("pages.explore", "from pages import train", "pages"),
        ("pages.explore", "from gptcore import ui, charts\nfrom gptcore.scoring import score", None),
        ("app", "from gptcore import ui\nimport streamlit as st", None),
        ("app", "from gptcore.scoring import score", "gptcore.scoring"),
    ],
)
def test_the_checker_finds(module: str, source: str, wrong: str | None) -> None:
    known = {f"gptcore.{name}" for name in ("config", "errors", "scoring", "charts", "ui")}
    found = [why_not(module, each) for each in imports(module, source, is_package=False, known=known)]
    reasons = [reason for reason in found if reason]
    assert len(reasons) == (wrong is not None)
    assert wrong is None or wrong in reasons[0]
