"""JSON-LD 1.1 compacted with the prefixes of the dataset as its context, written while the statements come.

The engine writes expanded JSON-LD, in which every name is a whole IRI and every value an array. What is
written here expands to the same graph (JSON-LD 1.1 Processing Algorithms, section 5.1). Neighbouring
statements of one subject become one object; a subject that comes again becomes another, with the same @id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from endpoint.results.rows import Inexpressible, Term
from endpoint.vocabulary import RDF_TYPE, XSD

# Statements of one object, at most: it is made whole.
_MOST: Final = 10_000
_STRING: Final = f"{XSD}string"
_BOOLEAN: Final = f"{XSD}boolean"
_INTEGER: Final = f"{XSD}integer"
# Integers that JSON keeps exactly everywhere, as their canonical form.
_EXACT: Final = re.compile(r"0|-?[1-9][0-9]{0,14}")
_PREFIX: Final = re.compile(r"[^:@/\s][^:/\s]*")
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Plain = object
Node = dict[str, Plain]


def compacted(triples: Iterable[Triple], prefixes: Mapping[str, str]) -> Iterator[str]:
    """Yield the text of a document, an object at a time.

    Raises :class:`~endpoint.results.rows.Inexpressible` for a triple term, which JSON-LD 1.1 has none of.
    """
    names = _Names(prefixes)
    yield f'{{"@context":{_encode(names.context)},"@graph":['
    separator = "\n"
    for _, group in groupby(triples, lambda triple: triple.subject):
        while part := list(islice(group, _MOST)):
            yield f"{separator}{_encode(_node(part, names))}"
            separator = ",\n"
    yield "\n]}\n"


def _node(triples: list[Triple], names: _Names) -> Node:
    """Return the object of some statements with one subject, single values without an array."""
    own = [_id(triples[0].subject), *(triple.predicate.value for triple in triples)]
    own += [triple.object.value for triple in triples if _is_type(triple)]  # type: ignore[union-attr]
    # A name that would be read as one with a prefix: the object stands outside of the context.
    plain = any(map(names.is_misread, own))
    node: dict[str, list[Plain]] = {}
    for triple in dict.fromkeys(triples):
        name = triple.predicate.value
        if _is_type(triple):
            key, value = "@type", names.short(_id(triple.object), plain)
        else:
            key, value = names.short(name, plain), names.value(triple.object, plain)  # type: ignore[assignment]
        node.setdefault(key, []).append(value)
    head: Node = {"@context": None} if plain else {}
    head["@id"] = names.short(own[0], plain)
    return head | {key: values[0] if len(values) == 1 else values for key, values in node.items()}


def _is_type(triple: Triple) -> bool:
    return triple.predicate.value == RDF_TYPE and isinstance(triple.object, NamedNode | BlankNode)


def _id(term: Term) -> str:
    if isinstance(term, BlankNode):
        return f"_:{term.value}"
    if isinstance(term, NamedNode):
        return term.value
    raise Inexpressible(
        "The result has a triple term, which JSON-LD 1.1 cannot express. "
        "Ask for another format, such as Turtle (format=turtle)."
    )


class _Names:
    """IRIs as names with the prefixes of a context."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        used = {prefix: iri for prefix, iri in prefixes.items() if _PREFIX.fullmatch(prefix) and iri}
        # The longest namespace first; one that ends otherwise is none unless it says so (section 4.2.2).
        self._spaces = sorted(used.items(), key=lambda pair: -len(pair[1]))
        self._prefixes = frozenset(used)
        self._known: dict[str, str] = {}
        self.context: Node = {
            prefix: iri if iri[-1] in ":/?#[]@" else {"@id": iri, "@prefix": True}
            for prefix, iri in used.items()
        }

    def is_misread(self, iri: str) -> bool:
        """Return whether an IRI that is written whole would be read as a prefix and a name."""
        scheme, colon, rest = iri.partition(":")
        return (
            bool(colon) and scheme in self._prefixes and not rest.startswith("//") and self.short(iri) == iri
        )

    def short(self, iri: str, plain: bool = False) -> str:
        """Return an IRI with a prefix where one fits; with ``plain`` as it is."""
        if plain:
            return iri
        known = self._known.get(iri)
        if known is None:
            known = next(
                (
                    f"{prefix}:{iri[len(space) :]}"
                    for prefix, space in self._spaces
                    if iri.startswith(space)
                    and len(iri) > len(space)
                    and not iri.startswith("//", len(space))
                ),
                iri,
            )
            if len(self._known) < _MOST:
                self._known[iri] = known
        return known

    def value(self, term: Term, plain: bool) -> Plain:
        """Return an object of a statement."""
        if not isinstance(term, Literal):
            name = _id(term)
            if not plain and self.is_misread(name):
                return {"@context": None, "@id": name}
            return {"@id": self.short(name, plain)}
        text, datatype = term.value, term.datatype.value
        if term.language is not None:
            tagged: Node = {"@language": term.language, "@value": text}
            return {**tagged, "@direction": str(term.direction)} if term.direction else tagged
        if datatype == _STRING:
            return text
        if datatype == _INTEGER and _EXACT.fullmatch(text):
            return int(text)
        if datatype == _BOOLEAN and text in ("true", "false"):
            return text == "true"
        if not plain and self.is_misread(datatype):
            return {"@context": None, "@type": datatype, "@value": text}
        return {"@type": self.short(datatype, plain), "@value": text}
