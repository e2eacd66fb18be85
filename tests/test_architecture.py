"""The shape of the code: who may import whom, how long files and functions are."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "endpoint"
FILES = sorted(PACKAGE.rglob("*.py"))

# Lower may not import higher; equals may, where listed below or without a cycle.
RANKS = {
    "errors": 0,
    "settings": 1,
    "telemetry": 1,
    "toml_file": 1,
    "wording": 1,
    "addresses": 1,
    "dataset": 1,
    "formats": 2,
    "bibliography": 2,
    "lexer": 2,
    "placing": 3,
    "operation": 3,
    "binding": 3,
    "diagnosis": 3,
    "gate": 4,
    "search": 4,
    "engines": 5,
    "catalog": 5,
    "ingest": 6,
    "web": 7,
    "app": 8,
    "reloading": 8,
    "server": 8,
    "checking": 9,
    "oneshot": 9,
    "exporting": 9,
    "commands": 10,
    "cli": 11,
    "__main__": 12,
    "__init__": 0,
}
# Within web: a later module or package may import an earlier one, and so within each package.
WEB = [
    "language",
    "site",
    "view",
    "static",
    "html",
    "problems",
    "boundary",
    "protocol",
    "responses",
    "making",
    "discovery",
    "resources",
    "describing",
    "editor",
    "sparql",
    "api",
    "openapi",
    "browsing",
    "health",
]
WITHIN_WEB = {
    "resources": [
        "__init__",
        "address",
        "asking",
        "knowledge",
        "finding",
        "description",
        "labels",
        "statements",
        "cells",
        "inverse",
        "terms",
        "extras",
        "material",
        "variants",
        "layout",
        "page",
        "service",
    ],
    "describing": [
        "__init__",
        "statistics",
        "counting",
        "census",
        "documents",
        "void",
        "executables",
        "description",
        "dcat",
        "datasets",
        "completion",
    ],
    "discovery": [
        "__init__",
        "robots",
        "metadata",
        "sitemap",
        "feed",
    ],
    "api": [
        "__init__",
        "paging",
        "targets",
        "deprecation",
        "value_lists",
        "values",
        "highlight",
        "prose",
        "snippets",
        "widgets",
        "query_page",
        "calls",
        "batch",
        "sources",
        "listing",
        "series",
        "charts",
        "drawings",
        "api_page",
        "saved",
    ],
    "openapi": [
        "__init__",
        "values",
        "problems",
        "answers",
        "shared",
        "samples",
        "parameters",
        "operations",
        "document",
        "swagger",
    ],
    "browsing": [
        "__init__",
        "histogram",
        "asking",
        "facet_names",
        "values",
        "browse",
        "catalogue",
        "network",
        "overview",
        "search",
    ],
}

# A library appears only where the design gives it a place.
ONLY_IN = {
    "starlette": ("web/", "app.py", "server.py"),
    "uvicorn": ("server.py",),
    "click": ("cli.py", "commands/"),
    "rich": ("oneshot.py", "commands/progress.py"),
    "yaml": ("catalog/header.py",),
    "babel": ("web/language.py",),
    "jinja2": ("web/html.py",),
    "markdown_it": ("web/api/prose.py",),
    "pygal": ("web/api/charts.py",),
    "pybtex": ("bibliography/",),
    "pyld": ("engines/framing.py",),
    "rispy": ("bibliography/",),
    "pyshacl": ("ingest/validation.py",),
    "rdflib": ("ingest/validation.py", "ingest/shapes.py", "ingest/rdflib_terms.py"),
    "openpyxl": ("ingest/tabular/spreadsheet.py",),
    "lxml": ("ingest/page_markup.py",),
}


def name_of(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def part_of(module: str) -> str:
    """The row of RANKS for ``endpoint.engines.pool``: ``engines``."""
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 else "__init__"


def web_pieces(file: Path) -> list[str]:
    """The name of a module of web below it, in pieces."""
    return list(file.relative_to(PACKAGE / "web").with_suffix("").parts)


def place_in_web(pieces: list[str]) -> tuple[int, int]:
    """Where a module of web stands: higher may import lower."""
    package, *rest = pieces
    return WEB.index(package), WITHIN_WEB[package].index(
        rest[0] if rest else "__init__"
    ) if package in WITHIN_WEB else -1


def imports(file: Path) -> Iterator[tuple[str, ast.stmt]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file}: relative import"
            yield node.module, node


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_module_has_a_rank() -> None:
    tops = {file.relative_to(PACKAGE).parts[0].removesuffix(".py") for file in FILES}
    assert tops <= set(RANKS)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_point_one_way(file: Path) -> None:
    own = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for module, node in imports(file):
        if module.split(".")[0] != "endpoint":
            continue
        assert RANKS[part_of(module)] <= RANKS[own], f"{name_of(file)} imports {module}"
        if own == "web" and part_of(module) == "web":
            named = [[alias.name] for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            own_place = place_in_web(web_pieces(file))
            for pieces in [module.split(".")[2:]] if module.count(".") > 1 else named:
                assert place_in_web(pieces) < own_place, f"{name_of(file)} imports {module}"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_library_stays_in_its_place(file: Path) -> None:
    for module, _ in imports(file):
        places = ONLY_IN.get(module.split(".")[0])
        assert places is None or name_of(file).startswith(places), f"{name_of(file)} imports {module}"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_stand_at_the_top(file: Path) -> None:
    for function in functions(file):
        for node in ast.walk(function):
            assert not isinstance(node, ast.Import | ast.ImportFrom), f"{file}:{node.lineno}"


def test_only_the_composition_root_names_the_embedded_engine() -> None:
    naming = {name_of(file) for file in FILES for module, _ in imports(file) if module.endswith(".embedded")}
    assert naming == {"app.py"}


def test_only_engines_and_ingest_know_a_store() -> None:
    for file in FILES:
        if name_of(file).startswith(("engines/", "ingest/")):
            continue
        for module, node in imports(file):
            if module == "pyoxigraph" and isinstance(node, ast.ImportFrom):
                assert "Store" not in {alias.name for alias in node.names}, name_of(file)


def test_the_environment_is_read_in_one_place() -> None:
    reading = {name_of(file) for file in FILES if "os.environ" in file.read_text()}
    # The template process inherits the whole environment, it reads nothing from it.
    assert reading == {"settings.py", "engines/nursery.py"}


def test_files_and_functions_stay_short() -> None:
    lines = [len(file.read_text().splitlines()) for file in FILES]
    assert max(lines) <= 400
    assert statistics.median(lines) <= 200
    lengths = [(node.end_lineno or 0) - node.lineno + 1 for file in FILES for node in functions(file)]
    assert max(lengths) <= 60
    assert statistics.quantiles(lengths, n=10)[-1] <= 35


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_public_things_have_docstrings(file: Path) -> None:
    tree = ast.parse(file.read_text())
    assert ast.get_docstring(tree) or not tree.body, name_of(file)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            assert ast.get_docstring(node), f"{name_of(file)}: {node.name}"
