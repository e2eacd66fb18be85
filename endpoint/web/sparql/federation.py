"""Federated queries: the services that they call are asked by this process, and only where it is allowed.

The workers, which evaluate them, have no network; what they get instead, :mod:`endpoint.sparql.federation`
writes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final
from urllib.parse import quote

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
from endpoint.errors import MalformedQuery, QueryTooComplex, ServiceFailed, ServiceRefused
from endpoint.formats import SPARQL_JSON, Representation
from endpoint.sparql.federation import Call, FederatedText, group_of, inline_data, read_calls
from endpoint.sparql.operation import TEXT_SEARCH, Operation, admit, classify
from endpoint.vocabulary import XSD
from endpoint.web import Site
from endpoint.web.sparql.service_client import Fetched, admits, fetch

# Solutions of the rest of a query that a service is sent, at most; with more it is asked for all it has.
MOST_BINDINGS: Final = 1000
# Characters of inline data in a query.
MOST_DATA: Final = 2**22
# Texts longer than this (characters) are classified in a worker: it would take too long here.
LONG_TEXT: Final = 10_000
# Calls of one endpoint at once.
_AT_ONCE: Final = 8

Term = NamedNode | BlankNode | Literal | Triple


class Federation:
    """The calls of one endpoint to the services that the settings allow."""

    def __init__(self, site: Site) -> None:
        self._site = site
        # Whoever does not answer takes none of the threads that others need.
        self._threads = ThreadPoolExecutor(_AT_ONCE, "service")
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def answered(self, operation: Operation, limits: Limits) -> Operation:
        """Return the operation with the answers of the services that it calls in the place of the calls.

        Raises ServiceRefused for one that is not allowed, ServiceFailed for one that does not answer, unless
        SILENT, MalformedQuery, QueryTooComplex, and what the engine raises.
        """
        site = self._site
        if not operation.foreign or operation.form is None or not site.settings.allow_service:
            return operation
        self._check(operation.foreign)
        # It takes too long for other requests to wait for.
        calling = await asyncio.to_thread(
            read_calls, operation.text, operation.base_iri, site.dataset.prefixes
        )
        self._check([f"<{call.iri}>" for call in calling.calls])
        for call in calling.calls:
            calling.data.append(await self._data(operation, calling, call, limits))
            if sum(map(len, calling.data)) > MOST_DATA:
                raise QueryTooComplex("The services have more solutions than a query can hold. Ask for less.")
        answered = await self._classified(calling.rewritten(), operation, limits)
        if answered.foreign:
            # Some reading of the characters has another call, which the engine must not see.
            raise MalformedQuery(
                "SERVICE cannot be told from the words around it. Put blanks between the words."
            )
        return replace(answered, volatile=True)

    async def _classified(self, text: str, other: Operation, limits: Limits) -> Operation:
        """Return the operation of a text on the dataset and the generation of the other."""
        if len(text) > LONG_TEXT:
            operation = await self._site.engine.classify(text, other.base_iri, limits)
        else:
            operation = classify(text, sys.maxsize, other.base_iri)
        placed = operation.over(other.default_graphs, other.named_graphs).on(other.generation)
        return replace(placed, columns=other.columns)

    def _check(self, services: Sequence[str]) -> None:
        allowed = self._site.settings.allow_service
        for service in services:
            if not admits(allowed, service[1:-1]):
                raise ServiceRefused(
                    f"SERVICE {service[:200]} is refused: this endpoint calls only services whose IRIs begin "
                    f"with {' or '.join(allowed)}, and its own text search, {TEXT_SEARCH}."
                )

    async def _data(self, operation: Operation, calling: FederatedText, call: Call, limits: Limits) -> str:
        """Return the data in the place of a call."""
        names = call.variables
        inline = await self._bindings(operation, calling, call, limits)
        if inline is None:
            return group_of(names, ())
        patience = max(0.0, min(self._site.settings.service_timeout, limits.left()))
        query = calling.request(call, inline)
        try:
            async with asyncio.timeout(patience), self._room:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, _ask, call, query, patience)
        except (ServiceFailed, TimeoutError) as error:
            if call.silent:
                # One solution that binds nothing (section 2.3.1).
                return group_of(names, [["UNDEF"] * len(names)])
            if isinstance(error, ServiceFailed):
                raise
            shown = f"SERVICE <{call.iri[:200]}> does not answer within {patience:.3g} s."
            raise ServiceFailed(shown) from None

    async def _bindings(
        self, operation: Operation, calling: FederatedText, call: Call, limits: Limits
    ) -> str | None:
        """Return inline data of what the query itself binds, as far as a service can be sent it.

        It is empty where that is nothing or too much, and None where there is nothing to be joined with.
        """
        text = calling.bindings_query(call, MOST_BINDINGS + 1)
        if text is None:
            return ""
        local = await self._classified(text, operation, limits)
        result = await self._site.engine.query(admit(local), Representation.of(SPARQL_JSON), limits)
        solutions = _solutions(await result.read(), QueryResultsFormat.JSON)
        names = [variable.value for variable in solutions.variables]
        known = [[solution[name] for name in names] for solution in solutions]
        if len(known) > MOST_BINDINGS:
            return ""
        # A blank node of this dataset is none of another.
        rows = [row for row in known if not any(isinstance(term, BlankNode) for term in row)]
        if not rows:
            return None
        sent = [place for place in range(len(names)) if all(_is_the_same(row[place]) for row in rows)]
        distinct = dict.fromkeys(tuple(str(row[place]) for place in sent) for row in rows)
        return inline_data([names[place] for place in sent], [*distinct]) if sent else ""


def _is_the_same(term: Term | None) -> bool:
    """Return whether a term is written in one way only, so that it is the same to another engine."""
    if isinstance(term, Literal):
        return term.datatype.value == f"{XSD}string"
    return isinstance(term, NamedNode)


def _ask(call: Call, query: str, patience: float) -> str:
    fetched = fetch(call.iri, query, patience)
    try:
        return _data(call, fetched)
    except (ValueError, SyntaxError) as error:
        raise ServiceFailed(f"SERVICE <{call.iri[:200]}> does not answer with solutions: {error}") from None


def _data(call: Call, fetched: Fetched) -> str:
    fmt = QueryResultsFormat.from_media_type(fetched.media_type)
    if fmt is None:
        raise ValueError(f"its answer is {fetched.media_type}")
    solutions = _solutions(fetched.body, fmt)
    # Names that the pattern does not have could be anything.
    known = {variable.value for variable in solutions.variables}
    names = [name for name in call.variables if name in known]
    rows = [[_written(solution[name]) for name in names] for solution in solutions]
    return group_of(names, rows)


def _solutions(body: bytes, fmt: QueryResultsFormat) -> QuerySolutions:
    solutions = parse_query_results(body, format=fmt)
    if not isinstance(solutions, QuerySolutions):
        raise ValueError("its answer is a boolean")
    return solutions


def _written(term: Term | None) -> str:
    """Return a term as SPARQL writes it; what comes from elsewhere is made anew, so that it is one term.

    A blank node has a name here, which is no other node's (RDF 1.1 Concepts section 3.5).
    """
    match term:
        case None:
            return "UNDEF"
        case NamedNode():
            return str(NamedNode(term.value))
        case BlankNode():
            return str(NamedNode(f"urn:bnode:{quote(term.value, safe='')}"))
        case Literal() if term.language is not None:
            return str(Literal(term.value, language=term.language))
        case Literal():
            return str(Literal(term.value, datatype=NamedNode(term.datatype.value)))
    raise ValueError("its answer has triple terms")
