"""JSON-LD framing of a graph (JSON-LD 1.1 Framing), in the worker.

PyLD does the framing. Nothing is ever fetched: a context that is not inside the frame is refused, here as
at the load of a saved query (:mod:`endpoint.catalog.readers.frames`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NoReturn, cast

from pyld import jsonld  # type: ignore[import-untyped]
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from endpoint.results.rows import WHOLE, Inexpressible, Term, native
from endpoint.vocabulary import RDF, RDF_LANG_STRING, XSD

Node = dict[str, object]

# How JSON-LD writes language and base direction as a datatype (JSON-LD 1.1 section 4.2.4.1).
_DIRECTED: Final = re.compile(r"https://www\.w3\.org/ns/i18n#([^_]*)_(ltr|rtl)")
# The datatypes that a number or boolean of JSON stands for (JSON-LD 1.1 API section 8.2.2).
_NATIVE: Final = frozenset({XSD + "boolean", XSD + "integer", XSD + "double"})
# PyLD would remove the nulls of a JSON literal, so it gets another datatype: no IRI ends in a space.
_JSON: Final = f"{RDF}JSON"
_ELSEWHERE: Final = "Ask for another format, such as Turtle (format=turtle)."


class InvalidFrame(Exception):
    """The frame is not valid; the message has the reason. The publisher has to correct it, not the client."""


def framed(triples: Iterable[Triple], frame: Mapping[str, object]) -> str:
    """Return the JSON-LD document that ``frame`` makes of the triples, compacted with the frame's context.

    Numbers and booleans are native unless the context declares otherwise. All statements and the
    document are in memory at once. Raises :class:`InvalidFrame`, and
    :class:`~endpoint.results.rows.Inexpressible` for statements that JSON-LD cannot express.
    """
    # The engine may return a statement twice; a graph is a set (RDF 1.1 Concepts section 3).
    statements = [_statement(triple) for triple in dict.fromkeys(triples)]
    frame = {**frame, "@context": frame.get("@context") or {}}
    typed = _typed_terms(json.dumps(frame["@context"]))
    try:
        nodes = cast(list[Node], jsonld.from_rdf({"@default": statements}))
        for node in nodes:
            _make_native(node, typed)
        document = jsonld.frame(nodes, frame, {"documentLoader": _refuse})
        return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    except jsonld.JsonLdError as error:
        raise InvalidFrame(f"The frame is not valid: {_reason(error)}.") from None
    except RecursionError:
        raise Inexpressible(
            f'The statements nest too deeply to be framed; "@embed": "@never" keeps them flat. {_ELSEWHERE}'
        ) from None


def _statement(triple: Triple) -> dict[str, dict[str, str]]:
    return {
        "subject": _term(triple.subject),
        "predicate": _term(triple.predicate),
        "object": _term(triple.object),
    }


def _term(term: Term) -> dict[str, str]:
    """Return a term in the form that PyLD uses."""
    if isinstance(term, NamedNode):
        return {"type": "IRI", "value": term.value}
    if isinstance(term, BlankNode):
        return {"type": "blank node", "value": str(term)}
    if isinstance(term, Triple):
        raise Inexpressible(f"The graph holds a triple term, which JSON-LD 1.1 cannot say. {_ELSEWHERE}")
    if not term.language:
        datatype = term.datatype.value
        hidden = datatype + " " if datatype == _JSON else datatype
        return {"type": "literal", "value": term.value, "datatype": hidden}
    if term.direction:
        datatype = f"https://www.w3.org/ns/i18n#{term.language}_{term.direction}"
        return {"type": "literal", "value": term.value, "datatype": datatype}
    return {"type": "literal", "value": term.value, "datatype": RDF_LANG_STRING, "language": term.language}


def _make_native(node: Node, typed: frozenset[tuple[str, str]]) -> None:
    """Make numbers, booleans and directions of the values of ``node`` native, in place."""
    for predicate, values in node.items():
        for value in _values(values):
            datatype = str(value.get("@type"))
            if (predicate, datatype) in typed:
                continue
            if datatype == _JSON + " ":
                value["@type"] = _JSON
            elif (match := _DIRECTED.fullmatch(datatype)) is not None:
                del value["@type"]
                value |= {"@language": match[1]} if match[1] else {}
                value["@direction"] = match[2]
            elif datatype in _NATIVE:
                plain = native(Literal(str(value["@value"]), datatype=NamedNode(datatype)))
                if not isinstance(plain, str):
                    del value["@type"]
                    value["@value"] = plain


def _values(values: object) -> Iterator[Node]:
    """Yield the literals among the values of a property, also those in lists."""
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict) and "@list" in value:
            yield from _values(value["@list"])
        elif isinstance(value, dict) and "@value" in value:
            yield value


@lru_cache(maxsize=64)
def _typed_terms(context: str) -> frozenset[tuple[str, str]]:
    """Return property and datatype of the terms that a context, as JSON, declares with a datatype.

    Such a term stands for values with that datatype: a native number would not be given under its name.
    """
    read = json.loads(context)
    pairs: set[tuple[str, str]] = set()
    for part in read if isinstance(read, list) else [read]:
        for term, definition in part.items() if isinstance(part, dict) else ():
            if not isinstance(definition, dict) or not isinstance(definition.get("@type"), str):
                continue
            try:
                (node,) = jsonld.expand({"@context": read, term: "1"}, {"documentLoader": _refuse}) or [{}]
            except jsonld.JsonLdError:
                # A container that takes no single value, or a context whose mistakes framing reports.
                continue
            for predicate, values in node.items():
                pairs |= {(predicate, str(value["@type"])) for value in _values(values) if "@type" in value}
    return frozenset(pair for pair in pairs if pair[1] in WHOLE or pair[1] in _NATIVE)


def _refuse(url: str, options: object) -> NoReturn:
    raise InvalidFrame(
        f"The frame is not valid: its context is at {url}, and nothing is fetched. Write the context itself "
        "into the frame."
    )


def _reason(error: BaseException) -> str:
    """Return the message of the innermost of the exceptions that PyLD raised from each other."""
    while isinstance(error.__cause__, jsonld.JsonLdError):
        error = error.__cause__
    if isinstance(error.__cause__, InvalidFrame):
        return str(error.__cause__).partition(": ")[2].rstrip(".")
    text = str(error.args[0]) if error.args else type(error).__name__
    return text.removeprefix("Invalid JSON-LD syntax; ").rstrip(".")
