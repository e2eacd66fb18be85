"""TLS of the server's own: one context, whose certificate can be replaced while it is in use."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from endpoint.errors import ConfigurationError
from endpoint.settings import Settings
from endpoint.telemetry import log

# Seconds for a handshake; what comes after it has limits of its own.
HANDSHAKE: Final = 10.0
_EVERYBODY: Final = stat.S_IRWXO


class Tls:
    """The TLS context of a server, made of the settings ``tls_certificate`` and ``tls_key``."""

    def __init__(self, settings: Settings) -> None:
        """Read the files. Raises :class:`ConfigurationError` where they do not fit."""
        self.context = _context(settings)

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Check the files that the settings name now; return what makes new connections use them.

        Raises :class:`ConfigurationError`; then the certificate in use stays.
        """
        checked = _context(settings)
        if (checked is None) != (self.context is None):
            raise ConfigurationError("TLS can be switched on and off by a restart only.")
        return lambda: _load(self.context, settings) if self.context is not None else None


def _context(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None and settings.tls_key is None:
        return None
    # The defaults of the ssl module for servers, and nothing older than TLS 1.2 (RFC 9325).
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    _load(context, settings)
    return context


def _load(context: ssl.SSLContext, settings: Settings) -> None:
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None:
        raise ConfigurationError("The setting tls_key needs tls_certificate: the file of the certificate.")
    for name, path in (("tls_certificate", certificate), ("tls_key", key)):
        if path is not None:
            _readable(name, path)
    private = key or certificate
    try:
        context.load_cert_chain(certificate, key, password=lambda: _encrypted(private))
    except ssl.SSLError as error:
        raise ConfigurationError(_reason(certificate, private, error)) from None
    if private.stat().st_mode & _EVERYBODY:
        log.warning("every user of this machine may read the key in %s; write: chmod o= %s", private, private)


def _readable(name: str, path: Path) -> None:
    try:
        path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{name}: {path} cannot be read ({error.strerror}).") from None


def _encrypted(key: Path) -> NoReturn:
    raise ConfigurationError(f"tls_key: {key} is encrypted. Give the key without a passphrase, mode 0600.")


def _reason(certificate: Path, key: Path, error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"tls_key: {key} is not the key of the certificate in {certificate}."
    reason = (error.reason or "unknown reason").lower().replace("_", " ")
    return (
        f"tls_certificate: {certificate} and {key} are no certificate and key in PEM ({reason}). The file of "
        "the certificate begins with the server's own, then those of its issuers."
    )
