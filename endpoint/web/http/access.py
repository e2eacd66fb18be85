"""Access: the client that a request is charged to, and what its token lets it do."""

from __future__ import annotations

from base64 import b64decode
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network
from math import ceil, floor
from typing import Final

from endpoint.engine import Caller, Engine
from endpoint.errors import Forbidden, Unauthorized
from endpoint.tokens import Token, Tokens
from endpoint.web.attempts import Attempts
from endpoint.web.http.forwarded import parse_address

# Bits of an IPv6 address that one subscriber has at least (RFC 6177).
_PREFIX: Final = 64


@lru_cache(maxsize=4096)
def client_key(address: str) -> str:
    """Return the name under which a client's use is counted: an IPv4 address, or the /64 of an IPv6 address.

    What is no address stays as it is.
    """
    parsed = parse_address(address)
    if parsed is None:
        return address
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _PREFIX), strict=False))
    return str(parsed)


def read_token(authorization: str | None, tokens: Tokens, attempts: Attempts, address: str) -> Token | None:
    """Return the token of an Authorization header (RFC 6750 section 2.1); None without one.

    Where the server has no tokens the header is not read: it may be meant for a proxy. Raises
    :class:`~endpoint.errors.Unauthorized` for a secret that is not known, and
    :class:`~endpoint.errors.TooManyAttempts` where this address sent too many.
    """
    if not authorization or not tokens:
        return None
    scheme, _, secret = authorization.strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    refusal = Unauthorized("The token in the Authorization header is not known here.")
    return attempts.find(tokens, client_key(address), secret.strip(), refusal)


def read_password(
    authorization: str | None, tokens: Tokens, attempts: Attempts, address: str
) -> Token | None:
    """Return the token that is sent as a password, of any user (RFC 7617); None without one.

    Only writes and the operator's pages read it: elsewhere a password may be meant for a proxy. Raises
    :class:`~endpoint.errors.Unauthorized` and :class:`~endpoint.errors.TooManyAttempts` as for a token.
    """
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        # Whatever the user is, and in whatever encoding.
        secret = b64decode(credentials.strip(), validate=True).partition(b":")[2].decode()
    except ValueError:
        secret = ""
    refusal = Unauthorized("The password is no token of this server.", browser=True)
    return attempts.find(tokens, client_key(address), secret, refusal)


def require(token: Token | None, scope: str) -> Token:
    """Return the token where it has the scope. Raises Unauthorized without one, and Forbidden."""
    if token is None:
        raise Unauthorized(
            f'This needs a token with the scope "{scope}". Send it as "Authorization: Bearer TOKEN".'
        )
    if scope not in token.scopes:
        raise Forbidden(f'The token "{token.name}" does not have the scope "{scope}".')
    return token


def rate_limit(engine: Engine, asking: Caller) -> tuple[tuple[bytes, bytes], ...]:
    """Return the header fields that tell a caller what is left of its budget; none before half is used.

    They are those of draft-ietf-httpapi-ratelimit-headers-10, in seconds of evaluation.
    """
    allowance = engine.clients.allowance(asking)
    if allowance is None:
        return ()
    policy = f'"evaluation";q={ceil(allowance.quota)};qu="seconds";w={allowance.window:.0f}'
    limit = f'"evaluation";r={max(0, floor(allowance.left))};t={ceil(allowance.reset)}'
    return ((b"ratelimit-policy", policy.encode()), (b"ratelimit", limit.encode()))


def caller(address: str, request: str, token: Token | None) -> Caller:
    """Return on whose behalf the queries of a request are evaluated."""
    if token is None:
        return Caller(client_key(address), request)
    return Caller(f"token:{token.name}", request, token.budget)
