"""Names and explanations of IRIs in the reader's language.

They are read for all IRIs of a page at once, and kept: most pages name the same properties and classes.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from pyoxigraph import Literal, NamedNode

from endpoint.vocabulary import DC, DCTERMS, FOAF, RDFS_COMMENT, RDFS_LABEL, SCHEMA, SKOS, SKOS_PREF_LABEL
from endpoint.web.http.view import View
from endpoint.web.own_queries import Snapshot, iri

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

# Texts by property and language tag, and the properties that were asked for.
Texts: TypeAlias = Mapping[str, Mapping[str, str]]
_Properties: TypeAlias = tuple[str, ...]


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


async def read_labels(snapshot: Snapshot, names: Collection[str], explained: Collection[str] = ()) -> Labels:
    """Return the names of IRIs, and the explanations of those ``explained``. Raises designed errors."""
    wanted = {NAMES: [*dict.fromkeys(names)][:MOST], EXPLANATIONS: [*dict.fromkeys(explained)]}
    texts: defaultdict[str, dict[str, Mapping[str, str]]] = defaultdict(dict)
    missing: dict[_Properties, list[str]] = {}
    cache, version = snapshot.site.cache, snapshot.generation.version
    for properties, iris in wanted.items():
        for name in iris:
            entry = cache.find(version, (Labels, properties, name))
            if entry is None:
                missing.setdefault(properties, []).append(name)
            else:
                texts[name] |= entry.value
    if missing:
        for (_, name), found in (await _read(snapshot, missing)).items():
            texts[name] |= found
    return Labels(texts)


async def _read(
    snapshot: Snapshot, missing: Mapping[_Properties, Sequence[str]]
) -> Mapping[tuple[_Properties, str], Texts]:
    """Read texts that are not kept, and keep them."""
    parts = [
        _OF_SOME.format(iris=_written(iris, " "), properties=_written(properties, ", "))
        for properties, iris in missing.items()
    ]
    text = f"SELECT DISTINCT ?iri ?property ?text WHERE {{ {' UNION '.join(parts)} }} LIMIT {_ROWS}"
    found: dict[tuple[_Properties, str], defaultdict[str, dict[str, str]]] = {
        (properties, name): defaultdict(dict) for properties, iris in missing.items() for name in iris
    }
    began = time.perf_counter()
    rows = await snapshot.rows(text)
    # Of several texts in one language the first by its characters is shown, always the same.
    for row in sorted(rows, key=lambda row: str(row["text"])):
        term, named = row["text"], iri(row["property"])
        if isinstance(term, Literal) and term.value.strip():
            properties = NAMES if named in NAMES else EXPLANATIONS
            found[properties, iri(row["iri"])][named].setdefault(term.language or "", term.value)
    if len(rows) < _ROWS:
        _keep(snapshot, found, (time.perf_counter() - began) / len(found))
    return found


def _keep(snapshot: Snapshot, found: Mapping[tuple[_Properties, str], Texts], seconds: float) -> None:
    cache, version = snapshot.site.cache, snapshot.generation.version
    for (properties, name), texts in found.items():
        written = sum(len(text.encode()) for by_tag in texts.values() for text in by_tag.values())
        size = len(name) + written + _OBJECTS
        cache.put(version, (Labels, properties, name), texts, size, seconds)


def _written(iris: Iterable[str], between: str) -> str:
    return between.join(str(NamedNode(name)) for name in iris)
