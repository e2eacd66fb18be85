"""Saved queries about a resource, and related resources."""

from __future__ import annotations

from endpoint.errors import DeadlineExceeded
from endpoint.web import Site
from endpoint.web.pages.resource.page_data import (
    fitting_queries,
    read_related,
)
from tests.datasets.odd_resources import BASE
from tests.web.pages.resource.snapshots import THING, read


def test_related_resources_that_take_too_long_leave_the_page(site: Site) -> None:
    about = list(fitting_queries(site, THING, [f"{BASE}ns/Thing"]))
    assert [(row.query.name, row.parameters) for row in about] == [("near", {"thing": THING})]
    assert list(fitting_queries(site, THING, [f"{BASE}ns/Object"])) == []
    found = read(site, lambda snapshot: read_related(snapshot, about))
    assert found is not None
    assert not found.failed
    late = read(site, lambda snapshot: read_related(snapshot, about), DeadlineExceeded("Too long.", 1))
    assert late is not None
    assert (late.failed, late.rows) == (True, ())
