"""Static files: long-lived where their address tells their content, compressed, and nothing else."""

from __future__ import annotations

import gzip
import re

import pytest

from tests.live import Server


def address(server: Server) -> str:
    found = re.search(r'href="(/-/static/endpoint\.css\?v=[0-9a-f]+)"', server.get("/", "text/html").text)
    assert found is not None
    return found[1]


def test_a_file_named_with_its_digest_is_kept_for_good(server: Server) -> None:
    answer = server.get(address(server))
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert server.get("/-/static/endpoint.css?v=0").headers["cache-control"] == "no-cache"


def test_a_browser_that_has_it_gets_no_body(server: Server) -> None:
    first = server.get("/-/static/endpoint.css")
    again = server.get("/-/static/endpoint.css", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_it_is_compressed_for_who_takes_that(server: Server) -> None:
    plain = server.get("/-/static/endpoint.css")
    packed = server.get("/-/static/endpoint.css", accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    ["nothing.css", "../html.py", "%2e%2e/html.py", "..%2Fhtml.py", "", "vendor", "/etc/passwd", "%00"],
)
def test_nothing_but_the_files_is_served(server: Server, path: str) -> None:
    assert server.get(f"/-/static/{path}").status == 404


def test_a_name_that_no_file_system_takes_is_not_found(server: Server) -> None:
    assert server.get(f"/-/static/{'a' * 5000}").status == 404


def test_a_browser_finds_the_picture_of_the_site(server: Server) -> None:
    assert server.get("/favicon.ico").headers["content-type"] == "image/svg+xml; charset=utf-8"


def test_files_are_only_read(server: Server) -> None:
    answer = server.request("POST", "/-/static/endpoint.css", b"")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
