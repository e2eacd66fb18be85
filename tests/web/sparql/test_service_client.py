"""The addresses at which other endpoints are asked."""

from __future__ import annotations

import pytest

from endpoint.errors import ServiceFailed
from endpoint.web.sparql.service_client import admits, fetch

ALLOWED = ("https://query.example.org/sparql", "http://localhost:1/")


@pytest.mark.parametrize(
    ("iri", "admitted"),
    [
        ("https://query.example.org/sparql", True),
        ("https://query.example.org/sparql/more?a=b", True),
        ("http://query.example.org/sparql", False),
        ("https://query.example.org/", False),
        ("https://query.example.org.evil.example/sparql", False),
        ("https://query.example.org/sparql/../admin", False),
        ("https://query.example.org/sparql/%2E%2E/admin", False),
        ("http://localhost:1/\\..\\x", False),
        ("?service", False),
    ],
)
def test_admission(iri: str, admitted: bool) -> None:
    assert admits(ALLOWED, iri) is admitted


@pytest.mark.parametrize("host", ["169.254.169.254.nip.invalid", "localhost.localdomain.invalid"])
def test_a_host_that_is_not_known_is_a_failure(host: str) -> None:
    with pytest.raises(ServiceFailed, match="does not answer"):
        fetch(f"http://{host}/sparql", "ASK {}", 2)


def test_a_name_that_leads_into_the_own_network_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of the internet may lead anywhere, whoever was allowed."""
    found = [(2, 1, 6, "", ("127.0.0.1", 80)), (10, 1, 6, "", ("::1", 80, 0, 0))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    with pytest.raises(ServiceFailed, match="own network"):
        fetch("http://query.example.org/sparql", "ASK {}", 2)
