"""Names and explanations of IRIs in the reader's language, asked for all of a page at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from endpoint.vocabulary import DC, DCTERMS, FOAF, RDFS_COMMENT, RDFS_LABEL, SCHEMA, SKOS, SKOS_PREF_LABEL
from endpoint.web.http.view import View
from endpoint.web.pages.resource.asking import Asker, iri

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
# IRIs that are named on one page, at most.
MOST: Final = 800
_ROWS: Final = 10_000


class Text(NamedTuple):
    """A text and its language tag, which is empty where none is told or it is that of the page."""

    text: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of each IRI: texts by property and language tag."""

    by_iri: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)

    def name(self, name: str, view: View) -> Text | None:
        """The name to show, white space collapsed; None where there is none."""
        found = _best(self.by_iri.get(name, {}), NAMES, view)
        return None if found is None else Text(" ".join(found.text.split()), found.tag)

    def explanation(self, name: str, view: View) -> Text | None:
        """What a term means; None where nobody says."""
        return _best(self.by_iri.get(name, {}), EXPLANATIONS, view)


def _best(told: Mapping[str, Mapping[str, str]], properties: Iterable[str], view: View) -> Text | None:
    """The text in the reader's language, else in the other, else of no language, else in any.

    Of several properties with a text in that language the first counts.
    """
    texts = [told[name] for name in properties if name in told]
    by_language: dict[str, str] = {}
    for row in texts:
        for tag, text in row.items():
            by_language.setdefault(tag, text)
    return None if not by_language else told_to(view, by_language)


def told_to(view: View, by_language: Mapping[str, str]) -> Text:
    """The text that :meth:`View.text` chooses, with its tag."""
    # "en-GB" is English too.
    plain = {tag.partition("-")[0]: text for tag, text in reversed([*by_language.items()])}
    return Text(view.text(plain), view.tag(plain) or "")


async def read_labels(asker: Asker, names: Collection[str], explained: Collection[str] = ()) -> Labels:
    """The names of IRIs, and the explanations of those ``explained``. Raises designed errors."""
    pairs = [(name, told) for name in dict.fromkeys(names) for told in NAMES][: MOST * len(NAMES)]
    pairs += [(name, told) for name in dict.fromkeys(explained) for told in EXPLANATIONS]
    if not pairs:
        return Labels()
    values = " ".join(f"({NamedNode(name)} {NamedNode(told)})" for name, told in pairs)
    text = f"""SELECT DISTINCT ?iri ?told ?text WHERE {{ VALUES (?iri ?told) {{ {values} }}
  GRAPH ?any {{ ?iri ?told ?text }} FILTER(isLiteral(?text)) }} LIMIT {_ROWS}"""
    found: defaultdict[str, defaultdict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    # Of several texts in one language the first by its characters is shown, always the same.
    for row in sorted(await asker.rows(text), key=lambda row: str(row["text"])):
        term = row["text"]
        if isinstance(term, Literal) and term.value.strip():
            found[iri(row["iri"])][iri(row["told"])].setdefault(term.language or "", term.value)
    return Labels(found)
