"""Files and folders: the data folder, disk space, what others may read or write, the certificate."""

from __future__ import annotations

import os
import shutil
import ssl
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from endpoint.doctor import Finding, size
from endpoint.errors import ConfigurationError, DataError, StoreError
from endpoint.server.tls import Tls
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.tokens import Tokens

# Bytes of disk that are always wanted: large results are spooled for some clients, and logs grow.
_FREE: Final = 2**30
_LEAST_FREE: Final = 100 * 2**20
# A load writes a new text index and what changed of the store, beside the generations that are kept.
_GENERATIONS: Final = 2
# Days before the end of a certificate from which it should have been renewed.
_RENEW: Final = 14
_DAY: Final = 86400.0


def data_folder(settings: Settings) -> Iterator[Finding]:
    """The data folder: whether it can be read and written, and by whom else."""
    data = settings.data.absolute()
    if not data.exists():
        yield Finding("data folder", "ok", f"{data} is not there yet; the first start makes it.")
        return
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        said = f"{data} cannot be read and written by this user (number {os.geteuid()})."
        advice = f"Run this as its owner, number {data.stat().st_uid}, or change the owner."
        yield Finding("data folder", "fail", said, advice)
        return
    yield _openness("data folder", data)
    try:
        generation = generations.current(data)
    except StoreError as error:
        yield Finding("data", "fail", str(error))
        return
    if generation is None:
        yield Finding(
            "data", "ok", "Nothing is published yet; the first start builds the dataset's own files."
        )
    else:
        said = f"Generation {generation.number} of {generation.created:%Y-%m-%d %H:%M} holds"
        yield Finding("data", "ok", f"{said} {generation.quads:,} quads.")


def disk_space(settings: Settings) -> Iterator[Finding]:
    """The space for another generation, and for temporary files."""
    data = settings.data.absolute()
    wanted = _FREE + _GENERATIONS * _newest_size(data)
    yield _space("disk of the data", _existing(data), wanted)
    yield _space("disk of temporary files", Path(tempfile.gettempdir()), _FREE)


def _space(check: str, folder: Path, wanted: int) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{size(free)} are free in {folder}; {size(wanted)} are wanted."
    if free >= wanted:
        return Finding(check, "ok", said)
    return Finding(check, "fail" if free < _LEAST_FREE else "warn", said, "Make room, or move the folder.")


def _newest_size(data: Path) -> int:
    newest = generations.numbers(data)[-1:]
    files = (file for number in newest for file in generations.folder(data, number).rglob("*"))
    return sum(file.stat().st_size for file in files if file.is_file())


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def private_files(settings: Settings) -> Iterator[Finding]:
    """The files that settings name, which not everybody may read or write."""
    tokens = settings.token_file
    named = {
        "tokens": tokens if settings.tokens is not None or tokens.exists() else None,
        "tls_key": settings.tls_key,
        "query_log": settings.query_log,
    }
    for name, path in named.items():
        if path is None or str(path) == "-":
            continue
        if path.exists():
            yield _openness(name, path)
        elif name != "query_log":
            yield Finding(name, "fail", f"{path} is not there.", "Make it, or correct the setting.")
    try:
        Tokens.of(settings)
    except DataError as error:
        yield Finding("tokens", "fail", str(error), "Correct the file; docs/settings.md names the setting.")


def _openness(check: str, path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    advice = f"chmod {'0700' if path.is_dir() else '0600'} {path}"
    if mode & stat.S_IWOTH:
        return Finding(
            check, "fail", f"Every user of this machine may write {path} (mode {mode:04o}).", advice
        )
    if mode & stat.S_IROTH:
        return Finding(
            check, "warn", f"Every user of this machine may read {path} (mode {mode:04o}).", advice
        )
    return Finding(check, "ok", f"{path} is closed to others (mode {mode:04o}).")


def certificate(settings: Settings) -> Iterator[Finding]:
    """The certificate of the server's own TLS: whether its key fits, and until when it is valid."""
    if settings.tls_certificate is None and settings.tls_key is None:
        return
    try:
        context = Tls(settings).context
    except ConfigurationError as error:
        yield Finding("certificate", "fail", str(error))
        return
    if context is None or settings.tls_certificate is None:
        return
    try:
        end = _valid_until(context, settings.tls_certificate)
    except ssl.SSLCertVerificationError as error:
        said = f"{settings.tls_certificate} is not valid: {error.verify_message}."
        yield Finding("certificate", "fail", said, "Renew it, then send the server SIGHUP.")
        return
    days = (end - time.time()) / _DAY
    said = f"{settings.tls_certificate} and its key fit; it is valid for {days:.0f} more days."
    if days < _RENEW:
        yield Finding("certificate", "warn", said, "Renew it, then send the server SIGHUP.")
    else:
        yield Finding("certificate", "ok", said)


def _valid_until(server: ssl.SSLContext, certificate: Path) -> float:
    """Return when a certificate ends, by a handshake in memory with itself as authority.

    Raises :class:`ssl.SSLCertVerificationError` where it is not valid now.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(certificate)
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (client.wrap_bio(theirs, ours), server.wrap_bio(ours, theirs, server_side=True))
    for _ in range(3):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    found = ends[0].getpeercert() or {}
    return float(ssl.cert_time_to_seconds(str(found["notAfter"])))


CHECKS: Final = (data_folder, disk_space, private_files, certificate)
