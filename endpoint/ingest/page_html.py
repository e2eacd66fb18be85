"""A Linked Data page in HTML: the table of properties and values that Pubby made common.

Read are the tables with the head ``Property | Value`` and Pubby's own ``table.description``, whoever made the
page. Links are IRIs; a link to a viewer is the IRI that it shows. Datatypes and languages are read as
``"2023"^^xsd:integer``, ``"글"@ko``, ``2023 (xsd:integer)``, as small print after the value, and from the
attributes ``datatype`` and ``lang``. A language in brackets that is not small print is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from pyoxigraph import Literal, NamedNode, Triple

from endpoint.errors import DataError, DataErrors
from endpoint.ingest.page_links import link_target
from endpoint.ingest.page_markup import LAYOUT, Element, classes, inside, line_of_text, parse_html, text_of
from endpoint.ingest.page_terms import LANGUAGE, is_iri, is_name, named, shown_literal, with_language

_HEADS = ({"property", "predicate", "속성", "프로퍼티"}, {"value", "object", "값"})
_INVERSE = re.compile(r"is (?P<property>.+) of", re.IGNORECASE)
_BRACKETED_IRI = re.compile(r"\(\s*(\S+)\s*\)")
_BLANK = re.compile(r"\(?anonymous (?:node|resource)\)?|_:\S+|\[\s*\d* ?(?:values?)?\s*\]", re.IGNORECASE)
_BLANK_CLASSES = {"blank", "bnode", "blank-node", "values-summary"}
_XSD_AT_END = re.compile(r"(?P<text>.*\S)\s*\((?P<datatype>xsd:\w+)\)", re.DOTALL)
_TOPIC_RELATIONS = {"foaf:primarytopic", "primarytopic", "describes", "foaf:topic"}
_HEADINGS = ("h1", "h2", "h3", "h4", "title")
# A label that stands beside a name or a link.
_LABEL = re.compile(r"\s*(?:\[[^\[\]]*\]|\([^()]*\))$")


def read_page_html(
    text: str, name: str, prefixes: Mapping[str, str], base: str, notices: list[str]
) -> list[Triple]:
    """The statements of a page; the inverse rows ("is p of") too.

    ``base`` resolves relative links; for one of the scheme ``file`` the site of the resource does.

    :raises DataErrors: no such page, or names that cannot be resolved; with lines.
    """
    file = Path(name)
    root = parse_html(text, file)
    tables = _tables(root)
    if not tables:
        raise DataErrors([DataError("The page has no table of properties and values.", file)])
    address = next((found.get("href") or "" for found in root.iter("base")), "")
    base = link_target(address, base) or base
    subject = _subject(root, tables[0], base)
    if subject is None:
        detail = "The page does not say which resource it is about; its heading should hold ( IRI )."
        raise DataErrors([DataError(detail, file)])
    if base.startswith("file:"):
        base = urljoin(subject, "/")  # where a page was saved says nothing about what it links to
    page = _Page(file, prefixes, base, NamedNode(subject))
    triples = [triple for table in tables for row in _rows(table) for triple in page.triples(row)]
    if page.errors:
        raise DataErrors(page.errors)
    notices.extend(page.notices())
    return triples


def _tables(root: Element) -> list[Element]:
    """The tables that describe the page's resource; Pubby adds others about the description itself."""
    found: list[Element] = []
    for table in root.iter("table"):
        about_data = any(
            "metadata" in label for outer in (table, *table.iterancestors()) for label in classes(outer)
        )
        nested = any(inside(table, outer) for outer in found)
        if not about_data and not nested and _describes(table):
            found.append(table)
    return found


def _describes(table: Element) -> bool:
    if "description" in classes(table) and any("property" in classes(cell) for cell in table.iter("td")):
        return True
    return any(_is_head(_cells(row)) for row in table.iter("tr"))


def _is_head(cells: list[Element]) -> bool:
    names = [line_of_text(cell).casefold() for cell in cells[:2]]
    return len(names) == 2 and all(name in known for name, known in zip(names, _HEADS, strict=True))


def _cells(row: Element) -> list[Element]:
    return [cell for cell in row if cell.tag in ("td", "th")]


def _subject(root: Element, table: Element, base: str) -> str | None:
    """The resource: ( IRI ) in a heading, a link relation, a link shown as itself, a heading's link."""
    for heading in root.iter(*_HEADINGS):
        for found in _BRACKETED_IRI.finditer(line_of_text(heading)):
            if is_iri(found[1]):
                return found[1]
    for link in root.iter("link"):
        if _TOPIC_RELATIONS & set((link.get("rel") or "").casefold().split()):
            return link_target(link.get("href") or "", base)
    before = list(_before(root, table))
    for anchor in before:
        target = link_target(anchor.get("href") or "", base)
        if target is not None and line_of_text(anchor) in (target, anchor.get("href")) and is_iri(target):
            return target
    headed = [anchor for anchor in before if any(anchor.iterancestors("h1", "h2", "h3"))]
    main = [anchor for anchor in headed if not any(anchor.iterancestors("small"))]
    return link_target(main[0].get("href") or "", base) if main else None


def _before(root: Element, table: Element) -> Iterator[Element]:
    for element in root.iter("a", "table"):
        if element is table:
            return
        if element.tag == "a":
            yield element


@dataclass(frozen=True, slots=True)
class _Row:
    name: Element
    values: list[Element]


def _rows(table: Element) -> Iterator[_Row]:
    """Properties with their cells of values; a property may span rows, or leave its cell empty."""
    current: _Row | None = None
    spanned = 0
    for row in table.iter("tr"):
        cells = _cells(row)
        if next(row.iterancestors("table")) is not table or not cells or _is_head(cells):
            continue
        if current and (spanned or not line_of_text(cells[0])):
            current.values.extend(cells if spanned else cells[1:])
            spanned -= bool(spanned)
            continue
        if current:
            yield current
        current = _Row(cells[0], cells[1:])
        span = cells[0].get("rowspan") or ""
        spanned = int(span) - 1 if span.isdecimal() and span != "0" else 0
    if current:
        yield current


class _Page:
    def __init__(self, file: Path, prefixes: Mapping[str, str], base: str, subject: NamedNode) -> None:
        self._file = file
        self._prefixes = prefixes
        self._base = base
        self._subject = subject
        self.errors: list[DataError] = []
        self._without_value: list[str] = []
        self._skipped: list[str] = []

    def notices(self) -> Iterator[str]:
        """What the page shows that makes no statement."""
        if self._without_value:
            yield f"{self._file}: these properties show no value: {', '.join(self._without_value)}."
        if self._skipped:
            names = ", ".join(dict.fromkeys(self._skipped))
            yield f"{self._file}: values without an IRI of their own were left out: {names}."

    def triples(self, row: _Row) -> Iterator[Triple]:
        """The statements of one property."""
        shown = line_of_text(row.name)
        inverse = _INVERSE.fullmatch(shown)
        try:
            predicate = self._property(row.name, inverse["property"] if inverse else shown)
        except ValueError as error:
            self.errors.append(DataError(str(error), self._file, row.name.sourceline))
            return
        items = [item for cell in row.values for item in _items(cell)]
        if not any(line_of_text(item) or any(item.iter("a")) for item in items):
            self._without_value.append(shown)
            return
        for item in items:
            yield from self._statement(predicate, item, shown, inverse is not None)

    def _statement(self, predicate: NamedNode, item: Element, shown: str, inverse: bool) -> Iterator[Triple]:
        try:
            value = self._value(item)
        except ValueError as error:
            self.errors.append(DataError(str(error), self._file, item.sourceline))
            return
        if inverse and isinstance(value, NamedNode):
            yield Triple(value, predicate, self._subject)
        elif not inverse and value is not None:
            yield Triple(self._subject, predicate, value)
        else:
            self._skipped.append(shown)

    def _property(self, cell: Element, shown: str) -> NamedNode:
        target = next((self._target(anchor) for anchor in cell.iter("a")), None)
        name = _LABEL.sub("", shown)
        return NamedNode(target) if target is not None else named("".join(name.split()), self._prefixes)

    def _target(self, anchor: Element) -> str | None:
        title = (anchor.get("title") or "").strip()
        if is_iri(title):
            return title  # Pubby: the address is the viewer's, the title the IRI
        return link_target(anchor.get("href") or "", self._base, self._subject.value)

    def _value(self, item: Element) -> NamedNode | Literal | None:
        """The term that an item shows; ``None`` where it is a blank node, or nothing."""
        shown = line_of_text(item)
        marked = _BLANK_CLASSES & {label for part in item.iter() for label in classes(part)}
        if marked or _BLANK.fullmatch(shown):
            return None
        anchor = _only_link(item)
        if anchor is not None and not line_of_text(anchor).startswith('"'):
            target = self._target(anchor)
            return NamedNode(target) if target is not None else None
        return self._literal(item) if shown else None

    def _literal(self, item: Element) -> Literal:
        note, datatype, language = self._note(item)
        text = text_of(item, () if note is None else (note,)).strip(LAYOUT)
        if datatype is not None:
            return Literal(text, datatype=named(datatype, self._prefixes))
        if language is not None:
            return with_language(text, language)
        typed = _XSD_AT_END.fullmatch(text)
        if typed is not None:
            return Literal(typed["text"], datatype=named(typed["datatype"], self._prefixes))
        return shown_literal(text, self._prefixes)

    def _note(self, item: Element) -> tuple[Element | None, str | None, str | None]:
        """Small print after a value, its datatype or its language; or these from attributes."""
        small = list(item.iter("small"))
        note = line_of_text(small[-1]).strip("()^@[] \N{NO-BREAK SPACE}") if small else ""
        if small and line_of_text(item).endswith(line_of_text(small[-1])):
            if ":" in note and is_name(note):
                return small[-1], note, None
            if LANGUAGE.fullmatch(note):
                return small[-1], None, note
        for part in item.iter():
            for attribute in ("datatype", "lang", "xml:lang"):
                if value := part.get(attribute):
                    return None, *((value, None) if attribute == "datatype" else (None, value))
        return None, None, None


def _items(cell: Element) -> list[Element]:
    """The values in a cell: items of its list, links beside each other, or the cell itself."""
    items = [
        item
        for item in cell.iter("li")
        if not any(inside(item, outer) for outer in cell.iter("li") if outer is not item)
    ]
    if items:
        return items
    anchors = list(cell.iter("a"))
    around = text_of(cell, tuple(anchors)).strip(LAYOUT + ",;")
    return anchors if len(anchors) > 1 and not around else [cell]


def _only_link(item: Element) -> Element | None:
    """The link that is all of an item, apart from small print and angle brackets."""
    anchors = [item] if item.tag == "a" else list(item.iter("a"))
    if len(anchors) != 1 or anchors[0].get("href") is None:
        return None
    if anchors[0] is item:
        return item
    around = text_of(item, (*anchors, *item.iter("small"))).strip(LAYOUT + "<>\N{NO-BREAK SPACE}")
    return anchors[0] if not around or _LABEL.fullmatch(around) else None
