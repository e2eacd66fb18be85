"""Questions that a page asks the engine: on one generation, within one deadline, several at a time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    Triple,
    parse_query_results,
)

from endpoint.engine import Limits
from endpoint.formats import FLAT_JSON, N_TRIPLES, SPARQL_JSON, Format, QueryForm
from endpoint.search import Request
from endpoint.sparql.operation import Operation
from endpoint.web.http.making import whole as on_all_graphs
from endpoint.web.http.site import Site

Term = NamedNode | BlankNode | Literal | Triple
# One solution, without the variables that are not bound.
Row = Mapping[str, Term]

_ANY: Final = "GRAPH ?any "
# Seconds; a question at the end of the deadline is still asked.
_LEAST: Final = 0.1


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks about generation ``generation`` until ``end``, a time of :func:`time.monotonic`."""

    site: Site
    generation: int
    end: float

    @property
    def limits(self) -> Limits:
        """What is left for one more question."""
        return Limits(max(_LEAST, self.end - time.monotonic()))

    def operation(self, text: str, form: QueryForm, whole: bool = False) -> Operation:
        """A query of ours. With ``whole`` its default graph has all graphs of the manifest, however the
        server reads the queries of clients; a query that names graphs with GRAPH sees them without that.
        ``GRAPH ?any`` stands for every graph, and for the default graph too where that is the union.
        """
        if self.site.settings.default_graph == "union":
            text = text.replace(_ANY, "")
        base = self.site.dataset.base
        operation = on_all_graphs(self.site, text, form) if whole else Operation(text, form, base)
        return replace(operation, generation=self.generation)

    async def rows(self, text: str, whole: bool = False) -> list[Row]:
        """The solutions of a SELECT query. Raises designed errors."""
        return await self.solutions(self.operation(text, QueryForm.SELECT, whole))

    async def solutions(self, operation: Operation) -> list[Row]:
        """The solutions of a SELECT operation. Raises designed errors."""
        answer = await self.answer(operation, SPARQL_JSON)
        solutions = parse_query_results(answer, format=QueryResultsFormat.JSON)
        if not isinstance(solutions, QuerySolutions):
            raise TypeError("the engine answered a SELECT with a boolean")
        names = [variable.value for variable in solutions.variables]
        return [
            {name: term for name, term in zip(names, row, strict=True) if term is not None}
            for row in solutions
        ]

    async def graph(self, text: str) -> bytes:
        """The answer of a CONSTRUCT or DESCRIBE query as N-Triples. Raises designed errors."""
        return await self.answer(self.operation(text, QueryForm.CONSTRUCT, whole=True), N_TRIPLES)

    async def search(self, request: Request) -> Mapping[str, Any]:
        """The answer of the text index, as :class:`endpoint.search.Answer` tells it."""
        operation = Operation(
            text=json.dumps(asdict(request)), form=QueryForm.SELECT, search=True, generation=self.generation
        )
        found: dict[str, Any] = json.loads(await self.answer(operation, FLAT_JSON))
        return found

    async def answer(self, operation: Operation, fmt: Format) -> bytes:
        """The whole answer, which must be small. Raises designed errors."""
        result = await self.site.engine.query(operation, fmt, self.limits)
        try:
            return b"".join([result.first, *[piece async for piece in result]])
        finally:
            await result.aclose()


@asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """Several questions at once; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as failures:
        raise _first(failures) from None


def _first(failures: ExceptionGroup[Exception]) -> Exception:
    found = failures.exceptions[0]
    return _first(found) if isinstance(found, ExceptionGroup) else found


def iri(term: Term | None) -> str:
    """The IRI of a term, empty for any other."""
    return term.value if isinstance(term, NamedNode) else ""


def number(term: Term | None) -> int:
    """The value of an integer literal, 0 for any other term."""
    return int(term.value) if isinstance(term, Literal) and term.value.isdecimal() else 0


def flag(term: Term | None) -> bool:
    """The value of a boolean literal."""
    return isinstance(term, Literal) and term.value == "true"
