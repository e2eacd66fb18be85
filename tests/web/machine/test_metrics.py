"""Who may read the metrics, and in which formats they are sent."""

from __future__ import annotations

import gzip
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from endpoint.app import create_application, create_metrics_application, create_site
from endpoint.settings import Settings
from endpoint.tokens import Token, Tokens
from endpoint.web import Site
from tests.datasets.listed_values import make
from tests.web.exchanges import Sent, scope_of, sent_by
from tests.web.in_memory_engine import StoreEngine

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = create_site(Settings(dataset=make(tmp_path / "dataset")))
    site.running = StoreEngine("", "urn:g")
    return site


def scrape(application: ASGIApp, method: str = "GET", **headers: str) -> Sent:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return sent_by(application, scope_of(method, "/-/metrics", named))


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", TEXT),
        ("text/plain", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        (PROMETHEUS_2, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS),
    ],
)
def test_the_format_is_negotiated(site: Site, accept: str, content_type: str) -> None:
    sent = scrape(create_metrics_application(site), accept=accept)
    assert (sent.status, sent.headers["content-type"]) == (200, content_type)
    assert sent.body.endswith(b"# EOF\n") is (content_type == OPENMETRICS)
    assert b"\nendpoint_generation 7.0\n" in sent.body
    assert sent.headers["cache-control"] == "no-store"


def test_it_is_compressed_for_a_scraper(site: Site) -> None:
    sent = scrape(create_metrics_application(site), accept_encoding="gzip")
    assert sent.headers["content-encoding"] == "gzip"
    assert b"endpoint_build_info" in gzip.decompress(sent.body)


def test_head_has_no_body(site: Site) -> None:
    sent = scrape(create_metrics_application(site), "HEAD")
    assert (sent.status, sent.body) == (200, b"")
    assert sent.headers["content-type"] == TEXT


def test_other_types_and_methods_and_paths_are_refused(site: Site) -> None:
    application = create_metrics_application(site)
    assert scrape(application, accept="image/png").status == 406
    assert scrape(application, "POST").status == 405
    assert sent_by(application, scope_of("GET", "/sparql?query=ASK{}")).status == 404


@pytest.mark.parametrize(
    ("authorization", "status"),
    [(None, 401), ("Bearer wrong", 401), ("Bearer plain", 403), ("Bearer watch", 200), ("Basic watch", 401)],
)
def test_the_address_of_everybody_needs_a_token(site: Site, authorization: str | None, status: int) -> None:
    site.tokens = Tokens(
        (
            Token("watch", sha256(b"watch").digest(), frozenset({"metrics"}), None),
            Token("plain", sha256(b"plain").digest(), frozenset({"admin"}), None),
        )
    )
    headers = {} if authorization is None else {"authorization": authorization}
    sent = scrape(create_application(site, site.running), **headers)
    assert sent.status == status
    assert (b"endpoint_build_info" in sent.body) is (status == 200)


def test_without_such_a_token_there_is_nothing(site: Site) -> None:
    application = create_application(site, site.running)
    assert scrape(application).status == 404
    site.tokens = Tokens((Token("admin", sha256(b"admin").digest(), frozenset({"admin"}), None),))
    assert scrape(application, authorization="Bearer admin").status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"sec-fetch-mode": "cors"}, 403),
        ({"sec-fetch-mode": "no-cors"}, 403),
        ({"sec-fetch-mode": "navigate"}, 200),
    ],
)
def test_pages_in_browsers_do_not_read_them(site: Site, headers: dict[str, str], status: int) -> None:
    assert scrape(create_metrics_application(site), **headers).status == status


def test_a_server_that_starts_has_metrics_too(site: Site) -> None:
    site.running = None
    sent = scrape(create_metrics_application(site))
    assert (sent.status, b"\nendpoint_ready 0.0\n" in sent.body) == (200, True)
