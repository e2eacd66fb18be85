"""The resource that a request names: the IRIs that its address may stand for, looked up in the store.

An IRI may be stored with Korean or other characters as they are, or percent-encoded, wholly or in
part; a client sends it as a URI (RFC 3987 section 3.1). So a path stands for each IRI that becomes the same
URI, the one that was sent first. A path that ends with the extension of a format stands for that format of
the resource without it, where there is no resource of the whole name.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, unquote_to_bytes

from pyoxigraph import Literal, NamedNode

from endpoint.errors import BadParameter, EngineError, NotFound, RequestError
from endpoint.formats import (
    BIBTEX,
    CSL_JSON,
    HTML,
    JSON_LD,
    LINKSET,
    N_QUADS,
    N_TRIPLES,
    RDF_XML,
    RIS,
    TRIG,
    TURTLE,
    Representation,
)
from endpoint.search import Request
from endpoint.vocabulary import OWL, RDFS_IS_DEFINED_BY
from endpoint.web.cache import Region
from endpoint.web.http.request import Pairs
from endpoint.web.own_queries import Snapshot, flag, iri, number
from endpoint.wording import nearest, shown

# The representations by the extension of the path, longer ones first. Existing clients ask for
# ".json.data" and read any JSON.
EXTENSIONS: Final[Mapping[str, Representation]] = {
    "json.data": Representation(JSON_LD, "application/json"),
    "csl.json": Representation(CSL_JSON, CSL_JSON.content_type()),
    "linkset.json": Representation(LINKSET, LINKSET.content_type()),
    "json": Representation(JSON_LD, "application/json"),
    **{
        fmt.extension: Representation(fmt, fmt.content_type())
        for fmt in (TURTLE, N_TRIPLES, RDF_XML, JSON_LD, TRIG, N_QUADS, HTML, BIBTEX, RIS)
    },
}
# Parameters that name the IRI, in the order in which they count.
PARAMETERS: Final = ("uri", "iri")

# Characters of an IRI as sent; no data has longer ones.
_LONGEST: Final = 4000
# First segments of paths that are the server's own.
_OWN: Final = ("-", "api", ".well-known", "browse")
_NOT_ASCII: Final = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
# How a byte that is no UTF-8 is decoded (PEP 383).
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")
_ENCODED: Final = re.compile(r"%[0-9A-F]{2}")
# The characters of a URI, in its path and as a whole, besides letters, digits and "-._~" (RFC 3986).
_IN_PATH: Final = "/:@!$&'()*+,;="
_IN_URI: Final = _IN_PATH + "?#[]"

# Resources that are suggested in place of an unknown one.
SUGGESTED: Final = 6
# Identifiers longer than this are not varied: there would be too many.
_VARIED: Final = 12
_DECLARED_TERMS: Final = 5000
# Hash IRIs that are cached; where there are more, those of one document are read each time.
_HASHES: Final = 5000
# Hash IRIs of one document that are described with it.
MOST_PARTS: Final = 2000

# IRIs and not VALUES: the name of a graph is looked up, where a variable would stand for each graph.
_ROLES: Final = """{{ BIND({n} AS ?n)
  BIND(EXISTS {{ GRAPH ?any {{ {iri} ?p1 ?o1 }} }} AS ?subject)
  BIND(EXISTS {{ GRAPH ?any {{ ?s2 ?p2 {iri} }} }} AS ?object)
  BIND(EXISTS {{ GRAPH ?any {{ ?s3 {iri} ?o3 }} }} AS ?predicate)
  BIND(EXISTS {{ GRAPH ?any {{ ?s4 a {iri} }} }} AS ?class)
  BIND(EXISTS {{ GRAPH {iri} {{ ?s5 ?p5 ?o5 }} }} AS ?graph)
  BIND(EXISTS {{ GRAPH {iri} {{ {iri} a <{owl}Ontology> }} }} AS ?ontology)
  FILTER(?subject || ?object || ?predicate || ?graph) }}"""
_TAKEN: Final = """{{ VALUES (?n ?extension ?iri) {{ {values} }}
  FILTER EXISTS {{ GRAPH ?any {{ ?iri ?p ?o }} }} }}"""
_SELECTED: Final = "?n ?subject ?object ?predicate ?class ?graph ?ontology ?extension"
_HASH_IRIS: Final = """SELECT ?s WHERE {{
  {{ SELECT DISTINCT ?s WHERE {{ GRAPH ?any {{ ?s ?p ?o }} }} }}
  FILTER(isIRI(?s) && {condition}) }} LIMIT {most}"""
_KNOWN: Final = """SELECT ?iri WHERE {{ VALUES ?iri {{ {values} }}
  FILTER EXISTS {{ GRAPH ?any {{ ?iri ?p ?o }} }} }} LIMIT {most}"""
_DECLARED: Final = f"""SELECT DISTINCT ?term WHERE {{ GRAPH ?any {{
  ?term <{RDFS_IS_DEFINED_BY}> ?ontology }} }} LIMIT {_DECLARED_TERMS}"""

_ALL_HASH_IRIS: Final[Region[Mapping[str, tuple[str, ...]] | None]] = Region("hash IRIs")


class Candidate(NamedTuple):
    """An IRI that the request may mean, and the extension removed for it, empty for none."""

    iri: str
    extension: str


class Address(NamedTuple):
    """The IRIs that a request may mean, best first; ``wanted`` is the one named in a 404.

    With ``people`` the address is meant for browsers: a request without a preference gets the page.
    """

    wanted: str
    candidates: tuple[Candidate, ...]
    people: bool = False


def of_path(path: str, base: str) -> Address:
    """Return the address of a resource's own path, as it was sent, below ``base``. Raises NotFound."""
    rest = path.removeprefix("/")
    if not rest or len(rest) > _LONGEST or rest.partition("/")[0] in _OWN:
        raise NotFound(f"There is nothing at {path[:200]}.")
    candidates = [Candidate(base + form, "") for form in _forms(rest, _IN_PATH)]
    extension = next((name for name in EXTENSIONS if rest.lower().endswith(f".{name}")), "")
    stem = rest[: -len(extension) - 1] if extension else ""
    if stem and not stem.endswith("/"):
        candidates += [Candidate(base + form, extension) for form in _forms(stem, _IN_PATH)]
    valid = _valid(candidates)
    if not valid:
        raise NotFound(f"There is nothing at {path[:200]}.")
    return Address(valid[0].iri, valid, people=True)


def of_parameter(pairs: Pairs, prefixes: Mapping[str, str], people: bool) -> Address:
    """Return the address of any IRI, named by one of :data:`PARAMETERS`. Raises BadParameter.

    A name with one of the ``prefixes`` stands for its IRI.
    """
    given = [(name, value.strip()) for name, value in pairs if name in PARAMETERS and value.strip()]
    if not given:
        raise BadParameter(
            PARAMETERS[0], "The parameter uri is missing: it takes the IRI of a resource.", rule="required"
        )
    name, text = given[0]
    if len({value for _, value in given}) > 1:
        raise BadParameter(name, f"The parameter {name} is given more than once; give it once.")
    text = text.removeprefix("<").removesuffix(">")
    forms = [*_forms(text, _IN_URI)] if len(text) <= _LONGEST else []
    prefix, _, local = text.partition(":")
    if prefix in prefixes and not local.startswith("//"):
        forms.insert(0, prefixes[prefix] + local)
    candidates = _valid([Candidate(form, "") for form in forms])
    if not candidates or candidates[0].iri != forms[0]:
        raise BadParameter(name, f"The parameter {name} is not an absolute IRI.", shown(text), "type")
    return Address(candidates[0].iri, candidates, people)


def _valid(candidates: list[Candidate]) -> tuple[Candidate, ...]:
    return tuple(row for row in dict.fromkeys(candidates) if is_iri(row.iri))


def is_iri(text: str) -> bool:
    """Return whether this is an absolute IRI (RFC 3987)."""
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def _forms(sent: str, safe: str) -> Iterator[str]:
    """Yield the IRIs that become the URI ``sent``: as it is first, then the more it is decoded."""
    yield sent
    yield _NOT_ASCII.sub(_characters, sent)
    # Some clients send every triplet in upper case.
    yield _ENCODED.sub(lambda triplet: triplet[0].lower(), sent)
    try:
        whole = unquote_to_bytes(sent).decode()
    except UnicodeDecodeError:
        return
    yield whole
    yield quote(whole, safe=safe)
    yield _NOT_ASCII.sub(_characters, quote(whole, safe=safe))
    # As encodeURIComponent of JavaScript and quote_plus of Python encode a segment.
    for kept in ("/:!'()*", "/:"):
        encoded = quote(whole, safe=kept + ("?#" if "?" in safe else ""))
        yield encoded
        yield _ENCODED.sub(lambda triplet: triplet[0].lower(), encoded)


def _characters(triplets: re.Match[str]) -> str:
    """Decode percent-encoded UTF-8; bytes that are no UTF-8 stay as they were sent."""
    sent = triplets[0]
    kept = "%{:02x}" if sent == sent.lower() else "%{:02X}"
    read = unquote_to_bytes(sent).decode(errors="surrogateescape")
    return _NOT_UTF8.sub(lambda byte: kept.format(ord(byte[0]) - 0xDC00), read)


@dataclass(frozen=True, slots=True)
class KnownResource:
    """An IRI that the store knows as subject, object, predicate, class or name of a graph.

    ``ontology`` is true where its own graph declares it to be one. ``extension`` is that of the path, empty
    for none; ``parts`` are the hash IRIs of this document, and ``taken`` the extensions that are no formats
    of it because another resource has that name.
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
    rows = await snapshot.rows(_looked_up(address))
    roles = [row for row in rows if "extension" not in row]
    if roles:
        row = min(roles, key=lambda row: number(row["n"]))
        place = number(row["n"])
        candidate = address.candidates[place]
        parts = await hash_iris(snapshot, [candidate.iri])
        taken = [row["extension"] for row in rows if "extension" in row and number(row["n"]) == place]
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
            taken=frozenset(term.value for term in taken if isinstance(term, Literal)),
        )
    # A document may be known by its parts alone.
    parts = await hash_iris(snapshot, [candidate.iri for candidate in address.candidates])
    for candidate in address.candidates:
        if candidate.iri in parts:
            known = parts[candidate.iri]
            return KnownResource(candidate.iri, candidate.extension, subject=False, parts=known)
    # An extension that was sent names a format and does not belong to the resource.
    stem = next((row.iri for row in address.candidates if row.extension), address.wanted)
    raise UnknownResource(address.wanted, await suggest(snapshot, stem))


def _looked_up(address: Address) -> str:
    """Return the query for the roles of all candidates, and for the extensions of each that are taken."""
    names = [str(NamedNode(row.iri)) for row in address.candidates]
    parts = [_ROLES.format(n=n, iri=name, owl=OWL) for n, name in enumerate(names)]
    values = [
        f"({n} {Literal(extension)} {NamedNode(f'{row.iri}.{extension}')})"
        for n, row in enumerate(address.candidates)
        for extension in EXTENSIONS
    ]
    parts.append(_TAKEN.format(values=" ".join(values)))
    return f"SELECT {_SELECTED} WHERE {{ {' UNION '.join(parts)} }}"


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
