"""What must not stand in the sources: this machine, and calls that harm a visitor."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT, SOURCES

# A path that exists on one machine only: after a blank, a quote, a bracket or the like, so that URLs pass.
MACHINE_PATH = re.compile(r"""(?<![\w.~/}-])/(?:root|work|home|Users)/\w|[A-Z]:\\Users\\""")

FORBIDDEN_CALLS = {
    **dict.fromkeys(
        ("torch.manual_seed", "torch.seed", "torch.random.manual_seed", "torch.set_rng_state"),
        "seeds every visitor's generator: pass a torch.Generator",
    ),
    **dict.fromkeys(
        ("torch.set_default_dtype", "torch.set_default_device", "torch.set_grad_enabled"),
        "holds for every visitor: pass dtype or device, or use a context",
    ),
    **dict.fromkeys(("torch.load", "eval", "exec"), "runs what the data says: use safetensors, or parse"),
}
FORBIDDEN_ARGUMENTS = {
    "unsafe_allow_html": "runs a visitor's script: use st.text, st.code or st.html with escaped text",
    "allow_pickle": "runs what the data says",
}
FORBIDDEN_IMPORTS = dict.fromkeys(
    ("pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"),
    "runs what the data says: use safetensors or JSON",
)


def tracked_files() -> list[Path]:
    """Return the files that git tracks."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def reads_data_only(call: ast.Call) -> bool:
    """Whether a call of torch.load says weights_only=True itself."""
    return any(each.arg == "weights_only" and ast.unparse(each.value) == "True" for each in call.keywords)


def harmful_calls(source: str) -> Iterator[str]:
    """Yield what a source does that it must not, a line each; what it says inside strings is not meant."""
    tree = ast.parse(source)
    real_names = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            called = real_names.get(called, called)
            if called in FORBIDDEN_CALLS and not (called == "torch.load" and reads_data_only(node)):
                yield f"line {node.lineno}: {called} {FORBIDDEN_CALLS[called]}"
            for argument in node.keywords:
                if argument.arg in FORBIDDEN_ARGUMENTS:
                    yield f"line {node.lineno}: {argument.arg} {FORBIDDEN_ARGUMENTS[argument.arg]}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            for name in names:
                if name in FORBIDDEN_IMPORTS:
                    yield f"line {node.lineno}: {name} {FORBIDDEN_IMPORTS[name]}"


def test_nothing_tracked_names_a_path_of_one_machine() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nobody can tell what is tracked")
    files = tracked_files()
    texts = ((path, path.read_bytes()) for path in files)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path, content in texts
        if b"\0" not in content[:8000]
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert files
    assert found == []


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("open('" + "/ro" + "ot/x.txt')", True),
        ("see " + "/ho" + "me/ada/notes", True),
        ("C:" + "\\Users\\ada", True),
        ("https://example.org/home/index.html", False),
        ("cd ~/work/x; ls ./home/x", False),
    ],
)
def test_the_pattern_knows_a_machine_path(line: str, is_one: bool) -> None:
    assert bool(MACHINE_PATH.search(line)) is is_one


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_call_that_harms_a_visitor(path: Path) -> None:
    assert list(harmful_calls(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("torch.manual_seed(123)", 1),
        ("from torch import manual_seed as seed\nseed(123)", 1),
        ("g = torch.Generator().manual_seed(123)", 0),
        ("SCRIPT = 'torch.manual_seed(123)'", 0),
        ("st.markdown(text, unsafe_allow_html=True)", 1),
        ("import pickle", 1),
        ("from pickle import loads", 1),
        ("weights = torch.load(path)", 1),
        ("weights = torch.load(path, weights_only=False)", 1),
        ("weights = torch.load(path, weights_only=safe)", 1),
        ("weights = torch.load(path, weights_only=True)", 0),
        ("np.load(path, allow_pickle=True)", 1),
        ("model.eval()", 0),
        ("from safetensors.torch import load_file\nload_file(path)", 0),
    ],
)
def test_the_search_finds(source: str, count: int) -> None:
    assert len(list(harmful_calls(source))) == count
