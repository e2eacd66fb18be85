"""A search written as SPARQL."""

from __future__ import annotations

import pytest

from endpoint.search import Facet, Field, Request, SearchConfiguration
from endpoint.search.as_sparql import as_sparql
from endpoint.search.service.rewriting import read_federated
from endpoint.sparql.syntax.grammar import recognize

NS = "http://example.org/ns/"
PREFIXES = {"ex": NS}
CONFIGURATION = SearchConfiguration(
    fields=(Field("title", (f"{NS}title", "http://other.example/#1")),),
    facets=(
        Facet("year", (f"{NS}date",), characters=4),
        Facet("country", (f"{NS}name",), through=(f"{NS}about",)),
    ),
    dates=(f"{NS}date", f"{NS}issued"),
)
FILTERED = Request('한국 "외교" \\', {"year": ("2023", "2022"), "country": ('Côte d"Ivoire',), "none": ()})


def test_everything_that_a_search_asks_for() -> None:
    assert as_sparql(FILTERED, CONFIGURATION, PREFIXES) == (
        """\
PREFIX ex: <http://example.org/ns/>
PREFIX text: <urn:endpoint:text:>

SELECT ?resource (MIN(STR(?anyTitle)) AS ?title)
       (MAX(STR(COALESCE(?date0, ?date1))) AS ?date)
       (MAX(?score) AS ?relevance)
WHERE {
  SERVICE text:search {
    ?resource text:query "한국 \\"외교\\" \\\\" ;
              text:score ?score .
  }
  FILTER EXISTS { ?resource ex:date ?value FILTER(SUBSTR(STR(?value), 1, 4) IN ("2023", "2022")) }
  FILTER EXISTS { ?resource ex:about/ex:name ?value FILTER(STR(?value) IN ("Côte d\\"Ivoire")) }
  OPTIONAL { ?resource (ex:title|<http://other.example/#1>) ?anyTitle }
  OPTIONAL { ?resource ex:date ?date0 }
  OPTIONAL { ?resource ex:issued ?date1 }
}
GROUP BY ?resource
ORDER BY DESC(?relevance) ?resource
"""
    )


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("relevance", "DESC(?relevance)"),
        ("newest", "DESC(?date)"),
        ("oldest", "(!BOUND(?date)) ?date"),
        ("title", "?title"),
    ],
)
def test_orders(sort: str, order: str) -> None:
    text = as_sparql(Request("a", sort=sort), CONFIGURATION, PREFIXES)
    assert text.endswith(f"ORDER BY {order} ?resource\n")


def test_without_dates_the_newest_are_the_best() -> None:
    text = as_sparql(Request("a", sort="newest"), SearchConfiguration((Field("t", (f"{NS}t",)),)), {})
    assert "?date" not in text
    assert text.endswith("ORDER BY DESC(?relevance) ?resource\n")


@pytest.mark.parametrize("request_", [FILTERED, Request(""), Request("a", sort="oldest")])
def test_it_is_sparql_with_one_search(request_: Request) -> None:
    text = as_sparql(request_, CONFIGURATION, PREFIXES)
    assert recognize(text) is None
    query = read_federated(text, None, {})
    assert query is not None
    ((search,),) = (block.searches for block in query.blocks)
    assert search.query == request_.query
