"""Every failure the server can report, in one tree.

::

    EndpointError
      RequestError                the client can correct it
        MalformedRequest   400    the HTTP request does not follow the SPARQL 1.1 Protocol
        BadParameter       400    a parameter is missing, repeated, unknown or ill-typed
        MalformedQuery     400    the SPARQL text does not parse; carries the position
        MalformedData      400    the body is not what its Content-Type says
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
        Conflict           409    the data is in a state in which the write cannot be done
        GenerationGone     410    the requested page belongs to a generation that is no longer kept
        PreconditionFailed 412    the data is not what the client has seen before
        PayloadTooLarge    413    the query text is longer than the limit
        UrlTooLong         414    the URL is longer than the limit
        UnsupportedMediaType 415
        UnknownHost        421    the server does not answer for this host name
        ResultTooLarge     422    the result has more rows or bytes than an answer may have
        LimitReached       429    the client has all that one client may have
          TooManyConnections      as many connections
          TooManyQueries          as many queries that run or wait
          TooManyAttempts         as many tokens that are not known
          BudgetExhausted         as many seconds of evaluation in a minute
        HeadTooLarge       431    the header fields are longer than the limit
      EngineError                 the server could not answer
        EvaluationFailed   500    the engine refused the query while evaluating it
        ServiceFailed      502    another endpoint, called by SERVICE, did not answer
        WorkerDied         500    the worker process ended unexpectedly
        MemoryLimitExceeded 503   the query needed more memory than one query may have
        WriteFailed        503    the write could not be stored
        QueryKilled        503    the operator of the server ended the query
        Overloaded         503    every worker is busy and the queue is full
        DeadlineExceeded   504    the query ran longer than its deadline
      ConfigurationError          exit 2: a setting, flag or file of settings is wrong
      DataError                   exit 1: a data file, ontology or saved query is wrong
        DataErrors                several at once, one line each
      ValidationFailed            exit 1: the data violates the shapes
      StoreError                  exit 1: the data directory cannot be used
        NotConfirmed              published, and the disk has not confirmed that it lasts

Classes carry their HTTP status, a stable code and a title; instances carry a sentence for
the reader (``detail``) and the fields named in :meth:`EndpointError.fields`.
``docs/errors.md`` documents every code; a code is never renamed. :mod:`endpoint.wording` has the parts of
sentences that details share.
"""

from __future__ import annotations

from endpoint.errors.base import (
    EndpointError,
)
from endpoint.errors.commands import (
    ConfigurationError,
    DataError,
    DataErrors,
    NotConfirmed,
    StoreError,
    ValidationFailed,
)
from endpoint.errors.engine import (
    DeadlineExceeded,
    EngineError,
    EvaluationFailed,
    MemoryLimitExceeded,
    Overloaded,
    QueryKilled,
    ServiceFailed,
    WorkerDied,
    WriteFailed,
)
from endpoint.errors.requests import (
    BadParameter,
    BudgetExhausted,
    Conflict,
    Forbidden,
    GenerationGone,
    HeadTooLarge,
    LimitReached,
    MalformedData,
    MalformedQuery,
    MalformedRequest,
    MethodNotAllowed,
    NotAcceptable,
    NotExpressible,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    QueryTooComplex,
    ReadOnly,
    RequestError,
    RequestTimeout,
    ResultTooLarge,
    ServiceRefused,
    TooManyAttempts,
    TooManyConnections,
    TooManyQueries,
    Unauthorized,
    UnknownHost,
    UnsupportedMediaType,
    UrlTooLong,
)

__all__ = [
    "BadParameter",
    "BudgetExhausted",
    "ConfigurationError",
    "Conflict",
    "DataError",
    "DataErrors",
    "DeadlineExceeded",
    "EndpointError",
    "EngineError",
    "EvaluationFailed",
    "Forbidden",
    "GenerationGone",
    "HeadTooLarge",
    "LimitReached",
    "MalformedData",
    "MalformedQuery",
    "MalformedRequest",
    "MemoryLimitExceeded",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotConfirmed",
    "NotExpressible",
    "NotFound",
    "Overloaded",
    "PayloadTooLarge",
    "PreconditionFailed",
    "QueryKilled",
    "QueryTooComplex",
    "ReadOnly",
    "RequestError",
    "RequestTimeout",
    "ResultTooLarge",
    "ServiceFailed",
    "ServiceRefused",
    "StoreError",
    "TooManyAttempts",
    "TooManyConnections",
    "TooManyQueries",
    "Unauthorized",
    "UnknownHost",
    "UnsupportedMediaType",
    "UrlTooLong",
    "ValidationFailed",
    "WorkerDied",
    "WriteFailed",
]
