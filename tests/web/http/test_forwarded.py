"""What proxies say of their clients, and who is believed."""

from __future__ import annotations

import pytest

from endpoint.web.http.access import client_key
from endpoint.web.http.forwarded import Proxies, forwarded
from tests.web.exchanges import scope_of

PROXY = "10.0.0.1"
LOOPBACK = ("127.0.0.0/8", "::1/128", "10.0.0.0/8")

# address, X-Forwarded-For, Forwarded, X-Forwarded-Proto: the client, the scheme
CASES = [
    (PROXY, "203.0.113.7", "", "https", "203.0.113.7", "https"),
    # Anybody may write what stands left.
    (PROXY, "1.1.1.1, 203.0.113.7", "", "", "203.0.113.7", "http"),
    (PROXY, "1.1.1.1, 203.0.113.7, 10.0.0.2", "", "", "203.0.113.7", "http"),
    (PROXY, "1.1.1.1, unknown", "", "", PROXY, "http"),
    (PROXY, "garbage", "", "", PROXY, "http"),
    (PROXY, "1.1.1.1, garbage, 10.0.0.2", "", "", "10.0.0.2", "http"),
    (PROXY, "", "", "", PROXY, "http"),
    (PROXY, "10.0.0.9, 10.0.0.2", "", "", "10.0.0.9", "http"),
    (PROXY, "203.0.113.7:4711", "", "", "203.0.113.7", "http"),
    (PROXY, "[2001:db8::1]:4711", "", "", "2001:db8::1", "http"),
    (PROXY, "2001:db8::1", "", "", "2001:db8::1", "http"),
    (PROXY, "::ffff:203.0.113.7", "", "", "203.0.113.7", "http"),
    (PROXY, "a" * 5000, "", "", PROXY, "http"),
    (PROXY, "203.0.113.7", "", "http, HTTPS", "203.0.113.7", "https"),
    (PROXY, "203.0.113.7", "", "javascript", "203.0.113.7", "http"),
    (PROXY, "", 'for=1.1.1.1, for="[2001:db8::1]:80";proto=https', "", "2001:db8::1", "https"),
    (PROXY, "", "FOR=203.0.113.7;By=10.0.0.1", "", "203.0.113.7", "http"),
    # An open quotation mark of the client does not hide what the proxy appends.
    (PROXY, "", 'for="1.1.1.1, for=203.0.113.7', "", "203.0.113.7", "http"),
    (PROXY, "", 'for="1.1.1.1, for="[2001:db8::1]"', "", "2001:db8::1", "http"),
    (PROXY, "", 'for="1\\, for=203.0.113.7;by="[::1]"', "", "203.0.113.7", "http"),
    (PROXY, "", "for=203.0.113.7, for=", "", PROXY, "http"),
    (PROXY, "", "for=_hidden", "", PROXY, "http"),
    # One of both headers may be the client's.
    (PROXY, "203.0.113.7", "for=1.1.1.1", "", PROXY, "http"),
    (PROXY, "203.0.113.7", "for=203.0.113.7", "", "203.0.113.7", "http"),
    # Who is not trusted says what he likes.
    ("203.0.113.9", "1.1.1.1", "for=1.1.1.1;proto=https", "https", "203.0.113.9", "http"),
    ("::1", "203.0.113.7", "", "", "203.0.113.7", "http"),
    ("::ffff:127.0.0.1", "203.0.113.7", "", "", "203.0.113.7", "http"),
]


@pytest.mark.parametrize(("address", "listed", "described", "protocol", "client", "scheme"), CASES)
def test_the_nearest_address_that_is_no_proxy(
    address: str, listed: str, described: str, protocol: str, client: str, scheme: str
) -> None:
    given = {"X-Forwarded-For": listed, "Forwarded": described, "X-Forwarded-Proto": protocol}
    scope = scope_of(headers={name: value for name, value in given.items() if value})
    scope["client"] = (address, 4000)
    Proxies(LOOPBACK).apply(scope)
    assert (scope["client"][0], scope["scheme"]) == (client, scheme)


def test_several_headers_are_one_list() -> None:
    scope = scope_of()
    scope["client"] = (PROXY, 1)
    scope["headers"] += [(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"203.0.113.7")]
    Proxies(LOOPBACK).apply(scope)
    assert scope["client"][0] == "203.0.113.7"


def test_a_process_of_this_machine_is_a_proxy_where_there_are_any() -> None:
    for networks, client in ((LOOPBACK, ("203.0.113.7", 0)), ((), None)):
        scope = scope_of(headers={"X-Forwarded-For": "203.0.113.7"})
        Proxies(networks).apply(scope)
        assert scope["client"] == client


def test_a_long_header_is_read_from_its_end() -> None:
    assert forwarded("for=1.1.1.1, " * 10_000 + "for=203.0.113.7")[-1] == {"for": "203.0.113.7"}
    assert len(forwarded("for=1.1.1.1, " * 10_000)) <= 32


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:80", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3:4:5:6]:80", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::1", "::/64"),
        ("-", "-"),
        ("", ""),
        ("999.1.1.1", "999.1.1.1"),
    ],
)
def test_the_key_of_a_client(address: str, key: str) -> None:
    assert client_key(address) == key
