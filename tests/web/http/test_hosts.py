"""One host for each request, and one that the server answers for."""

from __future__ import annotations

from typing import Any

import pytest

from endpoint.errors import EndpointError
from endpoint.settings import Settings
from endpoint.web.http.hosts import check_host
from tests.web.exchanges import scope_of

ANY: dict[str, Any] = {}
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


@pytest.mark.parametrize(("settings", "hosts", "version", "status"), CASES)
def test_the_host_of_a_request(settings: dict[str, Any], hosts: list[str], version: str, status: int) -> None:
    scope = scope_of(version=version)
    scope["server"] = ("192.0.2.1", 8080)
    scope["headers"] = [(b"host", host.encode()) for host in hosts]
    try:
        check_host(scope, Settings(**settings))
    except EndpointError as error:
        assert error.status == status
    else:
        assert status == 200
