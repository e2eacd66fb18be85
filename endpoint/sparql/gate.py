"""The gate before evaluation: what reaches an engine is a query, and calls no other service.

``SERVICE text:search`` passes: it is no call, but is answered from the text index by the worker that
evaluates the query, before the engine sees the query (see :mod:`endpoint.search.service.rewriting`).
"""

from __future__ import annotations

from endpoint.errors import MalformedQuery, ServiceRefused
from endpoint.sparql.operation import TEXT_SEARCH, Operation


def admit(operation: Operation) -> Operation:
    """Return the operation where it is a read-only query that calls nobody.

    Raises :class:`MalformedQuery` and :class:`ServiceRefused`.
    """
    if operation.form is None:
        raise MalformedQuery("This is an update, and the parameter query takes a query.")
    if operation.foreign:
        raise ServiceRefused(
            f"SERVICE {operation.foreign[0][:200]} is refused: this endpoint calls no other service. "
            f"Only the text search of its own data can be asked: SERVICE {TEXT_SEARCH} {{ … }}."
        )
    return operation
