"""One host for each request, and one that the server answers for."""

from __future__ import annotations

from typing import Any

import pytest

from endpoint.errors import EndpointError
from endpoint.settings import Settings
from endpoint.web.http import hosts
from endpoint.web.http.hosts import check_host
from tests.web.exchanges import scope_of

ANY: dict[str, Any] = {"allowed_hosts": ("*",)}
LISTED: dict[str, Any] = {"allowed_hosts": ("data.example", ".sub.example", "[2001:db8::1]")}
PUBLIC: dict[str, Any] = {"allowed_hosts": ("data.example",), "public_url": "https://Public.example:8443/lod"}

# settings, Host headers, version: status
CASES = [
    (ANY, ["data.example"], "1.1", 200),
    (ANY, ["Data.Example.:8080"], "1.1", 200),
    (ANY, ["[2001:db8::1]:80"], "1.1", 200),
    (ANY, [], "1.1", 400),
    (ANY, [], "1.0", 200),
    (ANY, ["a.example", "a.example"], "1.1", 400),
    (ANY, ["a.example", "b.example"], "1.0", 400),
    (ANY, [""], "1.1", 400),
    (ANY, ["a b"], "1.1", 400),
    (ANY, ["a/b"], "1.1", 400),
    (ANY, ["u@a"], "1.1", 400),
    (ANY, ["a:b"], "1.1", 400),
    (ANY, ["a,b"], "1.1", 400),
    (ANY, ["a" * 300], "1.1", 400),
    (LISTED, ["data.example:8080"], "1.1", 200),
    (LISTED, ["DATA.example"], "1.1", 200),
    (LISTED, ["x.sub.example"], "1.1", 200),
    (LISTED, ["sub.example"], "1.1", 200),
    (LISTED, ["evilsub.example"], "1.1", 421),
    (LISTED, ["data.example.evil"], "1.1", 421),
    (LISTED, ["evil.example"], "1.1", 421),
    (LISTED, ["[2001:db8::1]"], "1.1", 200),
    # Its own addresses, as health checks name them; no page of somebody else is under these.
    (LISTED, ["192.0.2.1:8080"], "1.1", 200),
    (LISTED, ["192.0.2.2:8080"], "1.1", 421),
    (LISTED, ["localhost:8080"], "1.1", 200),
    (LISTED, ["127.0.0.1"], "1.1", 200),
    (PUBLIC, ["public.example:8443"], "1.1", 200),
    (PUBLIC, ["public.example"], "1.1", 200),
    (PUBLIC, ["other.example"], "1.1", 421),
]


@pytest.mark.parametrize(("settings", "given", "version", "status"), CASES)
def test_the_host_of_a_request(settings: dict[str, Any], given: list[str], version: str, status: int) -> None:
    scope = scope_of(version=version)
    scope["server"] = ("192.0.2.1", 8080)
    scope["headers"] = [(b"host", host.encode()) for host in given]
    try:
        check_host(scope, Settings(**settings))
    except EndpointError as error:
        assert error.status == status
    else:
        assert status == 200


MACHINE = "Reading-Room.example.org"
# public_url, address that was reached, Host header: status
UNLISTED = [
    (None, "127.0.0.1", "localhost:8080", 200),
    (None, "127.0.0.1", "lod.localhost", 200),
    (None, "127.0.0.1", "127.0.0.2:8080", 200),
    (None, "127.0.0.1", "192.0.2.7", 200),
    (None, "::1", "[2001:db8::1]:8080", 200),
    (None, "127.0.0.1", MACHINE, 200),
    (None, "127.0.0.1", "reading-room.local:8080", 200),
    (None, "127.0.0.1", "rebinding.example", 421),
    (None, "127.0.0.53", "rebinding.example", 421),
    (None, "::1", "rebinding.example:8080", 421),
    (None, "127.0.0.1", "localhost.rebinding.example", 421),
    (None, "127.0.0.1", "127.0.0.1.rebinding.example", 421),
    (None, "127.0.0.1", "reading-room.example", 421),
    # Who reaches it from elsewhere uses a name that only its operator knows.
    (None, "192.0.2.1", "data.example", 200),
    (None, "2001:db8::1", "data.example", 200),
    (None, "/run/endpoint.socket", "data.example", 200),
    # Behind a proxy, which may answer for several names.
    ("https://data.example", "127.0.0.1", "data.example", 200),
    ("https://data.example", "127.0.0.1", "www.data.example", 200),
]


@pytest.mark.parametrize(("public_url", "reached", "host", "status"), UNLISTED)
def test_a_loopback_address_is_not_for_the_names_of_others(
    public_url: str | None, reached: str, host: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: MACHINE)
    hosts._is_own.cache_clear()
    scope = scope_of(headers={"host": host})
    scope["server"] = (reached, 8080)
    try:
        check_host(scope, Settings(public_url=public_url))
    except EndpointError as error:
        assert error.status == status
        assert "public_url" in error.detail
    else:
        assert status == 200
    finally:
        hosts._is_own.cache_clear()
