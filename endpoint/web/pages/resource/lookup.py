"""Look up which resource of the store a request means, and suggest others where there is none."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from pyoxigraph import Literal, NamedNode

from endpoint.errors import EngineError, NotFound, RequestError, nearest
from endpoint.search import Request
from endpoint.vocabulary import OWL, RDFS_IS_DEFINED_BY
from endpoint.web.cache import Region
from endpoint.web.pages.resource.address import EXTENSIONS, Address, is_iri
from endpoint.web.store import Snapshot, flag, iri, number

# How many resources are suggested in place of one that is not there.
SUGGESTED: Final = 6
# Identifiers longer than this are not varied: there would be too many.
_VARIED: Final = 12
_TERMS: Final = 5000
# Hash IRIs that are cached; where there are more, those of one document are read each time.
_HASHES: Final = 5000
# Hash IRIs of one document that are described with it.
MOST_PARTS: Final = 2000

_ROLES: Final = """SELECT ?n ?subject ?object ?predicate ?class ?graph ?ontology WHERE {{
  VALUES (?n ?iri) {{ {values} }}
  BIND(EXISTS {{ GRAPH ?any {{ ?iri ?p1 ?o1 }} }} AS ?subject)
  BIND(EXISTS {{ GRAPH ?any {{ ?s2 ?p2 ?iri }} }} AS ?object)
  BIND(EXISTS {{ GRAPH ?any {{ ?s3 ?iri ?o3 }} }} AS ?predicate)
  BIND(EXISTS {{ GRAPH ?any {{ ?s4 a ?iri }} }} AS ?class)
  BIND(EXISTS {{ GRAPH ?iri {{ ?s5 ?p5 ?o5 }} }} AS ?graph)
  BIND(EXISTS {{ GRAPH ?iri {{ ?iri a <{owl}Ontology> }} }} AS ?ontology)
  FILTER(?subject || ?object || ?predicate || ?graph) }}"""
_HASH_IRIS: Final = """SELECT DISTINCT ?s WHERE {{
  GRAPH ?any {{ ?s ?p ?o }} FILTER(isIRI(?s) && {condition}) }} LIMIT {most}"""
_TAKEN: Final = """SELECT ?extension WHERE {{ VALUES (?extension ?iri) {{ {values} }}
  FILTER EXISTS {{ GRAPH ?any {{ ?iri ?p ?o }} }} }}"""
_KNOWN: Final = """SELECT ?iri WHERE {{ VALUES ?iri {{ {values} }}
  FILTER EXISTS {{ GRAPH ?any {{ ?iri ?p ?o }} }} }} LIMIT {most}"""
_DECLARED: Final = f"""SELECT DISTINCT ?term WHERE {{ GRAPH ?any {{
  ?term <{RDFS_IS_DEFINED_BY}> ?ontology }} }} LIMIT {_TERMS}"""

_ALL_HASH_IRIS: Final[Region[Mapping[str, tuple[str, ...]] | None]] = Region("hash IRIs")


@dataclass(frozen=True, slots=True)
class KnownResource:
    """An IRI that the store knows as subject, object, predicate, class or name of a graph.

    ``ontology`` is true where its own graph says that it is one. ``extension`` is that of the path, empty for
    none; ``parts`` are the hash IRIs of this document, and ``taken`` the extensions that are no formats of it
    because another resource has that name.
    """

    iri: str
    extension: str = ""
    subject: bool = True
    mentioned: bool = False
    predicate: bool = False
    instances: bool = False
    graph: bool = False
    ontology: bool = False
    parts: tuple[str, ...] = ()
    taken: frozenset[str] = frozenset()


class UnknownResource(NotFound):
    """No statement has this IRI. ``suggestions`` are IRIs of resources that may have been meant."""

    def __init__(self, wanted: str, suggestions: tuple[str, ...]) -> None:
        near = f" Near it are: {', '.join(suggestions)}." if suggestions else ""
        super().__init__(f"Nothing is known of {wanted[:500]}.{near}")
        self.wanted = wanted
        self.suggestions = suggestions

    def fields(self) -> dict[str, object]:
        return {"iri": self.wanted, "suggestions": list(self.suggestions)}


async def look_up(snapshot: Snapshot, address: Address) -> KnownResource:
    """Return the first candidate of the address that the store knows.

    Raises :class:`UnknownResource` where there is none, and designed errors of the engine.
    """
    values = " ".join(f"({n} {NamedNode(row.iri)})" for n, row in enumerate(address.candidates))
    rows = await snapshot.rows(_ROLES.format(owl=OWL, values=values))
    if rows:
        row = min(rows, key=lambda row: number(row["n"]))
        candidate = address.candidates[number(row["n"])]
        parts = await hash_iris(snapshot, [candidate.iri])
        return KnownResource(
            candidate.iri,
            candidate.extension,
            subject=flag(row["subject"]),
            mentioned=flag(row["object"]),
            predicate=flag(row["predicate"]),
            instances=flag(row["class"]),
            graph=flag(row["graph"]),
            ontology=flag(row["ontology"]),
            parts=parts.get(candidate.iri, ()),
            taken=await _taken(snapshot, candidate.iri),
        )
    # A document may be known by its parts alone.
    parts = await hash_iris(snapshot, [candidate.iri for candidate in address.candidates])
    for candidate in address.candidates:
        if candidate.iri in parts:
            known = parts[candidate.iri]
            return KnownResource(candidate.iri, candidate.extension, subject=False, parts=known)
    # An extension that was sent tells of a format, not of the resource.
    stem = next((row.iri for row in address.candidates if row.extension), address.wanted)
    raise UnknownResource(address.wanted, await suggest(snapshot, stem))


async def hash_iris(snapshot: Snapshot, documents: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the subjects ``document#…`` by their document. Raises designed errors."""
    wanted = [document for document in documents if "#" not in document]
    if not wanted:
        return {}
    known = await snapshot.cached(_ALL_HASH_IRIS, _read_hash_iris)
    if known is not None:
        return {document: known[document] for document in wanted if document in known}
    starts = (f"STRSTARTS(STR(?s), {Literal(document + '#')})" for document in wanted)
    text = _HASH_IRIS.format(condition=f"({' || '.join(starts)})", most=MOST_PARTS)
    return _by_document(iri(row.get("s")) for row in await snapshot.rows(text))


async def _read_hash_iris(snapshot: Snapshot) -> Mapping[str, tuple[str, ...]] | None:
    """Return all hash IRIs by their document; None where there are too many to cache."""
    text = _HASH_IRIS.format(condition='CONTAINS(STR(?s), "#")', most=_HASHES + 1)
    subjects = [iri(row.get("s")) for row in await snapshot.rows(text)]
    return None if len(subjects) > _HASHES else _by_document(subjects)


def _by_document(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    by_document: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        document, _, part = name.partition("#")
        if part:
            by_document[document].append(name)
    return {document: tuple(parts[:MOST_PARTS]) for document, parts in by_document.items()}


async def _taken(snapshot: Snapshot, resource: str) -> frozenset[str]:
    names = [(extension, f"{resource}.{extension}") for extension in EXTENSIONS]
    values = " ".join(f"({Literal(extension)} {NamedNode(name)})" for extension, name in names)
    rows = await snapshot.rows(_TAKEN.format(values=values))
    return frozenset(term.value for row in rows if isinstance(term := row["extension"], Literal))


async def suggest(snapshot: Snapshot, wanted: str) -> tuple[str, ...]:
    """Return known resources near an unknown IRI, best first; none where the engine fails."""
    try:
        spelled, matching = await asyncio.gather(_similar(snapshot, wanted), _matching(snapshot, wanted))
    except (EngineError, RequestError):
        return ()
    return tuple(dict.fromkeys([*spelled, *matching]))[:SUGGESTED]


async def _similar(snapshot: Snapshot, wanted: str) -> list[str]:
    """Return resources whose identifier differs by one character or by case, and the nearest term."""
    variants = [name for name in dict.fromkeys(_variants(wanted)) if is_iri(name)]
    known: list[str] = []
    if variants:
        values = " ".join(str(NamedNode(name)) for name in variants)
        rows = await snapshot.rows(_KNOWN.format(values=values, most=SUGGESTED))
        known = sorted((iri(row["iri"]) for row in rows), key=variants.index)
    terms = sorted(iri(row["term"]) for row in await snapshot.rows(_DECLARED))
    place, _, name = wanted.rpartition("/")
    by_name = {term.rpartition("/")[2]: term for term in terms if term.rpartition("/")[0] == place}
    near = nearest(name, list(by_name)) if by_name else None
    return known if near is None else [*known, by_name[near]]


async def _matching(snapshot: Snapshot, wanted: str) -> list[str]:
    """Return the hits of the text index for the last segment."""
    configuration = snapshot.site.search
    words = unquote(wanted.rstrip("/").rpartition("/")[2]).replace("_", " ")
    if configuration is None or not words.strip():
        return []
    phrase = f'"{words.replace(chr(34), " ")}"'
    answer = await snapshot.search(Request(query=phrase, limit=SUGGESTED, facets=0))
    return [hit["iri"] for hit in answer["hits"]]


def _variants(wanted: str) -> Iterator[str]:
    """Yield IRIs that are spelt nearly so: another last segment, or another end."""
    yield from (wanted.rstrip("/#"), wanted + "/", wanted + "#")
    place, slash, name = wanted.rpartition("/")
    if not name or len(name) > _VARIED:
        return
    start = place + slash
    yield from (start + variant for variant in (name.upper(), name.lower(), name.capitalize()))
    letters = "0123456789" if name.isdecimal() else ""
    if name.isascii() and name.isalpha():
        letters = "".join(map(chr, range(65, 91))) if name.isupper() else "".join(map(chr, range(97, 123)))
    places = range(len(name))
    # Two characters in the wrong order, one too many, one wrong, one missing.
    yield from (start + name[:n] + name[n + 1 : n + 2] + name[n] + name[n + 2 :] for n in places)
    yield from (start + name[:n] + name[n + 1 :] for n in places if len(name) > 1)
    yield from (start + name[:n] + letter + name[n + 1 :] for n in reversed(places) for letter in letters)
    yield from (start + name[:n] + letter + name[n:] for n in range(len(name) + 1) for letter in letters)
