"""The statistics of a generation: numbers of its statements, classes and properties, and their counting.

They are the model of the VoID description (Describing Linked Datasets with the VoID Vocabulary, section 4.6):
the partitions of a dataset by class and by property. They are counted from the columns of the generation,
whole and at once. A generation without columns is counted by SPARQL through the engine, within a budget of
time; a number that could not be counted is None.

Of those queries, whatever grows with the data costs one pass over it for each number. The values of each pair
of class and property would take many passes; they are read from a sample of each class, so that their cost is
bounded by the number of classes. The statements of each pair are counted last, small classes first, while
time is left.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from pyoxigraph import NamedNode

from endpoint.errors import DeadlineExceeded, EndpointError, GenerationGone, NotFound, Overloaded
from endpoint.formats import QueryForm
from endpoint.sparql.operation import Operation
from endpoint.storage.generations import Generation
from endpoint.telemetry import log
from endpoint.vocabulary import RDFS_LABEL, SKOS_PREF_LABEL
from endpoint.web.cache import Region
from endpoint.web.machine.partitions import (
    ClassPartition,
    Part,
    PropertyPartition,
    by_use,
    is_nameable,
    outlined,
    whole_part,
)
from endpoint.web.own_queries import Bindings, OwnQueries, Snapshot

# Seconds that the counting of one generation may take; each query has its deadline besides.
BUDGET: Final = 60.0
# Instances of a class whose values are examined.
SAMPLE: Final = 500
# Classes of one graph that are examined in detail, and rows of one answer, at most.
MOST_CLASSES: Final = 200
MOST_ROWS: Final = 20_000
_LABELLED: Final = 500  # terms in one query for labels
_LABELS: Final = (
    f"<{RDFS_LABEL}>",
    f"<{SKOS_PREF_LABEL}>",
)

# The most reasons in the log for numbers that could not be counted.
_SHOWN: Final = 5
# Seconds after which a client may repeat a request for numbers that are being counted.
_AGAIN: Final = 5
_STATISTICS: Final[Region[Statistics]] = Region("statistics", stale=True)

T = TypeVar("T")
# A graph by its IRI, None for the default graph.
Graph = str | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The numbers of one generation.

    ``whole`` is None where the default graph of a query is empty; ``graphs`` are by IRI. ``labels`` are
    those of classes and properties, by IRI and language tag (``ko``, ``en`` or empty). ``left_out`` names
    what could not be counted.
    """

    generation: Generation
    whole: Part | None
    graphs: Mapping[str, Part]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def parts(self) -> tuple[Part, ...]:
        """Return the parts that together contain every statement once: the whole, or else each graph."""
        return tuple(self.graphs.values()) if self.whole is None else (self.whole,)

    def classes(self) -> Counter[str]:
        """Return the number of instances of each class."""
        return _summed((row.iri, row.entities) for part in self.parts() for row in part.classes)

    def properties(self, of_class: str | None = None) -> Counter[str]:
        """Return the number of statements with each property, or only those about instances of ``of_class``.

        A property in a sample that was not counted has 0.
        """
        if of_class is None:
            return _summed(pair for part in self.parts() for pair in part.properties.items())
        return _summed(
            (row.iri, row.triples or 0)
            for part in self.parts()
            for partition in part.classes
            if partition.iri == of_class
            for row in partition.properties
        )

    def terms(self) -> tuple[str, ...]:
        """Return the IRIs of all classes and properties."""
        return tuple(sorted({*self.classes(), *self.properties()}))


async def latest_statistics(own_queries: OwnQueries, patience: float) -> Statistics | None:
    """Return the statistics of the current generation, if they are counted within ``patience`` seconds.

    Otherwise return those of an earlier generation, and None while none have been counted. The count goes on
    when its caller has left. Raises :class:`~endpoint.errors.Overloaded` while the server starts or stops.
    """
    return await own_queries.latest(_STATISTICS, _count, patience, BUDGET)


async def require_statistics(own_queries: OwnQueries, patience: float) -> Statistics:
    """Return the latest statistics. Raises :class:`Overloaded` while there are none after ``patience`` s."""
    statistics = await latest_statistics(own_queries, patience)
    if statistics is None:
        raise Overloaded("The data is being counted for the first time. Try again in a moment.", _AGAIN)
    return statistics


def begin_counting(own_queries: OwnQueries) -> None:
    """Begin to count the generation that is served, where that is needed and no other count runs.

    Raises :class:`~endpoint.errors.Overloaded` while the server starts or stops.
    """
    own_queries.revalidate(_STATISTICS, _count, BUDGET)


async def _count(snapshot: Snapshot) -> Statistics:
    started, generation = time.monotonic(), snapshot.generation.number
    try:
        statistics = await Counting(snapshot).run()
    except GenerationGone:
        raise
    except EndpointError as error:
        log.warning("the data could not be counted: %s", error.detail)
        raise
    log.info("counted the statements of generation %d in %.1f s", generation, time.monotonic() - started)
    if left_out := statistics.left_out:
        shown = "; ".join(left_out[:_SHOWN])
        log.warning("generation %d: %d numbers are left out: %s", generation, len(left_out), shown)
    return statistics


class Counting:
    """One count of one generation, which :meth:`run` makes."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._left_out: list[str] = []
        self._union = snapshot.site.settings.default_graph == "union"

    async def run(self) -> Statistics:
        """Return the statistics. Raises :class:`GenerationGone` where the engine gave up the generation."""
        whole = await self._from_columns()
        parts = await self._in_outline() if whole is None else whole
        labels = await self._labels(_terms(parts.values()))
        if whole is None:
            parts = await self._details(parts)
        graphs = {graph: parts[graph] for graph in sorted(filter(None, parts))}
        default = parts.get(None, Part()) if self._union else None
        return Statistics(self._snapshot.generation, default, graphs, labels, tuple(self._left_out))

    async def _from_columns(self) -> dict[Graph, Part] | None:
        """Return all parts with their details; None where there are no columns, or they cannot be counted."""
        try:
            counted = await self._patiently(lambda: self._snapshot.count(self._union, MOST_CLASSES))
        except (GenerationGone, NotFound) as error:
            if isinstance(error, NotFound):
                return None
            raise
        except EndpointError as error:
            log.warning("the data is counted by queries, since columns could not be: %s", error.detail)
            return None
        return {part["graph"]: whole_part(part) for part in counted if is_nameable(part["graph"] or "urn:x")}

    async def _in_outline(self) -> dict[Graph, Part]:
        """Return all parts as queries count them, without the details of their classes."""
        counted = "(COUNT(*) AS ?n)"
        properties = await self._by_graph("statements", "?x", counted, "?s ?x ?o")
        classes = await self._by_graph("classes", "?x", counted, "?s a ?x")
        subjects = await self._by_graph("subjects", "", "(COUNT(DISTINCT ?s) AS ?n)", "?s ?p ?o")
        objects = await self._by_graph("objects", "", "(COUNT(DISTINCT ?o) AS ?n)", "?s ?p ?o")
        return {
            graph: outlined(*(numbers.get(graph) for numbers in (properties, subjects, objects, classes)))
            for graph in {**properties, **subjects, **objects, **classes}
        }

    async def _by_graph(self, what: str, key: str, counted: str, pattern: str) -> dict[Graph, Counter[str]]:
        """Return numbers of each graph, and of the default graph under None, by the IRI at ``key``."""
        numbers: dict[Graph, Counter[str]] = {}
        in_graph = f"{{ GRAPH ?g {{ {pattern} }} }} GROUP BY ?g {key}"
        texts = {f"{what} of each graph": f"SELECT ?g {key} {counted} {in_graph}"}
        if self._union:
            grouped = f"GROUP BY {key}" if key else ""
            texts[f"{what} of all"] = f"SELECT {key} {counted} {{ {pattern} }} {grouped}"
        for title, text in texts.items():
            for row in await self._rows(title, text):
                if "g" in row and not _is_iri(row["g"]):
                    continue
                graph = row["g"]["value"] if "g" in row else None
                # Terms that are no IRIs count too, without a name.
                iri = row["x"]["value"] if _is_iri(row.get("x")) else ""
                numbers.setdefault(graph, Counter())[iri] += int(row["n"]["value"])
        return numbers

    async def _details(self, parts: dict[Graph, Part]) -> dict[Graph, Part]:
        """Add the details of each class to the parts: first its properties, then their numbers."""
        closer = [(graph, row) for graph, part in parts.items() for row in part.classes[:MOST_CLASSES]]
        closer.sort(key=lambda pair: pair[1].entities)
        seen = {(graph, row.iri): await self._sampled(graph, row) for graph, row in closer}
        for graph, row in closer:
            known = seen[graph, row.iri]
            for iri, number in (await self._exact(graph, row)).items():
                known[iri] = replace(known.get(iri, PropertyPartition(iri, None)), triples=number)
        return {
            graph: replace(
                part,
                classes=tuple(
                    replace(row, properties=by_use(seen.get((graph, row.iri), {}).values()))
                    for row in part.classes
                ),
            )
            for graph, part in parts.items()
        }

    async def _sampled(self, graph: Graph, row: ClassPartition) -> dict[str, PropertyPartition]:
        """Return the properties of some instances of a class, with the classes and datatypes of values."""
        subjects = _within(graph, f"?s a {_written(row.iri)}")
        values = "?o a ?class" if self._union else "GRAPH ?any { ?o a ?class }"
        text = (
            f"SELECT DISTINCT ?p ?datatype ?class {{ {{ SELECT ?s {{ {subjects} }} LIMIT {SAMPLE} }} "
            f"{_within(graph, '?s ?p ?o')} OPTIONAL {{ {values} }} BIND(DATATYPE(?o) AS ?datatype) }}"
        )
        classes: defaultdict[str, set[str]] = defaultdict(set)
        datatypes: defaultdict[str, set[str]] = defaultdict(set)
        for cells in await self._rows(f"properties of <{row.iri}>", text):
            if not _is_iri(cells["p"]):
                continue
            for name, kept in (("class", classes), ("datatype", datatypes)):
                kept[cells["p"]["value"]].update([cells[name]["value"]] if _is_iri(cells.get(name)) else [])
        return {
            iri: PropertyPartition(iri, None, tuple(sorted(classes[iri])), tuple(sorted(datatypes[iri])))
            for iri in classes
        }

    async def _exact(self, graph: Graph, row: ClassPartition) -> dict[str, int]:
        pattern = _within(graph, f"?s a {_written(row.iri)} ; ?p ?o")
        text = f"SELECT ?p (COUNT(*) AS ?n) {{ {pattern} }} GROUP BY ?p"
        rows = await self._rows(f"statements about <{row.iri}>", text)
        return {cells["p"]["value"]: int(cells["n"]["value"]) for cells in rows if _is_iri(cells["p"])}

    async def _labels(self, terms: Sequence[str]) -> dict[str, dict[str, str]]:
        labels: dict[str, dict[str, str]] = {}
        for start in range(0, len(terms), _LABELLED):
            named = " ".join(_written(iri) for iri in terms[start : start + _LABELLED])
            text = (
                f"SELECT ?term ?label {{ VALUES ?term {{ {named} }} GRAPH ?g {{ ?term ?said ?label }} "
                f"FILTER(?said IN ({', '.join(_LABELS)})) }}"
            )
            for row in await self._rows("labels", text):
                language = row["label"].get("xml:lang", "").partition("-")[0].lower()
                if row["label"]["type"] == "literal" and language in ("ko", "en", ""):
                    labels.setdefault(row["term"]["value"], {}).setdefault(language, row["label"]["value"])
        return labels

    async def _rows(self, what: str, text: str) -> list[Bindings]:
        """Return the solutions, or none where the query was not answered in time, which is noted."""
        try:
            rows = await self._evaluate(f"{text} LIMIT {MOST_ROWS + 1}")
        except GenerationGone:
            raise
        except EndpointError as error:
            self._left_out.append(f"{what} ({error.code})")
            return []
        if len(rows) > MOST_ROWS:
            self._left_out.append(f"{what} (more than {MOST_ROWS:,} rows)")
            return []
        return rows

    async def _evaluate(self, text: str) -> list[Bindings]:
        operation = Operation(text, QueryForm.SELECT, generation=self._snapshot.generation.number)
        return await self._patiently(lambda: self._snapshot.bindings(operation))

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what ``ask`` does, which is repeated while the server is busy."""
        while time.monotonic() < self._snapshot.end:
            try:
                return await ask()
            except Overloaded as error:
                await asyncio.sleep(error.retry_after)
        raise DeadlineExceeded(f"Counting took the {BUDGET:g} s that it may take.", BUDGET)


def _within(graph: Graph, pattern: str) -> str:
    return pattern if graph is None else f"GRAPH {_written(graph)} {{ {pattern} }}"


def _written(iri: str) -> str:
    return str(NamedNode(iri))


def _is_iri(term: Mapping[str, str] | None) -> bool:
    """Return whether a query can name the term: lenient loading accepts IRIs that are not valid."""
    return term is not None and term["type"] == "uri" and is_nameable(term["value"])


def _terms(parts: Collection[Part]) -> list[str]:
    """Return the IRIs of all classes and properties."""
    classes = {row.iri for part in parts for row in part.classes}
    return sorted(classes.union(*(part.properties for part in parts)))


def _summed(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for iri, number in pairs:
        sums[iri] += number
    return sums
