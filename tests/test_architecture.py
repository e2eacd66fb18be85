"""The shape of the code: who may import whom, how long files and functions are."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture import (
    Import,
    climbing,
    cycles,
    imported_names,
    imports_of,
    member,
    modules_of,
    parsed,
)

PACKAGE = Path(__file__).parent.parent / "endpoint"
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = modules_of(PACKAGE)

# A layer may import those above it in this list, and its own where that makes no circle.
LAYERS = [
    ["characters", "errors", "vocabulary", "wording"],
    ["settings", "telemetry", "toml_file"],
    ["dataset", "formats", "tokens"],
    ["sparql"],
    ["columns", "results", "search"],
    ["storage"],
    ["engine"],
    ["catalog", "ingest"],
    ["web"],
    ["app", "query"],
    ["server", "check"],
    ["doctor"],
    ["cli"],
    ["__main__"],
]

# A library appears only where the design gives it a place.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "starlette": ("web/", "app.py", "server/"),
    "uvicorn": ("server/",),
    "click": ("cli/",),
    "rich": ("cli/result_table.py", "cli/output.py", "cli/top.py"),
    "yaml": ("catalog/readers/grlc.py",),
    "babel": ("web/http/view.py",),
    "jinja2": ("web/http/html.py",),
    "brotli": ("web/http/encodings.py",),
    "markdown_it": ("web/api/markup.py",),
    "pygal": ("web/api/charts.py",),
    "pybtex": ("results/bibliography/",),
    "pyld": ("results/framing.py",),
    "re2": ("catalog/patterns.py",),
    "rispy": ("results/bibliography/",),
    "prometheus_client": ("telemetry/metrics.py", "telemetry/readings.py", "telemetry/write_metrics.py"),
    "pyshacl": ("ingest/shacl/__init__.py",),
    "rdflib": ("ingest/shacl/",),
    "opentelemetry": ("telemetry/tracing.py",),
    "openpyxl": ("ingest/tables/spreadsheet.py",),
    "lxml": ("ingest/pages/html.py",),
    "numpy": ("columns/", "search/"),
}


@cache
def imports() -> set[Import]:
    """Return the imports of the package, read when the first test asks for them."""
    return imports_of(PACKAGE)


def name_of(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_module_has_a_layer() -> None:
    members = {member(module, "endpoint") for module in MODULES} - {""}
    assert members == {name for names in LAYERS for name in names}


def test_the_layers_are_those_of_the_documentation() -> None:
    text = (PACKAGE.parent / "docs" / "architecture.md").read_text()
    section = text.partition("## Code map")[2].partition("\n## ")[0]
    rows = section.partition("```\n")[2].partition("```")[0].splitlines()
    assert [sorted(row.split()) for row in reversed(rows)] == [sorted(names) for names in LAYERS]


def test_imports_point_down() -> None:
    assert climbing(imports(), "endpoint", LAYERS) == []


def test_no_folder_imports_in_a_circle() -> None:
    packages = [module for module, file in MODULES.items() if file.name == "__init__.py"]
    assert cycles(imports(), packages) == []


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_library_stays_in_its_place(file: Path) -> None:
    for module in imported_names(file):
        places = ONLY_IN.get(module.split(".")[0])
        assert places is None or name_of(file).startswith(places), f"{name_of(file)} imports {module}"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_stand_at_the_top(file: Path) -> None:
    for function in functions(file):
        for node in ast.walk(function):
            assert not isinstance(node, ast.Import | ast.ImportFrom), f"{file}:{node.lineno}"


def test_only_the_composition_roots_name_the_embedded_engine() -> None:
    naming = {each.importer for each in imports() if each.imported == "endpoint.engine.embedded"}
    assert naming == {"endpoint.app", "endpoint.query"}


def test_only_those_below_the_engine_and_ingest_know_a_store() -> None:
    knowing = [name_of(file) for file in FILES if "pyoxigraph.Store" in imported_names(file)]
    assert [
        name for name in knowing if not name.startswith(("results/", "storage/", "engine/", "ingest/"))
    ] == []


def test_only_the_sender_and_the_boundary_send_messages_of_asgi() -> None:
    sending = {name_of(file) for file in FILES if '"http.response.' in file.read_text()}
    # A span has attributes of these names, and a connection writes these messages.
    beside = {"telemetry/tracing.py", "server/responding.py"}
    assert sending == {"web/http/boundary.py", "web/http/send.py", *beside}


def test_the_web_evaluates_queries_of_clients_and_its_own_in_one_place_each() -> None:
    call = re.compile(r"engine\.(?:query|search|count)\(")
    asking = {name_of(file) for file in FILES if call.search(file.read_text())}
    assert {name for name in asking if name.startswith("web/")} == {
        "web/http/answer.py",
        "web/own_queries.py",
        "web/api/calls.py",  # a call of a batch has no answer of its own
        "web/sparql/federation.py",  # nor has the part of a query that other endpoints are asked about
    }


def test_the_environment_is_read_in_one_place() -> None:
    reading = {name_of(file) for file in FILES if "os.environ" in file.read_text()}
    # The template process inherits the whole environment, it reads nothing from it. A service manager speaks
    # in variables of its own.
    assert reading == {"settings/sources.py", "engine/template_process.py", "server/service_manager.py"}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_fields_of_the_log_are_written_by_one_function(file: Path) -> None:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
            texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            fields = [text for text in texts if isinstance(text, str) and re.search(r"\w=(?:%s|$)", text)]
            assert fields == [], f"{name_of(file)}:{node.lineno}: use log_field"


def test_files_and_functions_stay_short() -> None:
    lines = [len(file.read_text().splitlines()) for file in FILES]
    assert max(lines) <= 400
    assert statistics.median(lines) <= 200
    lengths = [(node.end_lineno or 0) - node.lineno + 1 for file in FILES for node in functions(file)]
    assert max(lengths) <= 60
    assert statistics.quantiles(lengths, n=10)[-1] <= 35


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_public_things_have_docstrings(file: Path) -> None:
    tree = parsed(file)
    assert ast.get_docstring(tree) or not tree.body, name_of(file)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            assert ast.get_docstring(node), f"{name_of(file)}: {node.name}"


def test_docstrings_open_with_an_imperative_or_a_noun() -> None:
    question = re.compile(r'"""(?:How|What|When|Where|Whether|Which|Who|Why)\b.*')
    assert [f"{name_of(file)}: {each}" for file in FILES for each in question.findall(file.read_text())] == []


def plant(folder: Path, files: dict[str, str]) -> Path:
    """A package ``house`` of the given files; each folder is a package."""
    package = folder / "house"
    for name, text in files.items():
        file = package / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        for parent in file.relative_to(folder).parents[:-1]:
            (folder / parent / "__init__.py").touch()
    return package


@pytest.mark.parametrize(
    "statement",
    [
        "import house.attic.room",
        "from house.attic.room import door",
        "from house.attic import room",
        "from house import attic",
        "from importlib import import_module\nimport_module('house.attic.room')",
        "import importlib\nimportlib.import_module('house.attic')",
        "def later(name):\n    return import_module(f'house.attic.{name}')",
    ],
)
def test_a_planted_import_of_a_higher_layer_is_found(statement: str, tmp_path: Path) -> None:
    package = plant(tmp_path, {"cellar/room.py": statement, "attic/room.py": "door = 1"})
    assert [each.importer for each in climbing(imports_of(package), "house", [["cellar"], ["attic"]])] == [
        "house.cellar.room"
    ]
    assert climbing(imports_of(package), "house", [["attic"], ["cellar"]]) == []


@pytest.mark.parametrize(
    ("files", "folder"),
    [
        ({"a.py": "import house.b", "b.py": "from house import a"}, "house"),
        ({"a/x.py": "import house.b.x", "b/x.py": "", "b/y.py": "import house.a.y", "a/y.py": ""}, "house"),
        ({"a/x.py": "from house.a import y", "a/y.py": "from house.a.x import z"}, "house.a"),
        ({"a/x/p.py": "import house.a.y", "a/y.py": "from house.a.x import p"}, "house.a"),
        ({"a/__init__.py": "from house.a.x import z", "a/x.py": "from house.a import z"}, "house.a"),
    ],
)
def test_a_planted_circle_is_found(files: dict[str, str], folder: str, tmp_path: Path) -> None:
    package = plant(tmp_path, files)
    packages = [module for module, file in modules_of(package).items() if file.name == "__init__.py"]
    (sentence,) = cycles(imports_of(package), packages)
    assert sentence.startswith(f"{folder}: ")


def test_imports_that_point_down_make_no_circle(tmp_path: Path) -> None:
    package = plant(tmp_path, {"a/x.py": "from house.a import y\nimport house.b", "a/y.py": "", "b.py": ""})
    assert imports_of(package) == {Import("house.a.x", "house.a.y"), Import("house.a.x", "house.b")}
    assert cycles(imports_of(package), ["house", "house.a"]) == []
