"""Publications as a bibliography needs them, read from what is said of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from endpoint.results.bibliography import vocabulary as v
from endpoint.results.bibliography.keys import key_of, with_digest
from endpoint.results.bibliography.names import Name, parse_names
from endpoint.results.bibliography.text import is_blank, single_line
from endpoint.vocabulary import RDF_TYPE, RDFS_SUBCLASS_OF

Term = NamedNode | BlankNode | Literal | Triple
Description = Mapping[str, Sequence[Term]]

# Resources and labels remembered, so that memory does not grow with the result.
_REMEMBERED: Final = 8192
_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?!\d)", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


class Describe(Protocol):
    """Looks up what is said of a resource: all statements, or those with one predicate."""

    def __call__(
        self, subject: NamedNode, predicate: NamedNode | None = None, /
    ) -> Iterable[Quad | Triple]: ...


@dataclass(frozen=True, slots=True)
class Item:
    """One publication. Texts are empty where nothing is known, and single lines but for the abstract.

    ``date`` is year, month and day, or fewer; ``language`` a BCP 47 tag.
    """

    key: str
    iri: str
    kind: v.Kind
    title: str
    authors: tuple[Name, ...] = ()
    date: tuple[int, ...] = ()
    number: str = ""
    series: str = ""
    publisher: str = ""
    url: str = ""
    language: str = ""
    abstract: str = ""
    keywords: tuple[str, ...] = ()
    identifier: str = ""


def read_items(candidates: Iterable[Term | None], describe: Describe) -> Iterator[Item]:
    """The publications among ``candidates``, each once, in the order of their first appearance."""
    reader = _Reader(describe)
    written: set[str] = set()
    keys: set[str] = set()
    for candidate in candidates:
        if not isinstance(candidate, NamedNode) or candidate.value in written:
            continue
        if not reader.is_publication(candidate.value):
            continue
        written.add(candidate.value)
        key = key_of(candidate.value)
        if key.lower() in keys:  # BibTeX takes keys that differ in case for the same
            key = with_digest(key, candidate.value)
        keys.add(key.lower())
        yield reader.read(candidate.value, key)


class _Reader:
    """Reads publications; remembers what many of them share: classes, series, subjects."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self.is_publication = lru_cache(_REMEMBERED)(self._is_publication)
        self._kinds_of_class = lru_cache(_REMEMBERED)(self._find_kinds)
        self._label_of = lru_cache(_REMEMBERED)(self._find_label)

    def _is_publication(self, iri: str) -> bool:
        types = _iris(self._description(iri, (RDF_TYPE,)).get(RDF_TYPE, ()))
        return any(map(self._kinds_of_class, types))

    def _find_kinds(self, of: str) -> frozenset[str]:
        """Which rows of ``KINDS`` the class is or is below, by the hierarchy that the data states."""
        seen = {of}
        left = [of]
        while left:
            said = self._description(left.pop(), (RDFS_SUBCLASS_OF,))
            above = set(_iris(said.get(RDFS_SUBCLASS_OF, ()))) - seen
            seen |= above
            left += above
        return frozenset(seen & v.KINDS.keys())

    def _description(self, iri: str, predicates: Sequence[str] | None = None) -> Description:
        """Objects by predicate, each once, sorted: stores differ in their order.

        A country or a person may have many thousand statements: then name the ``predicates`` needed.
        """
        subject = NamedNode(iri)
        found: dict[str, set[Term]] = defaultdict(set)
        for predicate in [None] if predicates is None else map(NamedNode, predicates):
            for statement in self._describe(subject, predicate):
                found[statement.predicate.value].add(statement.object)
        # str() copies a literal, and an abstract is long.
        return {
            predicate: sorted(objects, key=str) if len(objects) > 1 else [*objects]
            for predicate, objects in found.items()
        }

    def read(self, iri: str, key: str) -> Item:
        """The publication ``iri``, under the citation key given."""
        said = self._description(iri)
        language = _language(said)
        series = self._text(said, v.SERIES, language, v.NAME)
        return Item(
            key=key,
            iri=iri,
            kind=self._kind(said, series),
            title=_text(said, v.TITLE, language) or iri,
            authors=self._authors(said, language),
            date=_date(said),
            number=_text(said, v.NUMBER, language),
            series=series,
            publisher=self._text(said, v.PUBLISHER, language, v.LABEL),
            url=_address(said) or (iri if iri.startswith(("http://", "https://")) else ""),
            language=language,
            abstract=_literal(said, v.ABSTRACT, language),
            keywords=self._keywords(said, language),
            identifier=_text(said, v.IDENTIFIER, language),
        )

    def _kind(self, said: Description, series: str) -> v.Kind:
        found = {name for of in _iris(said.get(RDF_TYPE, ())) for name in self._kinds_of_class(of)}
        kind = next(kind for name, kind in v.KINDS.items() if name in found)
        # An article stands in something: without it, styles would print an empty journal.
        return v.DOCUMENT if kind is v.ARTICLE and not series else kind

    def _text(self, said: Description, predicates: Sequence[str], language: str, names: Sequence[str]) -> str:
        """A text, or the name of a resource, by the first of the predicates that has one."""
        for predicate in predicates:
            if text := _text(said, (predicate,), language):
                return text
            for iri in _iris(said.get(predicate, ())):
                if label := self._label_of(iri, language, tuple(names)):
                    return label
        return ""

    def _find_label(self, iri: str, language: str, names: tuple[str, ...]) -> str:
        for name in names:
            if text := _text(self._description(iri, (name,)), (name,), language):
                return text
        return ""

    def _authors(self, said: Description, language: str) -> tuple[Name, ...]:
        for predicate in v.CREATOR:
            names: list[Name] = []
            for term in said.get(predicate, ()):
                if isinstance(term, Literal):
                    names += parse_names(term.value)
                elif isinstance(term, NamedNode):
                    names += self._person(term.value, language)
            if names:
                return tuple(dict.fromkeys(names))
        return ()

    def _person(self, iri: str, language: str) -> list[Name]:
        said = self._description(iri, (RDF_TYPE, *v.FAMILY, *v.GIVEN, *v.LABEL))
        if family := _text(said, v.FAMILY, language):
            return [Name(family, _text(said, v.GIVEN, language))]
        label = _text(said, v.LABEL, language)
        if v.ORGANISATION.intersection(_iris(said.get(RDF_TYPE, ()))):
            return [Name(label)] if label else []
        return parse_names(label)

    def _keywords(self, said: Description, language: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for predicate in v.KEYWORD:
            for term in said.get(predicate, ()):
                if isinstance(term, Literal):
                    found[single_line(term.value)] = None
                elif isinstance(term, NamedNode):
                    found[self._label_of(term.value, language, v.LABEL)] = None
        found.pop("", None)
        return tuple(found)


def _iris(terms: Iterable[Term]) -> list[str]:
    return [term.value for term in terms if isinstance(term, NamedNode)]


def _text(said: Description, predicates: Sequence[str], language: str) -> str:
    return single_line(_literal(said, predicates, language))


def _literal(said: Description, predicates: Sequence[str], language: str) -> str:
    """The literal of the first predicate that has one: in the language given, in none, in English."""
    for predicate in predicates:
        literals = [term for term in said.get(predicate, ()) if isinstance(term, Literal)]
        ranked = sorted(literals, key=lambda literal: _rank(literal.language or "", language))
        for literal in ranked:
            if not is_blank(literal.value):
                return literal.value.strip()
    return ""


def _rank(tag: str, language: str) -> int:
    spoken = tag.partition("-")[0].lower()
    preferred = (language.partition("-")[0], "", "en")
    return preferred.index(spoken) if spoken in preferred else len(preferred)


def _language(said: Description) -> str:
    """A BCP 47 tag, from a tag, from an ISO 639-2 code, or from an IRI that ends in one."""
    for predicate in v.LANGUAGE:
        for term in said.get(predicate, ()):
            if isinstance(term, Literal | NamedNode):
                code = re.split(r"[/#]", term.value.strip())[-1]
                if _LANGUAGE.fullmatch(code):
                    return v.LANGUAGES.get(code.lower(), code.lower() if len(code) <= 3 else code)
    return ""


def _date(said: Description) -> tuple[int, ...]:
    """The most precise date of the first predicate that has one, as year, month, day, or fewer."""
    for predicate in v.DATE:
        texts = (term.value for term in said.get(predicate, ()) if isinstance(term, Literal))
        if dates := [date for text in texts if (date := parse_date(text))]:
            return max(dates, key=len)
    return ()


def parse_date(text: str) -> tuple[int, ...]:
    """Year, month and day of ``2023``, ``2023-05``, ``2023-05-22``, with or without a time; else nothing.

    A month or a day that no calendar has is left out, with what follows it.
    """
    found = _DATE.match(text.strip())
    date: list[int] = []
    for part, last in zip(found.groups() if found else (), (9999, 12, 31), strict=False):
        if part is None or not 1 <= int(part) <= last:
            break
        date.append(int(part))
    return tuple(date)


def _address(said: Description) -> str:
    for predicate in v.ADDRESS:
        for term in said.get(predicate, ()):
            if isinstance(term, Literal | NamedNode) and (address := single_line(term.value)):
                return address
    return ""
