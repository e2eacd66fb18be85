"""Failures that the client can correct."""

from __future__ import annotations

from collections.abc import Sequence

from endpoint.errors.base import EndpointError


class RequestError(EndpointError):
    """The request cannot be answered; the client can correct it."""

    status = 400


class MalformedRequest(RequestError):
    """The HTTP request does not follow the SPARQL 1.1 Protocol (section 2.1)."""

    code = "malformed-request"
    title = "Malformed request"


class BadParameter(RequestError):
    """A parameter is missing, repeated, unknown or ill-typed.

    ``parameter`` is its name, ``value`` the value received, if any, ``rule`` the rule that was violated
    ("unknown", "repeated", "type", "maximum", …) and ``suggestion`` the name or value most likely meant.
    """

    code = "bad-parameter"
    title = "Bad parameter"

    def __init__(
        self,
        parameter: str,
        detail: str,
        value: str | None = None,
        rule: str | None = None,
        suggestion: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.parameter = parameter
        self.value = value
        self.rule = rule
        self.suggestion = suggestion

    def fields(self) -> dict[str, object]:
        extra = {"value": self.value, "rule": self.rule, "suggestion": self.suggestion}
        return {"parameter": self.parameter, **{key: text for key, text in extra.items() if text is not None}}


class MalformedQuery(RequestError):
    """The SPARQL text does not parse. ``line`` and ``column`` count from 1, in characters."""

    code = "malformed-query"
    title = "SPARQL syntax error"

    def __init__(self, detail: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(detail)
        self.line = line
        self.column = column

    def fields(self) -> dict[str, object]:
        return {} if self.line is None else {"line": self.line, "column": self.column}


class QueryTooComplex(RequestError):
    """The SPARQL text is nested or sized beyond what the engine can plan."""

    code = "query-too-complex"
    title = "Query too complex"


class Unauthorized(RequestError):
    """A token is missing, or not known (RFC 9110 section 15.5.2)."""

    status = 401
    code = "unauthorized"
    title = "Unauthorized"

    def __init__(self, detail: str, browser: bool = False) -> None:
        super().__init__(detail)
        # The token may also be the password that a browser asks its reader for (RFC 7617).
        self.browser = browser


class Forbidden(RequestError):
    """The token does not have the scope that is needed."""

    status = 403
    code = "forbidden"
    title = "Forbidden"


class ReadOnly(RequestError):
    """An update was sent to an endpoint that accepts none."""

    status = 403
    code = "read-only"
    title = "Read-only endpoint"


class ServiceRefused(RequestError):
    """SERVICE or LOAD names an address that this endpoint does not call."""

    status = 403
    code = "service-refused"
    title = "Remote access refused"


class NotFound(RequestError):
    """There is nothing at this path."""

    status = 404
    code = "not-found"
    title = "Not found"


class MethodNotAllowed(RequestError):
    """The path exists, but not for this method. ``allowed`` fills the Allow header."""

    status = 405
    code = "method-not-allowed"
    title = "Method not allowed"

    def __init__(self, detail: str, allowed: Sequence[str]) -> None:
        super().__init__(detail)
        self.allowed = tuple(allowed)

    def fields(self) -> dict[str, object]:
        return {"allowed": list(self.allowed)}


class NotAcceptable(RequestError):
    """No offered media type fits the Accept header (RFC 9110 section 15.5.7). ``offered`` lists them."""

    status = 406
    code = "not-acceptable"
    title = "Not acceptable"

    def __init__(self, detail: str, offered: Sequence[str]) -> None:
        super().__init__(detail)
        self.offered = tuple(offered)

    def fields(self) -> dict[str, object]:
        return {"offered": list(self.offered)}


class NotExpressible(RequestError):
    """The result contains a character or a name that the chosen format cannot express."""

    status = 406
    code = "not-expressible"
    title = "Result not expressible in this format"


class RequestTimeout(RequestError):
    """The client stopped sending its request."""

    status = 408
    code = "request-timeout"
    title = "Request timeout"


class GenerationGone(RequestError):
    """The requested page belongs to a generation that is no longer kept.

    ``generation`` is the requested one and ``current`` the newest.
    """

    status = 410
    code = "generation-gone"
    title = "Generation gone"

    def __init__(self, detail: str, generation: int, current: int) -> None:
        super().__init__(detail)
        self.generation = generation
        self.current = current

    def fields(self) -> dict[str, object]:
        return {"generation": self.generation, "current": self.current}


class Conflict(RequestError):
    """The data is in a state in which the write cannot be done (RFC 9110 section 15.5.10)."""

    status = 409
    code = "conflict"
    title = "Conflict"


class PreconditionFailed(RequestError):
    """The data is not what the client has seen before (RFC 9110 section 13.1)."""

    status = 412
    code = "precondition-failed"
    title = "Precondition failed"


class MalformedData(RequestError):
    """The body is not what its Content-Type says. ``line`` is that of the first mistake, from 1."""

    code = "malformed-data"
    title = "Malformed data"

    def __init__(self, detail: str, line: int | None = None) -> None:
        super().__init__(detail)
        self.line = line

    def fields(self) -> dict[str, object]:
        return {} if self.line is None else {"line": self.line}


class PayloadTooLarge(RequestError):
    """The request is longer than the limit, in bytes (``limit``)."""

    status = 413
    code = "payload-too-large"
    title = "Request too large"

    def __init__(self, detail: str, limit: int) -> None:
        super().__init__(detail)
        self.limit = limit

    def fields(self) -> dict[str, object]:
        return {"limit": self.limit}


class UrlTooLong(PayloadTooLarge):
    """The URL is longer than the limit, in bytes (``limit``)."""

    status = 414
    code = "url-too-long"
    title = "URL too long"


class HeadTooLarge(PayloadTooLarge):
    """The header fields are longer than the limit, or more; ``limit`` is in bytes or fields."""

    status = 431
    code = "head-too-large"
    title = "Header fields too large"


class ResultTooLarge(RequestError):
    """The result has more rows or bytes than an answer may have (``limit``)."""

    status = 422
    code = "result-too-large"
    title = "Result too large"

    def __init__(self, detail: str, limit: int) -> None:
        super().__init__(detail)
        self.limit = limit

    def fields(self) -> dict[str, object]:
        return {"limit": self.limit}


class UnsupportedMediaType(RequestError):
    """The body's media type or character encoding is not one the endpoint reads."""

    status = 415
    code = "unsupported-media-type"
    title = "Unsupported media type"


class UnknownHost(RequestError):
    """The server does not answer for the host name of the request (RFC 9110 section 15.5.20)."""

    status = 421
    code = "unknown-host"
    title = "Unknown host"


class LimitReached(RequestError):
    """The client has all that one client may have. ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after

    def fields(self) -> dict[str, object]:
        return {"retryAfter": self.retry_after}


class TooManyConnections(LimitReached):
    """The client has as many connections as one may. ``retry_after`` is in seconds."""

    code = "too-many-connections"
    title = "Too many connections"


class TooManyQueries(LimitReached):
    """As many queries of the client run or wait as one may have. ``retry_after`` is in seconds."""

    code = "too-many-queries"
    title = "Too many queries at once"


class TooManyAttempts(LimitReached):
    """The client has sent too many tokens that are not known. ``retry_after`` is in seconds."""

    code = "too-many-attempts"
    title = "Too many unknown tokens"


class BudgetExhausted(LimitReached):
    """The client has used its seconds of evaluation per minute (``budget``)."""

    code = "budget-exhausted"
    title = "Budget of evaluation used up"

    def __init__(self, detail: str, retry_after: int, budget: float) -> None:
        super().__init__(detail, retry_after)
        self.budget = budget

    def fields(self) -> dict[str, object]:
        return {**super().fields(), "budget": self.budget}
