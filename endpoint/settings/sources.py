"""Settings from their sources: command-line flag, environment, TOML file, default."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from endpoint.errors import ConfigurationError
from endpoint.settings import Settings, setting_fields


def environment_name(name: str) -> str:
    """Return the environment variable of a setting: ``max_query`` is ``ENDPOINT_MAX_QUERY``."""
    return f"ENDPOINT_{name.upper()}"


def traces_wanted(environ: Mapping[str, str] | None = None) -> bool:
    """Return whether the environment names a collector of OpenTelemetry traces, whose SDK reads it itself."""
    environ = os.environ if environ is None else environ
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    return any(environ.get(f"OTEL_EXPORTER_OTLP_{name}") for name in ("ENDPOINT", "TRACES_ENDPOINT"))


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
    except RecursionError:
        raise ConfigurationError(f"{path}: is nested too deeply.") from None
    known = [row.name for row in setting_fields()]
    for name in table:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ConfigurationError(f"{path}: there is no setting {name!r}.{hint}")
    return table


def read_token(file: Path | None, environ: Mapping[str, str] | None = None) -> str | None:
    """Return the access token that a command sends: that in ``file``, else ENDPOINT_TOKEN, else None.

    It is no option of a command line, which every user of a machine can read. Raises
    :class:`ConfigurationError`.
    """
    environ = os.environ if environ is None else environ
    if file is None:
        return environ.get("ENDPOINT_TOKEN", "").strip() or None
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"{file}: the token cannot be read ({reason}).") from None
    if not token or not token.isascii() or not token.isprintable():
        raise ConfigurationError(f"{file}: this is no token, which is one line of ASCII characters.")
    return token
