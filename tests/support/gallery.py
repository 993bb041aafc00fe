"""The notebooks of the gallery: run cell by cell, and shown as pages that need no internet."""

import ast
import contextlib
import io
import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import markdown2

from tests import ROOT

GALLERY = ROOT / ".docs" / "gallery"
PLOTLY_FILE = "plotly.min.js"

_STYLE = (
    "body{font:16px/1.55 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#17202e}"
    "pre{background:#eef1f6;padding:.8rem 1rem;overflow-x:auto;font-size:14px}"
    "pre.out{background:none;margin-top:-.6rem}"
    "table{border-collapse:collapse;font-size:13px;display:block;overflow-x:auto}"
    "td,th{padding:.2rem .6rem;border-bottom:1px solid #d8dee8;text-align:left}"
)


@dataclass(frozen=True)
class Notebook:
    """One notebook, as its file has it.

    Attributes:
        path: The .ipynb file.
        cells: Kind ("markdown" or "code") and source of each cell.
    """

    path: Path
    cells: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, path: Path) -> "Notebook":
        """Read the file."""
        cells = json.loads(path.read_text("utf-8"))["cells"]
        return cls(path, tuple((cell["cell_type"], "".join(cell["source"])) for cell in cells))

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def title(self) -> str:
        """The heading that the first cell begins with."""
        return self.cells[0][1].splitlines()[0].removeprefix("# ")

    def outputs(self) -> list[tuple[str, Any]]:
        """Run every cell, in one namespace; what each code cell printed, and the value of its last expression."""
        names: dict[str, Any] = {"__name__": "__main__"}
        return [_run(source, names, f"{self.path.name}[{n}]") for n, (_, source) in self._code()]

    def page(self) -> str:
        """The notebook with its outputs as an HTML page; its charts are drawn by PLOTLY_FILE beside it."""
        outputs = dict(zip((n for n, _ in self._code()), self.outputs(), strict=True))
        parts = []
        for n, (kind, source) in enumerate(self.cells):
            if kind == "markdown":
                parts.append(markdown2.markdown(source))
                continue
            parts.append(f"<pre>{escape(source)}</pre>")
            printed, value = outputs[n]
            if printed:
                parts.append(f"<pre class='out'>{escape(printed)}</pre>")
            if hasattr(value, "to_plotly_json"):
                parts.append(value.to_html(full_html=False, include_plotlyjs=False))
            elif hasattr(value, "_repr_html_"):
                parts.append(value._repr_html_())
            elif value is not None:
                parts.append(f"<pre class='out'>{escape(repr(value))}</pre>")
        return (
            "<!doctype html><html lang='en'><meta charset='utf-8'>"
            "<meta name='viewport' content='width=device-width, initial-scale=1'>"
            f"<title>{escape(self.title)}</title><style>{_STYLE}</style>"
            f"<script src='{PLOTLY_FILE}'></script><body>"
            f"<p><a href='../index.html'>Documentation</a> · <a href='{self.path.name}' download>This notebook</a></p>"
            f"{''.join(parts)}</body></html>"
        )

    def _code(self) -> list[tuple[int, tuple[str, str]]]:
        return [(n, cell) for n, cell in enumerate(self.cells) if cell[0] == "code"]


def _run(source: str, names: dict[str, Any], where: str) -> tuple[str, Any]:
    """Run a cell as Jupyter does: what it printed, and the value of its last line where that is an expression."""
    tree = ast.parse(source, where)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, where, "exec"), names)
        value = eval(compile(ast.Expression(last.value), where, "eval"), names) if isinstance(last, ast.Expr) else None
    return printed.getvalue(), value
