"""The reader of Linked Data pages in HTML: the table of properties and values that Pubby made common.

Tables with the head ``Property | Value`` and Pubby's own ``table.description`` are read, whatever program
made the page. Links are IRIs; a link to a viewer is the IRI that it shows. A datatype or a language is
written ``"2023"^^xsd:integer``, ``"글"@ko`` or ``2023 (xsd:integer)``, in small print after the value, or in
the attributes ``datatype`` and ``lang``. A language in brackets that is not small print is text.

lxml reads the HTML, because its parser closes what HTML leaves open (``<li>``, ``<td>``) as browsers do,
keeps the line of every element for messages, and needs no second library. It fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import urljoin

from lxml import etree, html  # type: ignore[import-untyped]
from pyoxigraph import Literal, NamedNode, Triple

from endpoint.errors import DataError, DataErrors
from endpoint.ingest.pages.terms import (
    LANGUAGE,
    is_iri,
    is_name,
    link_target,
    named,
    shown_literal,
    with_language,
)

_HEADS = ({"property", "predicate", "속성", "프로퍼티"}, {"value", "object", "값"})
_INVERSE = re.compile(r"is (?P<property>.+) of", re.IGNORECASE)
_BLANK = re.compile(r"\(?anonymous (?:node|resource)\)?|_:\S+|\[\s*\d* ?(?:values?)?\s*\]", re.IGNORECASE)
_BLANK_CLASSES = {"blank", "bnode", "blank-node", "values-summary"}
_XSD_AT_END = re.compile(r"(?P<text>.*\S)\s*\((?P<datatype>xsd:\w+)\)", re.DOTALL)
_TOPIC_RELATIONS = {"foaf:primarytopic", "primarytopic", "describes", "foaf:topic"}
_HEADINGS = ("h1", "h2", "h3", "h4", "title")
# A label that stands beside a name or a link.
_LABEL = re.compile(r"(?<!\s)\s*(?:\[[^\[\]]*\]|\([^()]*\))$")

# White space that templates put around a value; a no-break space belongs to the value.
_LAYOUT = " \t\r\n\f"

_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^<>]*>")
_UNSEEN = ("script", "style", "template", "head")


class _Element(Protocol):
    """An element of lxml. ``tail`` is the text that follows it."""

    tag: str
    text: str | None
    tail: str | None
    sourceline: int | None

    def get(self, key: str) -> str | None: ...

    def getparent(self) -> _Element | None: ...

    def iter(self, *tags: str) -> Iterator[_Element]: ...

    def iterancestors(self, *tags: str) -> Iterator[_Element]: ...

    def __iter__(self) -> Iterator[_Element]: ...


def _parse(text: str, file: Path) -> _Element:
    """Return the root element of a page, however broken its HTML is.

    :raises DataError: nothing in it is HTML.
    """
    # HTML section 13.2.3.5: line ends are one line feed, before anything else.
    plain = _XML_DECLARATION.sub(
        "", text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd"), count=1
    )
    # The usual limits are a depth of 256 elements and 10 million characters of text.
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    try:
        root = cast(_Element, html.document_fromstring(plain, parser=parser))
    except (etree.LxmlError, ValueError, AssertionError):
        raise DataError("The file holds no HTML that could be read.", file) from None
    if any(entry.level_name == "FATAL" for entry in parser.error_log):
        raise DataError("The HTML is nested too deeply or too large to be read as a whole.", file)
    return root


def _text_of(element: _Element, without: tuple[_Element, ...] = ()) -> str:
    """Return the text in ``element`` as a reader sees it, ``<br>`` as a line feed, ``without`` some parts."""
    return "".join(_pieces(element, without))


def _pieces(element: _Element, without: tuple[_Element, ...]) -> Iterator[str]:
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, part in walk:
        if event == "start":
            if part in without or part.tag in _UNSEEN:
                walk.skip_subtree()
            else:
                yield "\n" if part.tag == "br" else part.text or ""
        elif part is not element:
            tail = part.tail or ""
            yield tail.removeprefix("\n") if part.tag == "br" else tail


def _line_of(element: _Element) -> str:
    """Return the text in ``element`` on one line, white space collapsed."""
    return " ".join(_text_of(element).split())


def _classes(element: _Element) -> set[str]:
    """Return the names in an element's ``class`` and ``id``."""
    return {*(element.get("class") or "").split(), *(element.get("id") or "").split()}


def _inside(element: _Element, ancestor: _Element) -> bool:
    """Return whether ``element`` is somewhere within ``ancestor``."""
    return any(outer is ancestor for outer in element.iterancestors())


def read_page_html(
    text: str, name: str, prefixes: Mapping[str, str], base: str, notices: list[str]
) -> list[Triple]:
    """Return the statements of a page, those of inverse rows ("is p of") included.

    ``base`` resolves relative links; for one of the scheme ``file`` the site of the resource does.

    :raises DataErrors: no such page, or names that cannot be resolved; with lines.
    """
    file = Path(name)
    root = _parse(text, file)
    tables = _tables(root)
    if not tables:
        raise DataErrors([DataError("The page has no table of properties and values.", file)])
    address = next((element.get("href") or "" for element in root.iter("base")), "")
    base = link_target(address, base) or base
    subject = _subject(root, tables[0], base)
    if subject is None:
        detail = "The page does not say which resource it is about; its heading should hold ( IRI )."
        raise DataErrors([DataError(detail, file)])
    if base.startswith("file:"):
        base = urljoin(subject, "/")  # the place where a page was saved is not the base of its links
    page = _HtmlPage(file, prefixes, base, NamedNode(subject))
    triples = [triple for table in tables for row in _rows(table) for triple in page.triples(row)]
    if page.errors:
        raise DataErrors(page.errors)
    notices.extend(page.notices())
    return triples


def _tables(root: _Element) -> list[_Element]:
    """Return the tables that describe the page's resource; Pubby adds others about the description itself."""
    tables: list[_Element] = []
    for table in root.iter("table"):
        about_data = any(
            "metadata" in label for outer in (table, *table.iterancestors()) for label in _classes(outer)
        )
        nested = any(_inside(table, outer) for outer in tables)
        if not about_data and not nested and _describes(table):
            tables.append(table)
    return tables


def _describes(table: _Element) -> bool:
    if "description" in _classes(table) and any("property" in _classes(cell) for cell in table.iter("td")):
        return True
    return any(_is_head(_cells(row)) for row in table.iter("tr"))


def _is_head(cells: list[_Element]) -> bool:
    names = [_line_of(cell).casefold() for cell in cells[:2]]
    return len(names) == 2 and all(name in known for name, known in zip(names, _HEADS, strict=True))


def _cells(row: _Element) -> list[_Element]:
    return [cell for cell in row if cell.tag in ("td", "th")]


def _bracketed(line: str) -> Iterator[str]:
    """Yield the words in parentheses, with or without blanks inside these, in time linear in the line."""
    words = line.split(" ")
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        start = 0 if before.endswith("(") else word.find("(") + 1 or len(word)
        end = len(word) if after.startswith(")") else word.rfind(")")
        if start < end:
            yield word[start:end]


def _subject(root: _Element, table: _Element, base: str) -> str | None:
    """Return the resource: ( IRI ) in a heading, a link relation, an IRI shown as link, a heading's link."""
    for heading in root.iter(*_HEADINGS):
        for bracketed in _bracketed(_line_of(heading)):
            if is_iri(bracketed):
                return bracketed
    for link in root.iter("link"):
        if _TOPIC_RELATIONS & set((link.get("rel") or "").casefold().split()):
            return link_target(link.get("href") or "", base)
    before = list(_before(root, table))
    for anchor in before:
        target = link_target(anchor.get("href") or "", base)
        if target is not None and _line_of(anchor) in (target, anchor.get("href")) and is_iri(target):
            return target
    headed = [anchor for anchor in before if any(anchor.iterancestors("h1", "h2", "h3"))]
    main = [anchor for anchor in headed if not any(anchor.iterancestors("small"))]
    return link_target(main[0].get("href") or "", base) if main else None


def _before(root: _Element, table: _Element) -> Iterator[_Element]:
    for element in root.iter("a", "table"):
        if element is table:
            return
        if element.tag == "a":
            yield element


@dataclass(frozen=True, slots=True)
class _Row:
    name: _Element
    values: list[_Element]


def _rows(table: _Element) -> Iterator[_Row]:
    """Yield properties with their cells of values; a property may span rows, or leave its cell empty."""
    current: _Row | None = None
    spanned = 0
    for row in table.iter("tr"):
        cells = _cells(row)
        if next(row.iterancestors("table")) is not table or not cells or _is_head(cells):
            continue
        if current and (spanned or not _line_of(cells[0])):
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


class _HtmlPage:
    def __init__(self, file: Path, prefixes: Mapping[str, str], base: str, subject: NamedNode) -> None:
        self._file = file
        self._prefixes = prefixes
        self._base = base
        self._subject = subject
        self.errors: list[DataError] = []
        self._without_value: list[str] = []
        self._skipped: list[str] = []

    def notices(self) -> Iterator[str]:
        """Yield notices of the parts of the page that make no statement."""
        if self._without_value:
            yield f"{self._file}: these properties show no value: {', '.join(self._without_value)}."
        if self._skipped:
            names = ", ".join(dict.fromkeys(self._skipped))
            yield f"{self._file}: values without an IRI of their own were left out: {names}."

    def triples(self, row: _Row) -> Iterator[Triple]:
        """Yield the statements of one property."""
        shown = _line_of(row.name)
        inverse = _INVERSE.fullmatch(shown)
        try:
            predicate = self._property(row.name, inverse["property"] if inverse else shown)
        except ValueError as error:
            self.errors.append(DataError(str(error), self._file, row.name.sourceline))
            return
        items = [item for cell in row.values for item in _items(cell)]
        if not any(_line_of(item) or any(item.iter("a")) for item in items):
            self._without_value.append(shown)
            return
        for item in items:
            yield from self._statement(predicate, item, shown, inverse is not None)

    def _statement(self, predicate: NamedNode, item: _Element, shown: str, inverse: bool) -> Iterator[Triple]:
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

    def _property(self, cell: _Element, shown: str) -> NamedNode:
        target = next((self._target(anchor) for anchor in cell.iter("a")), None)
        name = _LABEL.sub("", shown)
        return NamedNode(target) if target is not None else named("".join(name.split()), self._prefixes)

    def _target(self, anchor: _Element) -> str | None:
        title = (anchor.get("title") or "").strip()
        if is_iri(title):
            return title  # Pubby: the address is the viewer's, the title the IRI
        return link_target(anchor.get("href") or "", self._base, self._subject.value)

    def _value(self, item: _Element) -> NamedNode | Literal | None:
        """Return the term that an item shows; ``None`` where it is a blank node, or nothing."""
        shown = _line_of(item)
        marked = _BLANK_CLASSES & {label for part in item.iter() for label in _classes(part)}
        if marked or _BLANK.fullmatch(shown):
            return None
        anchor = _only_link(item)
        if anchor is not None and not _line_of(anchor).startswith('"'):
            target = self._target(anchor)
            return NamedNode(target) if target is not None else None
        return self._literal(item) if shown else None

    def _literal(self, item: _Element) -> Literal:
        note, datatype, language = self._note(item)
        text = _text_of(item, () if note is None else (note,)).strip(_LAYOUT)
        if datatype is not None:
            return Literal(text, datatype=named(datatype, self._prefixes))
        if language is not None:
            return with_language(text, language)
        typed = _XSD_AT_END.fullmatch(text)
        if typed is not None:
            return Literal(typed["text"], datatype=named(typed["datatype"], self._prefixes))
        return shown_literal(text, self._prefixes)

    def _note(self, item: _Element) -> tuple[_Element | None, str | None, str | None]:
        """Return the small print after a value, its datatype or its language; or these from attributes."""
        small = list(item.iter("small"))
        note = _line_of(small[-1]).strip("()^@[] \N{NO-BREAK SPACE}") if small else ""
        if small and _line_of(item).endswith(_line_of(small[-1])):
            if ":" in note and is_name(note):
                return small[-1], note, None
            if LANGUAGE.fullmatch(note):
                return small[-1], None, note
        for part in item.iter():
            for attribute in ("datatype", "lang", "xml:lang"):
                if value := part.get(attribute):
                    return None, *((value, None) if attribute == "datatype" else (None, value))
        return None, None, None


def _items(cell: _Element) -> list[_Element]:
    """Return the values in a cell: items of its list, links beside each other, or the cell itself."""
    items = [item for item in cell.iter("li") if not _in_another(item, cell)]
    if items:
        return items
    anchors = list(cell.iter("a"))
    around = _text_of(cell, tuple(anchors)).strip(_LAYOUT + ",;")
    return anchors if len(anchors) > 1 and not around else [cell]


def _in_another(item: _Element, cell: _Element) -> bool:
    """Return whether an item of a list in ``cell`` is part of another item there."""
    for outer in item.iterancestors():
        if outer is cell or outer.tag == "li":
            return outer is not cell
    return False


def _only_link(item: _Element) -> _Element | None:
    """Return the link that is all of an item, apart from small print and angle brackets."""
    anchors = [item] if item.tag == "a" else list(item.iter("a"))
    if len(anchors) != 1 or anchors[0].get("href") is None:
        return None
    if anchors[0] is item:
        return item
    around = _text_of(item, (*anchors, *item.iter("small"))).strip(_LAYOUT + "<>\N{NO-BREAK SPACE}")
    return anchors[0] if not around or _LABEL.fullmatch(around) else None
