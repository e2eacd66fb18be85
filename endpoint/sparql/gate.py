"""The gate before evaluation: what reaches an engine is a query, and calls no other service.

``SERVICE text:search`` passes: it is no call, but is answered from the text index by the worker that
evaluates the query, before the engine sees the query (see :mod:`endpoint.search.service.rewriting`).
"""

from __future__ import annotations

from endpoint.errors import MalformedQuery, ServiceRefused
from endpoint.sparql.operation import TEXT_SEARCH, Classified, Operation


def admit(
    text: str,
    classified: Classified,
    base: str,
    default: tuple[str, ...] = (),
    named: tuple[str, ...] = (),
) -> Operation:
    """The gate: a read-only query that calls nobody. Raises MalformedQuery and ServiceRefused."""
    if classified.update or classified.loads:
        raise MalformedQuery("This is an update, and the parameter query takes a query.")
    if classified.foreign:
        raise ServiceRefused(
            f"SERVICE {classified.foreign[0][:200]} is refused: this endpoint calls no other service. "
            f"Only the text search of its own data can be asked: SERVICE {TEXT_SEARCH} {{ … }}."
        )
    if classified.form is None:
        raise MalformedQuery("The text holds no SELECT, ASK, CONSTRUCT or DESCRIBE.")
    return Operation(
        text=text,
        form=classified.form,
        base_iri=base,
        default_graphs=default,
        named_graphs=named,
        volatile=classified.volatile,
        dataset_clause=classified.dataset_clause,
        star=classified.star,
    )
