"""What is asked once of a generation and kept: the order of rows, documents with hash IRIs, predicates."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from pyoxigraph import Literal

from endpoint.vocabulary import SH
from endpoint.web.pages.resource.asking import Asker, Row, iri, number

T = TypeVar("T")

# Hash IRIs that are remembered; where there are more, those of one document are looked for each time.
_HASHES: Final = 5000
# Hash IRIs of one document that are described with it.
MOST_PARTS: Final = 2000
_ROWS: Final = 20_000

_SHAPES: Final = f"""SELECT DISTINCT ?class ?path ?order ?told ?text WHERE {{
  GRAPH ?any {{ ?shape <{SH}order> ?order ; <{SH}path> ?path
    OPTIONAL {{ ?node <{SH}property> ?shape ; <{SH}targetClass> ?class }}
    OPTIONAL {{ ?shape ?told ?text
      FILTER(?told IN (<{SH}name>, <{SH}description>)) }} }}
  FILTER(isIRI(?path)) }} LIMIT {_ROWS}"""
_HASH_IRIS: Final = """SELECT DISTINCT ?s WHERE {{
  GRAPH ?any {{ ?s ?p ?o }} FILTER(isIRI(?s) && {condition}) }} LIMIT {most}"""
_PREDICATES: Final = f"SELECT DISTINCT ?p WHERE {{ GRAPH ?any {{ ?s ?p ?o }} }} LIMIT {_ROWS}"


@dataclass(slots=True)
class RowShape:
    """What a shape says of one property: its place, its name and its description by language tag."""

    order: float
    name: dict[str, str] = field(default_factory=dict)
    description: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowShapes:
    """The rows that the shapes of the dataset know, by class and for any class under the empty text."""

    by_class: Mapping[str, Mapping[str, RowShape]]

    def of(self, classes: list[str], property_iri: str) -> RowShape | None:
        """What is said of a property of instances of the classes, first match, else of any class."""
        for name in (*classes, ""):
            if (found := self.by_class.get(name, {}).get(property_iri)) is not None:
                return found
        return None


class Once(Generic[T]):
    """A value made once for each generation; whoever comes meanwhile waits for it."""

    def __init__(self, make: Callable[[Asker], Awaitable[T]]) -> None:
        self._make = make
        self._lock = asyncio.Lock()
        self._made: tuple[int, T] | None = None

    async def get(self, asker: Asker) -> T:
        """The value for the generation that is asked about. Raises what making it raises."""
        made = self._made
        if made is not None and made[0] == asker.generation:
            return made[1]
        async with self._lock:
            if self._made is None or self._made[0] != asker.generation:
                self._made = (asker.generation, await self._make(asker))
            return self._made[1]


class Knowledge:
    """All that is kept of a generation."""

    def __init__(self) -> None:
        self.shapes: Once[RowShapes] = Once(_read_shapes)
        self.predicates: Once[tuple[str, ...]] = Once(_read_predicates)
        self._hashes: Once[Mapping[str, tuple[str, ...]] | None] = Once(_read_hashes)

    async def parts(self, asker: Asker, documents: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """The IRIs ``document#…`` of which something is said, by their document. Raises designed errors."""
        wanted = [document for document in documents if "#" not in document]
        if not wanted:
            return {}
        known = await self._hashes.get(asker)
        if known is not None:
            return {document: known[document] for document in wanted if document in known}
        starts = (f"STRSTARTS(STR(?s), {Literal(document + '#')})" for document in wanted)
        text = _HASH_IRIS.format(condition=f"({' || '.join(starts)})", most=MOST_PARTS)
        return _by_document(iri(row.get("s")) for row in await asker.rows(text))


async def _read_hashes(asker: Asker) -> Mapping[str, tuple[str, ...]] | None:
    """The hash IRIs by their document; None where there are too many to remember."""
    text = _HASH_IRIS.format(condition='CONTAINS(STR(?s), "#")', most=_HASHES + 1)
    found = [iri(row.get("s")) for row in await asker.rows(text)]
    if len(found) > _HASHES:
        return None
    return _by_document(found)


def _by_document(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    by_document: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        document, _, part = name.partition("#")
        if part:
            by_document[document].append(name)
    return {document: tuple(parts[:MOST_PARTS]) for document, parts in by_document.items()}


async def _read_predicates(asker: Asker) -> tuple[str, ...]:
    return tuple(sorted(iri(row.get("p")) for row in await asker.rows(_PREDICATES)))


async def _read_shapes(asker: Asker) -> RowShapes:
    by_class: defaultdict[str, dict[str, RowShape]] = defaultdict(dict)
    disputed: set[str] = set()
    # Sorted, so that of two shapes for any class the same one counts every time.
    for row in sorted(await asker.rows(_SHAPES), key=_place):
        path, told, text = iri(row["path"]), iri(row.get("told")), row.get("text")
        for name in {iri(row.get("class")), ""}:
            shape = by_class[name].setdefault(path, RowShape(_order(row)))
            if isinstance(text, Literal):
                texts = shape.name if told.endswith("name") else shape.description
                if texts.setdefault(text.language or "", text.value) != text.value and not name:
                    disputed.add(path)
    # What has other names in other classes has none in a class that no shape is for.
    anywhere = {
        path: RowShape(shape.order) if path in disputed else shape for path, shape in by_class[""].items()
    }
    return RowShapes({**by_class, "": anywhere})


def _place(row: Row) -> tuple[float, str, str, str]:
    return _order(row), iri(row["path"]), iri(row.get("class")), str(row.get("text"))


def _order(row: Row) -> float:
    order = row["order"]
    try:
        return float(order.value) if isinstance(order, Literal) else float(number(order))
    except ValueError:
        return 0.0
