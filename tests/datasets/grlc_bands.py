"""A small dataset of bands, and a folder of saved queries as people keep one for grlc.

There are five bands: One, Two, Three, Four and Five. The tests know by heart what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

BAND = "http://example.org/band/"
NS = "http://example.org/ns/"
# Every name, in the order of ``ORDER BY ?name``.
NAMES = ["Five", "Four", "One", "Three", "Two"]

MANIFEST = """base = "http://example.org/"
title.en = "Bands"
description.en = "Bands and what they play."
[prefixes]
ex = "http://example.org/ns/"
[[graph]]
iri = "http://example.org/bands"
title.en = "Bands"
files = ["seed/bands.ttl"]
[[graph]]
iri = "http://example.org/tours"
title.en = "Tours"
files = ["seed/tours.ttl"]
"""

DATA = """@prefix ex: <http://example.org/ns/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix band: <http://example.org/band/> .
band:1 a ex:Band ; ex:name "One" ; ex:genre ex:rock ; ex:founded 1999 ; ex:since "1999"^^xsd:gYear ;
  ex:motto "물결"@ko , "Wave"@en ; ex:code "B1"^^ex:Code ; foaf:nick "a\\"b" , "ab" ; ex:rating 4.5 .
band:2 a ex:Band ; ex:name "Two" ; ex:genre ex:jazz ; ex:founded 2001 ; ex:since "2001"^^xsd:gYear ;
  foaf:nick "O'Two" , "back\\\\slash" ; ex:active true .
band:3 a ex:Band ; ex:name "Three" ; ex:genre ex:jazz ; ex:founded 2010 ; ex:since "2010"^^xsd:gYear .
band:4 a ex:Band ; ex:name "Four" ; ex:genre ex:rock ; ex:founded 2010 ; ex:since "2010"^^xsd:gYear ;
  foaf:nick "a?b#c" .
band:5 a ex:Band ; ex:name "Five" ; ex:genre ex:folk ; foaf:nick "송 태은" .
"""
TOURS = "@prefix ex: <http://example.org/ns/> . <http://example.org/band/1> ex:city 'Busan' , 'Seoul' .\n"

SELECT = "SELECT ?name { ?band ex:name ?name ; %s } ORDER BY ?name\n"
ALL = "SELECT ?name { ?band ex:name ?name } ORDER BY ?name\n"
# Each of these multiplies the rows by the number of all statements.
TIMES = " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(7))
# Each of these doubles a text.
DOUBLED = " ".join(f"BIND(CONCAT(?s{n}, ?s{n}) AS ?s{n + 1})" for n in range(27))

# The decorators and conventions of grlc, each in a file of its own.
RULES: Mapping[str, str] = {
    "anywhere.rq": "PREFIX ex: <http://example.org/ns/>\n#+ summary: Between the lines\n"
    "SELECT ?name {\n#+ tags: [middle]\n  ?band ex:name ?name .\n}\n#+pagination: 2\nORDER BY ?name\n"
    "#+ description: at the end",
    "blocks.rq": "#+ summary: First block\n\n# a comment\n\n#+ defaults:\n#+   - genre: http://example.org/ns/jazz\n\n"
    + SELECT % "ex:genre ?_genre_iri",
    "json-header.rq": '#+ {\n#+\t"summary": "In JSON",\n#+\t"tags": ["j"], "pagination": 3\n#+ }\n' + ALL,
    "colon.rq": "#+ summary: Foo: bar\n#+ pagination: 4\n#+ tags:\n#+   - c\n" + ALL,
    "first.v2.final.rq": ALL,
    "twin.rq": ALL,
    "twin.sparql": ALL,
    "by-word.sparql": SELECT % "foaf:nick ?_word",
    "overwritten.rq": "".join(
        f"#+ {key}: own\n"
        for key in ("query", "type", "original_query", "parameters", "variables", "proto", "opt")
    )
    + ALL,
    "enumerated.rq": "#+ enumerate:\n#+   - genre:\n#+     - http://example.org/ns/rock\n#+     - http://example.org/ns/folk\n"
    + SELECT % "ex:genre ?_genre_iri",
    "from-data.rq": "#+ enumerate:\n#+   - genre\n" + SELECT % "ex:genre ?_genre_iri",
    "by-variable.rq": "#+ enumerate:\n#+   - ?_genre_iri\n#+   - _name\n"
    "SELECT ?name { ?band ex:genre ?_genre_iri ; ex:name ?name , ?_name } ORDER BY ?name\n",
    "posted.rq": "#+ method: POST\n" + ALL,
    "table.rq": "#+ mime: text/csv\n" + ALL,
    "shaped.rq": '#+ transform: {\n#+   "id": "?band", "names": "?name$asList"\n#+ }\n'
    "SELECT ?band ?name { ?band ex:name ?name } ORDER BY ?name\n",
    "elsewhere.rq": "#+ endpoint: ENDPOINT\n#+ endpoint_in_url: True\n#+ endpoint-method: GET\n"
    "#+ licence: http://example.org/licence\n#+ frequency: daily\n" + ALL,
    "bare-comments.rq": "#+summary: No blank\n#+tags:\n#+  - x\n# +summary: no decorator\n ## nor this\n"
    + ALL,
    "quoted-names.rq": "SELECT ?name ('?_word' AS ?text) { ?band ex:name ?name ; "
    "foaf:nick ?_word } # ?_word\n",
    "no-prefixes.rq": "SELECT ?nick { ?band foaf:nick ?nick . FILTER(isIRI(skos:prefLabel)) } ORDER BY ?nick",
    "rock/by-motto.rq": "#+ tags: [motto]\n" + SELECT % "ex:motto ?_motto_ko",
    "rock/old/loud.rq": ALL,
    "Get Names of 밴드.rq": ALL,
    "names.json": """{"proto": {"id": "?band", "name": "$ex:name$required"}, "$orderby": "?name",
      "$where": "?band ex:genre ?_genre_iri", "$prefixes": {"ex": "http://example.org/ns/"},
      "grlc": "summary: A block of text\\ntags: [json]"}""",
    "package.json": '{"name": "no query"}',
    "examples.ttl": """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/ns/> .
      @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix schema: <https://schema.org/> .
      ex:jazz-bands a sh:SPARQLExecutable , sh:SPARQLSelectExecutable ; rdfs:comment "Bands of jazz"@en ;
        schema:keywords "sib" ;
        sh:select "SELECT ?name { ?band ex:genre ex:jazz ; ex:name ?name } ORDER BY ?name" .
      ex:any-band a sh:SPARQLExecutable ; sh:ask "ASK { ?band a ex:Band }" .""",
    "fragments.tpf": "#+ summary: Fragments\nhttp://example.org/fragments",
    "broken.rq": "#+ summary: Broken\nSELECT ?name {\n  ?band ex:name ?name ;\n     FILTER( }\n",
    "writes.rq": "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
    "twice-named.rq": "SELECT ?s { ?s ?p ?_x_iri . ?s ?q ?_x }",
    "endpoint.txt": "ENDPOINT\n",
    "local-api-config.ini": "[repo_info]\nrepo_title = 밴드\napi_description = About bands\n"
    "contact_name = A. Person\ncontact_url = http://example.org/person\nlicence_url = http://example.org/licence\n",
}  # fmt: skip

# What the systems of the comparison get wrong, one small query each.
BAR: Mapping[str, str] = {
    "by-nick.rq": SELECT % "foaf:nick ?_nick",
    "prefixed-names.rq": "SELECT ?name ?_a ?_ab { ?band ex:name ?name . "
    "FILTER(?name = ?_a || ?name = ?_ab) } ORDER BY ?name",
    "by-year.rq": "#+ params: {year: {minimum: 1900, maximum: 2100, example: 1999}}\n"
    + SELECT % "ex:founded ?_year_integer",
    "by-optional.rq": SELECT % "ex:genre ?__genre_iri",
    "in-twos.rq": "#+ pagination: 2\n" + ALL,
    "inner.rq": "#+ pagination: 2\nSELECT ?name { { SELECT ?name { ?b ex:name ?name } "
    "ORDER BY ?name LIMIT 3 } } ORDER BY ?name LIMIT 9",
    "limited.rq": "SELECT ?name { ?band ex:name ?name } ORDER BY ?name LIMIT ?_n_integer OFFSET ?__start",
    "optional.rq": """SELECT DISTINCT ?name {
      VALUES ?__word_multi_val {}
      ?band ex:name ?name ; ex:genre ?__genre_iri .
      OPTIONAL { ?band ex:founded ?__founded_integer }
      FILTER(!BOUND(?__founded_integer) || EXISTS { ?band ex:founded ?__founded_integer })
      ?band foaf:nick ?__nick , ?__word_multi_val .
    } GROUP BY ?name ?__nick ORDER BY ?name ?__nick LIMIT ?__n OFFSET ?__start""",
    "several.rq": "SELECT ?name { VALUES ?_genre_multi_iri {} "
    "?band ex:genre ?_genre_multi_iri ; ex:name ?name } ORDER BY ?name",
    "any-of.rq": SELECT % "foaf:nick ?_nick_multi_val",
    "defaulted.rq": "#+ defaults:\n#+   - genre: http://example.org/ns/rock\n"
    + SELECT % "ex:genre ?_genre_iri",
    "is-there.rq": "ASK { ?band ex:name ?_name }",
    "described.rq": "DESCRIBE ?_band_iri",
    "built.rq": "CONSTRUCT { ?band ex:is ?name } { ?band ex:name ?name ; ex:genre ?_genre_iri }",
    "toured.rq": "SELECT ?city FROM <http://example.org/tours> { ?band ex:city ?city } ORDER BY ?city",
    "fails.rq": "SELECT (1 AS ?twice) (2 AS ?twice) {}",
    "endless.rq": f"SELECT (COUNT(*) AS ?n) {{ {TIMES} }}",
    "greedy.rq": f"SELECT (STRLEN(?s27) AS ?n) {{ BIND('0123456789' AS ?s0) {DOUBLED} }}",
    "many.rq": f"SELECT ?name {{ ?band ex:name ?name . {TIMES} }}",
    "typed.rq": """SELECT ?founded ?rating ?active ?motto ?since ?band {
      ?band ex:name ?name
      OPTIONAL { ?band ex:founded ?founded } OPTIONAL { ?band ex:rating ?rating }
      OPTIONAL { ?band ex:active ?active } OPTIONAL { ?band ex:since ?since }
      OPTIONAL { ?band ex:motto ?motto FILTER(LANG(?motto) = "ko") }
    } ORDER BY ?name""",
    "by-path.rq": "#+ path: /bands/by-nick/{nick}\n" + SELECT % "foaf:nick ?_nick",
    "echo.rq": "SELECT (?_x AS ?y) {}",
    "echo-iri.rq": "SELECT (?_x_iri AS ?y) {}",
    "grouped.rq": 'SELECT ?_genre_iri (GROUP_CONCAT(?name; SEPARATOR=",") AS ?names) '
    "{ { SELECT * { ?band ex:genre ?_genre_iri ; ex:name ?name } ORDER BY ?name } } GROUP BY ?_genre_iri",
    "sensible.rq": """#+ params:
#+   genre:
#+     enum: {'http://example.org/ns/rock': {ko: 록, en: Rock}, 'http://example.org/ns/jazz': Jazz}
#+     default: http://example.org/ns/rock
#+     description: {en: What the band plays, ko: 밴드의 장르}
"""
    + SELECT % "ex:genre ?_genre_iri",
    "listed.rq": "#+ params: {genre: {values: {query: genres, value: genre, count: bands}}}\n"
    + SELECT % "ex:genre ?_genre_iri",
    "genres.rq": "SELECT ?genre (COUNT(?band) AS ?bands) { ?band ex:genre ?genre } GROUP BY ?genre "
    "ORDER BY DESC(?bands) ?genre",
}  # fmt: skip

# Variables by the name of the query that gives the value of each back.
SUFFIXES: Mapping[str, str] = {
    "as-plain": "?_x",
    "as-dollar": "$_x",
    "as-literal": "?_x_literal",
    "as-string": "?_x_string",
    "as-xsd-string": "?_x_xsd_string",
    "as-val": "?_x_val",
    "as-iri": "?_x_iri",
    "as-number": "?_x_number",
    "as-integer": "?_x_integer",
    "as-date": "?_x_date",
    "as-xsd-date": "?_x_xsd_date",
    "as-year": "?_x_gYear",
    "as-boolean": "?_x_boolean",
    "as-code": "?_x_ex_Code",
    "as-korean": "?_x_ko",
    "as-traditional": "?_x_zh_Hant",
    "as-name": "?_x_name",
}

FILES: Mapping[str, str] = {
    **RULES,
    **BAR,
    **{f"{name}.rq": f"SELECT ({variable} AS ?y) {{}}" for name, variable in SUFFIXES.items()},
}


def make(folder: Path, endpoint: str) -> Path:
    """Write the dataset into ``folder``; ``endpoint`` is the server that its files tell to ask."""
    for name in ("seed", "queries/rock/old", "ontology"):
        (folder / name).mkdir(parents=True)
    (folder / "seed" / "dataset.toml").write_text(MANIFEST)
    (folder / "seed" / "bands.ttl").write_text(DATA)
    (folder / "seed" / "tours.ttl").write_text(TOURS)
    for name, text in FILES.items():
        (folder / "queries" / name).write_text(text.replace("ENDPOINT", endpoint))
    return folder
