"""Derived statements: CONSTRUCT rules fill a graph of their own from all other graphs.

A rule derives statements about its focus node, the variable ``?this`` (SHACL's name for it): every triple
that it constructs has ``?this`` as its subject. Its file is named by its stage, ``10-series.rq``; the
rules of a stage see the union of all other graphs and of what earlier stages derived, none of their own.

After a change, deriving anew for the changed subjects has the same result as deriving everything anew,
as long as a rule uses only

- the statements about ``?this``, stated or derived by an earlier stage;
- the hierarchy of classes and properties;
- derived statements of other subjects that point to ``?this``.

A statement of another graph is not repeated in the derived one, which has no blank nodes: a blank node of a
constructed triple would be a new one, without any other statement.
"""

from __future__ import annotations

import mmap
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import IO, cast

from pyoxigraph import (
    DefaultGraph,
    NamedNode,
    Quad,
    QuerySolution,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
)

from endpoint.ingest.columns import Feed
from endpoint.ingest.rdf import load_lines, read_quads, store_quads
from endpoint.ingest.rules import Rule, values_block
from endpoint.storage.delta import Recorder
from endpoint.vocabulary import OWL, RDFS_SUBCLASS_OF, RDFS_SUBPROPERTY_OF

_HIERARCHY = frozenset(
    map(
        NamedNode,
        (
            RDFS_SUBCLASS_OF,
            RDFS_SUBPROPERTY_OF,
            f"{OWL}equivalentClass",
        ),
    )
)

# A line of N-Triples whose subject or object is a blank node.
_BLANK_NODE = re.compile(rb'^_:| _:[^\s"]+ \.$')

# In no IRI of SPARQL (section 19.8, IRIREF).
_UNWRITABLE = re.compile(r'[\x00-\x20<>"{}|^`\\]')

# Patterns of the other places of a triple: another named graph, and the default graph.
_ELSEWHERE = ("GRAPH ?g { TRIPLE } FILTER(?g != DERIVED)", "TRIPLE .")

# Rules that are evaluated at once, at most.
_MOST_THREADS = 4
# Bytes of N-Triples from which a bulk load is quicker.
_BULK = 2**20
# Subjects in one VALUES block: longer ones take more time for each subject.
_BATCH = 500
# Deriving anew for one subject takes as long as this many statements of a whole new derivation do.
_STATEMENTS_PER_SUBJECT = 55


def derive(
    store: Store,
    graph: NamedNode,
    rules: Sequence[Rule],
    changed: Collection[NamedNode] | None = None,
    folder: Path | None = None,
    recorder: Recorder | None = None,
    feed: Feed | None = None,
) -> int:
    """Bring the derived graph up to date, inside the caller's transaction; return the statements written.

    ``changed`` are the subjects of all statements that were added to or removed from other graphs since
    the last derivation (see :func:`changed_subjects`); None derives everything anew. Without ``rules``
    the graph becomes empty. ``folder`` takes the temporary files of a whole derivation, which are as large
    as the graph in N-Triples; None is the system's own. ``recorder`` takes what changes in the graph,
    ``feed`` what is derived anew. After an error the graph has some of the statements.

    :raises OSError: the store could not be written.
    """
    if changed is None or not _outnumber(store, graph, len(changed) * _STATEMENTS_PER_SUBJECT):
        with _watching(recorder, lambda: store.quads_for_pattern(None, None, None, graph)):
            return _derive_everything(store, graph, rules, folder, feed)
    return _derive_for(store, graph, rules, frozenset(changed), recorder)


def _watching(recorder: Recorder | None, read: Callable[[], Iterable[Quad]]) -> AbstractContextManager[None]:
    return nullcontext() if recorder is None else recorder.watching(read)


def changed_subjects(quads: Iterable[Quad], limit: int = 50_000) -> frozenset[NamedNode] | None:
    """Return the subjects of statements that come or go, for :func:`derive`.

    None when more than the changed subjects is concerned, since the hierarchy of classes and properties
    changes, or when there are more than ``limit`` of them, or one that SPARQL cannot name.
    """
    subjects: set[NamedNode] = set()
    for quad in quads:
        if isinstance(quad.subject, NamedNode):
            subjects.add(quad.subject)
        if quad.predicate in _HIERARCHY or len(subjects) > limit:
            return None
    return frozenset(subjects) if all(map(_is_writable, subjects)) else None


def _is_writable(node: NamedNode) -> bool:
    """Return whether SPARQL can name the IRI, which one that was loaded without a check may be unable to."""
    return not _UNWRITABLE.search(node.value)


def _outnumber(store: Store, graph: NamedNode, number: int) -> bool:
    """Return whether the graph has at least this many statements."""
    return sum(1 for _ in islice(store.quads_for_pattern(None, None, None, graph), number)) == number


def _derive_everything(
    store: Store, graph: NamedNode, rules: Sequence[Rule], folder: Path | None, feed: Feed | None
) -> int:
    if next(store.quads_for_pattern(None, None, None, graph), None) is not None:
        feed = None  # which has got what is cleared here
    store.clear_graph(graph)
    store.add_graph(graph)
    written, by_engine = 0, False
    for stage in _stages(rules):
        with tempfile.TemporaryDirectory(prefix="derive-", dir=folder) as files:
            # All of the stage is evaluated before any of it is loaded, so that none sees the others.
            made = Path(files, "columns.nt")
            derived = None if feed is None else feed.derive([rule.text for rule in stage], graph, made)
            if derived is not None:
                stage = [stage[place] for place in derived.left]
            paths = [Path(files, f"{number}.nt") for number, _ in enumerate(stage)]
            _write_all(store, [rule.text for rule in stage], paths)
            if derived is not None and derived.statements:
                _load(store, [made], graph, None)
                written += derived.statements
            if stage:
                _load(store, paths, graph, feed)
                by_engine = True
    if not by_engine:
        return written
    name = str(graph)
    for predicate in _shared_predicates(store, graph):
        for elsewhere in _ELSEWHERE:
            # Predicate by predicate, the engine begins with the other graphs, which are smaller.
            _delete_repeated(store, name, f"?s {predicate} ?o", elsewhere)
    return _count(store, f"GRAPH {name} {{ ?s ?p ?o }}")


def _write_all(store: Store, queries: Sequence[str], paths: Sequence[Path]) -> None:
    """Write the triples of each query into its file, as many at once as there are processors."""
    pool = ThreadPoolExecutor(min(len(os.sched_getaffinity(0)), _MOST_THREADS), "derive")
    try:
        for _ in pool.map(partial(_write, store), queries, paths):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


def _write(store: Store, query: str, path: Path) -> None:
    """Write the triples of the query, less those with blank nodes, into an N-Triples file."""
    _construct(store, query).serialize(path, RdfFormat.N_TRIPLES)
    if path.stat().st_size and _may_hold_blank_node(path):
        every = path.rename(path.with_suffix(".all"))
        with every.open("rb") as lines, path.open("wb") as kept:
            kept.writelines(line for line in lines if not _BLANK_NODE.search(line))
        every.unlink()


def _load(store: Store, paths: Iterable[Path], graph: NamedNode, feed: Feed | None) -> None:
    """Load the files as one: each bulk load takes a twentieth of a second, even for one triple."""
    small = sum(path.stat().st_size for path in paths) < _BULK
    with ExitStack() as opened:
        lines = cast(IO[bytes], _Joined([opened.enter_context(path.open("rb")) for path in paths]))
        if small:
            store_quads(store, read_quads(lines, RdfFormat.N_TRIPLES, graph, lenient=True), feed)
        else:
            load_lines(store, lines, RdfFormat.N_TRIPLES, graph, lenient=True, feed=feed)


class _Joined:
    """Files that end with a line, read as one."""

    def __init__(self, files: Sequence[IO[bytes]]) -> None:
        self._files = files

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes; none at the end."""
        return next(filter(None, (file.read(size) for file in self._files)), b"")


def _may_hold_blank_node(path: Path) -> bool:
    # Finding a few bytes in a mapped file takes no time beside reading its lines.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content[:2] == b"_:" or content.find(b"\n_:") >= 0 or content.find(b"> _:") >= 0


def _shared_predicates(store: Store, graph: NamedNode) -> list[NamedNode]:
    """Return the predicates that the derived graph has in common with any other."""
    rows = _rows(store, f"SELECT DISTINCT ?p {{ GRAPH {graph} {{ ?s ?p ?o }} }}")
    derived = {cast(NamedNode, row["p"]) for row in rows}
    others = [DefaultGraph(), *(name for name in store.named_graphs() if name != graph)]
    # One look-up for each: counting the predicates of a million statements would take half a second.
    return [
        predicate
        for predicate in sorted(derived, key=str)
        if any(next(store.quads_for_pattern(None, predicate, None, name), None) for name in others)
    ]


def _derive_for(
    store: Store,
    graph: NamedNode,
    rules: Sequence[Rule],
    changed: frozenset[NamedNode],
    recorder: Recorder | None,
) -> int:
    """Derive for the changed subjects, then for those their derived statements point to, before and after."""

    def about(subjects: frozenset[NamedNode]) -> Iterator[Quad]:
        for subject in subjects:
            yield from store.quads_for_pattern(subject, None, None, graph)

    pointed_to = _objects(store, graph, changed)
    with _watching(recorder, lambda: about(changed)):
        written = _derive_subjects(store, graph, rules, changed)
    pointed_to |= _objects(store, graph, changed)
    with _watching(recorder, lambda: about(pointed_to - changed)):
        return written + _derive_subjects(store, graph, rules, pointed_to - changed)


def _derive_subjects(
    store: Store, graph: NamedNode, rules: Sequence[Rule], subjects: frozenset[NamedNode]
) -> int:
    name = str(graph)
    batches = list(_batches(subjects))
    # All old statements are removed before the first new one, since those of one subject affect another's.
    for batch in batches:
        pattern = f"{values_block('s', batch)} GRAPH {name} {{ ?s ?p ?o }}"
        store.update(f"DELETE {{ GRAPH {name} {{ ?s ?p ?o }} }} WHERE {{ {pattern} }}")
    for stage in _stages(rules):
        for batch in batches:
            results = [_construct(store, rule.about(batch)) for rule in stage]
            lines = b"".join(result.serialize(format=RdfFormat.N_TRIPLES) or b"" for result in results)
            kept = b"".join(line for line in lines.splitlines(True) if not _BLANK_NODE.search(line))
            store.load(kept, RdfFormat.N_TRIPLES, to_graph=graph, lenient=True)
    written = 0
    for batch in batches:
        values = values_block("s", batch)
        for elsewhere in _ELSEWHERE:
            _delete_repeated(store, name, "?s ?p ?o", f"{values} {elsewhere}")
        written += _count(store, f"{values} GRAPH {name} {{ ?s ?p ?o }}")
    return written


def _objects(store: Store, graph: NamedNode, subjects: frozenset[NamedNode]) -> frozenset[NamedNode]:
    objects: set[NamedNode] = set()
    for batch in _batches(subjects):
        pattern = f"{values_block('s', batch)} GRAPH {graph} {{ ?s ?p ?o }} FILTER(isIRI(?o))"
        objects |= {cast(NamedNode, row["o"]) for row in _rows(store, f"SELECT DISTINCT ?o {{ {pattern} }}")}
    # Nothing is derived about one that cannot be named: that would be only where it is a subject itself.
    return frozenset(filter(_is_writable, objects))


def _stages(rules: Sequence[Rule]) -> Iterator[list[Rule]]:
    for _, stage in groupby(rules, key=lambda rule: rule.stage):
        yield list(stage)


def _batches(subjects: frozenset[NamedNode]) -> Iterator[list[NamedNode]]:
    remaining = iter(subjects)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _delete_repeated(store: Store, name: str, triple: str, elsewhere: str) -> None:
    """Delete from the graph ``name`` the statements that the pattern ``elsewhere`` matches in others."""
    pattern = elsewhere.replace("TRIPLE", triple).replace("DERIVED", name)
    store.update(
        f"DELETE {{ GRAPH {name} {{ {triple} }} }} WHERE {{ {pattern} GRAPH {name} {{ {triple} }} }}"
    )


def _count(store: Store, pattern: str) -> int:
    (row,) = _rows(store, f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}")
    return int(str(row["n"].value))


def _rows(store: Store, query: str) -> Iterator[QuerySolution]:
    return cast(QuerySolutions, store.query(query))


def _construct(store: Store, query: str) -> QueryTriples:
    return cast(QueryTriples, store.query(query, use_default_graph_as_union=True))
