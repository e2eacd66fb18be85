"""What is said of a way through proxies."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from endpoint.doctor import proxy
from endpoint.doctor.proxy import Seen, judge
from endpoint.settings import Settings

PUBLIC = Settings(public_url="https://example.org")
RIGHT: dict[str, Any] = {
    "client": "198.51.100.7",
    "port": 8080,
    "scheme": "https",
    "host": "example.org",
    "forwarded": {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https"},
}
FORGED = {"x-forwarded-for": "192.0.2.1"}
CASES = [
    ({}, 1.0, {"X-Forwarded-For": "ok", "Host": "ok", "buffering": "ok"}),
    ({"forwarded": {"x-forwarded-for": "192.0.2.1, 198.51.100.7"}}, 1.0, {"X-Forwarded-For": "ok"}),
    ({"client": "10.0.0.2"}, 1.0, {"X-Forwarded-For": "fail"}),
    ({"client": "192.0.2.1"}, 1.0, {"X-Forwarded-For": "fail"}),
    ({"client": "127.0.0.1", "forwarded": {"via": "1.1 x"}}, 1.0, {"X-Forwarded-For": "fail"}),
    ({"client": "127.0.0.1", "forwarded": FORGED}, 1.0, {"X-Forwarded-For": "fail"}),
    ({"port": 443, "forwarded": FORGED, "client": "192.0.2.1"}, 1.0, {"proxy": "ok"}),
    ({"host": "127.0.0.1:8080"}, 1.0, {"Host": "warn"}),
    ({"host": "example.org:443"}, 1.0, {"Host": "ok"}),
    ({}, 0.0, {"buffering": "warn"}),
]


@pytest.mark.parametrize(("differs", "spread", "expected"), CASES)
def test_what_a_proxy_did(differs: dict[str, Any], spread: float, expected: dict[str, str]) -> None:
    seen = Seen({**RIGHT, **differs}, spread)
    findings = list(judge(PUBLIC, urlsplit("https://example.org"), seen))
    levels = {finding.check: finding.level for finding in findings}
    assert {name: levels.get(name) for name in expected} == expected
    assert all(finding.advice for finding in findings if finding.level != "ok")


def test_the_scheme_matters_where_links_follow_it() -> None:
    seen = Seen({**RIGHT, "scheme": "http"}, 1.0)
    url = urlsplit("https://example.org")
    assert "X-Forwarded-Proto" in [finding.check for finding in judge(Settings(), url, seen)]
    assert "X-Forwarded-Proto" not in [finding.check for finding in judge(PUBLIC, url, seen)]


def test_without_a_server_there_is_advice(tmp_path: Path) -> None:
    nowhere = Settings(data=tmp_path, public_url="http://127.0.0.1:9")
    (finding,) = proxy.through_proxy(nowhere)
    assert (finding.check, finding.level) == ("proxy", "fail")
    assert "Connection refused" in finding.said
    (finding,) = proxy.through_proxy(Settings(data=tmp_path / "none"))
    assert finding.level == "warn"
    assert [*tmp_path.iterdir()] == []
