"""Generations for the tests of engines and servers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad

from endpoint.dataset import read_dataset
from endpoint.ingest.change import Change
from endpoint.ingest.publish import publish as publish_change
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.sources.discovery import discover
from endpoint.settings import Settings
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


def load(file: Path, graph: str, dataset: Path, data: Path) -> Generation:
    """Publish a file as ``endpoint load`` does, without the time that the start of a process takes."""
    node = NamedNode(graph)
    sources, _ = discover([file], node)
    recipe = Recipe.read(read_dataset(dataset), columns=Settings().columns)
    return publish_change(Change(sources, node), recipe, data)
