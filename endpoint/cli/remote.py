"""Requests of commands to a running server."""

from __future__ import annotations

import json
from email.message import Message
from ipaddress import ip_address
from typing import IO, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from endpoint import __version__
from endpoint.errors import ConfigurationError, EndpointError

# Seconds until a server has to answer, and bytes that are read of its answer.
_PATIENCE: Final = 10.0
_LONGEST: Final = 2**26
# What people copy from the address bar, behind the URL of the server.
_PAGES: Final = ("/-/admin", "/sparql", "/query")
# Bytes of a refusal that are repeated.
_REASON: Final = 600


class RemoteFailure(EndpointError):
    """The server cannot be reached, or does not answer as it should."""


class Remote:
    """A server at a URL, maybe below the path of a proxy, and the token that it is sent.

    Raises :class:`~endpoint.errors.ConfigurationError` for what is no URL of a server.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        try:
            parts = urlsplit(url)
            right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            right = False
        if not right or parts.username is not None:
            raise ConfigurationError(f"{url[:200]!r} is not the URL of a server, such as https://host/path.")
        path = parts.path.rstrip("/")
        for page in _PAGES:
            path = path.removesuffix(page)
        self.url = parts._replace(path=path, query="", fragment="").geturl()
        self.exposed = bool(token) and parts.scheme == "http" and not _is_here(parts.hostname or "")
        self._token = token
        self._opener = build_opener(_NoRedirect)

    def fetch(self, path: str, body: bytes | None = None, timeout: float = _PATIENCE) -> Any:
        """Return the JSON of an answer to GET, or to POST of a form.

        Raises :class:`RemoteFailure`, a sentence for each way in which it can fail.
        """
        headers = {"Accept": "application/json", "User-Agent": f"endpoint/{__version__}"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            request = Request(self.url + path, body, headers)  # noqa: S310  the scheme was checked
            with self._opener.open(request, timeout=timeout) as answer:
                return self._read(answer)
        except HTTPError as error:
            with error:
                raise RemoteFailure(self._refusal(error.code, error.headers, error)) from None
        except URLError as error:
            raise RemoteFailure(f"{self.url} cannot be reached: {_reason(error.reason)}.") from None
        except OSError as error:
            raise RemoteFailure(f"{self.url} stopped answering: {_reason(error)}.") from None

    def _read(self, answer: IO[bytes]) -> Any:
        content = answer.read(_LONGEST)
        try:
            return json.loads(content)
        except ValueError:
            raise RemoteFailure(
                f"{self.url} does not answer in JSON, so it is no server of this kind. Is the path right?"
            ) from None

    def _refusal(self, status: int, headers: Message, body: IO[bytes]) -> str:
        match status:
            case 401 if self._token is None:
                return f"{self.url} needs a token: give --token-file, or set ENDPOINT_TOKEN."
            case 401:
                return f"{self.url} does not know this token."
            case 301 | 302 | 303 | 307 | 308:
                return f"{self.url} redirects to {headers.get('Location', '?')[:200]}. Give that URL."
        try:
            problem = json.loads(body.read(_LONGEST))
            detail = f"{problem['detail']}"[:_REASON]
        except (OSError, ValueError, KeyError, TypeError):
            detail = "it gives no reason that can be read."
        return f"{self.url} answered {status}: {detail}"


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirect: the token would be sent along, to whatever host."""

    def redirect_request(self, *_: object) -> None:
        """Refuse."""


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {_PATIENCE:g} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rstrip(".") or type(error).__name__
