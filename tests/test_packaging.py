"""The installed package: the library and the app work from another folder, and nothing is left out of the wheel."""

import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests import ROOT
from tests.support.serving import serving

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def requirements(lines: list[str]) -> dict[str, Requirement]:
    """Return requirements by name, comments and includes left out."""
    wanted = [Requirement(line.partition("#")[0]) for line in lines if line.strip() and line[0] not in "#-"]
    return {each.name.lower().replace("_", "-"): each for each in wanted}


def test_what_the_app_pins_lies_in_the_ranges_of_the_library_and_its_extras() -> None:
    pinned = requirements((ROOT / "requirements.txt").read_text("utf-8").splitlines())
    ranges = requirements(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["app"])
    assert set(pinned) == set(ranges)
    for name, pin in pinned.items():
        (version,) = pin.specifier
        assert version.operator == "=="
        assert ranges[name].specifier.contains(version.version), name


def test_the_library_needs_neither_streamlit_nor_plotly() -> None:
    assert {"streamlit", "plotly"}.isdisjoint(requirements(PROJECT["dependencies"]))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that nothing is left in the working tree."""
    folder = tmp_path_factory.mktemp("wheel")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    source = folder / "source"
    for name in tracked.split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(source)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own, which borrows the libraries; return its Python."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    site = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--quiet"]
    subprocess.run([*command, "--disable-pip-version-check", str(wheel)], check=True)
    return python


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package_and_no_test(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", "gptcore"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [name for name in tracked.stdout.splitlines() if name not in inside] == []
    assert not any(name.startswith(("tests/", "pages/")) or "/tests/" in name for name in inside)


@pytest.mark.slow
def test_the_installed_library_gives_the_readmes_numbers_from_another_folder(installed: Path, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    code = readme.split("```python\n")[1].split("```")[0]
    code += "\nimport gptcore\nprint(gptcore.__file__, f'{report.cross_entropy:.4f} {report.perplexity:,.2f}')\n"
    run = subprocess.run([installed, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    where, loss, perplexity = run.stdout.split()[-3:]
    assert Path(where).is_relative_to(installed.parents[1])
    assert loss == "10.7940"
    assert float(perplexity.replace(",", "")) == pytest.approx(48725.82, abs=0.1)  # .78 on one thread of PyTorch's
    helped = subprocess.run([installed, "-m", "gptcore", "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert helped.returncode == 0
    assert "app" in helped.stdout


@pytest.mark.slow
def test_the_installed_app_has_its_pages_and_starts(installed: Path, tmp_path: Path) -> None:
    code = "from gptcore.ui.launch import app_folder; print(app_folder())"
    run = subprocess.run([installed, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    folder = Path(run.stdout.strip())
    assert folder.is_relative_to(installed.parents[1])
    assert {path.name for path in (folder / "pages").glob("*.py")} == {
        path.name for path in (ROOT / "pages").glob("*.py")
    }
    assert (folder / ".streamlit" / "config.toml").is_file()
    log = tmp_path / "log.txt"
    server = folder.parents[1] / next(folder.parents[1].glob("lib/*/site-packages/gptcore/ui/server.py"))
    with serving(log, server, python=installed, cwd=tmp_path):
        pass
    assert "Traceback" not in log.read_text()
