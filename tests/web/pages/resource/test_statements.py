"""Statements in both directions, and their bounds."""

from __future__ import annotations

import pytest

from endpoint.web import Site, own_queries
from endpoint.web.own_queries import Snapshot
from endpoint.web.pages.resource import statements as reading
from endpoint.web.pages.resource.lookup import KnownResource, look_up, of_path
from endpoint.web.pages.resource.statements import Statements, read_statements
from tests.datasets.odd_resources import BASE
from tests.web.in_memory_engine import StoreEngine
from tests.web.pages.resource.snapshots import GRAPH, THING, read


def test_what_points_to_a_resource_is_found_beyond_what_is_counted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = read(site, lambda snapshot: reading.read_inverse_properties(snapshot, THING))
    assert {(row.property.removeprefix(BASE), row.count, row.more) for row in exact} == {
        ("p", 2, False),
        ("q", 1, False),
        ("r", 1, False),
    }
    monkeypatch.setattr(own_queries, "_COUNTED", 1)
    bounded = read(site, lambda snapshot: reading.read_inverse_properties(snapshot, THING))
    assert sorted(row.property.removeprefix(BASE) for row in bounded) == ["p", "q", "r"]
    assert all(row.more and row.count <= 2 for row in bounded)


def test_what_stands_in_the_default_graph_has_a_page_too(site: Site) -> None:
    lone = f"{BASE}lone"

    async def told(snapshot: Snapshot) -> tuple[KnownResource, Statements, list[reading.InverseProperty]]:
        assert isinstance(site.running, StoreEngine)
        named = f"<{lone}> <{BASE}p> <{THING}> ; <{BASE}name> 'lone'"
        site.running.store.update(f"INSERT DATA {{ {named} . GRAPH <{GRAPH}> {{ <{lone}> <{BASE}p> 1 }} }}")
        found = await look_up(snapshot, of_path("/lone", BASE))
        inverse = await reading.read_inverse_properties(snapshot, THING)
        return found, await read_statements(snapshot, lone), inverse

    found, statements, inverse = read(site, told)
    assert (found.iri, found.subject) == (lone, True)
    assert sorted((row.property.removeprefix(BASE), *row.graphs) for row in statements.rows) == [
        ("name", ""),
        ("p", ""),
        ("p", GRAPH),
    ]
    assert [(row.count, row.derived) for row in inverse if row.property == f"{BASE}p"] == [(3, False)]
