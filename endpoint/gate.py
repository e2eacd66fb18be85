"""The gate before evaluation: what reaches an engine is a query, and calls no other service."""

from __future__ import annotations

from endpoint.errors import MalformedQuery, ServiceRefused
from endpoint.operation import Classified, Operation


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
    if classified.services:
        raise ServiceRefused(
            f"SERVICE {classified.services[0][:200]} is refused: this endpoint calls no other service."
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
