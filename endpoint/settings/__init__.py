"""Every setting of the server: one field, one parser, one default, one help text.

A setting comes from the first of these sources that has it: command-line flag, environment
(``ENDPOINT_<NAME>``), the TOML file named by ``--config`` (or ``endpoint.toml`` where it exists), the
default (:mod:`endpoint.settings.sources`). ``docs/settings.md`` lists them all.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Literal, TypeVar, cast

from endpoint.settings import values

DefaultGraph = Literal["union", "strict"]

T = TypeVar("T")

_SIZES = (values.size, values.size_or_none, values.size_or_nothing)


def _setting(
    default: T, parse: Callable[[str], object], metavar: str, text: str, *, reload: bool = False
) -> T:
    """Return a row of the table; with ``reload``, SIGHUP changes the setting while the server runs."""
    return field(
        default=default, metadata={"parse": parse, "metavar": metavar, "help": text, "reload": reload}
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process. Sizes are bytes, times are seconds."""

    dataset: Path | None = _setting(
        None, values.path, "DIR", "Folder with ontology/, seed/ and queries/; by default the packaged one."
    )
    data: Path = _setting(
        Path("endpoint-data"), values.path, "DIR", "Folder of the store; created on first start."
    )
    host: str = _setting("127.0.0.1", values.words, "ADDRESS", "Address to listen on.")
    port: int = _setting(8080, values.count(0, 65535), "PORT", "Port to listen on; 0 takes a free one.")
    tls_certificate: Path | None = _setting(
        None,
        values.path,
        "FILE",
        "Certificate in PEM with its chain; the server then answers over TLS. SIGHUP reads the file again.",
        reload=True,
    )
    tls_key: Path | None = _setting(
        None, values.path, "FILE", "Key of the certificate, where it is a file of its own.", reload=True
    )
    drain: float = _setting(
        10.0,
        values.seconds,
        "SECONDS",
        "How long running answers may take to finish when the server is stopped.",
        reload=True,
    )
    public_url: str | None = _setting(
        None, values.url, "URL", "URL under which clients reach the server, where it differs.", reload=True
    )
    timeout: float = _setting(
        30.0, values.seconds, "SECONDS", "Deadline of a query; clients may only lower it.", reload=True
    )
    client_timeout: float = _setting(
        30.0,
        values.seconds,
        "SECONDS",
        "How long a client may take to send the head of a request, and may send or read nothing.",
        reload=True,
    )
    min_rate: int = _setting(
        2**10,
        values.size,
        "SIZE",
        "Bytes per second that a client has to send or read on average, over client_timeout.",
        reload=True,
    )
    max_connections: int = _setting(
        1000,
        values.count(16, 100_000),
        "N",
        "Connections open at once, as far as the system allows as many files.",
    )
    max_connections_per_client: int = _setting(
        800,
        values.count(1, 100_000),
        "N",
        "Connections of one client (IPv4 address, /64 of IPv6) open at once; trusted proxies may have more.",
        reload=True,
    )
    max_url: int = _setting(2**17, values.size, "SIZE", "Longest URL accepted.", reload=True)
    max_head: int = _setting(
        2**15, values.size, "SIZE", "Longest header fields of a request accepted, together.", reload=True
    )
    max_input: int = _setting(
        2**26,
        values.size,
        "SIZE",
        "Memory that all unanswered requests may take together; one client may have a quarter of it.",
        reload=True,
    )
    max_output: int = _setting(
        2**27,
        values.size,
        "SIZE",
        "Memory that all answers which are not read yet may take together.",
        reload=True,
    )
    max_spool: int = _setting(
        2**30,
        values.size,
        "SIZE",
        "Disk space that answers to HTTP/1.0 clients may take together.",
        reload=True,
    )
    trusted_proxies: tuple[str, ...] = _setting(
        ("127.0.0.0/8", "::1/128"),
        values.networks,
        "NETWORKS",
        "Proxies that are believed who their client is (X-Forwarded-For, Forwarded), or none.",
        reload=True,
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        values.hosts,
        "HOSTS",
        "Host names that the server answers for, besides its own addresses and public_url; * means all. "
        "Without any: all, but at a loopback address without public_url only names of the machine.",
        reload=True,
    )
    security_contact: tuple[str, ...] = _setting(
        (),
        values.contacts,
        "ADDRESSES",
        "Whom to tell of a vulnerability (mailto:, https:, tel:), in /.well-known/security.txt.",
        reload=True,
    )
    memory: int = _setting(2**30, values.size, "SIZE", "Memory that one query may use, besides the dataset.")
    image: int = _setting(
        2 * 2**30, values.size, "SIZE", "Largest dataset image held in memory; larger ones stay on disk."
    )
    keep: float = _setting(
        600.0,
        values.seconds,
        "SECONDS",
        "How long a replaced generation is kept after the last request for it.",
    )
    retain: int = _setting(
        10,
        values.count(1, 100_000),
        "N",
        "Generations that stay on the disk at most, besides those that a process reads.",
    )
    retain_age: float = _setting(
        0.0,
        values.age,
        "AGE",
        "How old they may be, such as 90d; the current one and the one before stay all the same. 0 sets no "
        "limit.",
    )
    retain_size: int = _setting(
        10 * 2**30,
        values.size_or_none,
        "SIZE",
        "Disk space that all of them may take, where it is more than that of the current one and the one "
        "before; 0 sets no limit.",
    )
    workers: int = _setting(
        0, values.count(0, 256), "N", "Queries evaluated at once; 0 means one per core, at least 2."
    )
    queue: int = _setting(
        256, values.count(0, 100_000), "N", "Queries that may wait in each lane before a 503."
    )
    slow_lane: int = _setting(
        0,
        values.count(0, 1024),
        "N",
        "Long queries that may be begun at once; 0 means 6 per worker, where half of the memory has room.",
    )
    budget: float = _setting(
        60.0,
        values.budget,
        "SECONDS",
        "Seconds of evaluation that a client may use per minute before a 429; 0 means no budget.",
        reload=True,
    )
    max_queries_per_client: int = _setting(
        64,
        values.count(1, 100_000),
        "N",
        "Queries of one client that may run or wait before a 429; those of one page count as one.",
        reload=True,
    )
    max_query: int = _setting(2**21, values.size, "SIZE", "Longest query text accepted.", reload=True)
    max_nesting: int = _setting(
        500, values.count(1, 5000), "DEPTH", "Deepest nesting of brackets in a query.", reload=True
    )
    max_rows: int = _setting(
        10_000_000,
        values.count(0, 10**15),
        "N",
        "Most rows of an answer to a query; 0 sets no limit.",
        reload=True,
    )
    max_result: int = _setting(
        2**30, values.size, "SIZE", "Most bytes of an answer to a query, before compression.", reload=True
    )
    default_graph: DefaultGraph = _setting(
        "union",
        values.choice("union", "strict"),
        "KIND",
        "What a query without FROM sees: the union of all graphs, or only the default graph (strict).",
    )
    cache: int = _setting(
        2**26,
        values.size_or_nothing,
        "SIZE",
        "Memory for answers that are kept for those who ask the same again; 0 keeps none.",
        reload=True,
    )
    derive: bool = _setting(
        True,
        values.switch,
        "ON|OFF",
        "Whether the dataset's rules add statements in standard vocabularies when data is loaded.",
    )
    columns: int = _setting(
        10_000_000,
        values.count(0, 10**9),
        "N",
        "Most quads of a dataset for which columns are made when data is loaded; 0 makes none.",
    )
    column_queries: bool = _setting(
        True,
        values.switch,
        "ON|OFF",
        "Whether queries are answered from columns where the answer is certain to be the engine's.",
    )
    reload: bool = _setting(
        False,
        values.switch,
        "ON|OFF",
        "Whether saved queries are read again as soon as their files change; SIGHUP does it at any time.",
    )
    cors_origins: tuple[str, ...] = _setting(
        ("*",),
        values.origins,
        "ORIGINS",
        "Origins of web pages that may call the server; * means every page.",
        reload=True,
    )
    tokens: Path | None = _setting(
        None,
        values.path,
        "FILE",
        "File of access tokens, for writing, the operator's pages and larger budgets; by default tokens.toml "
        "in the data folder, where there is one.",
        reload=True,
    )
    write_timeout: float = _setting(
        60.0,
        values.seconds,
        "SECONDS",
        "Deadline of a write over HTTP, from its beginning; an upload has a second more for each MB.",
        reload=True,
    )
    write_memory: int = _setting(2**30, values.size, "SIZE", "Memory that one update may use.", reload=True)
    max_update: int = _setting(2**24, values.size, "SIZE", "Longest text of an update accepted.", reload=True)
    max_upload: int = _setting(
        2**30, values.size, "SIZE", "Longest body of a write to the graph store accepted.", reload=True
    )
    load_from: tuple[str, ...] = _setting(
        (),
        values.loadable,
        "IRIS",
        "Beginnings of the IRIs that LOAD in an update may fetch; without any, none.",
        reload=True,
    )
    allow_service: tuple[str, ...] = _setting(
        (),
        values.loadable,
        "IRIS",
        "Beginnings of the IRIs of SPARQL endpoints that SERVICE in a query may call; without any, none.",
        reload=True,
    )
    service_timeout: float = _setting(
        10.0, values.seconds, "SECONDS", "Deadline of one call of another SPARQL endpoint.", reload=True
    )
    metrics_address: tuple[str, int] | None = _setting(
        None,
        values.address,
        "HOST:PORT",
        "Address on which /-/metrics answers everybody; without it, only holders of a token with the scope "
        "metrics, on the server's own.",
    )
    query_log: Path | None = _setting(
        None,
        values.path,
        "FILE",
        "File that gets a line of JSON when a query begins and when it ends; - is standard output.",
        reload=True,
    )
    query_log_size: int = _setting(
        2**27,
        values.size,
        "SIZE",
        "Size at which the query log is renamed to FILE.1 and begun anew.",
        reload=True,
    )
    query_text: int = _setting(
        4000,
        values.count(0, 2**20),
        "N",
        "Characters of a query that the query log and the slow-query history keep; 0 keeps no text.",
        reload=True,
    )
    slow_query: float = _setting(
        1.0,
        values.seconds,
        "SECONDS",
        "Evaluation time from which a query is kept in the slow-query history.",
        reload=True,
    )
    log_level: str = _setting(
        "info",
        values.choice("debug", "info", "warning", "error"),
        "LEVEL",
        "Least severe log line written; info writes one line per request.",
        reload=True,
    )

    @property
    def token_file(self) -> Path:
        """The file of access tokens, which need not be there."""
        return self.tokens or self.data / "tokens.toml"

    @property
    def pool_size(self) -> int:
        """Number of worker processes kept ready."""
        return self.workers or max(2, os.cpu_count() or 2)


def setting_fields() -> tuple[Field[object], ...]:
    """Return the rows of the table, in order; ``metadata`` has the arguments of each."""
    return cast("tuple[Field[object], ...]", fields(Settings))


def reloaded(running: Settings, wanted: Settings) -> tuple[Settings, list[str], list[str]]:
    """Return the settings that a running server can take over from those that are wanted.

    With them come the names of the settings that change by that, and of those that need a restart.
    """
    different = [row for row in setting_fields() if getattr(running, row.name) != getattr(wanted, row.name)]
    changed = [row.name for row in different if row.metadata["reload"]]
    waiting = [row.name for row in different if not row.metadata["reload"]]
    return replace(running, **{name: getattr(wanted, name) for name in changed}), changed, waiting


def shown_default(row: Field[object]) -> str:
    """Return the default of a setting as a person would write it; empty where there is none."""
    default = row.default
    if isinstance(default, tuple):
        return " ".join(default)
    if isinstance(default, bool):
        return "on" if default else "off"
    if row.metadata["parse"] in _SIZES and isinstance(default, int):
        power = (default.bit_length() - 1) // 10
        return f"{default >> 10 * power}{list(values.UNITS)[power].upper()}B"
    return "" if default is None else f"{default:g}" if isinstance(default, float) else str(default)
