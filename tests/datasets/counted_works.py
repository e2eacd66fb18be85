"""A dataset small enough to be counted by hand: works, the people who wrote them, and their vocabulary."""

from __future__ import annotations

from pathlib import Path

NS = "http://example.org/ns#"
WORKS = "http://example.org/works"
PEOPLE = "http://example.org/people"
TERMS = "http://example.org/terms"

MANIFEST = """base = "http://example.org/"
licence = "https://creativecommons.org/licenses/by/4.0/"
[title]
ko = "저작"
en = "Works"
[description]
ko = "저작과 저자."
en = "Works and their authors."
[prefixes]
ex = "http://example.org/ns#"
rdfs = "http://www.w3.org/2000/01/rdf-schema#"
unused = "http://example.org/unused#"
[[graph]]
iri = "http://example.org/works"
name = "works"
title.ko = "책과 보고서"
title.en = "Books and reports"
files = ["seed/works.ttl"]
[[graph]]
iri = "http://example.org/people"
title.en = "People"
files = ["seed/people.ttl"]
[[graph]]
iri = "http://example.org/terms"
title.en = "Terms"
files = ["seed/terms.ttl"]
"""

_PREFIXES = """@prefix ex: <http://example.org/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""

FILES = {
    # Eleven statements about four subjects; one of them is in the other graph too.
    "works.ttl": """
<http://example.org/w/1> a ex:Book ; ex:author <http://example.org/p/1> ; ex:pages 10 .
<http://example.org/w/2> a ex:Book ; ex:author <http://example.org/p/1>, <http://example.org/p/2> ;
  ex:pages 20, "many" .
<http://example.org/w/3> a ex:Report ; ex:author <http://example.org/p/2> .
<http://example.org/p/1> a ex:Person .
""",
    # Five statements about two subjects.
    "people.ttl": """
<http://example.org/p/1> a ex:Person ; ex:fullName "Kim" .
<http://example.org/p/2> a ex:Person ; ex:fullName "Lee"@en, "이"@ko .
""",
    # Four statements about two subjects.
    "terms.ttl": """
ex:Book rdfs:label "Book"@en, "책"@ko .
ex:author rdfs:label "author"@en, "저자"@ko .
""",
}

QUERIES = {
    "by-author": """#+ summary: {ko: 저자별, en: By author}
#+ description: {en: "Two\\nlines."}
#+ tags: [works, authors]
#+ params: {author: {type: iri, example: "http://example.org/p/1"}, least: {required: false}}
SELECT DISTINCT ?work WHERE { ?work ex:author ?_author OPTIONAL { ?work ex:pages ?__least_integer } }
ORDER BY ?work
""",
    "any-author": """#+ summary: No example
SELECT ?work WHERE { ?work ex:author ?_author_iri } ORDER BY ?work
""",
    "most": """#+ summary: A number must stand there
SELECT ?work WHERE { ?work ex:author ?author } LIMIT ?_most_integer
""",
    "책 있음": """#+ summary: ASK
#+ params: {pages: {type: integer, example: 20}}
ASK { ?work ex:pages ?_pages }
""",
    "graph": """#+ summary: CONSTRUCT
CONSTRUCT { ?work ex:by ?author } WHERE { ?work ex:author ?author }
""",
    "one": """#+ summary: DESCRIBE
#+ params: {work: {type: iri, example: "http://example.org/w/1"}}
DESCRIBE ?_work
""",
    "old": """#+ summary: Old
#+ deprecated: true
SELECT ?work WHERE { ?work a ex:Book }
""",
}


def make(folder: Path) -> Path:
    """Write the dataset into ``folder``."""
    for name in ("seed", "queries", "ontology"):
        (folder / name).mkdir(parents=True)
    (folder / "seed" / "dataset.toml").write_text(MANIFEST)
    for name, text in FILES.items():
        (folder / "seed" / name).write_text(_PREFIXES + text)
    for name, text in QUERIES.items():
        (folder / "queries" / f"{name}.rq").write_text(text)
    return folder
