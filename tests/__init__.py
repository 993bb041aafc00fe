"""The tests; each mirrors a module or a page."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SOURCES = sorted(path for pattern in ("app.py", "gptcore/**/*.py", "pages/**/*.py") for path in ROOT.glob(pattern))
"""Every Python file that a visitor's request can reach."""
