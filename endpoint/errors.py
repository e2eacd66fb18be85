"""Every failure the server can report, in one tree.

::

    EndpointError
      RequestError                the client can correct it
        MalformedRequest   400    the HTTP request does not follow the SPARQL 1.1 Protocol
        BadParameter       400    a parameter is missing, repeated, unknown or ill-typed
        MalformedQuery     400    the SPARQL text does not parse; carries the position
        QueryTooComplex    400    the SPARQL text is nested or sized beyond what can be planned
        Unauthorized       401    a token is missing, or not known
        Forbidden          403    the token does not have the scope that is needed
        ReadOnly           403    an update was sent to a read-only endpoint
        ServiceRefused     403    SERVICE or LOAD names an address that is not allowed
        NotFound           404
        MethodNotAllowed   405
        NotAcceptable      406    no offered media type fits the Accept header
        NotExpressible     406    the result contains something that the chosen format cannot express
        RequestTimeout     408    the client stopped sending its request
        GenerationGone     410    the requested page belongs to a generation that is no longer kept
        PayloadTooLarge    413    the query text is longer than the limit
        UnsupportedMediaType 415
        ResultTooLarge     422    the result has more rows or bytes than an answer may have
      EngineError                 the server could not answer
        EvaluationFailed   500    the engine refused the query while evaluating it
        WorkerDied         500    the worker process ended unexpectedly
        MemoryLimitExceeded 503   the query needed more memory than one query may have
        QueryKilled        503    the operator of the server ended the query
        Overloaded         503    every worker is busy and the queue is full
        DeadlineExceeded   504    the query ran longer than its deadline
      ConfigurationError          exit 2: a setting, flag or file of settings is wrong
      DataError                   exit 1: a data file, ontology or saved query is wrong
        DataErrors                several at once, one line each
      ValidationFailed            exit 1: the data violates the shapes
      StoreError                  exit 1: the data directory cannot be used

Classes carry their HTTP status, a stable code and a title; instances carry a sentence for
the reader (``detail``) and the fields named in :meth:`EndpointError.fields`.
``docs/errors.md`` documents every code; a code is never renamed. :mod:`endpoint.wording` has the parts of
sentences that details share.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar


class EndpointError(Exception):
    """The base of all designed failures; over HTTP also the code of an unexpected failure.

    ``detail`` is one clear sentence or a few lines of text.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal Server Error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def fields(self) -> dict[str, object]:
        """Extra members of the problem document (RFC 9457 section 3.2)."""
        return {}


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


class EngineError(EndpointError):
    """The server could not answer; the request may be right."""


class EvaluationFailed(EngineError):
    """The engine refused the query while evaluating it."""

    code = "evaluation-failed"
    title = "Evaluation failed"


class WorkerDied(EngineError):
    """The process that evaluated the query ended unexpectedly."""

    code = "worker-died"
    title = "The query's worker process died"


class MemoryLimitExceeded(EngineError):
    """The query needed more memory than one query may have (``limit``, bytes)."""

    status = 503
    code = "memory-limit-exceeded"
    title = "Memory limit exceeded"

    def __init__(self, detail: str, limit: int) -> None:
        super().__init__(detail)
        self.limit = limit

    def fields(self) -> dict[str, object]:
        return {"limit": self.limit}


class QueryKilled(EngineError):
    """The operator of the server ended the query."""

    status = 503
    code = "query-killed"
    title = "Query ended by the operator"


class Overloaded(EngineError):
    """Every worker is busy and the queue is full. ``retry_after`` is in seconds."""

    status = 503
    code = "overloaded"
    title = "Server busy"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after

    def fields(self) -> dict[str, object]:
        return {"retryAfter": self.retry_after}


class DeadlineExceeded(EngineError):
    """The query ran longer than its deadline (``timeout``, seconds)."""

    status = 504
    code = "deadline-exceeded"
    title = "Query timed out"

    def __init__(self, detail: str, timeout: float) -> None:
        super().__init__(detail)
        self.timeout = timeout

    def fields(self) -> dict[str, object]:
        return {"timeout": self.timeout}


class ConfigurationError(EndpointError):
    """A setting, a flag or a file of settings is wrong; the command line exits with 2."""

    code = "configuration-error"
    title = "Configuration error"


class DataError(EndpointError):
    """A data file, ontology or saved query is wrong; ``str()`` reads ``file:line:column: detail``."""

    code = "data-error"
    title = "Data error"

    def __init__(
        self, detail: str, file: Path | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(detail)
        self.file = file
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.detail}" if place else self.detail


class DataErrors(DataError):
    """Several data errors at once (``errors``); ``str()`` has one line for each."""

    def __init__(self, errors: Sequence[DataError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


class ValidationFailed(EndpointError):
    """The data violates the SHACL shapes of the dataset; the report was printed."""

    code = "validation-failed"
    title = "Validation failed"


class StoreError(EndpointError):
    """The data directory cannot be used: locked, damaged, or not writable."""

    code = "store-error"
    title = "Store error"
