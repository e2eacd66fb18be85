"""Archives and compressed files made in memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
}


def zip_of(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("folder/", b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tar_of(files: Mapping[str, bytes], *others: tarfile.TarInfo) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for other in others:
            archive.addfile(other)
    return packed.getvalue()


def patched(packed: bytes, local: int, central: int, value: int) -> bytes:
    """A ZIP with one member, with two bytes of its local and of its central header set."""
    changed = bytearray(packed)
    for signature, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        at = packed.index(signature) + offset
        changed[at : at + 2] = value.to_bytes(2, "little")
    return bytes(changed)


def one_member(name: str = "a.ttl") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr(name, b"<urn:a> <urn:p> 1 .")
    return packed.getvalue()
