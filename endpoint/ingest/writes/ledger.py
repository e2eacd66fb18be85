"""The ledger of one write: what it may change, and what it has changed.

Every statement that a write adds or removes passes here, whatever it was written by, so that the graphs of a
token hold for all of them, and the statements that others derive from are known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

from endpoint.errors import Forbidden
from endpoint.storage.delta import MOST as LARGEST
from endpoint.storage.delta import Delta
from endpoint.tokens import DEFAULT

Graph = NamedNode | BlankNode | DefaultGraph

# Statements that are remembered; of more only the number.
MOST: Final = 200_000
# Statements that are added at once.
_BATCH: Final = 50_000


@dataclass(frozen=True, slots=True)
class Permission:
    """The graphs that a write may change: those of its token (empty for all), never the ``derived`` one.

    ``only`` is the single one that the request is for, where there is one.
    """

    token: str
    graphs: tuple[str, ...]
    derived: NamedNode | None
    only: NamedNode | DefaultGraph | None = None

    def check(self, graph: Graph) -> None:
        """Raise :class:`~endpoint.errors.Forbidden` for a graph that is not among them."""
        if graph == self.derived:
            raise Forbidden(
                f"What is in the graph {graph} is derived by rules, and nothing else stays there; write to "
                "another graph."
            )
        if self.only is not None and graph != self.only:
            shown = "default graph" if isinstance(self.only, DefaultGraph) else f"graph {self.only}"
            raise Forbidden(f"The request is for the {shown}, and its update would change another.")
        if not self.graphs:
            return
        # A graph with a blank node for a name is nobody's: no token can name it.
        name = DEFAULT if isinstance(graph, DefaultGraph) else graph.value
        if isinstance(graph, BlankNode) or not any(_matches(name, pattern) for pattern in self.graphs):
            shown = "the default graph" if isinstance(graph, DefaultGraph) else f"the graph {graph}"
            raise Forbidden(f'The token "{self.token}" may not change {shown}.')


def _matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


class Ledger:
    """The changes of one write to ``store``.

    ``added`` and ``removed`` count statements. ``changed`` is true as soon as the store differs, also by an
    empty graph.
    """

    def __init__(self, store: Store, permission: Permission) -> None:
        self.store = store
        self.added = 0
        self.removed = 0
        self.changed = False
        self._permission = permission
        self._permitted: set[Graph] = set()
        self._touched: list[Quad] | None = []
        self._added: set[Quad] | None = set()
        self._removed: set[Quad] = set()

    @property
    def delta(self) -> Delta | None:
        """Return what came and went; None where it is much, or where graphs without statements did."""
        return None if self._added is None else Delta(frozenset(self._added), frozenset(self._removed))

    @property
    def touched(self) -> Collection[Quad] | None:
        """Return the statements that came or went; None where they are too many."""
        return self._touched

    @property
    def derived(self) -> NamedNode | None:
        """The graph of derived statements, which is left out where all graphs are meant."""
        return self._permission.derived

    def permit(self, graph: Graph) -> None:
        """Raise :class:`~endpoint.errors.Forbidden` where the write may not change the graph."""
        if graph not in self._permitted:
            self._permission.check(graph)
            self._permitted.add(graph)

    def remove(self, quads: Iterable[Quad]) -> None:
        """Remove statements, those that are not there left out. Raises Forbidden."""
        for quad in quads:
            self.permit(quad.graph_name)
            if quad in self.store:
                self.store.remove(quad)
                self.removed += 1
                self._note(quad, came=False)

    def add(self, quads: Iterable[Quad], absent: bool = False) -> None:
        """Add statements, those that are there left out; ``absent``: none is there, and each comes once.

        Raises Forbidden.
        """
        coming = iter(quads)
        while batch := dict.fromkeys(islice(coming, _BATCH)):
            fresh = []
            for quad in batch:
                self.permit(quad.graph_name)
                if absent or quad not in self.store:
                    fresh.append(quad)
                    self._note(quad, came=True)
            self.added += len(fresh)
            # A bulk load writes files of its own, and is quicker only where there is much.
            (self.store.bulk_extend if len(fresh) == _BATCH else self.store.extend)(fresh)

    def load(self, load: Callable[[Store], None]) -> None:
        """Let ``load`` add statements to the store, so many that none of them is remembered."""
        before, self.changed = len(self.store), True
        self._touched = self._added = None
        load(self.store)
        self.added += len(self.store) - before

    def add_graph(self, graph: Graph) -> None:
        """Add an empty graph, where it is not there. Raises Forbidden."""
        self.permit(graph)
        if isinstance(graph, NamedNode) and not self.store.contains_named_graph(graph):
            self.store.add_graph(graph)
            self.changed, self._added = True, None

    def clear(self, graph: Graph) -> None:
        """Remove all statements of a graph. Raises Forbidden."""
        self.permit(graph)
        before = self.removed
        for quad in self.store.quads_for_pattern(None, None, None, graph):
            self.removed += 1
            self._note(quad, came=False)
        if self.removed > before:
            self.store.clear_graph(graph)

    def remove_graph(self, graph: Graph) -> None:
        """Remove a graph with all its statements; the default graph stays, and is empty. Raises Forbidden."""
        self.clear(graph)
        if isinstance(graph, NamedNode) and self.store.contains_named_graph(graph):
            self.store.remove_graph(graph)
            self.changed, self._added = True, None

    def _note(self, quad: Quad, came: bool) -> None:
        self.changed = True
        if self._added is not None:
            here, there = (self._added, self._removed) if came else (self._removed, self._added)
            if quad in there:
                there.remove(quad)
            else:
                here.add(quad)
            if len(here) > LARGEST:
                self._added = None
        if self._touched is not None:
            self._touched.append(quad)
            if len(self._touched) > MOST:
                self._touched = None
