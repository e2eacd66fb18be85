"""A few rules of several stages, written into files."""

from __future__ import annotations

from pathlib import Path

E = "http://e/"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
PREFIXES = f"PREFIX e: <{E}> PREFIX rdfs: <{RDFS}>\n"
RULES = {
    "10-title.rq": "CONSTRUCT { ?this e:title ?t } WHERE { ?this rdfs:label ?t }",
    "10-part.rq": (
        "CONSTRUCT { ?this e:partOf ?s } WHERE { ?this e:in ?n BIND(IRI(CONCAT('http://e/s/', ?n)) AS ?s) }"
    ),
    "20-series.rq": (
        "CONSTRUCT { ?this a e:Series ; e:size ?n } WHERE "
        "{ { SELECT ?this (COUNT(?m) AS ?n) { ?m e:partOf ?this } GROUP BY ?this } }"
    ),
    "30-class.rq": (
        "CONSTRUCT { ?this a ?wider } WHERE "
        "{ { SELECT DISTINCT ?class ?wider { ?class rdfs:subClassOf+ ?wider } } ?this a ?class }"
    ),
    "40-thing.rq": "CONSTRUCT { ?this e:is 'a thing' } WHERE { ?this a e:Thing }",
}


def written(folder: Path, files: dict[str, str]) -> list[Path]:
    for name, text in files.items():
        (folder / name).write_text(PREFIXES + text)
    return [folder / name for name in files]
