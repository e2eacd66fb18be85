"""The documentation says what is there: settings, codes, routes, saved queries, README commands."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from starlette.routing import Route

from endpoint.app import create_site, routes
from endpoint.cli.main import COMMANDS
from endpoint.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


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


def test_the_code_map_names_every_package_and_nothing_else() -> None:
    section = (DOCS / "architecture.md").read_text().partition("## Code map")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `([a-z_/]+)/` \|", section, re.MULTILINE)
    package = ROOT / "endpoint"
    packages = {file.parent.relative_to(package).as_posix() for file in package.rglob("*/__init__.py")}
    assert sorted(named) == sorted(packages)


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


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 150
    for target in re.findall(r"\]\((?!http)([^)]+)\)", text):
        assert (ROOT / target).exists(), target


def test_the_places_for_new_things_exist() -> None:
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where a new")[2]
    paths = re.findall(r"`((?:endpoint|tests|queries)[a-z_/]*/?(?:[a-z_]+\.py)?)`", section)
    assert len(paths) > 15
    assert [path for path in paths if not (ROOT / path).exists()] == []
