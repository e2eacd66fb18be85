"""A small dataset for the pages of saved queries: parameters of every kind, hostile data, broken files."""

from __future__ import annotations

from pathlib import Path

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</textarea></pre></title><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp;",
    "]]><!--",
)

_MANIFEST = """base = "http://example.org/"
title.ko = "양식"
title.en = "Forms"
description.en = "Forms and what may be wrong with them."
[prefixes]
ex = "http://example.org/ns/"
xsd = "http://www.w3.org/2001/XMLSchema#"
[[graph]]
iri = "http://example.org/things"
title.en = "Things"
files = ["seed/things.ttl"]
"""

_PREFIXES = "PREFIX ex: <http://example.org/ns/>\nPREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"

QUERIES = {
    "every-widget": """#+ summary: {ko: 모든 입력란, en: Every widget}
#+ description:
#+   ko: "**굵게** <script>x</script> [누르기](javascript:alert(1)) [나가기](https://example.org/)"
#+   en: "**Bold** <script>x</script> [press](javascript:alert(1)) [leave](https://example.org/)"
#+ tags: [widgets, "<b>"]
#+ params:
#+   name:
#+     {description: {ko: 이름, en: A name}, pattern: "^[A-Za-z]+$", minLength: 2, maxLength: 5, example: abc}
#+   kind:
#+     {enum: [{small: {ko: 작은 것, en: Small}}, {big: {ko: 큰 것, en: Big}}], required: false}
#+   sizes: {enum: [s, m, l], multiple: true, required: false}
#+   yes: {type: boolean, required: false}
#+   day: {type: date, minimum: "2000-01-01", maximum: "2030-12-31", required: false}
#+   year: {type: gYear, required: false}
#+   month: {type: gYearMonth, required: false}
#+   whole: {type: integer, minimum: 1, maximum: 10, default: 5}
#+   real: {type: decimal, required: false}
#+   moment: {type: dateTime, required: false}
#+   words: {type: search, required: false}
#+   thing: {type: iri, class: "ex:Thing", required: false}
#+   many:
#+     multiple: true
#+     required: false
#+     description: {en: "A description that is too long to stand beside the name, so it is told below it."}
SELECT ?name ?n {
  ?s ex:name ?name ; ex:number ?n
  FILTER(?name != ?_name && ?n >= ?_whole_integer)
  FILTER(!BOUND(?__kind) || ?__kind != "x") FILTER(!BOUND(?__yes) || true)
  FILTER(!BOUND(?__day) || true) FILTER(!BOUND(?__year) || true) FILTER(!BOUND(?__month) || true)
  FILTER(!BOUND(?__real) || true) FILTER(!BOUND(?__moment) || true) FILTER(!BOUND(?__words) || true)
  FILTER(!BOUND(?__thing) || true)
  OPTIONAL { VALUES ?__sizes_multi {} ?s ex:size ?__sizes_multi }
  OPTIONAL { VALUES ?__many_multi {} ?s ex:other ?__many_multi }
} ORDER BY ?n
""",
    "echo": """#+ summary: {en: Echo}
#+ params: {text: {example: abc}}
SELECT ?echo { BIND(?_text AS ?echo) }
""",
    "hostile": """#+ summary: {en: Hostile}
SELECT ?text ?n { ?s ex:hostile ?text ; ex:number ?n } ORDER BY ?n
""",
    "links": "SELECT ?iri { ?s ex:link ?iri } ORDER BY ?iri\n",
    "rows": "SELECT ?n { ?s ex:number ?n } ORDER BY ?n\n",
    "none": "SELECT ?n { ?s ex:nothing ?n }\n",
    "is-there": "#+ params: {n: {example: 1}}\nASK { ?s ex:number ?_n_integer }\n",
    "graph": "CONSTRUCT { ?s ex:number ?n } WHERE { ?s ex:number ?n }\n",
    "only-csv": "#+ formats: [csv, html]\nSELECT ?n { ?s ex:number ?n } ORDER BY ?n\n",
    "old": """#+ summary: {ko: 낡은 것, en: Old}
#+ deprecated: {since: 2026-01-01, sunset: 2030-01-01, successor: rows, ko: 낡았습니다., en: It is old.}
SELECT ?n { ?s ex:number ?n } ORDER BY ?n
""",
    "slow": "SELECT ?a (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } GROUP BY ?a\n",
    "by-kind": "SELECT ?kind (COUNT(*) AS ?things) { ?s ex:kind ?kind } GROUP BY ?kind ORDER BY ?kind\n",
    "broken": "#+ params: {nobody: {type: integer}}\nSELECT ?n { ?s ex:number ?n }\n",
}


def make(folder: Path) -> Path:
    """Write the dataset into ``folder``."""
    for name in ("seed", "queries", "ontology"):
        (folder / name).mkdir(parents=True)
    (folder / "seed" / "dataset.toml").write_text(_MANIFEST)
    lines = ["@prefix ex: <http://example.org/ns/> ."]
    for number, text in enumerate(HOSTILE):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'<http://example.org/h/{number}> ex:hostile "{escaped}" ; ex:number {number} .')
    lines.append(
        "<http://example.org/h/0> ex:link <javascript:alert(1)>, <http://example.org/a>, <data:text/html,x> ."
    )
    lines += [
        f'<http://example.org/t/{n}> a ex:Thing ; ex:name "n{n}" ; ex:number {n} ; ex:kind "<b>{n % 3}</b>" .'
        for n in range(100, 337)
    ]
    (folder / "seed" / "things.ttl").write_text("\n".join(lines))
    for name, text in QUERIES.items():
        header, separator, body = text.rpartition("#+")
        if separator:
            rest, _, body = body.partition("\n")
            text = f"{header}#+{rest}\n{_PREFIXES}{body}"
        else:
            text = _PREFIXES + text
        (folder / "queries" / f"{name}.rq").write_text(text)
    (folder / "queries" / "urls.yml").write_text(
        'title: Forms <API>\ncontact: {name: Somebody, url: "javascript:alert(1)"}\n'
    )
    return folder
