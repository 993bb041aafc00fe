"""`make docs`: the library's documentation from its docstrings, and the gallery of notebooks, each run anew."""

import importlib
import sys
import warnings
from pathlib import Path

import pdoc
import pdoc.render
from plotly.offline import get_plotlyjs

from tests import ROOT
from tests.support.gallery import GALLERY, PLOTLY_FILE, Notebook

BUILT = ROOT / "build" / "docs"
TEMPLATES = ROOT / ".docs" / "templates"
MODULES = tuple(
    f"gptcore{part}"
    for part in ("", ".charts", ".classroom", ".results", ".sweeps", ".tokenizers", ".training", ".weights")
)


def build(folder: Path) -> list[Path]:
    """Write the whole documentation into a folder; a warning, or a cell that fails, is an error.

    Returns:
        The pages that were written.
    """
    notebooks = [Notebook.read(path) for path in sorted(GALLERY.glob("*.ipynb"))]
    for name in MODULES:
        _import_all(name)
    pdoc.render.configure(
        docformat="google",
        footer_text=f"gptcore {importlib.import_module('gptcore').__version__}",
        template_directory=TEMPLATES,
    )
    pdoc.render.env.globals["gallery"] = [(notebook.name, notebook.title) for notebook in notebooks]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc(*MODULES, output_directory=folder)
        pages = folder / "gallery"
        pages.mkdir(parents=True, exist_ok=True)
        (pages / PLOTLY_FILE).write_text(get_plotlyjs(), "utf-8")
        for notebook in notebooks:
            (pages / f"{notebook.name}.ipynb").write_bytes(notebook.path.read_bytes())
            (pages / f"{notebook.name}.html").write_text(notebook.page(), "utf-8")
    return sorted(folder.rglob("*.html"))


def _import_all(name: str) -> None:
    """Put the names that a package imports at first use into it, where pdoc looks for them."""
    package = importlib.import_module(name)
    for public in package.__all__:
        setattr(package, public, getattr(package, public))


def main() -> None:
    """Build into build/docs, or the folder that is given, and say where to begin."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else BUILT
    pages = build(folder)
    print(f"{len(pages)} pages: open {folder / 'index.html'}")


if __name__ == "__main__":
    main()
