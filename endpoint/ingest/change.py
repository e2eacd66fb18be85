"""A change of the published data, and its effect: which statements go, and which come.

Statements are removed whole: a blank node that only removed statements point to goes with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

from endpoint.dataset import Dataset
from endpoint.errors import ConfigurationError, DataError
from endpoint.ingest.load import Progress, own_sources
from endpoint.ingest.sources import Source
from endpoint.storage import generations
from endpoint.storage.delta import Delta
from endpoint.storage.origin import FileChanges, Origin
from endpoint.storage.writer import Transaction
from endpoint.wording import did_you_mean

Graph = NamedNode | BlankNode | DefaultGraph

# Statements of each kind that a rehearsal shows.
_SAMPLE: Final = 5


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the published data: ``sources`` are added to the existing data.

    The dataset's own files come first where nothing is published yet; ``rebuild`` drops what is published and
    begins with them. ``own_files``: the sources are those files of the dataset that have changed. ``adopt``:
    the dataset takes the data even of another one.
    ``replace`` empties ``graph`` before the sources are read: one of the dataset or of the store, or a
    ``new_graph``, and not to stay empty, unless ``allow_empty``; ``replace_subjects`` removes from each graph
    of the sources what it states of their subjects. ``removed`` are resources whose own statements go, in
    ``graph`` or in all; ``as_object``: those that point to them too. ``encoding`` is that of tables and
    pages, a Python codec. ``errors`` are already known and end the publication, once all sources were read.
    ``check`` is called with the changed store, before statements are derived; an exception of it ends the
    publication. ``progress`` is that of :func:`~endpoint.ingest.load.load_sources`; ``notices`` takes remarks
    on the sources. ``edit`` changes the store of the transaction in place of all of these; it returns the
    delta, None where that is large or not known, and the statements that came or went at least, None where
    they are too many. ``command`` and ``author`` (in place of the user) are told in the history.
    """

    sources: Sequence[Source] = ()
    graph: NamedNode | None = None
    replace: bool = False
    new_graph: bool = False
    allow_empty: bool = False
    replace_subjects: bool = False
    removed: Sequence[NamedNode] = ()
    as_object: bool = False
    rebuild: bool = False
    own_files: bool = False
    adopt: bool = False
    base_iri: str | None = None
    lenient: bool = False
    encoding: str | None = None
    check: Callable[[Store], None] | None = None
    progress: Callable[[Progress], None] | None = None
    notices: list[str] = field(default_factory=list)
    errors: Sequence[DataError] = ()
    edit: Callable[[Transaction], tuple[Delta | None, Iterable[Quad] | None]] | None = None
    command: str = ""
    author: str = ""

    @property
    def corrects(self) -> bool:
        """True where single statements go, so that they are looked up before anything is written."""
        return self.replace_subjects or bool(self.removed)


def own_files_change(dataset: Dataset, data: Path) -> Change | None:
    """Return the change that brings the dataset's own files, as they are now, into what ``data`` has.

    None where they are there already. Where nothing was loaded beside them, the store is built from them
    anew. Else what the graphs of changed files state of the subjects of these files is replaced; what a file
    stated that is gone stays.

    :raises DataError: a file can no longer be read.
    :raises StoreError: the data directory cannot be read.
    """
    current = generations.current(data)
    if current is None or current.digest:
        built = current is not None and current.digest == dataset.digest()
        return None if built else Change(rebuild=True)
    origin = Origin.of(current)
    changes = None if origin is None else FileChanges.since(origin, dataset)
    if changes is not None and not changes:
        return None
    return Change(
        own_sources(dataset, None if changes is None else {*changes.new, *changes.changed}),
        replace_subjects=True,
        own_files=True,
        base_iri=dataset.base,
    )


def refuse(change: Change, derived: NamedNode | None) -> None:
    """Refuse a change that makes no sense, or concerns the graph of ``derived`` statements.

    :raises ConfigurationError: the sentence for whoever wants it.
    """
    if change.replace and change.graph is None:
        raise ConfigurationError("Replacing needs the graph to replace; name it with --graph IRI.")
    if change.replace and change.replace_subjects:
        raise ConfigurationError(
            "--replace empties the whole graph, --replace-subjects does not: choose one."
        )
    if change.graph is not None and change.graph == derived:
        raise ConfigurationError(
            f"What is in the graph {change.graph.value} is derived by rules, and nothing else stays there; "
            "name another graph with --graph."
        )


def refuse_replacement(change: Change, dataset: Dataset, store: Store | None) -> None:
    """Refuse to replace a graph that neither the ``dataset`` nor the ``store`` has: its name may be misspelt.

    :raises ConfigurationError: it is not there.
    """
    graph = change.graph
    if not change.replace or change.new_graph or graph is None:
        return
    own = [each.iri for each in dataset.graphs]
    nodes = () if store is None else store.named_graphs()
    stored = [node.value for node in nodes if isinstance(node, NamedNode)]
    if graph.value not in own and graph.value not in stored:
        raise ConfigurationError(
            f"There is no graph {graph} to replace{did_you_mean(graph.value, [*own, *stored])} "
            "With --new-graph it is made."
        )


def refuse_emptiness(change: Change, store: Store) -> None:
    """Refuse a replacement after which the graph is empty, in the ``store`` that has the sources.

    :raises DataError: it is.
    """
    if not change.replace or change.allow_empty:
        return
    if next(store.quads_for_pattern(None, None, None, change.graph), None) is None:
        raise DataError(
            f"The sources state nothing in the graph {change.graph}, so that nothing would be left in it; "
            "with --allow-empty it is emptied. Nothing was published."
        )


def going(
    store: Store, change: Change, sources: Store | None, derived: NamedNode | None, gone: Store
) -> None:
    """Collect in the empty store ``gone`` the statements of ``store`` that a correction removes.

    ``sources`` has what the sources state. Statements of the ``derived`` graph go by themselves.

    :raises DataError: nothing is stated of a resource that is to be removed.
    """
    finder = _Finder(store, derived, gone)
    if change.replace_subjects and sources is not None:
        for subject, graph in _subjects(sources):
            finder.remove(store.quads_for_pattern(subject, None, None, graph))
    unknown = []
    for resource in change.removed:
        found = finder.remove(store.quads_for_pattern(resource, None, None, change.graph))
        if change.as_object:
            found |= finder.remove(store.quads_for_pattern(None, None, resource, change.graph))
        if not found:
            unknown.append(resource.value)
    if unknown:
        where = "" if change.graph is None else f" in the graph {change.graph.value}"
        listed = "\n".join(f"  {iri}" for iri in unknown)
        raise DataError(f"Nothing is stated{where} of\n{listed}\nNothing was published.")


def own_statements(
    store: Store, resource: NamedNode, graph: Graph | None, derived: NamedNode | None, gone: Store
) -> bool:
    """Collect in the empty store ``gone`` what is stated of a resource, in ``graph`` or in all.

    Blank nodes that nothing else points to belong to it. Return whether anything is.
    """
    return _Finder(store, derived, gone).remove(store.quads_for_pattern(resource, None, None, graph))


def _subjects(sources: Store) -> Iterator[tuple[NamedNode, Graph]]:
    """Yield the subjects of the sources that are IRIs, with their graphs, mostly each once."""
    before = None
    for quad in sources:
        if isinstance(quad.subject, NamedNode) and (found := (quad.subject, quad.graph_name)) != before:
            before = found
            yield found


class _Finder:
    """A finder of statements that go, and of the blank nodes that go with them."""

    def __init__(self, store: Store, derived: NamedNode | None, gone: Store) -> None:
        self._store = store
        self._derived = derived
        self._gone = gone

    def remove(self, quads: Iterable[Quad]) -> bool:
        """Take these statements; return whether there are any that somebody has stated."""
        taken = [quad for quad in quads if quad.graph_name != self._derived]
        waiting = list(taken)
        while waiting:
            self._gone.extend(waiting)
            nodes = {quad.object for quad in waiting if isinstance(quad.object, BlankNode)}
            alone = [node for node in nodes if self._is_alone(node)]
            found = (quad for node in alone for quad in self._store.quads_for_pattern(node, None, None, None))
            waiting = [quad for quad in found if quad not in self._gone]
        return bool(taken)

    def _is_alone(self, node: BlankNode) -> bool:
        """Return whether only statements that go point to the blank node."""
        pointing = self._store.quads_for_pattern(None, None, node, None)
        return all(quad in self._gone or quad.subject == node for quad in pointing)


@dataclass(frozen=True, slots=True)
class Effect:
    """The statements that a change adds and removes, by graph, and some of them; none that are derived."""

    added: Counter[Graph]
    removed: Counter[Graph]
    sample: tuple[str, ...]  # lines of RDF Patch

    @property
    def graphs(self) -> list[Graph]:
        """The graphs that change, the default graph first."""
        return sorted(
            {*self.added, *self.removed}, key=lambda graph: "" if _is_default(graph) else str(graph)
        )


def _is_default(graph: Graph) -> bool:
    return isinstance(graph, DefaultGraph)


def effect(store: Store, coming: Store, leaving: Iterable[Quad]) -> Effect:
    """Return the effect on ``store`` of removing ``leaving`` and adding all of ``coming`` afterwards."""
    added: Counter[Graph] = Counter()
    removed: Counter[Graph] = Counter()
    shown: dict[str, list[str]] = {"D": [], "A": []}
    for sign, counts, quads in (
        ("D", removed, (quad for quad in leaving if quad not in coming)),
        ("A", added, (quad for quad in coming if quad not in store)),
    ):
        for quad in quads:
            counts[quad.graph_name] += 1
            if len(shown[sign]) < _SAMPLE:
                shown[sign].append(f"{sign} {quad} .")
    return Effect(added, removed, (*shown["D"], *shown["A"]))
