"""Packages whose names are imported when they are first used, so that what needs no torch does not wait for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(
    package: str, home: Mapping[str, str], modules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package (PEP 562) that imports its public names at first use.

    Args:
        package: The package's `__name__`.
        home: The module, relative to the package, that defines each public name.
        modules: Submodules that are reachable as attributes without an import statement of their own.

    Returns:
        The package's `__getattr__` and its `__dir__`.
    """
    modules = frozenset(modules)

    def load(name: str) -> Any:
        if name in home:
            return getattr(import_module(f"{package}.{home[name]}"), name)
        if name in modules:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*home, *modules})

    return load, names
