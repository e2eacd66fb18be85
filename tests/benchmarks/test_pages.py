"""The pages that the benchmark asks for."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pages import inverse, path_of, saved_pages
from endpoint.app import create_site
from endpoint.settings import Settings


def test_every_saved_query_is_asked_with_the_values_that_it_needs(tmp_path: Path) -> None:
    site = create_site(Settings(data=tmp_path))
    pages = list(saved_pages(site))
    assert len({page.name for page in pages}) == len(pages)
    answered = {
        page.name.removesuffix(", answer"): page.path for page in pages if page.name.endswith(", answer")
    }
    assert answered.keys() == site.catalog.queries.keys()
    assert answered["publications-by-country"] == "/api/publications-by-country?country=VN"
    values = [page.path for page in pages if "values of" in page.name]
    assert "/api/publications-by-country/values/country" in values


def test_a_resource_is_asked_at_its_own_path() -> None:
    iri = "http://opendata.mofa.go.kr/core/resource/가"
    assert path_of(iri) == "/core/resource/%EA%B0%80"
    assert inverse(iri, "urn:p", 2) == "/core/resource/%EA%B0%80?inverse=urn%3Ap&page=2"
