"""Terms of pyoxigraph as terms of rdflib, and back.

A string without a language is one thing in RDF 1.1 and two in rdflib, with and without xsd:string; here it is
always the one without, so that equal terms are equal. Lexical forms are kept as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from endpoint.errors import DataError
from endpoint.vocabulary import XSD

Term = NamedNode | BlankNode | Literal
RdflibTerm = rdflib.URIRef | rdflib.BNode | rdflib.Literal

_STRING = NamedNode(f"{XSD}string")


def to_rdflib(term: Term | Triple) -> RdflibTerm:
    """The same term for rdflib; a blank node keeps its label.

    :raises DataError: RDF 1.2: a triple term or a base direction, which rdflib cannot hold.
    """
    match term:
        case NamedNode():
            return rdflib.URIRef(term.value)
        case BlankNode():
            return rdflib.BNode(term.value)
        case Literal() if term.direction is None:
            if term.language:
                return rdflib.Literal(term.value, lang=term.language)
            datatype = None if term.datatype == _STRING else rdflib.URIRef(term.datatype.value)
            return rdflib.Literal(term.value, datatype=datatype, normalize=False)
    raise DataError(f"{term} is a term of RDF 1.2, which SHACL cannot validate; leave the statement out.")


def from_rdflib(term: rdflib.term.Node) -> Term:
    """The same term for pyoxigraph; ``term`` is an IRI, a blank node or a literal."""
    match term:
        case rdflib.URIRef():
            return NamedNode(str(term))
        case rdflib.BNode():
            return BlankNode(str(term))
    literal = cast(rdflib.Literal, term)
    if literal.language:
        return Literal(str(literal), language=literal.language)
    return Literal(str(literal), datatype=NamedNode(str(literal.datatype)) if literal.datatype else None)


@contextmanager
def without_remarks() -> Iterator[None]:
    """Keep rdflib from logging, with a traceback, that a literal or an IRI is not valid: reports say so."""
    logger = logging.getLogger("rdflib.term")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
