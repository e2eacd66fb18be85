"""Who may write over HTTP, and which challenge others get."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import sha256
from types import SimpleNamespace
from typing import cast

import pytest

from endpoint.errors import EndpointError, Forbidden, ReadOnly, Unauthorized
from endpoint.tokens import Token, Tokens
from endpoint.web.attempts import Attempts
from endpoint.web.http.access import read_token
from endpoint.web.http.fields import Fields
from endpoint.web.http.request import Request
from endpoint.web.sparql.updates import authorize

EDITOR = Token("editor", sha256(b"secret").digest(), frozenset({"update"}), None)
BASIC = "Basic " + base64.b64encode(b"anybody:secret").decode()


def request(headers: Mapping[str, str], *tokens: Token) -> Request:
    """What is looked at of a request."""
    known, attempts = Tokens(tokens), Attempts()
    return cast(
        Request,
        SimpleNamespace(
            site=SimpleNamespace(tokens=known, attempts=attempts),
            headers=Fields(headers),
            token=read_token(headers.get("Authorization"), known, attempts, "192.0.2.1"),
            exchange=SimpleNamespace(client="192.0.2.1"),
        ),
    )


@pytest.mark.parametrize("sent", ["Bearer secret", BASIC, BASIC.replace("Basic", "basic")])
def test_a_token_is_sent_in_two_ways(sent: str) -> None:
    assert authorize(request({"Authorization": sent}, EDITOR), "update") is EDITOR


@pytest.mark.parametrize("page", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-origin"}])
def test_a_browser_has_to_send_a_bearer_token(page: Mapping[str, str]) -> None:
    assert authorize(request({"Authorization": "Bearer secret", **page}, EDITOR), "update") is EDITOR
    with pytest.raises(Forbidden, match="Bearer"):
        authorize(request({"Authorization": BASIC, **page}, EDITOR), "update")


@pytest.mark.parametrize(
    ("page", "asked"), [({}, True), ({"Origin": "null"}, False), ({"Sec-Fetch-Site": "none"}, False)]
)
def test_no_browser_is_made_to_ask_for_a_password(page: Mapping[str, str], asked: bool) -> None:
    with pytest.raises(Unauthorized) as refused:
        authorize(request(page, EDITOR), "update")
    assert refused.value.browser is asked


@pytest.mark.parametrize(
    ("sent", "tokens", "scope", "error"),
    [
        (BASIC, (), "update", ReadOnly),
        (BASIC, (EDITOR,), "graph-store", Forbidden),
        ("Basic !", (EDITOR,), "update", Unauthorized),
        (BASIC[:-6], (EDITOR,), "update", Unauthorized),
    ],
)
def test_others_are_refused(
    sent: str, tokens: tuple[Token, ...], scope: str, error: type[EndpointError]
) -> None:
    with pytest.raises(error):
        authorize(request({"Authorization": sent}, *tokens), scope)
