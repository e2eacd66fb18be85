"""Files in the forms of public repositories for grlc: each loads and binds, or has a reason why not."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, QueryBoolean, QuerySolutions, Store

from endpoint.catalog import Catalog, SavedQuery
from endpoint.catalog.reading import read_catalog
from endpoint.errors import BadParameter
from endpoint.formats import CSV, QueryForm
from endpoint.sparql.lexer import lex

FOLDER = Path(__file__).parents[2] / "data" / "grlc"
CATALOG = read_catalog(FOLDER, 64)
XSD = "http://www.w3.org/2001/XMLSchema#"


def query(name: str) -> SavedQuery:
    return CATALOG.queries[name]


def test_everything_loads_but_what_cannot_be_run() -> None:
    assert sorted(CATALOG.queries) == [
        "Get Curation Tags for Pathway",
        "cells",
        "cities",
        "drugs",
        "genres",
        "houses",
        "identifier",
        "is-there",
        "labels",
        "reviewed-things",
        "several",
        "statements",
        "twice",
        "virus",
    ]
    problems = {problem.file.name: problem for problem in CATALOG.problems if problem.file}
    assert sorted(problems) == ["broken.rq", "fragments.tpf"]
    assert (problems["broken.rq"].line, problems["broken.rq"].column) == (4, 18)
    assert "not supported" in problems["fragments.tpf"].detail


NOTICES = [
    ("genres.rq", 3, "endpoint, endpoint_in_url, endpoint-method: this server answers from its own data"),
    ("cells.rq", 1, 'not YAML: mapping values are not allowed here. "summary" is read as a plain text'),
    ("statements.rq", 2, "this server answers from its own data"),
    ("virus.rq", 4, "this server answers from its own data"),
    ("examples.ttl", None, "this server answers from its own data"),
    ("urls.yml", 9, 'There is no file "missing.rq" here'),
    ("urls.yml", 11, "https://example.org/remote.rq is not fetched"),
    ("endpoint.txt", None, "the address in this file is not used"),
]


@pytest.mark.parametrize(("file", "line", "sentence"), NOTICES)
def test_what_cannot_be_honoured_is_noticed(file: str, line: int | None, sentence: str) -> None:
    found = [(row.line, row.detail) for row in CATALOG.notices if row.file and row.file.name == file]
    assert any(where == line and sentence in detail for where, detail in found), found


def test_there_are_no_other_notices() -> None:
    assert len(CATALOG.notices) == len(NOTICES)


def test_every_documented_key() -> None:
    genres = query("genres")
    assert genres.summary == {"": "Bands of one genre"}
    assert genres.tags == ("music", "bands")
    assert genres.options.method == "GET"
    assert genres.options.page_size == 100
    assert genres.options.format is CSV
    assert genres.options.licence == "http://example.org/licence"
    assert genres.options.transform == {"band": "?band", "label": "?label$list"}
    genre, year = genres.parameters
    assert genre.offered == ("http://dbpedia.org/resource/Rock_music", "http://dbpedia.org/resource/Jazz")
    assert (genre.default, genre.required) == ("http://dbpedia.org/resource/Jazz", False)
    assert (year.enum, year.from_data) == ((), True)


def test_the_folder_tells_of_itself() -> None:
    about = CATALOG.about
    assert about.title == {"": "Queries of other people"}
    assert about.description == {"en": "Shapes of files that grlc runs", "ko": "grlc 파일의 모양"}
    assert (about.contact_name, about.contact_url) == ("A. Person", "https://example.org/person")
    assert about.licence == "https://example.org/licence"


def test_a_second_block_and_a_sub_folder() -> None:
    cells = query("cells")
    assert cells.tags == ("places",)
    assert cells.summary == {"": "Cells in a place: two blocks, and a colon that YAML does not take"}
    assert cells.description == {"": "Cells of one place."}
    assert cells.parameters[0].default == "http://example.org/place/1"
    assert cells.template.dataset_clause


BOUND: list[tuple[str, list[tuple[str, str]], list[str], list[str]]] = [
    ("genres", [], ["dbo:genre <http://dbpedia.org/resource/Jazz> ;", "dbo:year ?__year_integer"], []),
    ("genres", [("year", "1999")], [f'dbo:year "1999"^^<{XSD}integer>'], ["?__year"]),
    ("cells", [], ["ex:place <http://example.org/place/1> ;", "LCASE(?__label)"], []),
    ("cells", [("label", 'a" } #')], ['LCASE("a\\" } #")'], ["?__label"]),
    ("statements", [], ["bind(?__subj_iri as ?subj)", "dc:format ?__kind_xsd_string ."], []),
    ("statements", [("subj", "urn:s"), ("kind", "k")], ["bind(<urn:s> as ?subj)", 'dc:format "k" .'], []),
    (
        "houses",
        [("houseType", "urn:h"), ("year", "1899"), ("size", "30")],
        ["dct:type <urn:h> ;", f'"1899"^^<{XSD}integer>', f'"30"^^<{XSD}integer>'],
        ["?_"],
    ),
    ("Get Curation Tags for Pathway", [("pwId", "WP1")], ['dc:identifier "WP1" ;'], ["?_"]),
    ("virus", [("protein", "http://www.wikidata.org/entity/Q1")], ["wdt:P921 <http://www.w"], ["?_"]),
    (
        "labels",
        [("myOccupationRegex", "^s"), ("name", "x"), ("title", "题")],
        ['regex(?label, "^s", "i")', 'rdfs:label "x"@en , "题"@zh-hans', "= ?__2letterLanguageTag)"],
        ["?_name", "?_title", "?_my"],
    ),
    (
        "labels",
        [("2letterLanguageTag", "ko"), ("myOccupationRegex", "s"), ("name", "x"), ("title", "t")],
        ['LANG(?label) = "ko")'],
        ["?__"],
    ),
    (
        "twice",
        [("measure", "urn:m"), ("max", "5")],
        ["(<urn:m> AS ?_measure_iri)", "<urn:m> ; <urn:m> ?value", "GROUP BY (<urn:m>) LIMIT 5"],
        ["OFFSET"],
    ),
    ("twice", [("measure", "urn:m"), ("max", "5"), ("start", "3")], ["LIMIT 5 OFFSET 3"], []),
    ("identifier", [("idrefid", "02')")], ["CONCAT('http://example.org/', \"02')\", '/id')"], ["?_"]),
    (
        "several",
        [("user", "urn:a"), ("user", "urn:b"), ("user", "urn:a")],
        ["values ?_user_multi_iri { <urn:a> <urn:b> }", "dc:subject ?__word_multi_val"],
        ["values ?__word"],
    ),
    ("several", [("user", "a:b"), ("word", "x"), ("word", "}")], ['?__word_multi_val { "x" "}" }'], []),
    ("drugs", [("gene", "G1")], ['ex:treats "G1"^^<http://example.org/GeneId>'], ["?_"]),
    ("cities", [("country", "urn:c")], ["?city dbo:country <urn:c> .", "LIMIT 10", "rdfs:label ?name"], []),
    ("reviewed-things", [("about", "urn:a")], ["PREFIX own: <http://example.org/own#>", "<urn:a>"], ["?_"]),
    ("is-there", [], ["ASK { ?thing a own:Thing }"], []),
]


@pytest.mark.parametrize(("name", "values", "present", "absent"), BOUND)
def test_what_is_bound(
    name: str, values: list[tuple[str, str]], present: list[str], absent: list[str]
) -> None:
    bound = query(name).operation(values).text
    for text in present:
        assert text in bound
    for text in absent:
        assert text not in bound.replace("AS ?_measure_iri", "")
    Store().query(bound)


def test_the_examples_of_turtle_are_described() -> None:
    found = query("reviewed-things")
    assert found.summary == {"en": "Things that were reviewed", "ko": "검토된 것"}
    assert (found.tags, query("is-there").form) == (("review",), QueryForm.ASK)


def test_the_shape_of_a_json_query_is_its_transform() -> None:
    found = query("cities")
    assert found.options.transform == {"id": "?city", "name": "?name", "image": "?image"}
    assert (found.summary, found.tags) == ({"": "Cities"}, ("json",))


# Each template has one parameter "x"; the second member says how the engine gives its value back.
TEMPLATES = [
    ("SELECT (?_x AS ?y) {}", "string"),
    ("SELECT ?y { BIND(?_x AS ?y) } # ?_x '?_x'", "string"),
    ("SELECT ?y { BIND('''?_x \" \\\\''' AS ?z) BIND(?_x AS ?y) FILTER(?_x=?_x) }", "string"),
    ("SELECT ?y { VALUES ?y { ?_x } }", "string"),
    ("SELECT (?_x_ko AS ?y) ('$_x_ko' AS ?z) {}", "ko"),
    ("SELECT (?_x_zh_Hant AS ?y) {}", "zh-hant"),
    ("SELECT ?y { OPTIONAL { ?a <http://e/?_x_iri> ?b } } VALUES ?y { ?_x_iri }", "iri"),
    ("SELECT ?y { BIND(?_x_iri AS ?y) }", "iri"),
    ("PREFIX e: <http://e/> SELECT ?y { BIND(?_x_e_T AS ?y) }", "http://e/T"),
    ("SELECT ?y { BIND(?_x_anyURI AS ?y) }", f"{XSD}anyURI"),
    ("SELECT ?y { VALUES ?_x_multi { } BIND(?_x_multi AS ?y) }", "string"),
    ("SELECT ?y { BIND(1 AS ?z) { SELECT (?_x_multi AS ?y) {} } }", "string"),
    ("SELECT (?_x AS ?y) ?_x { { SELECT ?_x {} } } GROUP BY ?_x ORDER BY ?_x", "string"),
]


def expected_term(kind: str, text: str) -> Literal | NamedNode:
    value = unicodedata.normalize("NFC", text)
    if kind == "iri":
        return NamedNode(text.strip())
    if kind in ("ko", "zh-hant"):
        return Literal(value, language=kind)
    if kind == "string":
        return Literal(value)
    return Literal(text.strip() if "XMLSchema" in kind else value, datatype=NamedNode(kind))


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Sequence[SavedQuery]:
    folder = tmp_path_factory.mktemp("templates")
    for number, (text, _) in enumerate(TEMPLATES, 10):
        (folder / f"{number}.rq").write_text(text)
    catalog: Catalog = read_catalog(folder, 64)
    assert catalog.problems == ()
    assert all("stands in a string" in notice.detail for notice in catalog.notices)
    return list(catalog.queries.values())


PIECES = [*"\"'\\{}()#<>?$_x^@\n\t .;,|%한é", "\\u0022", "?_x", "'''", '"""', "} #", "e\u0301"]
ANY = st.text(alphabet=st.characters(), min_size=1) | st.lists(
    st.sampled_from(PIECES), min_size=1, max_size=12
).map("".join)


@pytest.mark.parametrize("number", range(len(TEMPLATES)), ids=[row[0] for row in TEMPLATES])
@given(text=ANY, iri=st.booleans())
def test_any_text_is_one_term_in_an_unchanged_query(
    templates: Sequence[SavedQuery], number: int, text: str, iri: bool
) -> None:
    template, kind = templates[number], TEMPLATES[number][1]
    sent = f"urn:{text}" if iri else text
    try:
        bound = template.operation([("x", sent)]).text
    except BadParameter:
        return
    wanted = expected_term(kind, sent)
    written = [token.text for token in lex(str(wanted)).tokens]
    (parameter,) = template.parameters
    variable = f"?{parameter.variable}"
    found = [token.text for token in lex(bound).tokens]
    if not parameter.multiple and "GROUP" not in template.text:
        expected: list[str] = []
        for token in lex(template.text).tokens:
            expected += written if token.text == variable else [token.text]
        assert found == expected
    answers = Store().query(bound)
    assert isinstance(answers, QuerySolutions)
    assert [row["y"] for row in answers] == [wanted]


def test_a_query_without_results_still_parses() -> None:
    answer = Store().query(query("is-there").operation([]).text)
    assert isinstance(answer, QueryBoolean)
    assert not answer
