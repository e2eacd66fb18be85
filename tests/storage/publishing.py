"""Generations for the tests of the engines."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from endpoint.storage.generations import Generation
from endpoint.storage.retention import Retention
from endpoint.storage.writer import Writer


def publish(data: Path, count: int, twice: bool = True) -> Generation:
    """A generation with ``count`` triples, each in two graphs or shared out among them."""
    return publish_quads(
        data,
        (
            Quad(NamedNode(f"urn:s{n}"), NamedNode("urn:p"), Literal(n), NamedNode(graph))
            for n in range(count)
            for graph in (("urn:g1", "urn:g2") if twice else (f"urn:g{n % 2 + 1}",))
        ),
    )


def publish_quads(data: Path, quads: Iterable[Quad]) -> Generation:
    """A generation with these quads and nothing else; the one before stays."""
    with Writer(data, Retention(2)) as writer, writer.transaction(replace_all=True) as transaction:
        transaction.store.bulk_extend(quads)
    return transaction.generation
