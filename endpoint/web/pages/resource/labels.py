"""Names and explanations of IRIs in the reader's language, and the names and order of rows from shapes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from endpoint.vocabulary import DC, DCTERMS, FOAF, RDFS_COMMENT, RDFS_LABEL, SCHEMA, SH, SKOS, SKOS_PREF_LABEL
from endpoint.web.cache import Region
from endpoint.web.http.view import View
from endpoint.web.store import Row, Snapshot, iri, number

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
_SHAPE_ROWS: Final = 20_000

_SHAPES: Final = f"""SELECT DISTINCT ?class ?path ?order ?property ?text WHERE {{
  GRAPH ?any {{ ?shape <{SH}order> ?order ; <{SH}path> ?path
    OPTIONAL {{ ?node <{SH}property> ?shape ; <{SH}targetClass> ?class }}
    OPTIONAL {{ ?shape ?property ?text
      FILTER(?property IN (<{SH}name>, <{SH}description>)) }} }}
  FILTER(isIRI(?path)) }} LIMIT {_SHAPE_ROWS}"""
_ROW_SHAPES: Final[Region[RowShapes]] = Region("order of the rows")


class Text(NamedTuple):
    """A text and its language tag, which is empty where it has none or that of the page."""

    text: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Labels:
    """Names and explanations of each IRI: texts by property and language tag."""

    by_iri: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)

    def name(self, name: str, view: View) -> Text | None:
        """Return the name to show, white space collapsed; None where there is none."""
        best = _best(self.by_iri.get(name, {}), NAMES, view)
        return None if best is None else Text(" ".join(best.text.split()), best.tag)

    def explanation(self, name: str, view: View) -> Text | None:
        """Return what a term means; None where the data does not explain it."""
        return _best(self.by_iri.get(name, {}), EXPLANATIONS, view)


def _best(by_property: Mapping[str, Mapping[str, str]], properties: Iterable[str], view: View) -> Text | None:
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
    pairs = [(name, label) for name in [*dict.fromkeys(names)][:MOST] for label in NAMES]
    pairs += [(name, label) for name in dict.fromkeys(explained) for label in EXPLANATIONS]
    if not pairs:
        return Labels()
    values = " ".join(f"({NamedNode(name)} {NamedNode(label)})" for name, label in pairs)
    text = f"""SELECT DISTINCT ?iri ?property ?text WHERE {{ VALUES (?iri ?property) {{ {values} }}
  GRAPH ?any {{ ?iri ?property ?text }} FILTER(isLiteral(?text)) }} LIMIT {_ROWS}"""
    texts: defaultdict[str, defaultdict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    # Of several texts in one language the first by its characters is shown, always the same.
    for row in sorted(await snapshot.rows(text), key=lambda row: str(row["text"])):
        term = row["text"]
        if isinstance(term, Literal) and term.value.strip():
            texts[iri(row["iri"])][iri(row["property"])].setdefault(term.language or "", term.value)
    return Labels(texts)


@dataclass(slots=True)
class RowShape:
    """The place of a property among rows, its names and descriptions by language (SHACL, section 2.3.2)."""

    order: float
    name: dict[str, str] = field(default_factory=dict)
    description: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowShapes:
    """The rows that the shapes of the dataset describe, by class, and for any class under the empty text."""

    by_class: Mapping[str, Mapping[str, RowShape]]

    def of(self, classes: list[str], property_iri: str) -> RowShape | None:
        """Return the shape of a property in the first of the classes that has one, else in any class."""
        for name in (*classes, ""):
            if (shape := self.by_class.get(name, {}).get(property_iri)) is not None:
                return shape
        return None


async def row_shapes(snapshot: Snapshot) -> RowShapes:
    """Return the rows that shapes describe, read once for each generation. Raises designed errors."""
    return await snapshot.cached(_ROW_SHAPES, _read_shapes)


async def _read_shapes(snapshot: Snapshot) -> RowShapes:
    by_class: defaultdict[str, dict[str, RowShape]] = defaultdict(dict)
    disputed: set[str] = set()
    # Sorted, so that of two shapes for any class the same one counts every time.
    for row in sorted(await snapshot.rows(_SHAPES), key=_place):
        path, naming, text = iri(row["path"]), iri(row.get("property")), row.get("text")
        for name in {iri(row.get("class")), ""}:
            shape = by_class[name].setdefault(path, RowShape(_order(row)))
            if isinstance(text, Literal):
                texts = shape.name if naming.endswith("name") else shape.description
                if texts.setdefault(text.language or "", text.value) != text.value and not name:
                    disputed.add(path)
    # A property that is named differently in two classes has no name in a class without a shape.
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
