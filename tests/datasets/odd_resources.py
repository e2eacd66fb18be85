"""A dataset of odd things, made for pages of resources: every form that an IRI or a value may have."""

from __future__ import annotations

from pathlib import Path

BASE = "http://data.example.org/id/"
POINTING = 123

MANIFEST = f"""base = "{BASE}"
title.en = "Things"
title.ko = "물건"
description.en = "Odd things."
[prefixes]
ex = "{BASE}ns/"
rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
rdfs = "http://www.w3.org/2000/01/rdf-schema#"
xsd = "http://www.w3.org/2001/XMLSchema#"
[pages]
related = "near"
footer.ko = "바닥글입니다."
footer.en = "A footer."
parameters.thing = "ex:Thing"
[[graph]]
iri = "{BASE}things"
name = "things"
title.en = "Things"
files = ["seed/things.ttl"]
[[graph]]
iri = "{BASE}ns/"
title.en = "Vocabulary of things"
files = ["seed/vocabulary.ttl"]
"""

PREFIXES = f"""@prefix : <{BASE}> .
@prefix ex: <{BASE}ns/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

THINGS = """
<http://data.example.org/id/thing/한국> rdfs:label "raw" .
<http://data.example.org/id/thing/%EC%9D%BC%EB%B3%B8> rdfs:label "encoded" .
<http://data.example.org/id/thing/%ec%86%8c> rdfs:label "encoded in lower case" .
<http://data.example.org/id/thing/a(b)> rdfs:label "parentheses" .
<http://data.example.org/id/thing/a%28c%29> rdfs:label "encoded parentheses" .
<http://data.example.org/id/thing/한(국)> rdfs:label "both" .
<http://data.example.org/id/thing/50%25> rdfs:label "percent" .
<http://data.example.org/id/thing/a%2fb> rdfs:label "slash in lower case" .
<http://data.example.org/id/thing/a'b&c=d+e> rdfs:label "signs" .
<http://data.example.org/id/thing/q?x=1> rdfs:label "query" .
<http://data.example.org/id/thing/dotted.v1.2> rdfs:label "dotted" .
<http://data.example.org/id/thing/list.ttl> rdfs:label "named like a file" .
<http://data.example.org/id/thing/list> rdfs:label "list itself" .
<http://elsewhere.example/x> rdfs:label "foreign" .
<http://data.example.org/id/doc#one> rdfs:label "part one" .
<http://data.example.org/id/doc#two> rdfs:label "part two" .
<http://data.example.org/id/page> rdfs:label "page" .
<http://data.example.org/id/page#it> rdfs:label "its part" .

<http://data.example.org/id/thing/1> a ex:Thing ;
    rdfs:label "하나"@ko , "One"@en , "<b>bold</b>"@de ;
    ex:size 7 ;
    ex:note "<script>alert(1)</script>" ;
    ex:address "https://example.org/?a=1&b=2"^^xsd:anyURI , "javascript:alert(1)"^^xsd:anyURI ;
    ex:link <javascript:alert(2)> , <data:text/html,hi> , <mailto:a@example.org> , <urn:isbn:1> ,
        <doi:10.1/x> , <http://elsewhere.example/x> , <http://elsewhere.example/unknown> ;
    ex:part [ rdfs:label "inner" ; ex:part [ ex:size 9 ] ] ;
    ex:members ( "first" "second" <http://data.example.org/id/thing/2> ) .
<http://data.example.org/id/thing/2> a ex:Thing ; rdfs:label "Two" .
<http://data.example.org/id/thing/long> ex:note "%(long)s" .
<http://data.example.org/id/thing/many> %(many)s .
%(pointing)s
"""

VOCABULARY = """
<http://data.example.org/id/ns/> a owl:Ontology ; rdfs:label "Vocabulary"@en .
ex:Thing a owl:Class ; rdfs:label "Thing"@en , "물건"@ko ; rdfs:comment "Anything."@en ;
    rdfs:subClassOf ex:Object ; rdfs:isDefinedBy <http://data.example.org/id/ns/> .
ex:Object a owl:Class ; rdfs:label "Object"@en ; rdfs:isDefinedBy <http://data.example.org/id/ns/> .
ex:size a owl:DatatypeProperty ; rdfs:label "size"@en , "크기"@ko ; rdfs:comment "How large it is."@en ;
    rdfs:domain ex:Thing ; rdfs:range xsd:integer ; rdfs:isDefinedBy <http://data.example.org/id/ns/> .
[] a sh:NodeShape ; sh:targetClass ex:Thing ;
    sh:property [ sh:path ex:size ; sh:order 1 ; sh:name "how large"@en ] ,
        [ sh:path rdfs:label ; sh:order 2 ] .
"""

NEAR = f"""#+ summary: Things near this one
PREFIX ex: <{BASE}ns/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?thing ?label WHERE {{ ?thing a ex:Thing ; rdfs:label ?label FILTER(STR(?thing) != STR(?_thing)) }}
ORDER BY ?thing
"""

LONG = "긴 글입니다. " * 6000


def make(folder: Path) -> Path:
    """Write the dataset into ``folder``."""
    for name in ("seed", "queries", "ontology"):
        (folder / name).mkdir(parents=True)
    (folder / "seed" / "dataset.toml").write_text(MANIFEST)
    many = " ; ".join(f"ex:value <{BASE}value/{n}>" for n in range(1200))
    pointing = "\n".join(f"<{BASE}item/{n:03d}> ex:near <{BASE}thing/1> ." for n in range(POINTING))
    things = THINGS.replace("%(long)s", LONG).replace("%(many)s", many).replace("%(pointing)s", pointing)
    (folder / "seed" / "things.ttl").write_text(PREFIXES + things)
    (folder / "seed" / "vocabulary.ttl").write_text(PREFIXES + VOCABULARY)
    (folder / "queries" / "near.rq").write_text(NEAR)
    return folder
