"""Every kind of page of the site, one example of each."""

from __future__ import annotations

from typing import Final

PUBLICATION: Final = "/mofapub/resource/Publication/14209"

# Name to path. What the names say is what the files of the screenshots are called.
EXAMPLE_PAGES: Final = {
    "catalogue": "/",
    "search": "/?q=%EC%9A%B0%ED%81%AC%EB%9D%BC%EC%9D%B4%EB%82%98&language=KOR",
    "nothing-found": "/?q=zzzzqqqq",
    "browse": "/browse/author",
    "overview": "/overview",
    "publication": PUBLICATION,
    "country": "/core/resource/Country/KP",
    "class": "/mofapub/Publication",
    "property": "/mofapub/hasAuthor",
    "ontology": "/mofapub/",
    "missing-resource": "/mofapub/resource/Publication/1420999",
    "missing-page": "/no/such/page",
    "api": "/api",
    "query-form": "/api/publications-by-author",
    "query-rows": "/api/publications-by-author?author=SONG+Tae+Eun",
    "query-chart": "/api/years",
    "query-mistake": "/api/publications-by-year-range?from=x",
    "swagger": "/api/docs",
    "result": "/sparql?query=SELECT+%2A+WHERE+%7B+%3Fs+%3Fp+%3Fo+%7D+LIMIT+20",
    "explanation": "/sparql?explain=true&query=SELECT+%2A+WHERE+%7B+%3Fs+%3Fp+%3Fo+%7D",
    "syntax-error": "/sparql?query=SELECT+%2A+WHERE+%7B+%3Fs+%3Fp+%7D",
    "editor": "/query",
}
# These are answered with an error, and a page that says so.
ERRORS: Final = {"missing-resource": 404, "missing-page": 404, "query-mistake": 400, "syntax-error": 400}
