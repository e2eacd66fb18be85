"""Whom a request is charged to, and what its token lets it do."""

from __future__ import annotations

from hashlib import sha256

import pytest

from endpoint.engine import Caller
from endpoint.errors import Forbidden, Unauthorized
from endpoint.tokens import Token, Tokens
from endpoint.web.attempts import Attempts
from endpoint.web.http.access import caller, client_key, read_token, require

WATCH = Token("watch", sha256(b"secret").digest(), frozenset({"metrics"}), 600.0)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("-", "-"),
        ("unix:", "unix:"),
    ],
)
def test_the_key_of_a_client(address: str, key: str) -> None:
    assert client_key(address) == key


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("Bearer secret", WATCH),
        ("bearer  secret ", WATCH),
        ("Basic dXNlcjpzZWNyZXQ=", None),
    ],
)
def test_the_token_of_a_header(header: str | None, expected: Token | None) -> None:
    assert read_token(header, Tokens((WATCH,)), Attempts(), "192.0.2.1") is expected


def test_a_token_that_is_not_known_is_refused() -> None:
    with pytest.raises(Unauthorized):
        read_token("Bearer guess", Tokens((WATCH,)), Attempts(), "192.0.2.1")


def test_a_server_without_tokens_reads_no_header() -> None:
    assert read_token("Bearer guess", Tokens(), Attempts(), "192.0.2.1") is None


def test_a_scope_is_required() -> None:
    assert require(WATCH, "metrics") is WATCH
    with pytest.raises(Unauthorized, match='"admin"'):
        require(None, "admin")
    with pytest.raises(Forbidden, match='"watch"'):
        require(WATCH, "admin")


def test_a_token_is_charged_in_place_of_its_address() -> None:
    assert caller("203.0.113.9", "1", None) == Caller("203.0.113.9", "1")
    assert caller("203.0.113.9", "1", WATCH) == Caller("token:watch", "1", 600.0)
