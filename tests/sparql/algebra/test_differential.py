"""The algebra of a text, written as a text again, is answered by the engine as the text is."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, QueryBoolean, QuerySolutions, Store

from endpoint.sparql import algebra
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.lexer import lex
from endpoint.sparql.syntax.parser import Unsupported, parse
from tests.properties import examples
from tests.sparql.algebra.generated import BASE, Author
from tests.sparql.algebra.generated import store as filled
from tests.sparql.algebra.serialization import serialize

STORE = filled()


def answer(store: Store, text: str, base_iri: str | None = BASE) -> object:
    """The answer of the engine: the rows as a bag, a truth value, or the triples without new labels."""
    found = store.query(text, base_iri=base_iri)
    if isinstance(found, QuerySolutions):
        names = sorted(name.value for name in found.variables if not name.value.startswith("nothing"))
        return names, Counter(tuple(map(str, (row[name] for name in names))) for row in found)
    if isinstance(found, QueryBoolean):
        return bool(found)
    known = {str(term) for quad in store for term in quad if isinstance(term, BlankNode)}
    triples = [tuple(map(str, triple)) for triple in found]
    return Counter(
        tuple(term if term[0] != "_" or term in known else "_:" for term in row) for row in triples
    )


def check(store: Store, text: str) -> bool:
    """Compare both answers; return whether there was anything to compare."""
    try:
        query = translate(parse(text), {}, BASE)
    except Unsupported:
        with pytest.raises(SyntaxError):
            store.query(text, base_iri=BASE)
        return False
    expected, again = answer(store, text), serialize(query)
    if isinstance(query.pattern, algebra.Slice) and isinstance(expected, tuple):
        # Which rows these are is not said, how many is.
        found = answer(store, again, None)
        assert isinstance(found, tuple)
        assert (found[0], found[1].total()) == (expected[0], expected[1].total()), again
    elif not isinstance(query.pattern, algebra.Slice):
        assert answer(store, again, None) == expected, again
    return True


@given(st.integers(0, 2**32))
@settings(max_examples=examples(300))
def test_generated_queries(seed: int) -> None:
    check(STORE, Author(Random(seed)).query())


@given(st.integers(0, 2**32))
@settings(max_examples=examples(300))
def test_no_text_is_taken_that_the_engine_refuses(seed: int) -> None:
    random = Random(seed)
    words = [token.text for token in lex(Author(random).query()).tokens]
    others = [token.text for token in lex(Author(random).query()).tokens]
    place = random.randrange(len(words))
    words[place : place + random.randint(0, 1)] = random.choice([[], [random.choice(others)], [words[0]]])
    text = " ".join(words)
    try:
        translate(parse(text), {}, BASE)
    except Unsupported:
        return
    Store().query(text, base_iri=BASE)


def test_most_generated_queries_are_compared() -> None:
    compared = sum(check(STORE, Author(Random(seed)).query()) for seed in range(200))
    assert 100 < compared < 200
