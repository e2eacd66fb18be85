"""The evaluation of a SPARQL Update request on the writer's store (SPARQL 1.1 Update section 4.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, cast

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, QuerySolution, QuerySolutions

from endpoint.errors import Conflict, EndpointError, EvaluationFailed, MalformedQuery, ServiceRefused
from endpoint.ingest.writes.ledger import Graph, Ledger
from endpoint.ingest.writes.operations import Data, Manage, Modify, Operation, Scope, Target, Verb, split
from endpoint.ingest.writes.templates import Names, Template, read_data, read_iri
from endpoint.sparql.diagnosis import explain
from endpoint.sparql.operation import classify

# Brackets of an update that may nest.
_NESTING: Final = 500
# Loads the document at an IRI into a graph. Raises EndpointError.
Load = Callable[[str, Graph, Ledger], None]


@dataclass(frozen=True, slots=True)
class Update:
    """A request: its text, the names that it may use, and the dataset of the protocol.

    ``default_graphs`` and ``named_graphs`` are those of using-graph-uri and using-named-graph-uri (SPARQL
    1.1 Protocol section 2.2.3). ``union``: a pattern without USING and WITH sees the union of all graphs, as
    a query does. ``graph`` is the default graph of the request, where it is for one graph.
    """

    text: str
    names: Names
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    union: bool = False
    graph: NamedNode | None = None


def evaluate(update: Update, ledger: Ledger, load: Load) -> None:
    """Evaluate all operations of a request, one after another.

    Raises MalformedQuery, QueryTooComplex, ServiceRefused, Forbidden, Conflict, EvaluationFailed, and what
    ``load`` raises; the store may have some of the changes then.
    """
    operations = split(update.text)
    if operations and classify(update.text, _NESTING).services:
        raise ServiceRefused("SERVICE is refused in an update: it sees the data of this server alone.")
    if update.default_graphs or update.named_graphs:
        for each in operations:
            if isinstance(each, Modify) and (each.graph or each.using or each.using_named):
                raise MalformedQuery(
                    "The request has using-graph-uri or using-named-graph-uri, and the text USING or WITH: "
                    "give one of them."
                )
    for operation in operations:
        try:
            _Evaluation(update, ledger, load).run(operation)
        except SyntaxError as error:
            raise explain(update.text, str(error).partition(": ")[2], update.names.prefixes) from None
        except (RuntimeError, ValueError) as error:
            raise EvaluationFailed(f"The engine could not evaluate the update: {error}") from None


class _Evaluation:
    def __init__(self, update: Update, ledger: Ledger, load: Load) -> None:
        self._update = update
        self._ledger = ledger
        self._store = ledger.store
        self._load = load
        self._names = update.names
        self._default: NamedNode | DefaultGraph = update.graph or DefaultGraph()

    def run(self, operation: Operation) -> None:
        """Evaluate one operation."""
        if isinstance(operation, Data):
            quads = read_data(self._names, operation.prologue, operation.quads, operation.delete)
            moved = (
                quad
                if quad.graph_name != DefaultGraph()
                else Quad(quad.subject, quad.predicate, quad.object, self._default)
                for quad in quads
            )
            (self._ledger.remove if operation.delete else self._ledger.add)(moved)
        elif isinstance(operation, Modify):
            self._modify(operation)
        else:
            self._manage(operation)

    def _modify(self, operation: Modify) -> None:
        """Delete, then insert, for all solutions of the pattern before either (section 3.1.3)."""
        names, prologue = self._names, operation.prologue
        graph = self._default
        if operation.graph is not None:
            graph = read_iri(names, prologue, operation.graph)
        deleting = Template.read(names, prologue, operation.deleted, graph)
        deleting.refuse_blank_nodes()
        inserting = Template.read(names, prologue, operation.inserted, graph)
        deleted: dict[Quad, None] = {}
        inserted: dict[Quad, None] = {}
        for solution, bound in self._solutions(operation, graph):
            deleted.update(dict.fromkeys(deleting.fill(solution, bound)))
            inserted.update(dict.fromkeys(inserting.fill(solution, bound)))
        self._ledger.remove(quad for quad in deleted if quad not in inserted)
        self._ledger.add(inserted)

    def _solutions(
        self, operation: Modify, graph: NamedNode | DefaultGraph
    ) -> Iterator[tuple[QuerySolution, frozenset[str]]]:
        update = self._update
        text = f"{operation.prologue}\nSELECT * WHERE {operation.pattern}"
        defaults: list[NamedNode | BlankNode | DefaultGraph] | None = None
        named: list[NamedNode | BlankNode] | None = None
        if operation.using or operation.using_named:
            defaults = [self._iri(operation, iri) for iri in operation.using]
            named = [self._iri(operation, iri) for iri in operation.using_named]
        elif update.default_graphs or update.named_graphs:
            defaults = [NamedNode(iri) for iri in update.default_graphs]
            named = [NamedNode(iri) for iri in update.named_graphs]
        elif isinstance(graph, NamedNode):
            defaults = [graph]
        solutions = cast(
            QuerySolutions,
            self._store.query(
                text,
                base_iri=update.names.base,
                prefixes=dict(update.names.prefixes),
                use_default_graph_as_union=update.union and defaults is None,
                default_graph=defaults,
                named_graphs=named,
            ),
        )
        bound = frozenset(variable.value for variable in solutions.variables)
        return ((solution, bound) for solution in solutions)

    def _manage(self, operation: Manage) -> None:
        try:
            self._manage_loudly(operation)
        except (Conflict, EvaluationFailed):
            if not operation.silent:
                raise
        except EndpointError as error:
            # What cannot be loaded may be passed over; what is not allowed may not.
            if not (operation.silent and operation.verb is Verb.LOAD) or error.status in (401, 403):
                raise

    def _manage_loudly(self, operation: Manage) -> None:
        ledger = self._ledger
        match operation.verb:
            case Verb.LOAD:
                source = self._iri(operation, str(operation.source))
                self._load(source.value, self._graph(operation, operation.target), ledger)
            case Verb.CREATE:
                graph = self._graph(operation, operation.target)
                if isinstance(graph, NamedNode) and self._store.contains_named_graph(graph):
                    raise Conflict(f"The graph {graph} exists already.")
                ledger.add_graph(graph)
            case Verb.CLEAR:
                for each in self._graphs(operation):
                    ledger.clear(each)
            case Verb.DROP:
                for each in self._graphs(operation):
                    ledger.remove_graph(each)
            case _:
                self._transfer(operation)

    def _transfer(self, operation: Manage) -> None:
        """ADD, MOVE or COPY a graph to another one (sections 3.2.3 to 3.2.5)."""
        source = self._graph(operation, operation.source)
        target = self._graph(operation, operation.target)
        self._ensure(source)
        if source == target:
            return
        if operation.verb is not Verb.ADD:
            self._ledger.clear(target)
        self._ledger.add_graph(target)
        quads = self._store.quads_for_pattern(None, None, None, source)
        self._ledger.add(Quad(quad.subject, quad.predicate, quad.object, target) for quad in quads)
        if operation.verb is Verb.MOVE:
            self._ledger.remove_graph(source)

    def _iri(self, operation: Modify | Manage, written: str) -> NamedNode:
        return read_iri(self._names, operation.prologue, written)

    def _graph(self, operation: Manage, written: Target | None) -> NamedNode | DefaultGraph:
        """Return one graph."""
        if written is Scope.DEFAULT:
            return self._default
        return self._iri(operation, str(written))

    def _graphs(self, operation: Manage) -> list[Graph]:
        """Return the graphs that CLEAR or DROP is about; the derived one follows by itself."""
        target = operation.target
        named = [graph for graph in self._store.named_graphs() if graph != self._ledger.derived]
        match target:
            case Scope.ALL:
                return [self._default, *(graph for graph in named if graph != self._default)]
            case Scope.NAMED:
                return [*named]
        graph = self._graph(operation, target)
        self._ensure(graph)
        return [graph]

    def _ensure(self, graph: Graph) -> None:
        if isinstance(graph, NamedNode) and not self._store.contains_named_graph(graph):
            raise Conflict(f"There is no graph {graph}. With SILENT that is no failure.")
