"""Names and explanations of IRIs in the reader's language.

They are read for all IRIs of a page at once, and kept: most pages name the same properties and classes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from pyoxigraph import Literal, NamedNode

from endpoint.vocabulary import DC, DCTERMS, FOAF, RDFS_COMMENT, RDFS_LABEL, SCHEMA, SKOS, SKOS_PREF_LABEL
from endpoint.web.http.view import View
from endpoint.web.own_queries import Snapshot, Term, iri

# Standard properties that name a thing, the best first, and that explain it.
NAMES: Final = (
    SKOS_PREF_LABEL,
    RDFS_LABEL,
    f"{DCTERMS}title",
    f"{SCHEMA}name",
    f"{FOAF}name",
    f"{DC}title",
)
EXPLANATIONS: Final = (
    RDFS_COMMENT,
    f"{SKOS}definition",
    f"{DCTERMS}description",
)
# The most IRIs that have a name on one page.
MOST: Final = 800
_ROWS: Final = 10_000
# Bytes of what is kept of one IRI besides its texts.
_OBJECTS: Final = 600

# A filter, not VALUES: the engine would read all statements with these properties, and join them then.
_OF_SOME: Final = """{{ VALUES ?iri {{ {iris} }} GRAPH ?any {{ ?iri ?property ?text }}
  FILTER(?property IN ({properties}) && isLiteral(?text)) }}"""

# Texts by property and language tag.
Texts: TypeAlias = Mapping[str, Mapping[str, str]]


class Text(NamedTuple):
    """A text and its language tag, which is empty where it has none or that of the page."""

    text: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Labels:
    """Names and explanations of each IRI: texts by property and language tag."""

    by_iri: Mapping[str, Texts] = field(default_factory=dict)

    def name(self, name: str, view: View) -> Text | None:
        """Return the name to show, white space collapsed; None where there is none."""
        best = _best(self.by_iri.get(name, {}), NAMES, view)
        return None if best is None else Text(" ".join(best.text.split()), best.tag)

    def explanation(self, name: str, view: View) -> Text | None:
        """Return the explanation of a term; None where the data has none."""
        return _best(self.by_iri.get(name, {}), EXPLANATIONS, view)


def _best(by_property: Texts, properties: Iterable[str], view: View) -> Text | None:
    """Return the text in the reader's language, else in the other, else of no language, else in any.

    Of several properties with a text in that language the first counts.
    """
    texts = [by_property[name] for name in properties if name in by_property]
    by_language: dict[str, str] = {}
    for row in texts:
        for tag, text in row.items():
            by_language.setdefault(tag, text)
    return None if not by_language else text_for(view, by_language)


def text_for(view: View, by_language: Mapping[str, str]) -> Text:
    """Return the text that :meth:`View.text` chooses, with its tag."""
    # "en-GB" is English too.
    plain = {tag.partition("-")[0]: text for tag, text in reversed([*by_language.items()])}
    return Text(view.text(plain), view.tag(plain) or "")


async def read_labels(
    snapshot: Snapshot,
    names: Collection[str],
    explained: Collection[str] = (),
    described: Mapping[str, Sequence[tuple[str, Term]]] | None = None,
) -> Labels:
    """Return the names of IRIs, and the explanations of those ``explained``. Raises designed errors.

    ``described`` are IRIs of which all properties with their values are known.
    """
    described = described or {}
    wanted = [
        *(_Place(NAMES, name) for name in [*dict.fromkeys(names)][:MOST]),
        *(_Place(EXPLANATIONS, name) for name in explained),
    ]
    reading = _Reading(snapshot)
    missing = [place for place in wanted if place.iri not in described]
    texts: defaultdict[str, dict[str, Mapping[str, str]]] = defaultdict(dict)
    for place, found in (await snapshot.each(missing, reading.read, reading.size)).items():
        texts[place.iri] |= found
    for place in wanted:
        if place.iri in described:
            texts[place.iri] |= _chosen(place, described[place.iri])
    return Labels(texts)


def _chosen(place: _Place, rows: Iterable[tuple[str, Term]]) -> Texts:
    """Return the texts of an IRI, among properties with their values."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    texts = [(name, term) for name, term in rows if name in place.properties and isinstance(term, Literal)]
    # Of several texts in one language the first by its characters is shown, always the same.
    for name, term in sorted(texts, key=lambda row: str(row[1])):
        if term.value.strip():
            found[name].setdefault(term.language or "", term.value)
    return found


class _Place(NamedTuple):
    """The texts of an IRI that some properties give."""

    properties: tuple[str, ...]
    iri: str


@dataclass(slots=True)
class _Reading:
    """One query for texts that are not kept; ``cut``: there were more than are read."""

    snapshot: Snapshot
    cut: bool = False

    async def read(self, missing: Sequence[_Place]) -> Mapping[_Place, Texts]:
        iris: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        for place in missing:
            iris[place.properties].append(place.iri)
        parts = [
            _OF_SOME.format(iris=_written(names, " "), properties=_written(properties, ", "))
            for properties, names in iris.items()
        ]
        text = f"SELECT DISTINCT ?iri ?property ?text WHERE {{ {' UNION '.join(parts)} }} LIMIT {_ROWS}"
        rows = await self.snapshot.rows(text)
        self.cut = len(rows) >= _ROWS
        rows_of = defaultdict[str, list[tuple[str, Term]]](list)
        for row in rows:
            rows_of[iri(row["iri"])].append((iri(row["property"]), row["text"]))
        return {place: _chosen(place, rows_of[place.iri]) for place in missing}

    def size(self, place: _Place, texts: Texts) -> int | None:
        if self.cut:
            return None
        written = sum(len(text.encode()) for by_tag in texts.values() for text in by_tag.values())
        return len(place.iri) + written + _OBJECTS


def _written(iris: Iterable[str], between: str) -> str:
    return between.join(str(NamedNode(name)) for name in iris)
