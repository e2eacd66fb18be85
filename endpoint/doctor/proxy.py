"""A request to the server itself through its public address: what the proxies on the way did to it.

The running server answers ``/-/seen`` (:mod:`endpoint.web.machine.seen`) with what reached it. It does so
only to whoever can write into its data folder.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from endpoint.doctor import Finding
from endpoint.settings import Settings
from endpoint.web.machine.seen import HEADER, PATH, PAUSE, secret_file

# An address for documentation (RFC 5737), which no client has.
_FORGED: Final = "192.0.2.1"
_TIMEOUT: Final = 15.0
_EXAMPLES: Final = "see the examples in deploy/"


@dataclass(frozen=True, slots=True)
class Seen:
    """The request as the server saw it, and the seconds from the first bytes of its answer to the end."""

    request: dict[str, Any]
    spread: float


def through_proxy(settings: Settings) -> Iterator[Finding]:
    """The way from the public address to the server."""
    if not settings.data.is_dir():
        yield Finding("proxy", "warn", "No server has run on this data folder.", "Start it and try again.")
        return
    url = settings.public_url
    if url is None:
        yield Finding(
            "public address",
            "warn",
            "public_url is not set, so links follow the Host header of each request.",
            "Set public_url to the address under which clients reach the server.",
        )
        if not settings.port:
            return
        scheme = "https" if settings.tls_certificate else "http"
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
        url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"
    try:
        seen = ask(settings, urlsplit(url), verify=settings.public_url is not None)
    except (OSError, http.client.HTTPException, ValueError) as error:
        yield _unreached(url, error, running=settings.public_url is not None)
        return
    yield from judge(settings, urlsplit(url), seen)


def _unreached(url: str, error: Exception, running: bool) -> Finding:
    said = f"The server was not reached at {url}: {error}."
    if isinstance(error, ssl.SSLCertVerificationError):
        return Finding("proxy", "fail", said, "Renew or correct the certificate there.")
    advice = "Start the server, and run this as the user that it runs as; then look at the proxy."
    return Finding("proxy", "fail" if running else "warn", said, advice)


def ask(settings: Settings, url: SplitResult, verify: bool = True) -> Seen:
    """Send the request.

    Raises OSError, HTTPException, and ValueError where another than the server of this data folder answers.
    """
    with _secret(settings) as secret, closing(_connection(url, verify)) as connection:
        headers = {HEADER: secret, "X-Forwarded-For": _FORGED, "Accept-Encoding": "identity"}
        connection.request("GET", f"{url.path}{PATH}", headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise ValueError(f"the answer is {answer.status}, not that of this server with this data folder")
        first = answer.readline()
        begun = time.monotonic()
        answer.read()
        return Seen(json.loads(first), time.monotonic() - begun)


def _connection(url: SplitResult, verify: bool) -> http.client.HTTPConnection:
    host, port = url.hostname or "", _port(url)
    if url.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    context = ssl.create_default_context()
    if not verify:
        # The certificate is for the public name, and this is the machine's own address.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=context)


def _port(url: SplitResult) -> int:
    return url.port or (80 if url.scheme == "http" else 443)


@contextmanager
def _secret(settings: Settings) -> Iterator[str]:
    """Write a secret where only the server of this data folder reads it, for the time of a request."""
    file = secret_file(settings)
    secret = secrets.token_urlsafe(24)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        owner = file.parent.stat()
        if os.geteuid() == 0:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        os.write(descriptor, secret.encode())
        yield secret
    finally:
        os.close(descriptor)
        file.unlink(missing_ok=True)


def judge(settings: Settings, url: SplitResult, seen: Seen) -> Iterator[Finding]:
    """Say what the proxies did to the request."""
    request = seen.request
    added = sorted(name for name in request["forwarded"] if name != "x-forwarded-for")
    forwarded_for = request["forwarded"].get("x-forwarded-for", "")
    if forwarded_for == _FORGED and not added and request["port"] == _port(url):
        yield Finding("proxy", "ok", f"{url.geturl()} leads to the server without a proxy.")
    else:
        yield _client(request["client"], forwarded_for)
    yield _host(url, request["host"])
    if settings.public_url is None and request["scheme"] != url.scheme:
        said = f"The server takes the request for {request['scheme']}, the client used {url.scheme}."
        yield Finding("X-Forwarded-Proto", "fail", said, f"Let the proxy set it; {_EXAMPLES}.")
    if seen.spread < PAUSE / 2:
        said = "The proxy kept the answer back until it was whole, so large results do not stream."
        yield Finding("buffering", "warn", said, f"Switch response buffering off; {_EXAMPLES}.")
    else:
        yield Finding("buffering", "ok", "Answers stream.")


def _client(client: str, forwarded_for: str) -> Finding:
    check = "X-Forwarded-For"
    if client == _FORGED:
        said = (
            "The server believes the address that a client writes itself, so limits per client do not hold."
        )
        advice = f"Let the proxy replace X-Forwarded-For by the client's address; {_EXAMPLES}."
        return Finding(check, "fail", said, advice)
    if not forwarded_for or forwarded_for == _FORGED:
        said = f"The proxy names no client, so all clients are {client} to the server and share its limits."
        advice = f"Let the proxy set X-Forwarded-For to the client's address; {_EXAMPLES}."
        return Finding(check, "fail", said, advice)
    if client not in forwarded_for:
        said = f"The server does not believe the proxy, so all clients are {client} and share its limits."
        return Finding(check, "fail", said, "List the proxy's address in trusted_proxies.")
    return Finding(check, "ok", f"The server sees the client as {client} (the proxy wrote {forwarded_for}).")


def _host(url: SplitResult, host: str) -> Finding:
    if host.partition(":")[0].strip("[]") == (url.hostname or "") or host == url.netloc:
        return Finding("Host", "ok", f"The server sees the host {host}.")
    said = f"The server sees the host {host} in place of {url.netloc}."
    return Finding("Host", "warn", said, f"Let the proxy pass the Host header on; {_EXAMPLES}.")


CHECKS: Final = (through_proxy,)
