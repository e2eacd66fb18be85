"""The parser of a block ``SERVICE text:search { … }``, which explains every mistake.

It is a few triples (SPARQL 1.1 Query Language, section 5.1.1) and nothing else; each hit is a value of
their subject::

    ?pub text:query "한국 외교" ; text:score ?score ; text:snippet ?snippet ;
         text:field "title" ; text:limit 50 .
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, NoReturn

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from endpoint.sparql.diagnosis import malformed
from endpoint.sparql.lexer import Kind, Token
from endpoint.sparql.operation import read_prologue, resolve
from endpoint.vocabulary import RDF_LANG_STRING, TEXT, XSD

EXAMPLE: Final = 'SERVICE text:search { ?found text:query "words" ; text:score ?score }'

_PROPERTIES: Final = ("text:query", "text:score", "text:snippet", "text:field", "text:limit")
_LOCAL_NAMES: Final = tuple(name.removeprefix("text:") for name in _PROPERTIES)
_PLAIN: Final = frozenset(
    {
        f"{XSD}string",
        RDF_LANG_STRING,
    }
)
_INTEGER: Final = f"{XSD}integer"
# Digits of a limit; no index has more documents.
_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Search:
    """A search. A hit binds ``variable``, or has to be ``iri`` where the subject is an IRI.

    Names of variables have no mark. ``field_at`` is the offset of the name of the field in the query.
    """

    query: str
    variable: str | None = None
    iri: str | None = None
    score: str | None = None
    snippet: str | None = None
    field: str | None = None
    limit: int | None = None
    field_at: int = 0

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the names of the variables that a hit binds."""
        return tuple(name for name in (self.variable, self.score, self.snippet) if name is not None)


class Names:
    """The prefixes and the base IRI of a query, with which its names are resolved."""

    def __init__(self, text: str, base: str | None, prefixes: Mapping[str, str]) -> None:
        self._bases, declared = read_prologue(text)
        self._base = base
        self._prefixes = {"text": TEXT, **prefixes, **declared}

    def absolute(self, token: Token) -> str:
        """Return ``<absolute-iri>`` where the token surely is that IRI, else the token as written."""
        return resolve(token, self._prefixes)

    def shown(self, token: Token) -> str:
        """Return a term of the service's namespace as ``text:name``, any other as written."""
        iri = self.absolute(token)
        return f"text:{iri[1 + len(TEXT) : -1]}" if iri.startswith(f"<{TEXT}") else token.text

    def iri(self, token: Token) -> str | None:
        """Resolve a name against the base IRI (RFC 3986 section 5.2); None where it is no IRI."""
        resolved = self.absolute(token)
        base = self._base
        for iri in (*self._bases, resolved[1:-1]):
            term = _term(f"<{iri}>", base)
            if not isinstance(term, NamedNode):
                return None
            base = term.value
        return base if resolved.startswith("<") else None


def _term(source: str, base: str | None = None) -> object:
    """Return the term that SPARQL and Turtle both write as ``source``; None where it is none."""
    try:
        (quad,) = parse(f"<urn:a> <urn:a> {source} .", RdfFormat.TURTLE, base_iri=base)
    except (SyntaxError, ValueError):  # no term, or an escaped bracket that makes several of one
        return None
    return quad.object


@dataclass(slots=True)
class _Draft:
    """The search with one subject, as far as it has been parsed."""

    subject: Token
    iri: str | None
    values: dict[str, str | int]
    places: dict[str, int]


class Body:
    """A parser of one body; ``index`` is the token that comes next."""

    def __init__(self, text: str, tokens: Sequence[Token], opening: int, names: Names) -> None:
        self.index = opening + 1
        self._text = text
        self._tokens = tokens
        self._brace = tokens[opening]
        self._names = names
        self._drafts: dict[str, _Draft] = {}

    def read(self) -> tuple[int, tuple[Search, ...]]:
        """Return the offset after the closing brace, and the searches in their order."""
        while self._peek().text != "}":
            draft = self._subject()
            self._property(draft)
            while self._peek().text == ";":
                self._next()
                if self._peek().text not in (";", ".", "}"):
                    self._property(draft)
            if self._peek().text == ".":
                self._next()
            elif self._peek().text != "}":
                self._unexpected(self._peek(), 'Write ";" before the next property, or "}" to end the block.')
        end = self._next().end
        if not self._drafts:
            self._refuse(self._brace, "This SERVICE text:search holds no search.", f"Write {EXAMPLE}.")
        return end, tuple(map(self._search, self._drafts.values()))

    def _search(self, draft: _Draft) -> Search:
        values, places, subject = draft.values, draft.places, draft.subject
        if "text:query" not in values:
            self._refuse(
                subject,
                f"{subject.text} has no text:query, so there is nothing to search for.",
                f'Add {subject.text} text:query "words".',
            )
        search = Search(
            query=str(values["text:query"]),
            variable=None if draft.iri is not None else subject.text[1:],
            iri=draft.iri,
            score=_name(values.get("text:score")),
            snippet=_name(values.get("text:snippet")),
            field=_name(values.get("text:field")),
            limit=limit if isinstance(limit := values.get("text:limit"), int) else None,
            field_at=places.get("text:field", 0),
        )
        for name in search.variables:
            if search.variables.count(name) > 1:
                self._refuse(
                    subject,
                    f"?{name} is used for two things in one search.",
                    "Give the hit, the score and the snippet a variable each.",
                )
        return search

    def _subject(self) -> _Draft:
        token = self._next()
        if token.kind is Kind.VAR:
            return self._drafts.setdefault(f"?{token.text[1:]}", _Draft(token, None, {}, {}))
        if token.kind not in (Kind.IRIREF, Kind.PNAME):
            self._unexpected(
                token, f"What is found is a variable, or an IRI to look at that one only: {EXAMPLE}."
            )
        iri = self._names.iri(token)
        if iri is None:
            self._refuse(
                token,
                f"{token.text} is no IRI here.",
                "Declare its prefix, or write the whole IRI in < and >.",
            )
        return self._drafts.setdefault(iri, _Draft(token, iri, {}, {}))

    def _property(self, draft: _Draft) -> None:
        token = self._next()
        if token.kind not in (Kind.IRIREF, Kind.PNAME):
            self._unexpected(token, f"Write a property: {', '.join(_PROPERTIES)}.")
        name = self._names.shown(token)
        if name not in _PROPERTIES:
            near = get_close_matches(re.split("[:/#]", name.rstrip(">"))[-1], _LOCAL_NAMES, 1, 0.75)
            self._refuse(
                token,
                f"{_shortened(token)} is no property of a text search.",
                f"Did you mean text:{near[0]}?"
                if near
                else f"Those are {', '.join(_PROPERTIES)}; write all other triples outside the block.",
            )
        if name in draft.values:
            self._refuse(
                token,
                f"{draft.subject.text} has {name} twice.",
                'Write all words in one text:query, such as "한국 외교" or "한국 OR 조선".'
                if name == "text:query"
                else "Remove one of the two.",
            )
        draft.places[name] = self._peek().start
        draft.values[name] = self._value(name)
        if self._peek().text == ",":
            self._refuse(self._peek(), f"{name} takes one value.", "Remove what follows the comma.")

    def _value(self, name: str) -> str | int:
        first = self._next()
        if name in ("text:score", "text:snippet"):
            if first.kind is not Kind.VAR:
                self._wrong(first, name, "a variable that takes it, such as ?score")
            return first.text[1:]
        if name == "text:query" and first.kind is Kind.VAR:
            self._refuse(
                first,
                f"text:query takes a text, and {first.text} is a variable: the search needs its words before "
                "the rest of the query runs.",
                "Write the words in quotation marks, or make them a parameter of a saved query.",
            )
        literal = self._literal(first)
        if name == "text:limit":
            if literal is None or literal.datatype.value != _INTEGER or not _is_count(literal.value):
                self._wrong(first, name, "a whole number from 0, such as 50")
            return int((literal.value.lstrip("0") or "0")[:_DIGITS])
        if literal is None or literal.datatype.value not in _PLAIN:
            example = "title" if name == "text:field" else "한국 외교"
            self._wrong(first, name, f'a text in quotation marks, such as "{example}"')
        return literal.value

    def _literal(self, first: Token) -> Literal | None:
        """Return the literal that begins with ``first``, which was consumed; None where none does."""
        source = first.text
        if first.kind is Kind.STRING and self._peek().kind is Kind.LANGTAG:
            source += self._next().text
        elif first.kind is Kind.STRING and self._peek().text == "^^":
            self._next()
            source += f"^^{self._names.absolute(self._next())}"
        elif first.kind not in (Kind.STRING, Kind.NUMBER):
            return None
        term = _term(source)
        return term if isinstance(term, Literal) else None

    def _peek(self) -> Token:
        if self.index == len(self._tokens):
            self._refuse(self._brace, "This block of SERVICE text:search is never closed.", "Add }.")
        return self._tokens[self.index]

    def _next(self) -> Token:
        token = self._peek()
        self.index += 1
        return token

    def _unexpected(self, token: Token, hint: str) -> NoReturn:
        if token.kind is Kind.WORD or token.text in ("{", "(", "["):
            hint = (
                f"A text search takes only {', '.join(_PROPERTIES)}. Write the rest after its closing brace."
            )
        self._refuse(token, f"{_shortened(token)} cannot stand in SERVICE text:search.", hint)

    def _wrong(self, token: Token, name: str, wanted: str) -> NoReturn:
        signed = f"{token.text}{self._peek().text}" if token.text in ("+", "-") else _shortened(token)
        self._refuse(token, f"{name} takes {wanted}, not {signed}.")

    def _refuse(self, token: Token, sentence: str, hint: str = "") -> NoReturn:
        raise malformed(self._text, token.start, sentence, hint)


def _name(value: str | int | None) -> str | None:
    return value if isinstance(value, str) else None


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _shortened(token: Token) -> str:
    line = token.text.split("\n")[0]
    return line if len(line) <= 40 else f"{line[:39]}…"
