"""Queries in Turtle files, as the SIB Swiss Institute of Bioinformatics publishes its examples.

Each is a ``sh:SPARQLExecutable`` (SHACL Advanced Features, section 5) with its text at ``sh:select``,
``sh:ask``, ``sh:construct`` or ``sh:describe``, a comment, keywords of schema.org, and prefixes at
``sh:declare``, often in a file of their own.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from endpoint.catalog.readers import Document, Entry, QuerySource, decode_text, entry_of
from endpoint.errors import DataError
from endpoint.formats.nesting import limited
from endpoint.vocabulary import DCTERMS, RDF, RDF_TYPE, RDFS, SCHEMA, SCHEMA_HTTP, SH

_FORMS = ("select", "ask", "construct", "describe")
_SCHEMAS = (SCHEMA, SCHEMA_HTTP)
_LICENCES = (f"{DCTERMS}license", *(f"{schema}license" for schema in _SCHEMAS))
_MARKUP = re.compile(r"<[^<>]*>")

_Subject: TypeAlias = NamedNode | BlankNode | Triple
_Value: TypeAlias = NamedNode | BlankNode | Literal | Triple
_Members: TypeAlias = dict[str, list[_Value]]


class Executable(NamedTuple):
    """A query: its local name where it has an IRI, its text, its entries as a header has them."""

    name: str
    text: str
    entries: Mapping[str, Entry]
    prefixes: Mapping[str, str]


class Examples(NamedTuple):
    """The queries of one file, and the prefixes that it declares for them and for other files."""

    queries: tuple[Executable, ...]
    prefixes: Mapping[str, str]


def read(content: bytes, name: str) -> Document:
    """Read a Turtle file; see :class:`~endpoint.catalog.readers.Reader`.

    A query that is not alone in its file has the local name of its IRI, else that of the file and a number.
    """
    examples = read_examples(decode_text(content))
    if not examples.queries and not examples.prefixes:
        return Document(notices=(DataError("The file holds no sh:SPARQLExecutable; it is left out."),))
    queries = [
        QuerySource(
            name if len(examples.queries) == 1 else row.name or f"{name}-{number}",
            *(row.text.encode(), row.text, row.text, row.entries),
            prefixes=row.prefixes,
            placed=False,
        )
        for number, row in enumerate(examples.queries, 1)
    ]
    return Document(tuple(queries), prefixes=examples.prefixes)


def read_examples(text: str) -> Examples:
    """Return the queries of a Turtle file. Raises :class:`DataError`, without a file."""
    described: dict[_Subject, _Members] = {}
    try:
        # A query needs no IRI of its own, so what relative IRIs are resolved with does not matter.
        stream = limited(io.BytesIO(text.encode()), RdfFormat.TURTLE, None)
        for quad in parse(stream, RdfFormat.TURTLE, base_iri="file:///"):
            _add(described, quad)
    except SyntaxError as error:
        words = str(error.msg).partition(": ")[2] or str(error.msg)
        raise DataError(f"The file is not Turtle: {words}.", None, error.lineno, error.offset) from None
    except ValueError as error:
        raise DataError(f"The file is not Turtle: {error}.") from None
    queries = [
        _executable(subject, members, described) for subject, members in described.items() if _runs(members)
    ]
    return Examples(tuple(queries), _declared(list(described), described))


def _add(described: dict[_Subject, _Members], quad: Quad) -> None:
    described.setdefault(quad.subject, {}).setdefault(quad.predicate.value, []).append(quad.object)


def _runs(members: _Members) -> bool:
    types = [value.value for value in members.get(RDF_TYPE, []) if isinstance(value, NamedNode)]
    return any(name.rpartition("#")[2].startswith("SPARQL") and name.endswith("Executable") for name in types)


def _executable(subject: _Subject, members: _Members, described: dict[_Subject, _Members]) -> Executable:
    name = re.split("[/#]", subject.value)[-1] if isinstance(subject, NamedNode) else ""
    texts = [value for form in _FORMS for value in members.get(f"{SH}{form}", [])]
    if len(texts) != 1 or not isinstance(texts[0], Literal):
        raise DataError(
            f"The executable {name or '[]'} has {len(texts)} texts at sh:select, sh:ask, sh:construct and "
            "sh:describe; it needs one."
        )
    named = [value for value in members.get(f"{SH}prefixes", []) if isinstance(value, NamedNode | BlankNode)]
    return Executable(name, texts[0].value, _entries(members), _declared([subject, *named], described))


def _entries(members: _Members) -> dict[str, Entry]:
    label, comment = _texts(members, f"{RDFS}label"), _texts(members, f"{RDFS}comment")
    values: dict[str, object] = {"summary": label or comment}
    if label:
        values["description"] = comment
    words = [value for schema in _SCHEMAS for value in members.get(f"{schema}keywords", [])]
    values["tags"] = sorted({value.value for value in words if isinstance(value, Literal)})
    licences = [value for predicate in _LICENCES for value in members.get(predicate, [])]
    values["licence"] = next((term.value for term in licences if isinstance(term, NamedNode | Literal)), "")
    targets = [value for schema in _SCHEMAS for value in members.get(f"{schema}target", [])]
    values["endpoint"] = next((value.value for value in targets if isinstance(value, NamedNode)), "")
    return {key: entry_of(key, value) for key, value in values.items() if value}


def _texts(members: _Members, predicate: str) -> dict[str, str] | str:
    """Return the texts at a predicate by language, or the one that has none, without markup."""
    tagged: dict[str, str] = {}
    plain = ""
    for value in members.get(predicate, []):
        if not isinstance(value, Literal):
            continue
        html = value.datatype.value == f"{RDF}HTML"
        text = " ".join((_MARKUP.sub("", value.value) if html else value.value).split())
        if value.language:
            tagged.setdefault(value.language, text)
        else:
            plain = plain or text
    return tagged or plain


def _declared(subjects: list[_Subject], described: dict[_Subject, _Members]) -> dict[str, str]:
    declared: dict[str, str] = {}
    for subject in subjects:
        for node in described.get(subject, {}).get(f"{SH}declare", []):
            members = described.get(node, {}) if isinstance(node, NamedNode | BlankNode) else {}
            prefixes, namespaces = members.get(f"{SH}prefix", []), members.get(f"{SH}namespace", [])
            if prefixes and namespaces and isinstance(prefixes[0], Literal):
                namespace = namespaces[0]
                if isinstance(namespace, NamedNode | Literal):
                    declared[prefixes[0].value] = namespace.value
    return declared
