"""Content codings (RFC 9110 section 8.4.1): their negotiation, and bodies encoded whole or in pieces.

``docs/protocol.md`` has the measurements by which the levels were chosen.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from endpoint.formats import XLSX

# Bodies smaller than this (bytes) fit into one packet with their head, compressed or not.
WORTHWHILE: Final = 1024

_ZSTD_LEVEL: Final = 3
_BROTLI_QUALITY: Final = 5
# The logarithm of the window: with 1 MB of it a stream takes 3.4 MB of memory, as with zstd.
_BROTLI_WINDOW: Final = 20
_GZIP_LEVEL: Final = 6
# zlib writes the head and the checksum of gzip (RFC 1952) with this window.
_GZIP_WINDOW: Final = 31

# Longer headers are parsed every time, so that a client cannot fill the cache with them.
_CACHED_LENGTH: Final = 200
# No real Accept-Encoding header is longer; the rest of a longer one is not read.
_READ_LENGTH: Final = 1000
_ELEMENT: Final = re.compile(
    r"\s*([!#$%&'*+.^_`|~0-9a-z-]+)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?|\.[0-9]{1,3})\s*)?",
    re.ASCII | re.IGNORECASE,
)

# Media types that are compressed by their nature; all others that are sent are texts.
_COMPRESSED: Final = ("audio/", "font/", "image/", "video/")
_ARCHIVES: Final = frozenset(
    {
        XLSX.media_type,
        *("application/gzip", "application/octet-stream", "application/pdf", "application/zip"),
        "application/zstd",
    }
)


class Encoder(Protocol):
    """An encoder of one body in pieces; each piece can be decoded when it arrives."""

    def encode(self, piece: bytes) -> bytes: ...

    def finish(self) -> bytes:
        """Return the end of the encoded body."""
        ...


@dataclass(frozen=True, slots=True)
class Coding:
    """A content coding under its registered ``name``."""

    name: str
    compress: Callable[[bytes], bytes]
    encoder: Callable[[], Encoder]


class _Zstd:
    def __init__(self) -> None:
        self._compressor = zstd.ZstdCompressor(_ZSTD_LEVEL)

    def encode(self, piece: bytes) -> bytes:
        return self._compressor.compress(piece, zstd.ZstdCompressor.FLUSH_BLOCK)

    def finish(self) -> bytes:
        return self._compressor.flush()


class _Brotli:
    def __init__(self) -> None:
        self._compressor = brotli.Compressor(quality=_BROTLI_QUALITY, lgwin=_BROTLI_WINDOW)

    def encode(self, piece: bytes) -> bytes:
        return bytes(self._compressor.process(piece)) + bytes(self._compressor.flush())

    def finish(self) -> bytes:
        return bytes(self._compressor.finish())


class _Gzip:
    def __init__(self) -> None:
        self._compressor = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP_WINDOW)

    def encode(self, piece: bytes) -> bytes:
        return self._compressor.compress(piece) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._compressor.flush()


def _zstd(body: bytes) -> bytes:
    return zstd.compress(body, _ZSTD_LEVEL)


def _brotli(body: bytes) -> bytes:
    return bytes(brotli.compress(body, quality=_BROTLI_QUALITY, lgwin=_BROTLI_WINDOW))


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, _GZIP_LEVEL, wbits=_GZIP_WINDOW)


# In the order of preference among codings of equal quality.
CODINGS: Final = (
    Coding("zstd", _zstd, _Zstd),
    Coding("br", _brotli, _Brotli),
    Coding("gzip", _gzip, _Gzip),
)


class Accepted(NamedTuple):
    """The choice of an Accept-Encoding header: the best ``coding``, None for none of ours.

    ``plain``: the body may be sent without one too.
    """

    coding: Coding | None
    plain: bool


def negotiate(accept_encoding: str | None) -> Accepted:
    """Choose a content coding (RFC 9110 section 12.5.3).

    The highest quality wins, at equal quality the order of :data:`CODINGS`. Without the header nothing
    is encoded. Parts that cannot be parsed are ignored.
    """
    if not accept_encoding:
        return _PLAIN
    if len(accept_encoding) > _CACHED_LENGTH:
        return _negotiate(accept_encoding[:_READ_LENGTH])
    return _negotiate_cached(accept_encoding)


_PLAIN: Final = Accepted(None, True)


def _negotiate(header: str) -> Accepted:
    qualities: dict[str, float] = {}
    for element in header.split(","):
        if (matched := _ELEMENT.fullmatch(element)) is not None:
            name = matched[1].lower()
            # The older name of gzip (RFC 9110 section 8.4.1.3).
            name = "gzip" if name == "x-gzip" else name
            qualities[name] = max(qualities.get(name, 0.0), float(matched[2] or 1))
    others = qualities.get("*", 0.0)
    plain = qualities.get("identity", qualities.get("*", 1.0)) > 0
    # A client that does not mention identity prefers any acceptable coding to it.
    least = qualities.get("identity", others)
    best: Coding | None = None
    for coding in CODINGS:
        quality = qualities.get(coding.name, others)
        if quality > 0 and (quality > least or (best is None and quality == least)):
            best, least = coding, quality
    return Accepted(best, plain)


_negotiate_cached = lru_cache(maxsize=512)(_negotiate)


@lru_cache(maxsize=256)
def is_text(content_type: str) -> bool:
    """Return whether bodies of this Content-Type are texts, which compress well."""
    media_type = content_type.partition(";")[0].strip().lower()
    if not media_type or media_type in _ARCHIVES:
        return False
    return media_type.endswith("+xml") or not media_type.startswith(_COMPRESSED)
