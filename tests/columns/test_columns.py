"""Columns against the engine, on generated data with every kind of term."""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store, Triple, parse

from endpoint.columns import FORMAT
from endpoint.columns.build import build
from endpoint.columns.opening import open_columns
from endpoint.columns.reader import Columns
from endpoint.columns.terms import TIMES, TermClass, read_term
from endpoint.columns.verify import verify
from endpoint.columns.writing import write_trig
from endpoint.errors import StoreError
from endpoint.ingest.columns import NoColumns, build_columns, write_statements
from tests.columns.every_kind import XSD, quads

UNORDERED = (TermClass.OTHER, TermClass.TRIPLE)


def stored(seed: int) -> Store:
    store = Store()
    store.extend(quads(seed))
    return store


def made(store: Store, folder: Path) -> Columns:
    stream = io.BytesIO()
    write_statements(store, stream)
    stream.seek(0)
    build(stream, folder)
    return open_columns(folder)


def rows(store: Store, query: str) -> list[tuple[str, ...]]:
    found = store.query(query, use_default_graph_as_union=True)
    assert isinstance(found, QuerySolutions)
    return [tuple(map(str, row)) for row in found]


@pytest.fixture(scope="module", params=[1, 2, 3])
def store(request: pytest.FixtureRequest) -> Store:
    return stored(request.param)


@pytest.fixture(scope="module")
def columns(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Columns:
    return made(store, tmp_path_factory.mktemp("made") / "columns")


def shown(columns: Columns, number: int) -> str:
    """The term as pyoxigraph writes it."""
    return str(next(iter(alone(columns, [number]))).object)


def alone(columns: Columns, numbers: Iterable[int]) -> Store:
    """A store with one statement for each term, its number as the local name of the subject."""
    lines = (f"<a:{number}> <a:a> {columns.terms.term(number).decode()} .\n" for number in numbers)
    one = Store()
    # Blank nodes stay as they are.
    one.extend(parse("".join(lines), RdfFormat.N_TRIPLES, lenient=True))
    return one


def subjects(store: Store, query: str) -> list[tuple[int, ...]]:
    """The numbers of :func:`alone` that a query finds."""
    return [tuple(int(term[3:-1]) for term in row) for row in rows(store, query)]


def test_triples_are_those_of_the_engine(store: Store, columns: Columns) -> None:
    wanted = set(rows(store, "SELECT DISTINCT ?s ?p ?o { ?s ?p ?o }"))
    terms = [shown(columns, number) for number in range(len(columns.terms))]
    assert len(set(terms)) == len(terms)
    by_subject = {tuple(terms[number] for number in row) for row in columns.triples.T}
    assert by_subject == wanted
    assert len(columns) == len(wanted)
    assert columns.quads == len(store)
    for name in ("by_subject", "by_object"):
        found = set()
        for predicate in columns.predicates:
            pairs = getattr(columns, name)(predicate)
            sequence = list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
            assert sequence == sorted(set(sequence))
            if name == "by_object":
                sequence = [(second, first) for first, second in sequence]
            found |= {(terms[first], terms[predicate], terms[second]) for first, second in sequence}
        assert found == wanted
    for subject in np.unique(columns.triples[0]).tolist():
        pairs = columns.about(subject)
        of_it = {row for row in wanted if row[0] == terms[subject]}
        assert {(terms[subject], terms[p], terms[o]) for p, o in zip(*pairs, strict=True)} == of_it


def test_each_triple_has_its_graphs(store: Store, columns: Columns) -> None:
    wanted = defaultdict(set)
    for quad in store:
        name = b"" if str(quad.graph_name) == "DEFAULT" else str(quad.graph_name).encode()
        wanted[str(quad.subject), str(quad.predicate), str(quad.object)].add(name)
    terms = [shown(columns, number) for number in range(len(columns.terms))]
    found = {}
    for predicate in columns.predicates:
        pairs = columns.by_subject(predicate)
        for first, second, held in zip(*pairs, columns.graph_sets[columns.rows(predicate)], strict=True):
            graphs = {columns.graphs[graph] for graph in columns.sets[held]}
            found[terms[first], terms[predicate], terms[second]] = graphs
    assert found == wanted


def test_a_number_leads_to_its_term_and_back(columns: Columns) -> None:
    terms = columns.terms
    assert all(terms.find(terms.term(number)) == number for number in range(len(terms)))
    for absent in (
        b"<a:none>",
        b'"none"@ko',
        b'"770077007700077"^^<http://www.w3.org/2001/XMLSchema#integer>',
        b"_:none",
        b"<a b>",
    ):
        assert terms.find(absent) is None
    assert [end for numbers in terms.classes.values() for end in (numbers.start, numbers.stop)][-1] == len(
        terms
    )
    for of, numbers in terms.classes.items():
        assert all(read_term(terms.term(number)).of is of for number in numbers)


def test_the_order_of_numbers_is_that_of_the_engine(store: Store, columns: Columns) -> None:
    """Each class in the engine's own order; where that ties, either order is right."""
    for of, numbers in columns.terms.classes.items():
        if of in UNORDERED or len(numbers) < 2:
            continue
        one = alone(columns, numbers)
        ordered = [row[0] for row in subjects(one, "SELECT ?s { ?s ?p ?o } ORDER BY ?o")]
        # The engine sorts so that those that tie keep no order: they have to be compared one by one.
        query = "SELECT ?s ?t { ?s ?p ?o . ?t ?p ?q FILTER(STR(?s) != STR(?t)) FILTER(%s) }"
        less = set(subjects(one, query % "?o < ?q"))
        assert all(first < second for first, second in less), of.name
        if of not in (TermClass.NUMBER, *TIMES):
            assert ordered == list(numbers), of.name
        else:
            tied = {(first, second) for first in numbers for second in numbers} - less
            assert all(first < second or (second, first) in tied for first, second in pairwise(ordered)), (
                of.name
            )


def test_classes_follow_each_other_as_in_the_engine(store: Store, columns: Columns) -> None:
    """Blank nodes come before IRIs, these before literals, triples last."""
    # Its order of literals of several classes is none, and sorting by that can end the process.
    query = "SELECT DISTINCT ?o { ?s ?p ?o FILTER(!isLiteral(?o) || DATATYPE(?o) = <%sstring>) } ORDER BY ?o"
    ordered = store.query(query % XSD, use_default_graph_as_union=True)
    assert isinstance(ordered, QuerySolutions)
    kinds = [BlankNode, NamedNode, Literal, Triple]
    places = [kinds.index(type(row[0])) for row in ordered]
    assert set(places) == {0, 1, 2, 3}
    assert places == sorted(places)
    assert list(TermClass)[:2] == [TermClass.BLANK_NODE, TermClass.IRI]
    assert max(TermClass) is TermClass.TRIPLE


def test_values_are_compared_as_the_engine_compares(columns: Columns) -> None:
    """Equality of numbers across types, and of times in different zones, is that of the values."""
    for of in (TermClass.NUMBER, *TIMES):
        numbers = columns.terms.classes[TermClass(of)]
        values = {number: columns.terms.value(number) for number in numbers}
        one = alone(columns, numbers)
        equal = set(subjects(one, "SELECT ?s ?t { ?s ?p ?o . ?t ?p ?q FILTER(?o = ?q) }"))
        assert equal == {
            (first, second) for first in numbers for second in numbers if values[first] == values[second]
        }, TermClass(of).name


def test_the_builder_is_a_process(store: Store, columns: Columns, tmp_path: Path) -> None:
    build_columns(store, tmp_path / "columns")
    again = open_columns(tmp_path / "columns")
    assert np.array_equal(again.triples, columns.triples)
    assert [again.terms.term(number) for number in range(len(again.terms))] == [
        columns.terms.term(number) for number in range(len(columns.terms))
    ]


def test_an_empty_store_has_columns(tmp_path: Path) -> None:
    columns = made(Store(), tmp_path / "columns")
    assert (len(columns), len(columns.terms), columns.quads) == (0, 0, 0)
    assert columns.terms.find(b"<a:a>") is None
    assert len(columns.by_subject(0).first) == len(columns.about(0).first) == 0


@pytest.mark.parametrize("iri", ["http://a b", "http://a\nb", "a:> <b"])
@pytest.mark.parametrize("place", ["subject", "predicate", "object"])
def test_what_n_triples_cannot_express_has_no_columns(iri: str, place: str, tmp_path: Path) -> None:
    escaped = "".join(f"\\U{ord(character):08X}" for character in iri)
    terms = dict.fromkeys(("subject", "predicate", "object"), "<a:a>") | {place: f"<{escaped}>"}
    store = Store()
    store.extend(parse(" ".join([*terms.values(), "."]), RdfFormat.N_TRIPLES, lenient=True))
    with pytest.raises(NoColumns, match=r"N-Triples cannot express|1 statements arrived"):
        build_columns(store, tmp_path / "columns")
    with pytest.raises(StoreError):
        open_columns(tmp_path / "columns")


@pytest.mark.parametrize(
    "stream", [b"", b"# graph \n", b"# graph \n<a:a> <a:a> <a:a> .\n# end 2\n", b"# graph \nno\n"]
)
def test_a_stream_that_is_not_whole_is_refused(stream: bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"of None|1 of 2|no"):
        build(io.BytesIO(stream), tmp_path / "columns")


def differing(columns: Columns, store: Store, folder: Path) -> str:
    """The first difference that verification finds; empty without one."""
    stream = io.BytesIO()
    write_statements(store, stream)
    stream.seek(0)
    try:
        verify(columns, stream, folder / "spool")
    except ValueError as error:
        return str(error)
    return ""


def test_columns_are_proved(store: Store, columns: Columns, tmp_path: Path) -> None:
    assert differing(columns, store, tmp_path) == ""


def changed(how: str, columns: Columns, store: Store) -> None:
    """Change the columns as a defect would, or the store."""
    new = NamedNode("http://example.org/new")
    moved = np.array(columns.pairs.second)
    match how:
        case "one more":
            store.add(Quad(new, new, new))
        case "a triple less":
            store.remove(next(iter(store)))
        case "another graph":
            quad = next(
                iter(store.quads_for_pattern(None, None, None, NamedNode("http://example.org/graph1")))
            )
            store.remove(quad)
            store.add(Quad(quad.subject, quad.predicate, quad.object, new))
        case "a wrong object":
            moved[0] = moved[0] - 1 if moved[0] else 1
            columns.pairs = columns.pairs._replace(second=moved)
        case "a wrong inverse":
            columns.inverse = columns.inverse._replace(second=columns.inverse.second[::-1])
        case "a wrong record":
            columns.triples = columns.triples[:, ::-1]
        case "a wrong value":
            columns.terms.numbers = columns.terms.numbers + 1
        case "a wrong kind":
            columns.terms.kinds = columns.terms.kinds[::-1]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("one more", "the term b'<http://example.org/new>' is missing"),
        ("a triple less", "there are .* instead of"),
        ("another graph", "the term b'<http://example.org/new>' is missing|a graph is missing"),
        ("a wrong object", "the pairs by subject, or their graphs, differ"),
        ("a wrong inverse", "the pairs by object differ"),
        ("a wrong record", "the triples by subject differ"),
        ("a wrong value", "has the wrong kind or value"),
        ("a wrong kind", "has the wrong kind or value"),
    ],
)
def test_a_difference_is_found(how: str, said: str, tmp_path: Path) -> None:
    store = stored(1)
    columns = made(store, tmp_path / "columns")
    changed(how, columns, store)
    assert re.search(said, differing(columns, store, tmp_path))


def test_a_graph_without_an_iri_is_not_written(columns: Columns) -> None:
    with pytest.raises(ValueError, match="named by a blank node"):
        write_trig(columns, io.BytesIO())


def test_what_is_written_by_subject_is_the_store(store: Store, tmp_path: Path) -> None:
    named = Store()
    named.extend(quad for quad in store if not isinstance(quad.graph_name, BlankNode))
    out = io.BytesIO()
    write_trig(made(named, tmp_path / "columns"), out)
    read = list(parse(out.getvalue(), RdfFormat.TRIG, lenient=True))
    assert set(read) == set(named)
    assert len(read) == len(named)
    runs = [(str(quad.graph_name), str(quad.subject)) for quad in read]
    assert len([1 for first, second in pairwise(runs) if first != second]) == len(set(runs)) - 1


def damage(folder: Path, how: str) -> None:
    """Damage the columns in a folder."""
    description = folder / "columns.json"
    members = json.loads(description.read_text())
    match how:
        case "cut":
            (folder / "terms.nt").write_bytes(b"<")
        case "gone":
            (folder / "triples.npy").unlink()
        case "another format":
            description.write_text(json.dumps(members | {"format": 99}))
        case "no JSON":
            description.write_text("{")
        case "no classes":
            description.write_text(json.dumps({key: members[key] for key in members if key != "classes"}))
        case "no array":
            size = (folder / "kinds.npy").stat().st_size
            (folder / "kinds.npy").write_bytes(b"x" * size)


def test_damage_within_a_file_is_found(tmp_path: Path) -> None:
    columns = made(stored(1), tmp_path / "columns")
    columns.ensure_intact()
    path = tmp_path / "columns" / "kinds.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    with pytest.raises(StoreError, match=r"are damaged .kinds.npy has other bytes than were written"):
        columns.ensure_intact()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("cut", "are damaged .terms.nt has 1 bytes instead of"),
        ("gone", "are damaged .columns.json: .*triples.npy"),
        ("another format", f"have format 99, and this version of the program reads format {FORMAT}"),
        ("no JSON", "are damaged .columns.json"),
        ("no classes", "are damaged .columns.json: 'classes'"),
        ("no array", "are damaged .kinds.npy"),
    ],
)
def test_damage_is_told(how: str, said: str, tmp_path: Path) -> None:
    made(stored(1), tmp_path / "columns")
    damage(tmp_path / "columns", how)
    with pytest.raises(StoreError, match=said):
        open_columns(tmp_path / "columns")
