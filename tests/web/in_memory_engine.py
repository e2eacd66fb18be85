"""An engine in this process, on a store in memory: for what a test has to see from inside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import QueryResultsFormat, QueryTriples, RdfFormat, Store

from endpoint.engine import Clients, Limits, Occupancy, Result, RunningQueries
from endpoint.engine.cache import Entry, Use
from endpoint.errors import NotFound
from endpoint.formats import Facts, Representation
from endpoint.search import Request
from endpoint.settings import Settings
from endpoint.sparql.operation import Operation, classify
from endpoint.storage.dump_order import DumpOrder
from endpoint.storage.generations import Generation


class Whole:
    """A whole answer."""

    complete = True
    facts: Facts | None = None
    queued = planned = evaluated = 0.0
    columns = False
    use: Use | None = None
    kept: Entry | None = None

    def __init__(self, generation: Generation, body: bytes) -> None:
        self.generation = generation
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body

    async def read(self) -> bytes:
        """The answer."""
        return self._body

    async def aclose(self) -> None:
        """Nothing is held."""


class StoreEngine:
    """Evaluates at once; ``asked`` are the texts of all queries, ``failure`` is raised instead of answers."""

    alive = True
    occupancy = Occupancy(queue=256, states={"idle": 2})

    def __init__(self, turtle: str, graph: str) -> None:
        self.store = Store()
        self.queries = RunningQueries()
        self.clients = Clients(0.0, 64)
        self.store.update(f"INSERT DATA {{ GRAPH <{graph}> {{ {turtle} }} }}")
        self.generation = Generation(7, Path(), datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), 0, "")
        self.asked: list[str] = []
        self.failure: Exception | None = None

    def answerable(self, number: int) -> Generation | None:
        """The one generation."""
        return self.generation if number == self.generation.number else None

    def expect(self, generation: bool) -> None:
        """Do nothing: there is one generation."""

    def reconfigure(self, settings: Settings) -> None:
        """Nothing was made of the settings."""

    async def query(self, operation: Operation, representation: Representation, limits: Limits) -> Result:
        """The answer as SPARQL JSON or N-Triples."""
        self.asked.append(operation.text)
        if self.failure is not None:
            raise self.failure
        results = self.store.query(operation.text, use_default_graph_as_union=True)
        if isinstance(results, QueryTriples):
            return Whole(self.generation, results.serialize(format=RdfFormat.N_TRIPLES) or b"")
        return Whole(self.generation, results.serialize(format=QueryResultsFormat.JSON) or b"")

    async def search(self, request: Request, limits: Limits, generation: int | None = None) -> Result:
        """Refuse: there is no index."""
        raise NotFound("This endpoint has no text index.")

    async def count(
        self, union: bool, most_classes: int, limits: Limits, generation: int | None = None
    ) -> Result:
        """Refuse: there are no columns."""
        raise NotFound("This generation cannot be counted from columns.")

    async def dump(self, order: DumpOrder, limits: Limits, generation: int | None = None) -> Result:
        """Refuse: there is no generation on the disk."""
        raise NotFound("This generation is not on the disk.")

    async def classify(self, text: str, base_iri: str | None, limits: Limits) -> Operation:
        """Classify at once."""
        return classify(text, 500, base_iri)

    async def aclose(self) -> None:
        """Nothing is held."""
