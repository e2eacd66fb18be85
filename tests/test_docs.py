"""The documentation is complete and right: settings, codes, routes, saved queries, commands, links."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from starlette.routing import Route

from endpoint.app import create_site, routes
from endpoint.cli.main import COMMANDS
from endpoint.settings import Settings, setting_fields, shown_default
from tests.live import Server

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
_AT_ROOT = ("README", "CONTRIBUTING", "SECURITY")
PAGES = [*(ROOT / f"{name}.md" for name in _AT_ROOT), *sorted(DOCS.glob("*.md"))]
REQUESTS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    )
    if block.startswith("curl ")
]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["settings.md", "errors.md"])
def test_generated_pages_are_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == generator().PAGES[name](), "run python docs/generate.py"


# Settings that limit nothing.
LIMITLESS = {
    *("dataset", "data", "host", "port", "tls_certificate", "tls_key", "public_url", "trusted_proxies"),
    *("allowed_hosts", "default_graph", "derive", "reload", "cors_origins", "tokens", "metrics_address"),
    *("query_log", "slow_query", "log_level", "security_contact", "column_queries", "load_from"),
    "allow_service",
}


def test_every_limit_is_in_the_table_of_limits_with_its_default() -> None:
    text = (DOCS / "limits.md").read_text()
    rows = {row.name: shown_default(row) for row in setting_fields() if row.name not in LIMITLESS}
    assert len(rows) > 15
    for name, default in rows.items():
        found = [
            line for line in text.splitlines() if line.startswith("| ") and f"`{name}`" in line.split("|")[1]
        ]
        assert found, name
        written = default if not default.isdigit() else f"{int(default):,}"
        # Where 0 stands for what the system has, the page says what that is.
        assert default == "0" or any(written in line or default in line for line in found), name
    assert set(LIMITLESS) <= {row.name for row in setting_fields()}


def test_every_error_of_a_limit_exists() -> None:
    text = (DOCS / "limits.md").read_text()
    told = set(re.findall(r"\b([45]\d\d) `([a-z-]+)`", text))
    assert len(told) > 10
    errors = (DOCS / "errors.md").read_text()
    for status, code in told:
        assert f"| {status} | `{code}` |" in errors, code


def test_every_route_is_documented() -> None:
    text = (DOCS / "protocol.md").read_text()
    site = create_site(Settings())
    for route in routes(site):
        assert isinstance(route, Route)
        assert f"`{route.path}`" in text, route.path


def test_every_saved_query_is_documented() -> None:
    text = (DOCS / "protocol.md").read_text()
    site = create_site(Settings())
    assert site.catalog.queries
    for query in site.catalog.queries.values():
        assert f"`{query.name}`" in text
        for parameter in query.parameters:
            assert f"`{parameter.name}`" in text


def test_the_code_map_names_every_package_and_module_beside_them_and_nothing_else() -> None:
    section = (DOCS / "architecture.md").read_text().partition("## Code map")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `([a-z_/]+)/` \|", section, re.MULTILINE)
    package = ROOT / "endpoint"
    packages = {file.parent.relative_to(package).as_posix() for file in package.rglob("*/__init__.py")}
    assert sorted(named) == sorted(packages)
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", section, re.MULTILINE)
    alone = {file.stem for file in package.glob("*.py")} - {"__init__", "__main__"}
    assert {name for row in rows for name in re.findall(r"[a-z_]+", row)} == alone


def test_the_walks_name_modules_that_exist() -> None:
    section = (DOCS / "architecture.md").read_text().partition("## Three walks")[2].partition("\n## ")[0]
    rows = [row.split("|")[2] for row in section.splitlines() if row.startswith("| ")]
    named = {name for row in rows for name in re.findall(r"`([a-z_]+(?:/[a-z_]+)*)`", row)}
    assert len(named) > 20
    package = ROOT / "endpoint"
    missing = {
        name for name in named if not (package / name).is_dir() and not (package / f"{name}.py").is_file()
    }
    assert missing == set()


def test_files_that_code_names_exist() -> None:
    files = [file for folder in ("endpoint", "tests", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
    named = re.compile(r"``((?:endpoint|tests|benchmarks|docs|seed|queries)/[\w./-]*\w/?)``")
    missing = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in files
        for name in named.findall(file.read_text())
        if not (ROOT / name).exists()
    }
    assert missing == set()


def test_every_dependency_has_its_reason() -> None:
    text = (DOCS / "architecture.md").read_text().lower()
    project = (ROOT / "pyproject.toml").read_text().partition("\ndependencies = [")[2].partition("]")[0]
    names = re.findall(r'"([a-z0-9]+)', project)
    assert len(names) > 5
    for name in names:
        assert name in text, name


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    for name in COMMANDS:
        assert f"endpoint {name}" in text or f"make {name}" in text, name


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_pages_and_their_sections(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)]+)\)", page.read_text()):
        path, _, section = target.partition("#")
        assert (page.parent / path).exists(), target
        headings = re.findall(r"^#+ (.+)$", (page.parent / path).read_text(), re.MULTILINE) if section else []
        assert not section or section in [heading.lower().replace(" ", "-") for heading in headings], target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_rows_of_a_table_have_as_many_cells_as_its_head(page: Path) -> None:
    for table in re.findall(r"^(?:\|.*\n)+", page.read_text(), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


@pytest.mark.parametrize("commands", REQUESTS)
def test_every_request_is_answered(server: Server, commands: str) -> None:
    local = commands.replace("curl -s", "curl -sS --fail -o /dev/null").replace(
        "http://127.0.0.1:8080", server.url
    )
    done = subprocess.run(["bash", "-ec", local], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_places_for_new_things_exist() -> None:
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where a new")[2]
    paths = re.findall(r"`((?:endpoint|tests|queries)[a-z_/]*/?(?:[a-z_]+\.py)?)`", section)
    assert len(paths) > 15
    assert [path for path in paths if not (ROOT / path).exists()] == []
