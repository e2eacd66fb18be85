"""The import graph of a package, read from its source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path


@cache
def parsed(file: Path) -> ast.Module:
    """Return the syntax tree of a file; it is kept, since several tests walk each."""
    return ast.parse(file.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Import:
    """``importer`` imports ``imported``; both are dotted names of modules of the package."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


def modules_of(package: Path) -> dict[str, Path]:
    """Return the files of all modules of ``package`` by dotted name; a package has that of its folder."""
    modules = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return modules


def imported_names(file: Path) -> Iterator[str]:
    """Yield every name that a file imports: ``a.b.c`` for ``from a.b import c``.

    Literals of import_module count too; a formatted string, as in ``import_module(f"a.b.{name}")``, up to its
    first value.
    Raises AssertionError for a relative import, which the project does not use.
    """
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _name(node.func) in ("import_module", "__import__") and node.args:
            yield from _literal(node.args[0])


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _literal(argument: ast.expr) -> Iterator[str]:
    if isinstance(argument, ast.JoinedStr):
        argument = argument.values[0]
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value.rstrip(".")


def imports_of(package: Path) -> set[Import]:
    """Return the imports among the modules of ``package``, each of the longest name that is a module."""
    modules = modules_of(package)
    found = set()
    for importer, file in modules.items():
        for name in imported_names(file):
            pieces = name.split(".")
            while pieces and ".".join(pieces) not in modules:
                pieces.pop()
            imported = ".".join(pieces)
            if imported and imported != importer:
                found.add(Import(importer, imported))
    return found


def cycles(imports: set[Import], packages: Sequence[str]) -> list[str]:
    """Return a sentence for each folder of ``packages`` whose members import each other in a circle."""
    found = []
    for package in packages:
        graph: dict[str, set[str]] = {}
        for each in imports:
            importer, imported = (
                "__init__" if module == package else member(module, package)
                for module in (each.importer, each.imported)
            )
            if importer and imported and importer != imported:
                graph.setdefault(importer, set()).add(imported)
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            found.append(f"{package}: {' <- '.join(error.args[1])}")
    return found


def member(module: str, package: str) -> str:
    """Return the part of ``module`` directly below ``package``; empty for itself and for others."""
    return module.removeprefix(f"{package}.").split(".")[0] if module.startswith(f"{package}.") else ""


def climbing(imports: set[Import], package: str, layers: Sequence[Sequence[str]]) -> list[Import]:
    """Return the imports of a higher layer by a lower one; ``layers`` names the members, lowest first."""
    height: Mapping[str, int] = {name: row for row, names in enumerate(layers) for name in names}
    return [
        each
        for each in sorted(imports, key=str)
        if (importer := member(each.importer, package))
        and (imported := member(each.imported, package))
        and height[importer] < height[imported]
    ]
