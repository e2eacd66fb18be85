"""Every setting of the server: one field, one parser, one default, one help text.

A setting comes from the first of these sources that has it: command-line flag, environment
(``ENDPOINT_<NAME>``), the TOML file named by ``--config`` (or ``endpoint.toml`` where it exists), the
default. ``docs/settings.md`` lists them all.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Literal, TypeVar, cast
from urllib.parse import urlsplit

from endpoint.errors import ConfigurationError

DefaultGraph = Literal["union", "strict"]

T = TypeVar("T")

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def size(text: str) -> int:
    """Parse a size in bytes: ``"512MB"``, ``"1 GiB"``, ``"4096"``. Units are powers of 1024.

    Raises ValueError.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError("expected a size such as 512MB or 1GiB")
    amount = float(match[1]) * 1024 ** _UNITS[match[2].lower()]
    if not 1 <= amount < 2**60:
        raise ValueError("expected a size of at least one byte, such as 512MB")
    return int(amount)


def seconds(text: str) -> float:
    """Parse a positive number of seconds, with or without a trailing ``s``. Raises ValueError."""
    try:
        value = float(text.strip().removesuffix("s"))
    except ValueError:
        value = math.nan
    if not 0 < value < 10**7:
        raise ValueError("expected a positive number of seconds, such as 30 or 2.5")
    return value


def _count(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.strip().isascii() and text.strip().isdigit() and least <= int(text[:20]) <= most):
            raise ValueError(f"expected a whole number from {least} to {most}")
        return int(text)

    return parse


def _choice(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return text

    return parse


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("expected a path")
    return Path(text).expanduser()


def _address(text: str) -> tuple[str, int]:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]]+)):([0-9]{1,5})", text.strip(), re.ASCII)
    if match is None or int(match[3]) > 65535:
        raise ValueError("expected an address and a port, such as 127.0.0.1:9464 or [::1]:9464")
    return match[1] or match[2], int(match[3])


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("expected a text that is not empty")
    return text.strip()


def _switch(text: str) -> bool:
    words = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
    if (switch := words.get(text.strip().lower())) is None:
        raise ValueError("expected on or off")
    return switch


def _origins(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        right = False
    if not right:
        raise ValueError("expected an absolute http or https URL without query or fragment")
    return text.rstrip("/")


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
        None, _path, "DIR", "Folder with ontology/, seed/ and queries/; by default the packaged one."
    )
    data: Path = _setting(Path("endpoint-data"), _path, "DIR", "Folder of the store; created on first start.")
    host: str = _setting("127.0.0.1", _text, "ADDRESS", "Address to listen on.")
    port: int = _setting(8080, _count(0, 65535), "PORT", "Port to listen on; 0 takes a free one.")
    tls_certificate: Path | None = _setting(
        None,
        _path,
        "FILE",
        "Certificate in PEM with its chain; the server then answers over TLS. SIGHUP reads the file again.",
        reload=True,
    )
    tls_key: Path | None = _setting(
        None, _path, "FILE", "Key of the certificate, where it is a file of its own.", reload=True
    )
    drain: float = _setting(
        10.0,
        seconds,
        "SECONDS",
        "How long running answers may take to finish when the server is stopped.",
        reload=True,
    )
    public_url: str | None = _setting(
        None, _url, "URL", "URL under which clients reach the server, where it differs.", reload=True
    )
    timeout: float = _setting(
        30.0, seconds, "SECONDS", "Deadline of a query; clients may only lower it.", reload=True
    )
    client_timeout: float = _setting(
        30.0, seconds, "SECONDS", "How long a client may leave sent data unread.", reload=True
    )
    memory: int = _setting(2**30, size, "SIZE", "Memory that one query may use, besides the dataset.")
    image: int = _setting(
        2 * 2**30, size, "SIZE", "Largest dataset image held in memory; larger ones stay on disk."
    )
    keep: float = _setting(
        600.0,
        seconds,
        "SECONDS",
        "How long a replaced generation is kept after the last request for it.",
    )
    workers: int = _setting(
        0, _count(0, 256), "N", "Queries evaluated at once; 0 means one per core, at least 2."
    )
    queue: int = _setting(256, _count(0, 100_000), "N", "Queries that may wait for a worker before a 503.")
    max_query: int = _setting(2**19, size, "SIZE", "Longest query text accepted.", reload=True)
    max_nesting: int = _setting(
        500, _count(1, 5000), "DEPTH", "Deepest nesting of brackets in a query.", reload=True
    )
    default_graph: DefaultGraph = _setting(
        "union",
        _choice("union", "strict"),
        "KIND",
        "What a query without FROM sees: the union of all graphs, or only the default graph (strict).",
    )
    derive: bool = _setting(
        True,
        _switch,
        "ON|OFF",
        "Whether the dataset's rules add statements in standard vocabularies when data is loaded.",
    )
    reload: bool = _setting(
        False,
        _switch,
        "ON|OFF",
        "Whether saved queries are read again as soon as their files change; SIGHUP does it at any time.",
    )
    cors_origins: tuple[str, ...] = _setting(
        ("*",),
        _origins,
        "ORIGINS",
        "Origins of web pages that may call the server; * means every page.",
        reload=True,
    )
    tokens: Path | None = _setting(
        None,
        _path,
        "FILE",
        "File of access tokens, for the operator's pages and for larger budgets.",
        reload=True,
    )
    metrics_address: tuple[str, int] | None = _setting(
        None,
        _address,
        "HOST:PORT",
        "Address on which /-/metrics answers everybody; without it, only holders of a token with the scope "
        "metrics, on the server's own.",
    )
    query_log: Path | None = _setting(
        None,
        _path,
        "FILE",
        "File that gets a line of JSON when a query begins and when it ends; - is standard output.",
        reload=True,
    )
    query_log_size: int = _setting(
        2**27, size, "SIZE", "Size at which the query log is renamed to FILE.1 and begun anew.", reload=True
    )
    query_text: int = _setting(
        4000,
        _count(0, 2**20),
        "N",
        "Characters of a query that the query log and the slow-query history keep; 0 keeps no text.",
        reload=True,
    )
    slow_query: float = _setting(
        1.0,
        seconds,
        "SECONDS",
        "Evaluation time from which a query is kept in the slow-query history.",
        reload=True,
    )
    log_level: str = _setting(
        "info",
        _choice("debug", "info", "warning", "error"),
        "LEVEL",
        "Least severe log line written; info writes one line per request.",
        reload=True,
    )

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
    if row.metadata["parse"] is size and isinstance(default, int):
        power = (default.bit_length() - 1) // 10
        return f"{default >> 10 * power}{list(_UNITS)[power].upper()}B"
    return "" if default is None else f"{default:g}" if isinstance(default, float) else str(default)


def environment_name(name: str) -> str:
    """Return the environment variable of a setting: ``max_query`` is ``ENDPOINT_MAX_QUERY``."""
    return f"ENDPOINT_{name.upper()}"


def read_settings(
    flags: Mapping[str, str | None],
    environ: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> Settings:
    """Merge flags, environment, TOML file and defaults.

    ``flags`` maps setting names to the text given, or None where none was. Raises
    :class:`ConfigurationError`, which names the source, the value and what was expected.
    """
    environ = os.environ if environ is None else environ
    file = _read_toml(config, environ)
    values: dict[str, object] = {}
    for row in setting_fields():
        parse = cast("Callable[[str], object]", row.metadata["parse"])
        variable = environment_name(row.name)
        if (text := flags.get(row.name)) is not None:
            values[row.name] = _parse(parse, text, f"--{row.name.replace('_', '-')}")
        elif (text := environ.get(variable)) is not None:
            values[row.name] = _parse(parse, text, variable)
        elif row.name in file:
            values[row.name] = _parse(parse, _toml_text(file[row.name]), f"{row.name} in the settings file")
    return Settings(**values)  # type: ignore[arg-type]


def _parse(parse: Callable[[str], object], text: str, source: str) -> object:
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigurationError(f"{source}: {error}, got {text[:80]!r}.") from None


def _toml_text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _read_toml(config: Path | None, environ: Mapping[str, str]) -> dict[str, object]:
    named = config or (Path(environ["ENDPOINT_CONFIG"]) if "ENDPOINT_CONFIG" in environ else None)
    path = named or Path("endpoint.toml")
    if named is None and not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is not a TOML file ({error}).") from None
    known = [row.name for row in setting_fields()]
    for name in table:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ConfigurationError(f"{path}: there is no setting {name!r}.{hint}")
    return table
