"""The service description: what query editors read of it, for the project's data and a small dataset."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, QueryBoolean, QuerySolutions, RdfFormat, Store

from endpoint.catalog.readers.shacl import read_examples
from endpoint.catalog.reading import read_catalog
from endpoint.engine.functions import EXTENSION_FUNCTIONS
from endpoint.web.sparql.description import runnable
from tests.datasets.counted_works import NS, PEOPLE, TERMS, WORKS, make
from tests.live import Server, serving

SD = "http://www.w3.org/ns/sparql-service-description#"
SH = "http://www.w3.org/ns/shacl#"
VOID = "http://rdfs.org/ns/void#"

# What the query editor of SIB asks of an endpoint, or of its description when the answer is empty.
PREFIXES = """PREFIX sh: <http://www.w3.org/ns/shacl#>
SELECT DISTINCT ?prefix ?namespace WHERE { [] sh:namespace ?namespace ; sh:prefix ?prefix }
ORDER BY ?prefix"""
PARTITIONS = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX void-ext: <http://ldf.fi/void-ext#>
SELECT DISTINCT ?graph ?subjectClass ?prop ?objectClass ?objectDatatype ?triples WHERE {
  {
    OPTIONAL { ?graph sd:graph ?graphDesc . ?graphDesc void:classPartition ?cp }
    ?cp void:class ?subjectClass ; void:propertyPartition ?pp .
    ?pp void:property ?prop .
    OPTIONAL { ?pp void:triples ?triples }
    OPTIONAL {
      { ?pp void:classPartition [ void:class ?objectClass ] }
      UNION { ?pp void-ext:datatypePartition [ void-ext:datatype ?objectDatatype ] }
    }
  } UNION {
    ?linkset void:subjectsTarget [ void:class ?subjectClass ] ; void:linkPredicate ?prop ;
      void:objectsTarget [ void:class ?objectClass ] .
  }
}"""
EXAMPLES = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX spex: <https://purl.expasy.org/sparql-examples/ontology#>
SELECT DISTINCT ?sq ?comment ?query WHERE {
  ?sq a sh:SPARQLExecutable ; rdfs:comment ?comment ; sh:select|sh:ask|sh:construct|spex:describe ?query .
} ORDER BY ?sq"""

FORMATS = [
    ("text/turtle", RdfFormat.TURTLE),
    ("application/n-triples", RdfFormat.N_TRIPLES),
    ("application/rdf+xml", RdfFormat.RDF_XML),
    ("application/ld+json", RdfFormat.JSON_LD),
]


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("works")
    with serving(folder / "data", "--dataset", str(make(folder / "dataset"))) as running:
        yield running


def described(server: Server, path: str = "/sparql", accept: str = "text/turtle") -> Store:
    answer = server.get(path, accept)
    assert (answer.status, answer.type) == (200, accept)
    store = Store()
    store.load(answer.body, dict(FORMATS)[accept], base_iri=f"{server.url}{path}")
    return store


def rows(store: Store, text: str) -> list[dict[str, str]]:
    found = store.query(text)
    assert isinstance(found, QuerySolutions)
    names = [variable.value for variable in found.variables]
    return [{name: row[name].value for name in names if row[name] is not None} for row in found]


@pytest.mark.parametrize("accept", [name for name, _ in FORMATS])
def test_the_queries_of_an_editor_find_rows(server: Server, accept: str) -> None:
    store = described(server, accept=accept)
    prefixes = {row["prefix"]: row["namespace"] for row in rows(store, PREFIXES)}
    assert prefixes["mofapub"] == "http://opendata.mofa.go.kr/mofapub/"
    found = rows(store, PARTITIONS)
    publication = {
        (
            row["prop"].rpartition("/")[2],
            row.get("objectClass", row.get("objectDatatype", "")).rpartition("#")[2],
        )
        for row in found
        if row["subjectClass"] == "http://opendata.mofa.go.kr/mofapub/Publication"
    }
    assert ("dataURL", "anyURI") in publication
    assert all(int(row["triples"]) > 0 and row["graph"] for row in found)
    comments = {row["comment"] for row in rows(store, EXAMPLES)}
    assert {"저자별 발간자료", "Publications by author"} <= comments


def test_partitions_by_graph_have_the_numbers(works: Server) -> None:
    store = described(works)
    graphs = rows(store, f"SELECT ?graph ?name {{ ?graph <{SD}name> ?name ; <{SD}graph> ?described }}")
    names = {row["graph"]: row["name"] for row in graphs}
    found = {
        (names[row["graph"]], row["subjectClass"].removeprefix(NS), row["prop"].removeprefix(NS)): row[
            "triples"
        ]
        for row in rows(store, PARTITIONS)
        if row["prop"].startswith(NS)
    }
    assert found == {
        (WORKS, "Book", "author"): "3",
        (WORKS, "Book", "pages"): "3",
        (WORKS, "Report", "author"): "1",
        (PEOPLE, "Person", "fullName"): "3",
    }


def test_the_default_graph_has_its_own_numbers(works: Server) -> None:
    text = f"SELECT ?n {{ ?d <{SD}defaultGraph> ?g . ?g <{VOID}triples> ?n }}"
    assert rows(described(works), text) == [{"n": "19"}]
    only = described(works, "/works/sparql")
    assert rows(only, text) == [{"n": "11"}]
    assert rows(only, f"SELECT ?name {{ ?g <{SD}name> ?name }}") == [{"name": WORKS}]
    assert rows(only, EXAMPLES) == []
    assert rows(only, PREFIXES)


def test_all_graphs_are_named(works: Server) -> None:
    text = f"SELECT ?name {{ ?d <{SD}namedGraph> ?g . ?g <{SD}name> ?name }} ORDER BY ?name"
    assert [row["name"] for row in rows(described(works), text)] == [PEOPLE, TERMS, WORKS]


def test_the_abilities_of_the_engine_are_told(server: Server) -> None:
    store = described(server)
    (service,) = (row["s"] for row in rows(store, f"SELECT ?s {{ ?s a <{SD}Service> }}"))
    assert service == f"{server.url}/sparql#service"

    def told(name: str) -> set[str]:
        return {row["o"] for row in rows(store, f"SELECT ?o {{ <{service}> <{SD}{name}> ?o }}")}

    assert told("supportedLanguage") == {f"{SD}SPARQL10Query", f"{SD}SPARQL11Query"}
    assert told("extensionFunction") == set(EXTENSION_FUNCTIONS)
    assert told("defaultEntailmentRegime") == {"http://www.w3.org/ns/entailment/Simple"}
    assert told("feature") == {f"{SD}UnionDefaultGraph", "urn:endpoint:text:search"}
    for text in (
        'VERSION "1.2" SELECT * { ?s ?p <<( ?a ?b ?c )>> }',
        "SELECT * { VALUES ?x { 1 } LATERAL { SELECT * { BIND(?x AS ?y) } LIMIT 1 } }",
        'SELECT (ADJUST(NOW(), "PT1H"^^xsd:dayTimeDuration) AS ?x) (NOW() - NOW() AS ?y) {}',
        'SELECT (LANGDIR(STRLANGDIR("x", "ar", "rtl")) AS ?x) {}',
    ):
        assert server.query(text).status == 200
    assert len(told("languageExtension")) == 3


def test_an_example_has_one_comment_in_the_language_of_the_client(server: Server) -> None:
    def comments(**headers: str) -> list[tuple[str, str]]:
        store = Store()
        store.load(server.get("/sparql", "text/turtle", **headers).body, RdfFormat.TURTLE)
        return [(row["sq"], row["comment"]) for row in rows(store, EXAMPLES)]

    korean, english, both = comments(Accept_Language="ko"), comments(Accept_Language="en"), comments()
    assert len(korean) == len(english) == len({name for name, _ in both}) < len(both)
    assert set(korean) < set(both)
    assert set(english) < set(both)
    assert set(korean).isdisjoint(english)


def test_the_strict_reading_says_that_the_default_graph_is_empty(tmp_path: Path) -> None:
    folder = make(tmp_path / "dataset")
    with serving(tmp_path / "data", "--dataset", str(folder), "--default-graph", "strict") as strict:
        store = described(strict)
    assert rows(store, f"SELECT ?g {{ ?d <{SD}defaultGraph> ?g . ?g <{VOID}triples> ?n }}") == []
    assert not list(store.quads_for_pattern(None, None, NamedNode(f"{SD}UnionDefaultGraph")))
    assert rows(store, PARTITIONS)


FORMS = {
    "by-author": "Select",
    "any-author": "Select",
    "%EC%B1%85%20%EC%9E%88%EC%9D%8C": "Ask",
    "graph": "Construct",
    "one": "Describe",
}


def test_saved_queries_are_executables_of_their_form(works: Server) -> None:
    store = described(works)
    found = {
        (row["q"].rpartition("/")[2], row["type"].rpartition("#")[2].removesuffix("Executable"))
        for row in rows(store, "SELECT ?q ?type { ?q a ?type FILTER(STRENDS(STR(?type), 'Executable')) }")
    }
    both = {(name, "SPARQL") for name in FORMS}
    assert found == both | {(name, f"SPARQL{form}") for name, form in FORMS.items()}
    assert {row["sq"].rpartition("/")[2] for row in rows(store, EXAMPLES)} == set(FORMS)


def test_an_executable_tells_target_keywords_prefixes_and_the_call(works: Server) -> None:
    (found,) = rows(
        described(works),
        f"""PREFIX sh: <{SH}> PREFIX schema: <https://schema.org/>
        SELECT ?target ?prefixes ?call (GROUP_CONCAT(?word) AS ?words) (COUNT(?declared) AS ?n) ?text {{
          ?q schema:target ?target ; sh:prefixes ?prefixes ; sh:select ?text ;
             <http://www.w3.org/2000/01/rdf-schema#seeAlso> ?call ; schema:keywords ?word .
          ?prefixes sh:declare ?declared
        }} GROUP BY ?target ?prefixes ?call ?text""",
    )
    assert found["target"] == found["prefixes"] == f"{works.url}/sparql"
    assert set(found["words"].split()) == {"works", "authors"}
    assert "ex:author <http://example.org/p/1>" in found["text"]
    answer = works.get(found["call"].removeprefix(works.url))
    assert [row["work"] for row in answer.json()["rows"]] == [
        "http://example.org/w/1",
        "http://example.org/w/2",
    ]


def test_every_executable_runs_on_its_target(server: Server) -> None:
    store = described(server)
    found = {row["sq"]: row["query"] for row in rows(store, EXAMPLES)}
    assert len(found) > 20
    empty = set()
    for address, text in found.items():
        answer = server.post(text, "text/csv, application/n-triples, application/sparql-results+json;q=0.5")
        assert answer.status == 200, (address, answer.text)
        if len(answer.text.splitlines()) < 2:
            empty.add(address.rpartition("/")[2])
    # The examples are chosen for the whole catalogue, the seed has six publications of it.
    assert not empty & {
        "publications-by-author",
        "publications-by-year",
        "search",
        "publication-bibo",
        "years",
    }


def test_what_is_published_is_read_back_by_our_own_reader(works: Server) -> None:
    examples = read_examples(works.get("/sparql", "text/turtle").text)
    assert {query.name for query in examples.queries} == set(FORMS)
    (query,) = [query for query in examples.queries if query.name == "by-author"]
    assert query.prefixes["ex"] == NS
    assert query.entries["tags"].strings() == ("authors", "works")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("by-author", "ex:author <http://example.org/p/1>"),
        ("any-author", "ex:author ?_author_iri"),
        ("책 있음", 'ex:pages "20"^^<http://www.w3.org/2001/XMLSchema#integer>'),
        ("one", "DESCRIBE <http://example.org/w/1>"),
        ("most", None),
    ],
)
def test_examples_stand_in_place_of_parameters(tmp_path: Path, name: str, written: str | None) -> None:
    catalog = read_catalog(make(tmp_path / "dataset") / "queries", 100, {"ex": NS})
    text = runnable(catalog.queries[name])
    if written is None:
        assert text is None
        return
    assert text is not None
    assert written in text
    answer = Store().query(text)
    assert isinstance(answer, QueryBoolean) or list(answer) == []


def test_the_same_description_is_sent_once(works: Server) -> None:
    first = works.get("/sparql", "text/turtle")
    assert first.headers["cache-control"] == "no-cache"
    assert "Accept" in first.headers["vary"]
    again = works.get("/sparql", "text/turtle", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["vary"] == first.headers["vary"]
    other = works.get("/sparql", "application/n-triples", If_None_Match=first.headers["etag"])
    assert other.status == 200
    head = works.request("HEAD", "/sparql", headers={"Accept": "text/turtle"})
    assert (head.headers["etag"], head.headers["content-length"]) == (
        first.headers["etag"],
        first.headers["content-length"],
    )


def test_titles_and_licences_are_terms_with_their_language(works: Server) -> None:
    store = described(works)
    titles = {
        quad.object
        for quad in store.quads_for_pattern(None, NamedNode("http://purl.org/dc/terms/title"), None)
        if isinstance(quad.subject, NamedNode) and quad.subject.value.endswith("-named")
    }
    assert Literal("책과 보고서", language="ko") in titles
