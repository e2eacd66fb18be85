"""The project's dataset with the records of the fixture catalogue in place of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, serialize

from tests.queries.bundled.fixture_catalogue import BASE, ROOT, statements

# The records of what the publications are about have a graph that the project's seed does not need.
_CORE = f"""
[[graph]]
iri = "{BASE}core"
title.en = "Places, people, organisations"
files = ["seed/core/*.ttl"]
"""


def make(folder: Path) -> Path:
    """Write the dataset into ``folder``: ontologies, rules and saved queries are those of the project."""
    folder.mkdir()
    for name in ("ontology", "queries"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copytree(ROOT / "seed", folder / "seed", ignore=shutil.ignore_patterns("*.ttl"))
    with (folder / "seed/dataset.toml").open("a", encoding="utf-8") as manifest:
        manifest.write(_CORE)
    # The manifest names the graph of the press releases, of which the catalogue has none.
    by_graph: dict[str, list[Quad]] = {f"{BASE}mofapress": []}
    for quad in statements():
        assert isinstance(quad.graph_name, NamedNode)
        by_graph.setdefault(quad.graph_name.value, []).append(quad)
    for graph, quads in by_graph.items():
        file = folder / "seed" / graph.removeprefix(BASE) / "records.ttl"
        file.parent.mkdir(exist_ok=True)
        serialize((quad.triple for quad in quads), file, RdfFormat.TURTLE)
    return folder
